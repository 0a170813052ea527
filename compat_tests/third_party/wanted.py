"""The queues strangers have, and the words on their command lines."""

import argparse
from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """A queue of its own and what it is bound to."""

    queue: str
    tag: str
    exchange: str
    keys: tuple[str, ...]


PROGRAMS = {
    "sms_logger": Wanted(
        queue="sms_logger_queue",
        tag="sms_logger",
        exchange="messaging",
        keys=("submit.sm.*", "submit.sm.resp.*", "dlr_thrower.*"),
    ),
    "biller": Wanted(
        queue="billingQueue",
        tag="biller",
        exchange="billing",
        keys=("bill_request.submit_sm_resp.*",),
    ),
}
PREFETCH = 50


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("--port", type=int, required=True, help="of the broker on this machine")
    parser.add_argument("--vhost", required=True)
    parser.add_argument("--durable", action="store_true", help="its own queue")
    parser.add_argument("--spec", help="AMQP specification, for txAMQP")
    return parser.parse_args()

"""`jasmin-compat held list | flush`: receipts for SMPP senders that no SMPP server delivers."""

import argparse

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.daemons.broker_tools import settings_of, with_broker
from jasmin_compat.daemons.frame import EXIT_SETTINGS, add_settings_arguments
from jasmin_compat.flows.queue_admin import flush_held_dlrs, oldest
from jasmin_compat.gateway.messages import SmppDlr
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import DLR_THROWER, HELD_DLRS
from jasmin_compat.wire.dlr_messages import read_callback


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["list", "flush"],
        help="flush puts what is held now back into dlr_thrower, oldest first, for a dlrd of "
        "Jasmin's: stop ours first, it would hold them again",
    )
    parser.add_argument("--limit", type=int, default=100, help="list at most so many")
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    read = settings_of(args)
    if read is None:
        return EXIT_SETTINGS

    async def work(queues: AmqpQueues) -> int:
        if args.action == "flush":
            flushed = await flush_held_dlrs(queues)
            print(f"{DLR_THROWER.queue}: {flushed} put back")
        else:
            await _list(queues, args.limit)
        return 0

    return with_broker(read, "held", work)


async def _list(queues: AmqpQueues, limit: int) -> None:
    count = await queues.depth(HELD_DLRS.queue)
    for message in await oldest(queues, HELD_DLRS.queue, at_most=limit) if count else []:
        print(_line(message))
    if count > limit:
        print(f"{count - limit} more")
    print(f"{count} receipts held")


def _line(message: QueueMessage) -> str:
    dlr = read_callback(message)  # it was read before it was held
    assert isinstance(dlr, SmppDlr)
    return f"[msgid:{dlr.msgid}] {dlr.message_status} to {dlr.system_id}"

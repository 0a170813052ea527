"""`jasmin-compat delays [--flush]`: what waits in the delay ladder; put it back at once."""

import argparse

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.daemons.broker_tools import settings_of, with_broker
from jasmin_compat.daemons.frame import EXIT_SETTINGS, add_settings_arguments
from jasmin_compat.flows.queue_admin import flush_delays
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_names import DELAY_STEPS_S, delay_queue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--flush",
        action="store_true",
        help="put everything back into its queue at once, for the way back to Jasmin; stop our "
        "daemons first, they hold some of it",
    )
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    read = settings_of(args)
    if read is None:
        return EXIT_SETTINGS

    async def work(queues: AmqpQueues) -> int:
        if args.flush:
            flushed = await flush_delays(queues, now=SystemClock().unix())
            for queue, count in sorted(flushed.items()):
                print(f"{queue}: {count} put back")
            print(f"{flushed.total()} messages put back")
        await _show(queues)
        return 0

    return with_broker(read, "delays", work)


async def _show(queues: AmqpQueues) -> None:
    for step_s in DELAY_STEPS_S:
        seen = await queues.look(delay_queue(step_s))
        if seen is None or not (seen.ready or seen.consumers):
            continue
        held = f", and what {seen.consumers} daemons hold" if seen.consumers else ""
        print(f"{delay_queue(step_s)}: {seen.ready} messages{held}")

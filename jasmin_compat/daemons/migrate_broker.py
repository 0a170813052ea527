"""`jasmin-compat migrate-broker`: make a site's queues as durable as the settings say."""

import argparse
import sys

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.adapters.amqp_migration import CannotMigrate, Migration
from jasmin_compat.daemons.broker_tools import (
    EXIT_FAILED,
    add_queue_arguments,
    bindings_or_tell,
    settings_of,
    with_broker,
)
from jasmin_compat.daemons.frame import EXIT_SETTINGS, add_settings_arguments
from jasmin_compat.wire.amqp_names import DELAY_STEPS_S, HELD_DLRS, dead_queue, delay_queue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--apply", action="store_true", help="do it; without, it only says what it would do"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="also when queues of others are bound to the exchanges: they have to bind them again",
    )
    add_queue_arguments(parser)
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    read = settings_of(args)
    if read is None:
        return EXIT_SETTINGS
    bindings = bindings_or_tell(read, args)
    if bindings is None:
        return EXIT_FAILED
    rungs = [delay_queue(step_s) for step_s in DELAY_STEPS_S]
    further = [
        HELD_DLRS.queue,
        *rungs,
        *(dead_queue(q) for q in [*(b.queue for b in bindings), *rungs]),
    ]
    wanted = f"[amqp-broker] durability = {read.settings.amqp_broker.durability}"

    async def work(queues: AmqpQueues) -> int:
        live = await queues.control()
        migration = Migration(live, queues.topology, queues.durability, say=print)
        try:
            site = await migration.look(bindings, further)
            if not args.apply:
                _tell(site.lines(), wanted, is_as_wanted=site.is_as_wanted)
                return 0
            await migration.run(site, force=args.force)
        except CannotMigrate as reason:
            print(f"jasmin-compat: {reason}", file=sys.stderr)
            return EXIT_FAILED
        print(f"The broker is as {wanted}")
        return 0

    return with_broker(read, "migrate-broker", work)


def _tell(lines: list[str], wanted: str, *, is_as_wanted: bool) -> None:
    for line in lines:
        print(line)
    if is_as_wanted:
        print(f"What there is, is as {wanted}; nothing to do.")
    else:
        print(
            f"Nothing was changed. To make it as {wanted}: stop all daemons, then run this with "
            "--apply. Who else is bound to an exchange: rabbitmqctl list_bindings."
        )

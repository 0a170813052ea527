"""`jasmin-compat migrate-broker`: make a site's queues as durable as the settings say."""

import argparse
import sys

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.adapters.amqp_migration import CannotMigrate, Migration
from jasmin_compat.adapters.amqp_topology import Scratch
from jasmin_compat.daemons.broker_tools import (
    EXIT_FAILED,
    add_queue_arguments,
    bindings_or_tell,
    settings_of,
    with_broker,
)
from jasmin_compat.daemons.frame import EXIT_SETTINGS, add_settings_arguments
from jasmin_compat.flows.queue_admin import move


def add_arguments(parser: argparse.ArgumentParser) -> None:
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

    async def work(queues: AmqpQueues) -> int:
        scratch = Scratch(await queues.control())
        try:
            await Migration(queues, scratch, move=move, say=print).run(bindings, force=args.force)
        except CannotMigrate as reason:
            print(f"jasmin-compat: {reason}", file=sys.stderr)
            return EXIT_FAILED
        print(f"The broker is as [amqp-broker] durability = {read.settings.amqp_broker.durability}")
        return 0

    return with_broker(read, "migrate-broker", work)

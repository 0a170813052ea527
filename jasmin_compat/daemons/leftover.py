"""`jasmin-compat leftover CID`: the queue that a removed connector left in the broker."""

import argparse
import sys

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.adapters.amqp_topology import Scratch
from jasmin_compat.daemons.broker_tools import (
    EXIT_FAILED,
    bindings_or_tell,
    settings_of,
    with_broker,
)
from jasmin_compat.daemons.frame import EXIT_SETTINGS, add_settings_arguments
from jasmin_compat.flows.queue_admin import oldest
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cid", help="the connector that is no more")
    parser.add_argument("--drop", action="store_true", help="delete the queue and what is in it")
    parser.add_argument("--limit", type=int, default=100, help="show at most so many messages")
    add_settings_arguments(parser)
    parser.set_defaults(pid=[])


def run(args: argparse.Namespace) -> int:
    read = settings_of(args)
    if read is None:
        return EXIT_SETTINGS
    args, cid = argparse.Namespace(**{**vars(args), "cid": []}), args.cid
    bindings = bindings_or_tell(read, args)
    if bindings is None:
        return EXIT_FAILED
    if submit_binding(cid) in bindings:
        print(f"jasmin-compat: connector {cid} is there: its queue is in use", file=sys.stderr)
        return EXIT_FAILED

    async def work(queues: AmqpQueues) -> int:
        queue = submit_binding(cid).queue
        seen = await queues.look(queue)
        if seen is None:
            print(f"There is no queue {queue}")
            return 0
        if seen.consumers:
            reason = f"{queue} has {seen.consumers} consumers: the connector is somewhere"
            print(f"jasmin-compat: {reason}", file=sys.stderr)
            return EXIT_FAILED
        if args.drop:
            return await _drop(queues, queue, seen.ready)
        await _show(queues, queue, seen.ready, args.limit)
        return 0

    return with_broker(read, "leftover", work)


async def _show(queues: AmqpQueues, queue: str, count: int, limit: int) -> None:
    for message in await oldest(queues, queue, at_most=limit) if count else []:
        print(_line(message))
    if count > limit:
        print(f"{count - limit} more")
    print(f"{queue}: {count} messages")


async def _drop(queues: AmqpQueues, queue: str, count: int) -> int:
    scratch = Scratch(await queues.control())
    refusal = await scratch.ask(lambda channel: channel.queue_delete(queue))
    await scratch.close()
    if refusal is not None:
        print(f"jasmin-compat: {refusal}", file=sys.stderr)
        return EXIT_FAILED
    print(f"{queue}: deleted with {count} messages")
    return 0


def _line(message: QueueMessage) -> str:
    created_at = str(message.headers.get("created_at", "-"))
    return f"[msgid:{message.message_id}] created {created_at}, {len(message.body)} octets"

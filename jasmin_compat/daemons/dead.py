"""`jasmin-compat dead list | requeue | drop`: look after the dead letters of queues."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.daemons.broker_tools import (
    EXIT_FAILED,
    add_queue_arguments,
    bindings_or_tell,
    settings_of,
    with_broker,
)
from jasmin_compat.daemons.frame import EXIT_SETTINGS, add_settings_arguments
from jasmin_compat.flows.queue_admin import (
    DeadLetter,
    Wanted,
    dead_letters,
    drop_dead,
    everything,
    requeue_dead,
    with_ids,
)
from jasmin_compat.wire.amqp_messages import shown
from jasmin_compat.wire.amqp_names import DELAY_STEPS_S, dead_queue, delay_queue

EXIT_USAGE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "requeue", "drop"])
    parser.add_argument(
        "--queue",
        action="append",
        default=[],
        help="only the dead letters of this queue, such as dlr_thrower",
    )
    parser.add_argument(
        "--id", action="append", default=[], help="only messages with this message-id"
    )
    parser.add_argument("--all", action="store_true", help="requeue or drop whatever is there")
    parser.add_argument("--limit", type=int, default=100, help="list at most so many of a queue")
    add_queue_arguments(parser)
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.action != "list" and bool(args.id) == args.all:
        print(f"jasmin-compat dead {args.action}: say --id or --all", file=sys.stderr)
        return EXIT_USAGE
    read = settings_of(args)
    if read is None:
        return EXIT_SETTINGS
    bindings = bindings_or_tell(read, args)
    if bindings is None:
        return EXIT_FAILED
    known = [binding.queue for binding in bindings]
    names = args.queue or [*known, *map(delay_queue, DELAY_STEPS_S)]

    async def work(queues: AmqpQueues) -> int:
        if args.action == "list":
            return await _list(queues, names, args.limit)
        wanted = with_ids(frozenset(args.id)) if args.id else everything
        return await _settle(queues, names, wanted, args.action)

    return with_broker(read, "dead", work)


async def _list(queues: AmqpQueues, names: list[str], limit: int) -> int:
    total = 0
    for name in names:
        count = await queues.depth(dead_queue(name))
        for letter in await dead_letters(queues, name, at_most=limit) if count else []:
            print(_line(letter))
        if count > limit:
            print(f"{name}: {count - limit} more")
        total += count
    print(f"{total} dead letters")
    return 0


def _line(letter: DeadLetter) -> str:
    died = "" if letter.died_at is None else f"{datetime.fromtimestamp(letter.died_at, UTC):%FT%TZ}"
    who = f"{letter.queue} [msgid:{shown(letter.msgid)}] {died}"
    return f"{who} ({letter.octets} octets) {shown(letter.reason)}"


_ACTIONS: dict[str, tuple[Callable[[AmqpQueues, str, Wanted], Awaitable[int]], str]] = {
    "requeue": (requeue_dead, "put back"),
    "drop": (drop_dead, "dropped"),
}


async def _settle(queues: AmqpQueues, names: list[str], wanted: Wanted, action: str) -> int:
    act, done = _ACTIONS[action]
    total = 0
    for name in names:
        if await queues.depth(dead_queue(name)):
            count = await act(queues, name, wanted)
            print(f"{name}: {count} {done}")
            total += count
    print(f"{total} dead letters {done}")
    return 0

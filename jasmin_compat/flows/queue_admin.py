"""What an operator does with queues: look at messages, move them, let dead letters go."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from jasmin_compat.gateway.messages import Ack, MsgId, Requeue
from jasmin_compat.ports import Delivery, Queues, Unroutable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import (
    DELAY_STEPS_S,
    DLR_THROWER,
    HELD_DLRS,
    dead_queue,
    delay_queue,
)

_TAG = "jasmin-compat-admin"
_BATCH = 500
_MOST_HELD = 65_535
"""What AMQP's prefetch can say. What is not meant is held until the rest is through, so beyond so
many of those the dead letters of a queue are not looked at."""
_WAIT_S = 5.0
"""For a message that was counted a moment ago; then somebody else has it."""

Wanted = Callable[[QueueMessage], bool]
"""Which messages are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that ended, as it is shown."""

    queue: str
    msgid: MsgId
    reason: str
    died_at: float | None
    """Unix seconds."""
    octets: int


def everything(_: QueueMessage) -> bool:
    return True


def with_ids(msgids: frozenset[str]) -> Wanted:
    return lambda message: message.message_id in msgids


async def dead_letters(queues: Queues, queue: str, *, at_most: int) -> list[DeadLetter]:
    """The oldest dead letters of a queue; they stay where they are. Raises QueueError."""
    messages = await oldest(queues, dead_queue(queue), at_most=at_most)
    return [_letter(queue, message) for message in messages]


async def oldest(queues: Queues, queue: str, *, at_most: int) -> list[QueueMessage]:
    """The oldest messages of a queue; they stay where they are. Raises QueueError."""
    count = min(await queues.depth(queue), at_most, _MOST_HELD)
    async with queues.consume(queue, consumer_tag=_TAG, prefetch=max(count, 1)) as deliveries:
        taken = [delivery async for delivery in _first(deliveries, count)]
        for delivery in taken:
            await delivery.settle(Requeue())
    return [delivery.message for delivery in taken]


def _letter(queue: str, message: QueueMessage) -> DeadLetter:
    reason, died = detours.why_dead(message)
    return DeadLetter(
        queue=queue,
        msgid=MsgId(message.message_id),
        reason=reason,
        died_at=float(died) if died.isdecimal() else None,
        octets=len(message.body),
    )


async def requeue_dead(queues: Queues, queue: str, wanted: Wanted = everything) -> int:
    """Put dead letters back into their queue; how many. Raises QueueError: the rest stay dead."""

    async def requeue(delivery: Delivery) -> None:
        raised = detours.again(detours.raised(delivery.message), "dead")
        await queues.publish(detours.straight_to(queue, raised))
        await delivery.settle(Ack())

    return await _each(queues, dead_queue(queue), wanted, requeue)


async def drop_dead(queues: Queues, queue: str, wanted: Wanted = everything) -> int:
    """Let dead letters go for good; how many. Raises QueueError."""

    async def drop(delivery: Delivery) -> None:
        await delivery.settle(Ack())

    return await _each(queues, dead_queue(queue), wanted, drop)


Ways = Callable[[QueueMessage], Sequence[QueueMessage]]
"""How a message may be published: the first way that leads to a queue is taken."""


async def move(queues: Queues, source: str, ways: Ways, *, at_most: int = sys.maxsize) -> int:
    """Publish every message of a queue elsewhere, in order; how many. What somebody may have had
    says so (a submit that was recorded is not sent again).

    Raises QueueError, in a group: the rest stay where they are.
    """
    moved = 0
    while count := min(await queues.depth(source), _BATCH, at_most - moved):
        async with (
            queues.consume(source, consumer_tag=_TAG, prefetch=count) as deliveries,
            asyncio.TaskGroup() as tasks,
        ):
            async for delivery in _first(deliveries, count):
                tasks.create_task(_move_one(queues, delivery, ways), name=f"moving from {source}")
                moved += 1
    return moved


async def _move_one(queues: Queues, delivery: Delivery, ways: Ways) -> None:
    message = delivery.message
    *ways_before, last = ways(detours.again(message, "moved") if delivery.redelivered else message)
    for way in ways_before:
        try:
            await queues.publish(way)
        except Unroutable:
            continue
        break
    else:
        await queues.publish(last)
    await delivery.settle(Ack())


async def flush_delays(queues: Queues, *, now: float) -> Counter[str]:
    """Put everything that waits in the delay ladder back at once; how many, by queue.

    For the way back to Jasmin, whose daemons do not read these queues, and tell messages apart by
    their routing key. Raises QueueError, in a group.
    """
    flushed: Counter[str] = Counter()

    def ways(message: QueueMessage) -> Sequence[QueueMessage]:
        try:
            to = detours.read_delayed(message).to
        except Undecodable as error:
            return [detours.dead(message, queue=rung, reason=str(error), now=now)]
        flushed[to] += 1
        back = detours.out_of_ladder(message)
        return [
            detours.for_any_reader(to, back),
            detours.straight_to(to, back),
            detours.dead(back, queue=to, reason=f"flushed: there is no queue {to}", now=now),
        ]

    for step_s in DELAY_STEPS_S:
        rung = delay_queue(step_s)
        await move(queues, rung, ways)
    return flushed


async def flush_held_dlrs(queues: Queues) -> int:
    """Put the receipts that are held now back where they had been published; how many.

    For a dlrd that delivers them, which Jasmin's does; ours would hold them again. Raises
    QueueError, in a group: the rest are still held.
    """
    await queues.declare([DLR_THROWER])
    return await move(
        queues,
        HELD_DLRS.queue,
        lambda message: [detours.for_any_reader(DLR_THROWER.queue, message)],
        at_most=await queues.depth(HELD_DLRS.queue),
    )


async def _each(
    queues: Queues, source: str, wanted: Wanted, act: Callable[[Delivery], Awaitable[None]]
) -> int:
    """Do it to those that are in the queue now and are wanted; the others go back."""
    done = 0
    count = await queues.depth(source)
    prefetch = min(max(count, 1), _MOST_HELD)
    async with queues.consume(source, consumer_tag=_TAG, prefetch=prefetch) as deliveries:
        others = []
        async for delivery in _first(deliveries, count):
            if wanted(delivery.message):
                await act(delivery)
                done += 1
            else:
                others.append(delivery)
        for delivery in others:
            await delivery.settle(Requeue())
    return done


async def _first(deliveries: AsyncIterator[Delivery], count: int) -> AsyncIterator[Delivery]:
    """So many, or fewer when somebody else takes them."""
    for _ in range(count):
        try:
            async with asyncio.timeout(_WAIT_S):
                delivery = await anext(deliveries)
        except TimeoutError:
            return
        yield delivery

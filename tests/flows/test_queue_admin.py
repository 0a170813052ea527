"""What an operator does with queues."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest
from typing_extensions import override

from jasmin_compat.adapters.memory_queues import MemoryPolicy, MemoryQueues
from jasmin_compat.flows.queue_admin import (
    DeadLetter,
    dead_letters,
    drop_dead,
    flush_delays,
    flush_held_dlrs,
    move,
    oldest,
    requeue_dead,
    with_ids,
)
from jasmin_compat.gateway.messages import Ack, Dead, MsgId, Requeue
from jasmin_compat.ports import Binding, Delivery, Unroutable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import (
    AGAIN,
    DELAY_STEPS_S,
    DLR_THROWER,
    HELD_DLRS,
    dead_queue,
    delay_queue,
)
from jasmin_compat.wire.dlr_messages import write_callback
from tests import builders
from tests.contracts.queue_contract import take
from tests.fakes import FakeClock

LOOKUP = Binding(queue="DLRLookup-main", exchange="messaging", routing_key="dlr.*")
MESSAGE = QueueMessage(
    exchange="messaging", routing_key="dlr.deliver_sm", body=b"DELIVRD", headers={"n": 1}
)


@pytest.fixture
async def queues() -> MemoryQueues:
    queues = MemoryQueues(clock=FakeClock())
    await queues.declare([LOOKUP])
    return queues


async def bury(queues: MemoryQueues, *msgids: str) -> None:
    for msgid in msgids:
        await queues.publish(replace(MESSAGE, message_id=msgid))
    async with queues.consume(LOOKUP.queue, consumer_tag="t", prefetch=1) as deliveries:
        for msgid in msgids:
            await (await take(deliveries)).settle(Dead(f"why {msgid}"))


async def msgids_in(queues: MemoryQueues, queue: str) -> list[str]:
    async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
        found = []
        for _ in range(await queues.depth(queue)):
            delivery = await take(deliveries)
            found.append(delivery.message.message_id)
            await delivery.settle(Ack())
    return found


async def test_dead_letters_are_shown_and_stay(queues: MemoryQueues) -> None:
    await bury(queues, "a", "b", "c")
    shown = await dead_letters(queues, LOOKUP.queue, at_most=2)
    assert shown == [
        DeadLetter(
            queue=LOOKUP.queue,
            msgid=MsgId(msgid),
            reason=f"why {msgid}",
            died_at=1_790_000_000.0,
            octets=7,
        )
        for msgid in ("a", "b")
    ]
    assert await msgids_in(queues, "DLRLookup-main.dead") == ["a", "b", "c"]


async def test_where_nothing_died_nothing_is_shown(queues: MemoryQueues) -> None:
    assert await dead_letters(queues, LOOKUP.queue, at_most=9) == []


async def test_dead_letters_go_back_as_they_were_but_for_a_mark(queues: MemoryQueues) -> None:
    await bury(queues, "a", "b")
    assert await requeue_dead(queues, LOOKUP.queue) == 2
    assert await queues.depth("DLRLookup-main.dead") == 0
    async with queues.consume(LOOKUP.queue, consumer_tag="t", prefetch=1) as deliveries:
        assert (await take(deliveries)).message == detours.again(
            replace(MESSAGE, message_id="a"), "dead"
        )


async def test_only_those_that_are_meant_go_back_or_are_dropped(queues: MemoryQueues) -> None:
    await bury(queues, "a", "b", "c", "d")
    assert await requeue_dead(queues, LOOKUP.queue, with_ids(frozenset({"b", "x"}))) == 1
    assert await drop_dead(queues, LOOKUP.queue, with_ids(frozenset({"c"}))) == 1
    assert await msgids_in(queues, LOOKUP.queue) == ["b"]
    assert await msgids_in(queues, "DLRLookup-main.dead") == ["a", "d"]


async def test_dropping_drops_all(queues: MemoryQueues) -> None:
    await bury(queues, "a", "b")
    assert await drop_dead(queues, LOOKUP.queue) == 2
    assert await queues.depth("DLRLookup-main.dead") == 0


async def test_moving_keeps_the_order(queues: MemoryQueues) -> None:
    await queues.declare([Binding(queue="other", exchange="", routing_key="other")])
    msgids = [str(n) for n in range(1200)]
    for msgid in msgids:
        await queues.publish(replace(MESSAGE, message_id=msgid))
    moved = await move(queues, LOOKUP.queue, lambda m: [detours.straight_to("other", m)])
    assert moved == 1200
    assert await msgids_in(queues, "other") == msgids


async def test_what_somebody_may_have_had_says_so_when_it_is_moved(queues: MemoryQueues) -> None:
    await queues.declare([Binding(queue="other", exchange="", routing_key="other")])
    for msgid in ("had", "new"):
        await queues.publish(replace(MESSAGE, message_id=msgid))
    async with queues.consume(LOOKUP.queue, consumer_tag="t", prefetch=1) as deliveries:
        await (await take(deliveries)).settle(Requeue())
    await move(queues, LOOKUP.queue, lambda m: [detours.straight_to("other", m)])
    async with queues.consume("other", consumer_tag="t", prefetch=2) as deliveries:
        moved = [(await take(deliveries)).message for _ in range(2)]
    assert [AGAIN in message.headers for message in moved] == [True, False]


async def test_what_leads_nowhere_stays(queues: MemoryQueues) -> None:
    await queues.publish(MESSAGE)
    with pytest.raises(ExceptionGroup) as error:
        await move(queues, LOOKUP.queue, lambda m: [detours.straight_to("nowhere", m)])
    assert error.group_contains(Unroutable)
    assert await queues.depth(LOOKUP.queue) == 1


async def test_a_flush_puts_back_what_waits(queues: MemoryQueues) -> None:
    await queues.declare(
        [
            Binding(queue=delay_queue(step), exchange="", routing_key=delay_queue(step))
            for step in DELAY_STEPS_S
        ]
    )
    submit = Binding(queue="submit.sm.c", exchange="messaging", routing_key="submit.sm.c")
    tap = Binding(queue="tap", exchange="messaging", routing_key="submit.sm.*")
    await queues.declare([submit, tap])
    waiting = replace(MESSAGE, routing_key="submit.sm.c")
    odd = replace(MESSAGE, routing_key="no.such.key")
    for message, to in (
        (MESSAGE, LOOKUP.queue),
        (waiting, "submit.sm.c"),
        (odd, LOOKUP.queue),
        (replace(MESSAGE, routing_key="gone"), "gone"),
    ):
        await queues.publish(detours.delayed(message, to=to, now=0, until=700))
    await queues.declare([Binding(queue="gone.dead", exchange="", routing_key="gone.dead")])
    stray = delay_queue(5)
    await queues.declare([Binding(queue=f"{stray}.dead", exchange="", routing_key=f"{stray}.dead")])
    await queues.publish(QueueMessage(exchange="", routing_key=stray, body=b"stray"))

    flushed = await flush_delays(queues, now=1.0)

    assert flushed == {LOOKUP.queue: 2, "submit.sm.c": 1, "gone": 1}
    depths = {q: await queues.depth(q) for q in ("gone.dead", f"{stray}.dead", "tap")}
    assert depths == {"gone.dead": 1, f"{stray}.dead": 1, "tap": 0}
    async with queues.consume(LOOKUP.queue, consumer_tag="t", prefetch=2) as deliveries:
        taken = [(await take(deliveries)).message for _ in range(2)]
        assert taken == [MESSAGE, odd]
    async with queues.consume("submit.sm.c", consumer_tag="t", prefetch=1) as deliveries:
        # A Jasmin daemon does not look at the exchange of these.
        assert (await take(deliveries)).message == replace(waiting, exchange="")


class AsOnAmqp(MemoryQueues):
    """With AMQP's bound on the prefetch, an unsigned short."""

    def consume(
        self, queue: str, *, consumer_tag: str, prefetch: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]:
        assert prefetch < 1 << 16
        return super().consume(queue, consumer_tag=consumer_tag, prefetch=prefetch)


async def test_more_dead_letters_than_a_prefetch_can_say_are_dropped_all_the_same() -> None:
    count = (1 << 16) + 1
    queues = AsOnAmqp(clock=FakeClock(), policy=MemoryPolicy(dead_max=count))
    dead = dead_queue(LOOKUP.queue)
    await queues.declare([Binding(queue=dead, exchange="", routing_key=dead)])
    letter = replace(MESSAGE, exchange="", routing_key=dead)
    for _ in range(count):
        await queues.publish(letter)
    assert await drop_dead(queues, LOOKUP.queue) == count
    assert await queues.depth(dead) == 0


RECEIPTS = [write_callback(builders.smpp_dlr(msgid=MsgId(f"m{number}"))) for number in range(600)]
"""More than are moved at a time."""


async def held(*receipts: QueueMessage) -> MemoryQueues:
    queues = MemoryQueues(clock=FakeClock())
    await queues.declare([HELD_DLRS])
    for receipt in receipts:
        await queues.publish(detours.straight_to(HELD_DLRS.queue, receipt))
    return queues


async def test_held_receipts_are_shown_and_stay() -> None:
    queues = await held(*RECEIPTS)
    assert await oldest(queues, HELD_DLRS.queue, at_most=2) == RECEIPTS[:2]
    assert await queues.depth(HELD_DLRS.queue) == len(RECEIPTS)


# covers: W-DLR-16
async def test_held_receipts_go_back_as_they_had_been_published() -> None:
    """Jasmin's dlrd goes by the routing key."""
    queues = await held(*RECEIPTS)
    assert await flush_held_dlrs(queues) == len(RECEIPTS)
    async with queues.consume(DLR_THROWER.queue, consumer_tag="t", prefetch=1000) as deliveries:
        assert [(await take(deliveries)).message for _ in RECEIPTS] == RECEIPTS


async def test_a_flush_ends_while_somebody_holds_them_again() -> None:
    class HoldsAgain(MemoryQueues):
        @override
        async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
            await super().publish(detours.straight_to(HELD_DLRS.queue, message))

    queues = HoldsAgain(clock=FakeClock())
    await queues.declare([HELD_DLRS])
    for receipt in RECEIPTS:
        await queues.publish(receipt)
    assert await flush_held_dlrs(queues) == len(RECEIPTS)
    assert await queues.depth(HELD_DLRS.queue) == len(RECEIPTS)

"""Settling a delivery, without a broker: exactly once, its copy first."""

import asyncio
from dataclasses import replace

import pytest

from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue
from jasmin_compat.ports import BrokerAway, DeliveryLost, QueueError, Unpublishable
from jasmin_compat.wire import detours
from tests.adapters.consume_bench import Bench


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_a_delayed_message_is_acked_after_its_copy_was_taken(bench: Bench) -> None:
    delivery = bench.deliver()
    bench.outlet.on_publish = lambda: pytest.fail("acked before") if bench.channel._acks else None
    await delivery.settle(Delay(30, (("x-jc-tries", "2"),)))
    bench.wire.end_of_turn()
    assert bench.wire.acked == [1]
    (copy,) = bench.outlet.copies
    assert copy.routing_key == "jasmin_compat.delay.30"
    assert detours.read_delayed(copy) == detours.Delayed(
        "submit.sm.c", 1_790_000_030.0, 1_790_000_030.0
    )
    assert copy.headers["x-jc-tries"] == "2"
    assert bench.outlet.counts.delayed == 1


async def test_a_dead_message_is_acked_after_its_copy_was_taken(bench: Bench) -> None:
    await bench.deliver().settle(Dead("no pickle"))
    bench.wire.end_of_turn()
    assert bench.wire.acked == [1]
    (copy,) = bench.outlet.copies
    assert (copy.routing_key, detours.why_dead(copy)[0]) == ("submit.sm.c.dead", "no pickle")
    assert bench.outlet.counts.dead == {"submit.sm.c": 1}


@pytest.mark.parametrize("verdict", [Delay(30), Dead("x")])
async def test_without_its_copy_a_message_is_requeued(bench: Bench, verdict: Delay | Dead) -> None:
    bench.outlet.error = QueueError("away")
    with pytest.raises(BrokerAway):
        await bench.deliver().settle(verdict)
    bench.wire.end_of_turn()
    assert (bench.wire.requeued, bench.wire.acked) == ([1], [])
    assert (bench.outlet.counts.delayed, bench.outlet.counts.dead) == (0, {})


@pytest.mark.parametrize("verdict", [Delay(30), Dead("x")])
async def test_what_cannot_be_copied_with_its_headers_is_kept_without(
    bench: Bench, verdict: Delay | Dead
) -> None:
    """It would come back for ever."""
    bench.outlet.error = Unpublishable("100020 octets")
    bench.outlet.is_writable = lambda message: "n" not in message.headers
    await bench.deliver().settle(verdict)
    bench.wire.end_of_turn()
    assert bench.wire.acked == [1]
    (letter,) = bench.outlet.copies
    assert (letter.routing_key, letter.body) == ("submit.sm.c.dead", b"body")
    assert detours.why_dead(letter)[0] == "kept without its headers: 100020 octets"
    assert (bench.outlet.counts.delayed, bench.outlet.counts.dead) == (0, {"submit.sm.c": 1})


async def test_a_message_whose_settling_is_cancelled_is_requeued(bench: Bench) -> None:
    bench.outlet.error = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await bench.deliver().settle(Delay(30))
    bench.wire.end_of_turn()
    assert bench.wire.requeued == [1]


# covers: W-AMQP-08
@pytest.mark.parametrize("verdict", [Ack(), Requeue(), Delay(1), Dead("x")])
async def test_what_came_on_a_lost_channel_can_not_be_settled(
    bench: Bench, verdict: Ack | Requeue | Delay | Dead
) -> None:
    delivery = bench.deliver()
    bench.channel.lose("reset by peer")
    with pytest.raises(DeliveryLost):
        await delivery.settle(verdict)
    bench.wire.end_of_turn()
    assert bench.wire.frames == 0
    assert bench.outlet.copies == []
    assert bench.outlet.counts.lost == 1


async def test_a_channel_lost_while_the_copy_was_taken_is_a_lost_delivery(bench: Bench) -> None:
    delivery = bench.deliver()
    bench.outlet.on_publish = lambda: bench.channel.lose("reset by peer")
    with pytest.raises(DeliveryLost):
        await delivery.settle(Delay(1))
    bench.wire.end_of_turn()
    assert bench.wire.frames == 0


async def test_what_goes_back_to_a_queue_that_was_deleted_is_published_there(bench: Bench) -> None:
    delivery, other = bench.deliver(), bench.deliver()
    bench.channel.cancel("cancelled by the broker")
    await delivery.settle(Requeue())
    await other.settle(Ack())
    bench.wire.end_of_turn()
    assert (bench.wire.acked, bench.wire.requeued) == ([1, 2], [])
    (copy,) = bench.outlet.copies
    assert (copy.exchange, copy.routing_key, copy.body) == ("", "submit.sm.c", b"body")
    assert copy.headers["x-jc-again"] == "moved"
    assert bench.channel.idle.is_set()


async def test_headers_of_a_verdict_replace_those_of_the_message(bench: Bench) -> None:
    delivery = bench.deliver()
    delivery.message = replace(delivery.message, headers={"x-jc-tries": "1", "n": 1})
    await delivery.settle(Delay(1, (("x-jc-tries", "2"),)))
    headers = bench.outlet.copies[0].headers
    assert (headers["x-jc-tries"], headers["n"]) == ("2", 1)

"""The in-memory adapter: the contract of all adapters, and its bounds."""

import pytest

from jasmin_compat.adapters.memory_queues import MemoryPolicy, MemoryQueues
from jasmin_compat.gateway.messages import Ack, Dead, Delay
from jasmin_compat.ports import Binding, QueueFull
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.contracts.queue_contract import QueueContract, nothing_comes, take
from tests.fakes import FakeClock


class TestContract(QueueContract):
    @pytest.fixture
    def queues(self) -> MemoryQueues:
        return MemoryQueues(clock=SystemClock())


BINDING = Binding(queue="q", exchange="messaging", routing_key="k.*")
MESSAGE = QueueMessage(exchange="messaging", routing_key="k.1", body=b"b")


async def test_a_full_queue_takes_no_more_until_one_is_settled() -> None:
    queues = MemoryQueues(clock=FakeClock(), policy=MemoryPolicy(queue_max=2))
    await queues.declare([BINDING])
    await queues.publish(MESSAGE)
    await queues.publish(MESSAGE)
    async with queues.consume("q", consumer_tag="t", prefetch=2) as deliveries:
        first = await take(deliveries)
        with pytest.raises(QueueFull):
            await queues.publish(MESSAGE)
        await first.settle(Ack())
        await queues.publish(MESSAGE)
    assert queues.counts.full == 1


async def test_a_full_queue_keeps_the_message_from_all_of_them() -> None:
    queues = MemoryQueues(clock=FakeClock(), policy=MemoryPolicy(queue_max=1))
    await queues.declare([BINDING, Binding(queue="a", exchange="messaging", routing_key="k.1")])
    await queues.publish(QueueMessage(exchange="", routing_key="q", body=b""))
    with pytest.raises(QueueFull):
        await queues.publish(MESSAGE)
    assert await queues.depth("a") == 0


async def test_delays_follow_the_clock_that_was_given() -> None:
    clock = FakeClock()
    queues = MemoryQueues(clock=clock)
    await queues.declare([BINDING])
    for body in (b"long", b"short"):
        await queues.publish(QueueMessage(exchange="", routing_key="q", body=body))
    async with queues.consume("q", consumer_tag="t", prefetch=9) as deliveries:
        await (await take(deliveries)).settle(Delay(300))
        await (await take(deliveries)).settle(Delay(30))
        assert await nothing_comes(deliveries)
        await clock.advance_to_sleeper(30)
        assert (await take(deliveries)).message.body == b"short"
        clock.advance(269)
        assert await nothing_comes(deliveries)
        await clock.advance_to_sleeper(1)
        assert (await take(deliveries)).message.body == b"long"


async def test_dead_letters_are_bounded_and_the_oldest_goes() -> None:
    queues = MemoryQueues(clock=FakeClock(), policy=MemoryPolicy(dead_max=2))
    await queues.declare([BINDING])
    for n in range(3):
        await queues.publish(QueueMessage(exchange="", routing_key="q", body=str(n).encode()))
    async with queues.consume("q", consumer_tag="t", prefetch=1) as deliveries:
        for _ in range(3):
            await (await take(deliveries)).settle(Dead("x"))
    assert queues.counts.dead == {"q": 3}
    async with queues.consume("q.dead", consumer_tag="t", prefetch=2) as deliveries:
        assert [(await take(deliveries)).message.body for _ in range(2)] == [b"1", b"2"]

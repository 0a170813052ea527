"""Depths of queues, asked for one after another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.daemons.depths import PAUSE_S, Depths
from jasmin_compat.ports import BrokerAway
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding
from tests.fakes import FakeClock
from tests.waiting import until


class Broker(MemoryQueues):
    """Counts the questions; may be away."""

    def __init__(self) -> None:
        super().__init__(clock=FakeClock())
        self.asked: list[str] = []
        self.is_away = False

    async def depth(self, queue: str) -> int:
        self.asked.append(queue)
        if self.is_away:
            raise BrokerAway("gone")
        return await super().depth(queue)


@asynccontextmanager
async def watching(depths: Depths) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(depths.watch(), name="depths")
        yield
        task.cancel()


def shown(depths: Depths) -> dict[str, int]:
    return {m.labels["queue"]: m.counts.ready for m in depths.measured()}


async def message(broker: Broker, cid: str) -> None:
    await broker.declare([submit_binding(cid)])
    await broker.publish(
        QueueMessage(exchange="messaging", routing_key=f"submit.sm.{cid}", body=b"", message_id="1")
    )


async def test_each_is_asked_for_in_its_turn_and_no_sooner() -> None:
    broker, clock = Broker(), FakeClock()
    await message(broker, "a")
    names = ["submit.sm.a", "submit.sm.b", "submit.sm.a"]
    depths = Depths(broker, lambda: names, clock=clock, every_s=10)
    async with watching(depths):
        for number, name in enumerate(["submit.sm.a", "submit.sm.b", "submit.sm.a"], 1):
            await until(clock.is_waited_for)
            assert broker.asked[number - 1 :] == [name]
            await clock.advance_to_sleeper(5)
            await until(lambda n=number: len(broker.asked) > n)  # type: ignore[misc]
        assert shown(depths) == {"submit.sm.a": 1, "submit.sm.b": 0}


async def test_many_queues_are_asked_for_slowly() -> None:
    broker, clock = Broker(), FakeClock()
    names = [f"q{n}" for n in range(1000)]
    async with watching(Depths(broker, lambda: names, clock=clock, every_s=10)):
        await until(clock.is_waited_for)
        assert clock.sleeps_until(PAUSE_S)


async def test_what_nobody_knows_is_not_shown() -> None:
    broker, clock = Broker(), FakeClock()
    names = ["submit.sm.a", "submit.sm.b"]
    depths = Depths(broker, lambda: names, clock=clock, every_s=2)
    async with watching(depths):
        for _ in names:
            await until(clock.is_waited_for)
            await clock.advance_to_sleeper(1)
        await until(clock.is_waited_for)
        broker.is_away = True
        await clock.advance_to_sleeper(1)
        await until(lambda: len(broker.asked) == 4)
        assert shown(depths) == {"submit.sm.a": 0}
        names.clear()  # the connectors are removed
        await clock.advance_to_sleeper(1)
        await until(lambda: shown(depths) == {})


async def test_a_daemon_without_queues_asks_nothing() -> None:
    broker, clock = Broker(), FakeClock()
    async with watching(Depths(broker, list, clock=clock, every_s=2)):
        await until(clock.is_waited_for)
    assert broker.asked == []

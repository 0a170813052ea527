"""Messages that go from one queue of a real RabbitMQ to another, each once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiormq
import pytest
from aiormq.abc import AbstractChannel

from jasmin_compat.adapters.amqp import open_amqp_queues
from jasmin_compat.adapters.amqp_link import BrokerFailed, BrokerRefused, Live
from jasmin_compat.adapters.amqp_moving import MoveChannel, move_all
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.runtime.clock import SystemClock
from tests.services import RabbitMq
from tests.tcp_tap import TcpTap, tcp_tap
from tests.waiting import LONG_S, until

pytestmark = pytest.mark.amqp

SOURCE, TARGET = "moving.source", "moving.target"


@asynccontextmanager
async def live_at(port: int) -> AsyncIterator[Live]:
    policy = AmqpPolicy(port=port, delays=False)
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        yield await queues.control()


@pytest.fixture
async def third_party(rabbitmq: RabbitMq) -> AsyncIterator[AbstractChannel]:
    """With the two queues, empty."""
    connection = await aiormq.connect(rabbitmq.url)
    channel = await connection.channel()
    for queue in (SOURCE, TARGET):
        await channel.queue_delete(queue)
        await channel.queue_declare(queue)
    yield channel
    await connection.close()


async def fill(channel: AbstractChannel, count: int, octets: int = 3) -> None:
    for n in range(count):
        body = n.to_bytes(4, "big") + bytes(octets)
        await channel.basic_publish(body, routing_key=SOURCE)


async def bodies(channel: AbstractChannel, queue: str) -> list[int]:
    found = []
    while (got := await channel.basic_get(queue, no_ack=True)).delivery_tag is not None:
        found.append(int.from_bytes(got.body[:4], "big"))
    return found


async def test_they_keep_their_order_and_their_key(
    rabbitmq: RabbitMq, third_party: AbstractChannel
) -> None:
    await fill(third_party, 450, octets=200)
    async with live_at(rabbitmq.port) as live:
        assert await move_all(live, SOURCE, TARGET, count=450, mode=2) == 450
    first = await third_party.basic_get(TARGET)
    assert (first.routing_key, first.exchange) == (SOURCE, "jasmin_compat.moving")
    assert first.header.properties.delivery_mode == 2
    await third_party.basic_nack(first.delivery_tag)
    assert await bodies(third_party, TARGET) == list(range(450))
    assert await bodies(third_party, SOURCE) == []


async def test_large_messages_are_cut_into_frames(
    rabbitmq: RabbitMq, third_party: AbstractChannel
) -> None:
    await fill(third_party, 2, octets=300_000)
    async with live_at(rabbitmq.port) as live:
        assert await move_all(live, SOURCE, TARGET, count=2, mode=None) == 2
    first = await third_party.basic_get(TARGET, no_ack=True)
    assert len(first.body) == 300_004
    assert first.header.properties.delivery_mode is None


async def test_no_more_than_asked_for(rabbitmq: RabbitMq, third_party: AbstractChannel) -> None:
    await fill(third_party, 5)
    async with live_at(rabbitmq.port) as live:
        assert await move_all(live, SOURCE, TARGET, count=3, mode=2) == 3
    assert await bodies(third_party, TARGET) == [0, 1, 2]

    async def others() -> list[int]:
        return await bodies(third_party, SOURCE)

    assert await others() == [3, 4]


async def test_a_queue_that_somebody_consumes_is_not_moved(
    rabbitmq: RabbitMq, third_party: AbstractChannel
) -> None:
    async def ignore(_: object) -> None: ...

    await third_party.basic_consume(SOURCE, ignore)
    async with live_at(rabbitmq.port) as live:
        with pytest.raises(BrokerRefused):
            await move_all(live, SOURCE, TARGET, count=1, mode=2)


async def test_without_a_target_nothing_is_taken(
    rabbitmq: RabbitMq, third_party: AbstractChannel
) -> None:
    await fill(third_party, 1)
    await third_party.queue_delete(TARGET)
    async with live_at(rabbitmq.port) as live:
        with pytest.raises(BrokerRefused):
            await move_all(live, SOURCE, TARGET, count=1, mode=2)
    assert await bodies(third_party, SOURCE) == [0]


async def test_cut_off_in_between_each_is_in_one_of_both(
    rabbitmq: RabbitMq, third_party: AbstractChannel
) -> None:
    await fill(third_party, 1000, octets=1000)
    async with tcp_tap(rabbitmq.port) as tap:
        for octets in (120_000, 250_000, 333_333):
            assert await moved_until(tap, octets) is None
    await until(lambda: ready(third_party, 1000))
    found = [*await bodies(third_party, TARGET), *await bodies(third_party, SOURCE)]
    assert sorted(found) == list(range(1000))


async def moved_until(tap: TcpTap, octets: int) -> int | None:
    """Cut the connection when so many octets went there."""
    async with asyncio.timeout(LONG_S), live_at(tap.port) as live, asyncio.TaskGroup() as tasks:
        enough = len(tap.sent) + octets
        moving = tasks.create_task(moved(live))
        await until(lambda: len(tap.sent) >= enough or moving.done())
        tap.cut()
        return await moving


async def moved(live: Live) -> int | None:
    """None: it broke off."""
    try:
        return await move_all(live, SOURCE, TARGET, count=1000, mode=2)
    except (BrokerFailed, BrokerRefused):
        return None


async def ready(channel: AbstractChannel, count: int) -> bool:
    """What a connection that was cut held is back."""
    seen = [await channel.queue_declare(queue, passive=True) for queue in (SOURCE, TARGET)]
    return sum(declared.message_count or 0 for declared in seen) == count


async def test_a_channel_that_is_over_gives_nothing(rabbitmq: RabbitMq) -> None:
    async with live_at(rabbitmq.port) as live:
        channel = MoveChannel(live.tap, 99, live.frame_max)
        assert await channel.take(1, within_s=0.01) == []
        channel.lose("closed by the broker")
        with pytest.raises(BrokerFailed, match="moving: closed by the broker"):
            await channel.take(1, within_s=LONG_S)

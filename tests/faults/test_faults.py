"""What must be survived with 2,000 level-3 messages in flight: nothing accepted is lost.

Real processes: RabbitMQ, Redis, jasmind, dlrlookupd, dlrd. Every message answered with Success
reaches the SMSC, and both of its reports reach the callback receiver.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.faults.world import MESSAGES, Fault, World, open_world
from tests.services import RabbitMq, Redis

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

AWAY_S = 4
"""How long a part is away while messages keep coming."""
FAULT_AFTER_S = 1.5


@pytest.fixture
async def world(rabbitmq: RabbitMq, redis_server: Redis) -> AsyncIterator[World]:
    redis_server.flush()
    world = await open_world(rabbitmq, redis_server)
    try:
        await world.start()
        yield world
    finally:
        await world.stop()


async def rabbitmq_stops(world: World) -> None:
    await asyncio.to_thread(world.rabbitmq.stop)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(world.rabbitmq.start)


async def rabbitmq_is_killed(world: World) -> None:
    await asyncio.to_thread(world.rabbitmq.kill)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(world.rabbitmq.start)


async def redis_stops(world: World) -> None:
    await asyncio.to_thread(world.redis.stop)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(world.redis.start)


async def redis_is_killed(world: World) -> None:
    await asyncio.to_thread(world.redis.kill)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(world.redis.start)


async def smsc_resets(world: World) -> None:
    for _ in range(3):
        world.smsc.reset()
        await asyncio.sleep(1.5)


async def receiver_answers_500(world: World) -> None:
    world.sink.mode = "500"
    await asyncio.sleep(AWAY_S)
    world.sink.mode = "ack"


async def receiver_hangs(world: World) -> None:
    world.sink.mode = "hang"
    await asyncio.sleep(AWAY_S)
    world.sink.mode = "ack"


def killed(daemon: str) -> Callable[[World], Awaitable[None]]:
    async def fault(world: World) -> None:
        await asyncio.to_thread(world.gateway.end_daemon, daemon, signal.SIGKILL)
        await asyncio.sleep(1)
        await asyncio.to_thread(world.gateway.start_daemon, daemon)

    return fault


NO_ACK = "made, or its report looked up, and the broker went before it had the ack"
NO_CHANGE = "published, and Redis went before it had the change: its report came again"

FAULTS = [
    Fault("RabbitMQ stopped and started", rabbitmq_stops, call_again=NO_ACK),
    Fault("RabbitMQ killed and started", rabbitmq_is_killed, call_again=NO_ACK),
    Fault("Redis stopped and started", redis_stops, call_again=NO_CHANGE),
    Fault("Redis killed and started", redis_is_killed, call_again=NO_CHANGE),
    Fault(
        "SMSC connection reset three times",
        smsc_resets,
        submit_again="on the wire, and the session broke before its response came",
    ),
    Fault("callback receiver answers 500", receiver_answers_500),
    Fault("callback receiver hangs", receiver_hangs),
    Fault(
        "jasmind killed and started",
        killed("jasmind"),
        submit_again="on the wire, and jasmind died before its response was recorded",
        call_again="its outcome published, and jasmind died before the broker had the ack",
    ),
    Fault(
        "dlrlookupd killed and started",
        killed("dlrlookupd"),
        call_again="published, and dlrlookupd died before the broker had its report's ack",
    ),
    Fault(
        "dlrd killed and started",
        killed("dlrd"),
        call_again="made, and dlrd died before the broker had the ack",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_nothing_accepted_is_lost(
    world: World, fault: Fault, request: pytest.FixtureRequest
) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(world.send_all())
        await asyncio.sleep(FAULT_AFTER_S)
        await world.suffer(fault)
    await world.settle()
    print(f"\n{fault.name}: {world.summary()}")
    twice = world.came_twice(fault)
    request.node.user_properties.extend(row.as_property() for row in twice)
    assert len(world.sent.accepted) > MESSAGES * 0.2, "the fault stopped more than itself"
    assert world.never_submitted() == []
    assert world.without_callback(1) == []
    assert world.without_callback(2) == []
    assert world.smsc.untaken == 0
    assert {world.sink.statuses[m, 1] for m in world.sent.accepted.values()} == {"ESME_ROK"}
    assert {world.sink.statuses[m, 2] for m in world.sent.accepted.values()} == {"DELIVRD"}
    assert [row for row in twice if not row.is_as_promised] == []

"""What must be survived under 400 level-3 messages a second: nothing accepted is lost.

Real processes: RabbitMQ, Redis, jasmind, dlrlookupd, dlrd. Every message answered with Success
reaches the SMSC, and both of its reports reach the callback receiver.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.world import Fault, World, open_world
from tests.services import RabbitMq, Redis

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

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


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_nothing_accepted_is_lost(
    world: World, fault: Fault, request: pytest.FixtureRequest
) -> None:
    async with world.traffic():
        await asyncio.sleep(FAULT_AFTER_S)
        await world.suffer(fault)
        await world.goes_on()
    await world.settle()
    print(f"\n{fault.name}: {world.summary()}")
    twice = world.came_twice(fault)
    request.node.user_properties.extend(row.as_property() for row in twice)
    assert world.never_submitted() == []
    assert world.without_callback(1) == []
    assert world.without_callback(2) == []
    assert world.smsc.untaken == 0
    assert {world.sink.statuses[m, 1] for m in world.sent.accepted.values()} == {"ESME_ROK"}
    assert {world.sink.statuses[m, 2] for m in world.sent.accepted.values()} == {"DELIVRD"}
    assert [row for row in twice if not row.is_as_promised] == []

"""Thousands of reports wait while their receivers are away: memory stays, all are delivered.

The short form of `python -m tests.backlog`.
"""

import pytest

from tests.backlog.__main__ import tables
from tests.backlog.world import DEAD, MANNERS, Plan, open_world
from tests.services import RabbitMq, Redis

MORE_MB = 20
"""What a process may grow, whatever waits (issue 5)."""

SHORT = Plan(
    manners=MANNERS,
    messages=4_600,
    by_http=200,
    away_s=10,
    healthy_per_s=10,
    drain_s=120,
    thrower={
        "http_timeout": "3",
        "retry_delay": "1",
        "max_retries": "3",
        "late_retry_delay_s": "5",
        "no_slot_delay_s": "2",
    },
)


# covers: W-AMQP-09
@pytest.mark.fault
@pytest.mark.timeout(400)
async def test_reports_wait_for_their_receivers_without_growing_a_process(
    rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    redis_server.flush()
    async with open_world(SHORT, rabbitmq, redis_server) as world:
        await world.run()
        dead = {queue: await world.stock.queues.depth(queue) for queue in DEAD}
    print("", *tables(world), sep="\n")
    assert len(world.stock.due) == SHORT.messages + 2 * SHORT.by_http
    assert world.lost() == set()
    assert world.twice() == set()
    assert dead == dict.fromkeys(DEAD, 0)
    assert {d: mb for d, mb in world.growth_mb().items() if mb >= MORE_MB} == {}
    assert world.healthy.untold() == set()

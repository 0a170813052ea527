"""What a daemon reaches, when it is there and when it is not."""

import asyncio
from pathlib import Path

import pytest

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.daemons.frame import CannotStart
from jasmin_compat.daemons.outside import open_calls, open_embedded, open_queues, open_store
from jasmin_compat.runtime.shutdown import Stopping
from jasmin_compat.servers.health import NotReady, Ready
from tests.daemons.frames import frame
from tests.services import RabbitMq, Redis, free_port

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"
"""A certificate of 127.0.0.1 and its key."""


async def test_a_broker_that_is_away_is_waited_for_until_the_stop(tmp_path: Path) -> None:
    # covers: CONF-12
    async with frame(tmp_path, AMQP_BROKER_PORT=str(free_port())) as of_test:
        asyncio.get_running_loop().call_later(0.05, of_test.stop.set)
        with pytest.raises(Stopping):
            async with open_queues(of_test, name="test"):
                pass
        assert of_test.checks["broker"]() == NotReady("not connected to RabbitMQ")


async def test_without_retries_a_broker_that_is_away_ends_the_start(tmp_path: Path) -> None:
    away = {"AMQP_BROKER_PORT": str(free_port()), "AMQP_BROKER_CONNECTION_FAILURE_RETRY": "no"}
    async with frame(tmp_path, **away) as of_test:
        with pytest.raises(CannotStart, match="Cannot start AMQP Broker"):
            async with open_queues(of_test, name="test"):
                pass


async def test_a_store_that_is_away_is_waited_for_until_the_stop(tmp_path: Path) -> None:
    # covers: CONF-12 W-CFG-14
    away = {"REDIS_CLIENT_PORT": str(free_port()), "REDIS_CLIENT_TIMEOUT_S": "0.05"}
    async with frame(tmp_path, **away) as of_test:
        asyncio.get_running_loop().call_later(0.1, of_test.stop.set)
        with pytest.raises(Stopping):
            async with open_store(of_test):
                pass
        assert of_test.checks["store"]() == NotReady("not connected to Redis")


@pytest.mark.amqp
@pytest.mark.redis
async def test_what_is_there_is_ready(
    tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    there = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "REDIS_CLIENT_PORT": str(redis_server.port),
    }
    async with (
        frame(tmp_path, **there) as of_test,
        open_store(of_test),
        open_queues(of_test, name="test"),
    ):
        assert of_test.checks["broker"]() == Ready()
        assert of_test.checks["store"]() == Ready()


# covers: W-AMQP-16 CONF-04
@pytest.mark.amqp
async def test_the_url_of_cloudamqp_connects_by_tls(tmp_path: Path, rabbitmq: RabbitMq) -> None:
    """It wins over hosts and files that stand elsewhere."""
    port = await asyncio.to_thread(rabbitmq.listen_tls, PEM)
    settings = {
        "CLOUDAMQP_URL": f"amqps://guest:guest@127.0.0.1:{port}/",
        "AMQP_BROKER_TLS_CA": str(PEM),
        "AMQP_BROKER_HOSTS": "nowhere.invalid:1",
        "AMQP_BROKER_PASSWORD_FILE": str(tmp_path / "nowhere"),
    }
    async with frame(tmp_path, **settings) as of_test, open_queues(of_test, name="test") as queues:
        assert isinstance(queues, AmqpQueues)
        assert queues.counts.connected_to == {f"127.0.0.1:{port}": 2}


@pytest.mark.amqp
async def test_a_broker_under_an_alarm_is_not_ready(tmp_path: Path, rabbitmq: RabbitMq) -> None:
    there = {"AMQP_BROKER_PORT": str(rabbitmq.port)}
    async with frame(tmp_path, **there) as of_test, open_queues(of_test, name="test") as queues:
        assert isinstance(queues, AmqpQueues)
        queues.counts.blocked = True
        assert of_test.checks["broker"]() == NotReady(
            "RabbitMQ takes no messages: it is short of memory or disk"
        )


async def test_what_is_in_memory_says_so(tmp_path: Path) -> None:
    async with frame(tmp_path) as of_test, open_embedded(of_test):
        found = of_test.checks["broker"]()
        assert isinstance(found, Ready)
        assert "die with this process" in found.warning


async def test_callbacks_are_counted(tmp_path: Path) -> None:
    async with frame(tmp_path) as of_test, open_calls(of_test):
        assert [m.prefix for source in of_test.sources for m in source()] == ["callbacks"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"is_connected": False}, NotReady("not connected to Redis")),
        (
            {"refuses_writes": True},
            NotReady("Redis takes no writes: no memory, no disk, or too few replicas"),
        ),
        (
            {"lacks_replicas": True},
            NotReady("Redis has fewer replicas in step than wait_replicas"),
        ),
        (
            {"forgets_at_crash": True},
            Ready("Redis has no append-only file: records are lost when it crashes"),
        ),
        (
            {"evicts_by_itself": True},
            Ready("Redis evicts by itself: set maxmemory-policy noeviction"),
        ),
    ],
)
async def test_readiness_says_what_is_wrong_with_redis(
    tmp_path: Path, redis_server: Redis, change: dict[str, bool], says: Ready | NotReady
) -> None:
    async with (
        frame(tmp_path, REDIS_URL=redis_server.url) as of_test,
        open_store(of_test) as store,
    ):
        assert of_test.checks["store"]() == Ready()
        for name, value in change.items():
            setattr(store.counts, name, value)
        assert of_test.checks["store"]() == says

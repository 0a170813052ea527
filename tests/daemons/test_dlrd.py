"""dlrd as a process: ready over RabbitMQ and Redis, one of a name, stops in order."""

from pathlib import Path

import pytest

from tests.daemons.processes import WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

pytestmark = [pytest.mark.process, pytest.mark.amqp, pytest.mark.redis]


@pytest.fixture
def there(rabbitmq: RabbitMq, redis_server: Redis) -> dict[str, str]:
    return {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
    }


async def test_it_gets_ready_and_stops_in_order(tmp_path: Path, there: dict[str, str]) -> None:
    # covers: CONF-09 DLR-15
    with daemon(tmp_path, "dlrd", **there) as running:
        await until(running.is_ready, within_s=WITHIN_S)
        status, output = running.stop()
    assert status == 0
    assert "  DLRThrower Started." in output
    assert "  DLRThrower stopped." in output
    assert output.index("Received signal to stop") < output.index("  DLRThrower stopped.")


async def test_a_second_of_its_name_is_refused(tmp_path: Path, there: dict[str, str]) -> None:
    # covers: CONF-08
    with daemon(tmp_path, "dlrd", **there) as first:
        await until(first.is_ready, within_s=WITHIN_S)
        with daemon(tmp_path, "dlrd", **there) as second:
            output, _ = second.process.communicate(timeout=WITHIN_S)
            assert second.process.returncode == 0
            assert "Lock not acquired ! exiting" in output


async def test_every_mistake_is_told_and_nothing_started(tmp_path: Path) -> None:
    wrong = {"AMQP_BROKER_PORT": "many", "AMQP_BROKER_HEARTBEAT": "-1"}
    with daemon(tmp_path, "dlrd", **wrong) as running:
        output, _ = running.process.communicate(timeout=WITHIN_S)
    assert running.process.returncode == 2
    assert "AMQP_BROKER_PORT" in output
    assert "AMQP_BROKER_HEARTBEAT" in output
    assert "Starting" not in output

"""What every daemon over RabbitMQ and Redis does as a process; subclassed with its name."""

from pathlib import Path

import pytest

from tests.daemons.processes import WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until


@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
class DaemonContract:
    name: str
    """Its command."""
    part: str
    """One of its parts, as the start and stop lines name it."""

    @pytest.fixture
    def there(self, rabbitmq: RabbitMq, redis_server: Redis) -> dict[str, str]:
        """Where what it needs is."""
        return {
            "AMQP_BROKER_PORT": str(rabbitmq.port),
            "REDIS_CLIENT_PORT": str(redis_server.port),
            "HTTP_API_PORT": str(free_port()),
        }

    # covers: CONF-09
    async def test_it_gets_ready_and_stops_in_order(
        self, tmp_path: Path, there: dict[str, str]
    ) -> None:
        with daemon(tmp_path, self.name, **there) as running:
            await until(running.is_ready, within_s=WITHIN_S)
            status, output = running.stop()
        assert status == 0
        assert f"  {self.part} Started." in output
        assert f"  {self.part} stopped." in output
        assert output.index("Received signal to stop") < output.index(f"  {self.part} stopped.")

    # covers: CONF-08
    async def test_a_second_of_its_name_is_refused(
        self, tmp_path: Path, there: dict[str, str]
    ) -> None:
        with daemon(tmp_path, self.name, **there) as first:
            await until(first.is_ready, within_s=WITHIN_S)
            with daemon(tmp_path, self.name, **there) as second:
                output, _ = second.process.communicate(timeout=WITHIN_S)
                assert second.process.returncode == 0
                assert "Lock not acquired ! exiting" in output

    def test_every_mistake_is_told_and_nothing_started(self, tmp_path: Path) -> None:
        wrong = {"AMQP_BROKER_PORT": "many", "AMQP_BROKER_HEARTBEAT": "-1"}
        with daemon(tmp_path, self.name, **wrong) as running:
            output, _ = running.process.communicate(timeout=WITHIN_S)
        assert running.process.returncode == 2
        assert "AMQP_BROKER_PORT" in output
        assert "AMQP_BROKER_HEARTBEAT" in output
        assert "Starting" not in output

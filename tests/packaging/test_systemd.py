"""The systemd units parse, start scripts that exist, and leave time to drain."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from jasmin_compat.daemons.frame import _OVERTIME_S, EXIT_SETTINGS
from jasmin_compat.settings.sections import Settings
from tests.daemons.processes import WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "packaging" / "systemd").glob("*.service"))
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def values(unit: Path) -> dict[str, list[str]]:
    """`Section.Key` and every value it is given."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(f"{section}.{key}", []).append(value)
    return found


def test_there_is_one_for_each_way_to_run() -> None:
    assert [unit.name for unit in UNITS] == [
        "jasmin-compat.service",
        "jasmin-dlrd.service",
        "jasmin-dlrlookupd.service",
        "jasmind.service",
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_script_of_the_package_and_restarts_it(unit: Path) -> None:
    found = values(unit)
    (command,) = found["Service.ExecStart"]
    assert Path(command.split()[0]).name in SCRIPTS
    assert found["Service.Restart"] == ["on-failure"]
    assert found["Service.RestartPreventExitStatus"] == [str(EXIT_SETTINGS)]
    assert found["Service.User"] == ["jasmin"]
    assert found["Service.NoNewPrivileges"] == ["yes"]
    (stop_s,) = found["Service.TimeoutStopSec"]
    assert int(stop_s) > Settings().shutdown.drain_s + _OVERTIME_S


# covers: OPS-09
@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
async def test_what_a_unit_starts_gets_ready_and_stops(
    unit: Path, tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    """Its command line, run from here: what it has of Jasmin's options stands in it."""
    (command,) = values(unit)["Service.ExecStart"]
    program, *options = command.split()
    if unit.name == "jasmind.service":
        assert options == ["--enable-interceptor-client"]  # as Jasmin's own unit has it
    name = Path(program).name
    arguments = options if name == "jasmin-compat" else [name, *options]
    there = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
    }
    with daemon(tmp_path, *arguments, **there) as running:
        await until(running.is_ready, within_s=WITHIN_S)
        status, output = running.stop()
    assert (status, "Received signal to stop" in output) == (0, True)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    """Where systemd is installed; its programs need not be, so another stands in for ours."""
    text = re.sub(r"/opt/jasmin-compat/bin/\S+", "/bin/true", unit.read_text())
    (tmp_path / unit.name).write_text(text)
    analyze = shutil.which("systemd-analyze")
    assert "/opt/" not in text.partition("[Service]")[2]
    if analyze is not None:
        done = subprocess.run(
            [analyze, "verify", str(tmp_path / unit.name)],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")

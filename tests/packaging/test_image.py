"""The image: what the Dockerfile says runs, with its environment and through its entry point.

Without Docker: its command is run here, from scripts of the names it has there.
"""

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from jasmin_compat.settings.sections import Settings
from tests.daemons.frames import environment
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
DOCKERFILE = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text()).rpartition("\nFROM ")[2]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def said(instruction: str) -> str:
    """What the last stage of the Dockerfile says after it."""
    (rest,) = re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.MULTILINE)
    return str(rest)


def variables() -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(said("ENV")))


def test_it_says_the_ports_of_jasmins_image() -> None:
    settings = Settings()
    ports = settings.smpp_server.port, settings.jcli.port, settings.http_api.port
    assert said("EXPOSE") == "2775 8990 1401"
    assert ports == (2775, 8990, 1401)


def test_every_command_of_jasmins_image_is_a_script() -> None:
    assert json.loads(said("CMD"))[0] in SCRIPTS
    assert {f"{name}.py" for name in ("jasmind", "dlrd", "dlrlookupd", "interceptord")} <= set(
        SCRIPTS
    )


def entry_point(folder: Path) -> Path:
    """The script of the image, which believes that /tmp is its own."""
    script = folder / "entrypoint.sh"
    script.write_text(
        (ROOT / "docker" / "entrypoint.sh").read_text().replace("/tmp/", f"{folder}/")
    )
    script.chmod(0o755)
    return script


def script(folder: Path, name: str) -> None:
    """What pip makes of a console script."""
    module, function = SCRIPTS[name].split(":")
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from {module} import {function}\nsys.exit({function}())\n"
    )
    path.chmod(0o755)


@contextmanager
def container(folder: Path, environment: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """The image's command, run by its entry point."""
    command = json.loads(said("CMD"))
    script(folder, command[0])
    process = subprocess.Popen(
        [str(entry_point(folder)), *command],
        env={**os.environ, **variables(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answers(process: "subprocess.Popen[str]", port: int) -> bool:
    """What its health check asks for."""
    assert process.poll() is None, process.communicate()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return bool(answer.read() == b"Jasmin/PONG")
    except OSError:
        return False


@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
async def test_its_command_serves_the_api_and_the_console(
    tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    """And nobody yet what its third port is for, SMPP."""
    port = free_port()
    given = environment(
        tmp_path,
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        AMQP_BROKER_HOST="127.0.0.1",
        AMQP_BROKER_PORT=str(rabbitmq.port),
        REDIS_CLIENT_HOST="127.0.0.1",
        REDIS_CLIENT_PORT=str(redis_server.port),
        HTTP_API_PORT=str(port),
    )
    (tmp_path / "killed.lock").touch()
    with container(tmp_path, given) as process:
        await until(lambda: answers(process, port), within_s=30)
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(given["JCLI_PORT"]))
            assert b"Authentication required" in await reader.readuntil(b"required")
        writer.close()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output
    assert not (tmp_path / "killed.lock").exists()
    for part in ("HTTPApi", "jCli", "DLRLookup", "DLRThrower", "SMPPClientManagerPB"):
        assert f"  {part} Started." in output

"""Settings, lock, logs, signals, health and exit status around a daemon's own work."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from jasmin_compat.daemons.frame import (
    DLRLOOKUPD,
    JASMIND,
    CannotStart,
    Frame,
    read_or_tell,
    run_daemon,
)
from jasmin_compat.runtime.lock import only_one
from jasmin_compat.settings.read import SettingsRead
from tests.services import free_port
from tests.waiting import until


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    yield
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers[:] = []
            logger.propagate = True
            logger.setLevel(logging.NOTSET)


def read(tmp_path: Path, **environment: str) -> SettingsRead:
    everything = {
        "CONFIG_PATH": str(tmp_path),
        "LOG_PATH": f"{tmp_path}/log",
        "JASMIN_COMPAT_LOCK_PATH": str(tmp_path),
        "HEALTH_JASMIND_PORT": "0",
        "HEALTH_DLRLOOKUPD_PORT": "0",
    }
    args = argparse.Namespace(config=None)
    found = read_or_tell(JASMIND, args, everything | environment)
    assert found is not None
    return found


async def stopped_by_signal(frame: Frame) -> None:
    frame.started.set()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await frame.stop.wait()


# covers: CONF-09
def test_a_signal_stops_it_in_order(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_daemon(JASMIND, read(tmp_path), stopped_by_signal) == 0
    head = len("2026-11-24 12:00:00 ")
    printed = capfd.readouterr().out.splitlines()
    lines = [line[head:].replace(f"{os.getpid()} ", "") for line in printed]
    assert [line for line in lines if "no such file" not in line] == [
        "INFO     Starting Jasmin Daemon ...",
        "INFO     Received signal to stop Jasmin Daemon",
        "INFO     Stopping Jasmin Daemon ...",
    ]
    assert not (tmp_path / "jasmind.lock").exists()


# covers: CONF-08
def test_a_second_copy_says_jasmins_line_and_ends_with_0(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = read(tmp_path)
    with only_one(tmp_path / "dlrlookupd-gw.lock"):
        child = subprocess.run(
            [sys.executable, "-c", SECOND, str(tmp_path)],
            capture_output=True,
            timeout=30,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert (child.returncode, child.stdout) == (0, b"Lock not acquired ! exiting\n")
    assert f"held by process {os.getpid()}".encode() in child.stderr
    assert run_daemon(DLRLOOKUPD, settings, stopped_by_signal, identity="gw") == 0
    assert "Starting Dlrlookup Daemon" in capfd.readouterr().out


SECOND = """
import argparse, sys
from jasmin_compat.daemons.frame import DLRLOOKUPD, read_or_tell, run_daemon
environment = {"CONFIG_PATH": sys.argv[1], "JASMIN_COMPAT_LOCK_PATH": sys.argv[1]}
read = read_or_tell(DLRLOOKUPD, argparse.Namespace(config=None), environment)
sys.exit(run_daemon(DLRLOOKUPD, read, None, identity="gw"))
"""


def test_an_error_nobody_foresaw_ends_it_with_1_and_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def work(_frame: Frame) -> None:
        raise ZeroDivisionError("a bug")

    assert run_daemon(JASMIND, read(tmp_path), work) == 1
    out = capfd.readouterr().out
    assert "Jasmin Daemon ends by an error" in out
    assert "ZeroDivisionError: a bug" in out


def test_what_cannot_start_is_told_in_one_line_each(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def work(_frame: Frame) -> None:
        taken = OSError(98, "Address already in use")
        parts = [CannotStart("HTTPApi", taken), ExceptionGroup("", [CannotStart("jCli", taken)])]
        raise ExceptionGroup("tasks", parts)

    assert run_daemon(JASMIND, read(tmp_path), work) == 1
    out = capfd.readouterr().out
    assert "  Cannot start HTTPApi: [Errno 98] Address already in use\n" in out
    assert "  Cannot start jCli: " in out
    assert "Traceback" not in out


def test_what_does_not_drain_is_cancelled(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jasmin_compat.daemons.frame._OVERTIME_S", 0.0)

    async def work(frame: Frame) -> None:
        await stopped_by_signal(frame)
        await asyncio.Event().wait()

    assert run_daemon(JASMIND, read(tmp_path, SHUTDOWN_DRAIN_S="0"), work) == 1
    assert "Not everything was drained in time." in capfd.readouterr().out


@pytest.mark.parametrize("in_a_group", [False, True])
def test_a_stop_while_it_still_starts_is_in_order(tmp_path: Path, in_a_group: bool) -> None:
    async def start(frame: Frame) -> None:
        async with frame.stop.interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()

    async def work(frame: Frame) -> None:
        if in_a_group:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(start(frame))
        else:
            await start(frame)

    assert run_daemon(JASMIND, read(tmp_path), work) == 0


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_health_shows_starting_started_and_stopping(tmp_path: Path) -> None:
    port = free_port()
    seen: list[object] = []

    async def look(session: aiohttp.ClientSession) -> None:
        async with session.get("/ready") as reply:
            checks = (await reply.json())["checks"]
            seen.append((reply.status, checks["started"].get("reason")))

    async def work(frame: Frame) -> None:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=timeout) as session:
            await until(lambda: listens(port))
            await look(session)
            frame.started.set()
            await look(session)
            async with session.get("/metrics") as reply:
                text = await reply.text()
            assert "# TYPE jasmin_compat_loop_lag_s gauge" in text
            assert "# TYPE jasmin_compat_log_lines_total counter" in text
            frame.stop.set()
            await look(session)

    assert run_daemon(JASMIND, read(tmp_path, HEALTH_JASMIND_PORT=str(port)), work) == 0
    assert seen == [(503, "starting"), (200, None), (503, "stopping")]


def test_lost_log_lines_are_a_warning_of_readiness(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    (tmp_path / "log").touch()  # no folder: nothing can be written there

    async def work(frame: Frame) -> None:
        frame.started.set()
        logging.getLogger("jasmin-router").info("lost")
        await until(lambda: frame.logs.counts.dropped > 0)
        await until(lambda: listens(port))
        timeout = aiohttp.ClientTimeout(total=5)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://127.0.0.1:{port}/ready") as reply,
        ):
            assert reply.status == 200
            logs = (await reply.json())["checks"]["logs"]
            assert logs == {"ready": True, "warning": "1 log lines were lost"}

    assert run_daemon(JASMIND, read(tmp_path, HEALTH_JASMIND_PORT=str(port)), work) == 0
    assert "1 log lines lost" in capfd.readouterr().err


def test_a_health_port_that_is_taken_does_not_stop_the_work(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def work(_frame: Frame) -> None:
        await until(lambda: "address already in use" in capfd.readouterr().out)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run_daemon(JASMIND, read(tmp_path, HEALTH_JASMIND_PORT=port), work) == 0


def test_mistakes_are_told_together_and_nothing_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "j.cfg").write_text("[http-api]\nport = x\n[dlr-thrower]\nmax_retries = -1\n")
    args = argparse.Namespace(config=str(tmp_path / "j.cfg"))
    assert read_or_tell(JASMIND, args, {}) is None
    assert capsys.readouterr().err.splitlines() == [
        f"{tmp_path}/j.cfg:2: [http-api] port: must be a whole number, not 'x'",
        f"{tmp_path}/j.cfg:4: [dlr-thrower] max_retries: must be 0 or more, not '-1'",
    ]


def test_settings_and_site_of_the_command_line_win(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("jasmin-compat: {site: /a.yaml}\nshutdown: {drain_s: 3}\n")
    (tmp_path / "b.yaml").write_text("groups: [{gid: g1}]\n")
    args = argparse.Namespace(config=None, settings=f"{tmp_path}/s.yaml", site=f"{tmp_path}/b.yaml")
    found = read_or_tell(JASMIND, args, {"JASMIN_COMPAT_SITE": "/c.yaml"})
    assert found is not None
    assert found.settings.shutdown.drain_s == 3.0
    assert found.settings.jasmin_compat.site == f"{tmp_path}/b.yaml"


def test_mistakes_of_the_site_file_count_where_it_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.yaml").write_text("groups: [{gid: 'g 1'}]\n")
    environment = {"JASMIN_COMPAT_SITE": f"{tmp_path}/b.yaml"}
    args = argparse.Namespace(config=None)
    assert read_or_tell(JASMIND, args, environment) is None
    assert f"{tmp_path}/b.yaml:1: groups: gid" in capsys.readouterr().err
    assert read_or_tell(DLRLOOKUPD, args, environment) is not None


STUCK = """
import argparse, logging, os, sys, time
from jasmin_compat.daemons.frame import JASMIND, read_or_tell, run_daemon
from tests.waiting import until
os.chdir(sys.argv[1])
environment = {
    "CONFIG_PATH": sys.argv[1], "LOG_PATH": sys.argv[1], "JASMIN_COMPAT_LOCK_PATH": sys.argv[1],
    "HEALTH_JASMIND_PORT": "0",
}
read = read_or_tell(JASMIND, argparse.Namespace(config=None), environment)

async def work(frame):
    log = logging.getLogger("jasmin-router")
    log.info("one")
    await until(lambda: os.path.exists("router.log"))
    frame.at_hangup.append(lambda: frame.say.told("read again"))
    frame.say.started("HTTPApi")
    await until(lambda: os.path.exists("moved"))

    def two():
        log.info("two")
        return os.path.exists("router.log")

    await until(two)
    frame.say.started("jCli")
    await frame.stop.wait()
    time.sleep(60)  # the loop itself is stuck

sys.exit(run_daemon(JASMIND, read, work))
"""


# covers: CONF-09
def test_hangup_reopens_logs_and_a_second_signal_ends_even_a_stuck_loop(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    out = process.stdout
    assert out is not None

    def read_until(text: bytes) -> None:
        while text not in out.readline():
            assert process.poll() is None

    read_until(b"HTTPApi Started.")
    (tmp_path / "router.log").rename(tmp_path / "router.log.moved")
    process.send_signal(signal.SIGHUP)
    read_until(b"read again")
    (tmp_path / "moved").touch()
    read_until(b"jCli Started.")
    process.terminate()
    read_until(b"Stopping Jasmin Daemon ...")
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGTERM
    out.close()
    assert "one" in (tmp_path / "router.log.moved").read_text()
    assert "two" in (tmp_path / "router.log").read_text()
    assert (tmp_path / "jasmind.lock").exists()  # and blocks nobody: tests/runtime/test_lock.py

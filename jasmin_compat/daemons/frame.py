"""What daemons do around their own work: settings, lock, logs, signals, health, exit status."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from jasmin_compat.daemons.further_checks import further_mistakes, site_mistakes
from jasmin_compat.daemons.log_specs import daemon_log_specs, log_places
from jasmin_compat.daemons.say import Say
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.garbage import sparing_what_stays
from jasmin_compat.runtime.lag import LoopLag
from jasmin_compat.runtime.lock import NotLocked, only_one
from jasmin_compat.runtime.logs import Logs, logging_to_files
from jasmin_compat.runtime.shutdown import Stopping, StopRequest, stop_on_signals
from jasmin_compat.runtime.supervise import Supervisor, leaves
from jasmin_compat.servers.health import Check, HealthViews, NotReady, Ready, health_server
from jasmin_compat.servers.measures import Measured
from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.paths import paths_from
from jasmin_compat.settings.read import SettingsRead, read_settings
from jasmin_compat.settings.sections import Settings

EXIT_SETTINGS = 2
_OVERTIME_S = 5.0
"""After drain_s, for unbinding and closing; then the daemon's tasks are cancelled."""


class CannotStart(Exception):
    """A part cannot do its work here, such as listen on a port that is taken: one line says it."""

    def __init__(self, part: str, reason: object) -> None:
        super().__init__(f"Cannot start {part}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonKind:
    """What tells one daemon from another."""

    name: str
    """jasmind, dlrlookupd or dlrd: whose log files it writes."""
    title: str
    """In its start and stop lines: `Starting TITLE ...`."""
    config: str
    """Its *.cfg file in CONFIG_PATH."""
    lock: str | None = None
    """Name of its lock file, without `.lock`; `{id}` is filled in."""
    health_port: Callable[[Settings], int] = lambda settings: settings.health.jasmind_port


JASMIND = DaemonKind(name="jasmind", title="Jasmin Daemon", config="jasmin.cfg", lock="jasmind")
SERVE = DaemonKind(name="jasmind", title="jasmin-compat", config="jasmin.cfg", lock="jasmind")
"""Everything in one process: it stands in jasmind's place and writes its files."""
DLRLOOKUPD = DaemonKind(
    name="dlrlookupd",
    title="Dlrlookup Daemon",
    config="dlrlookupd.cfg",
    lock="dlrlookupd-{id}",
    health_port=lambda settings: settings.health.dlrlookupd_port,
)
DLRD = DaemonKind(
    name="dlrd",
    title="Dlr Daemon",
    config="dlr.cfg",
    lock="dlrd-{id}",
    health_port=lambda settings: settings.health.dlrd_port,
)


@dataclass(slots=True, kw_only=True)
class Frame:
    """What a daemon's own work gets, and gives back for others to look at."""

    read: SettingsRead
    say: Say
    logs: Logs
    """To add the log of a connector."""
    stop: StopRequest
    """Set by the first stop signal: close intake, drain within shutdown.drain_s, close, return.
    Waits before there is anything to drain go into `stop.interrupts()`."""
    clock: SystemClock = field(default_factory=SystemClock)
    checks: dict[str, Check] = field(default_factory=dict)
    """Of readiness; add the daemon's own."""
    sources: list[Callable[[], Iterable[Measured]]] = field(default_factory=list)
    """Of metrics; add the daemon's own."""
    queues: list[Callable[[], Iterable[str]]] = field(default_factory=list)
    """Names of those whose depth is a metric; add the daemon's own."""
    at_hangup: list[Callable[[], None]] = field(default_factory=list)
    """Called at SIGHUP, after the log files were opened anew; add what is read again then."""
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """To be set when everything listens and consumes: not ready before."""

    @property
    def settings(self) -> Settings:
        return self.read.settings


Work = Callable[[Frame], Coroutine[Any, Any, None]]
"""Starts, waits for `frame.stop`, drains, closes, returns. An error it raises ends the daemon:
CannotStart with one line, any other with a traceback."""


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """The options `read_or_tell` looks at."""
    add_cfg_arguments(parser)
    parser.add_argument("--site", metavar="FILE", help="YAML file of users, connectors and routes")


def add_cfg_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of commands that need no site file."""
    for names, text in (
        (("-c", "--config"), "*.cfg file; without it CONFIG_PATH/jasmin.cfg"),
        (("--settings",), "YAML file of further settings"),
    ):
        parser.add_argument(*names, metavar="FILE", help=text)


def lock_file(read: SettingsRead, name: str) -> Path:
    """Of the daemon with that name in its lock."""
    return Path(read.settings.jasmin_compat.lock_path) / f"{name}.lock"


def read_or_tell(
    kind: DaemonKind, args: argparse.Namespace, environment: Mapping[str, str] = os.environ
) -> SettingsRead | None:
    """The settings for a command line; None after telling every mistake: exit with EXIT_SETTINGS.

    The options `--settings` and `--site` count as if they stood in [jasmin-compat].
    """
    everything = dict(environment)
    for option in ("settings", "site"):
        if getattr(args, option, None):
            everything[f"JASMIN_COMPAT_{option.upper()}"] = getattr(args, option)
    cfg = args.config or f"{paths_from(environment).config}/{kind.config}"
    try:
        read = read_settings(cfg=Path(cfg), environment=everything)
        mistakes = further_mistakes(read)
        if kind.name == "jasmind":
            mistakes += site_mistakes(read)
        if mistakes:
            raise SettingsMistakes(mistakes)
    except SettingsMistakes as wrong:
        print(wrong, file=sys.stderr)
        return None
    return read


def run_daemon(
    kind: DaemonKind, read: SettingsRead, work: Work, *, identity: str | None = None
) -> int:
    """Run `work` until it returns; the exit status: 0 in order, also when another copy runs (as
    Jasmin's), 1 after an error nobody foresaw or a drain that took too long.
    """
    with contextlib.ExitStack() as stack:
        if kind.lock is not None:
            name = kind.lock.replace("{id}", identity or "master")
            try:
                stack.enter_context(only_one(lock_file(read, name)))
            except NotLocked as reason:
                print("Lock not acquired ! exiting")
                print(reason, file=sys.stderr)
                return 0
        places = log_places(read, identity)
        logs = stack.enter_context(logging_to_files(daemon_log_specs(kind.name, read), places))
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        return runner.run(_Running(kind, read, logs).run(work))


class _Running:
    """One run of a daemon."""

    def __init__(self, kind: DaemonKind, read: SettingsRead, logs: Logs) -> None:
        self._kind = kind
        self._say = Say(kind.title)
        self._frame = Frame(read=read, say=self._say, logs=logs, stop=StopRequest())
        self._lag = LoopLag(self._frame.clock)
        self._frame.checks |= {
            "started": self._check_started,
            "loop": self._check_loop,
            "logs": self._check_logs,
        }
        self._frame.sources += [self._own_sources]

    async def run(self, work: Work) -> int:
        self._say.starting()
        for warning in self._frame.read.warnings:
            self._say.warning(warning.line)
        with stop_on_signals(
            asyncio.get_running_loop(), on_stop=self._on_stop, on_hangup=self._on_hangup
        ):
            try:
                return await self._work_and_watch(work)
            except Exception as error:
                cannot, other = _split(error)
                for reason in cannot:
                    self._say.error(f"  {reason}")
                if other:
                    self._say.log.exception("%s ends by an error", self._kind.title)
                return 1

    async def _work_and_watch(self, work: Work) -> int:
        async with asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(self._lag.watch(), name="event loop lag"),
                tasks.create_task(self._serve_health(), name="health server"),
                tasks.create_task(self._spare_what_stays(), name="garbage"),
            ]
            own = tasks.create_task(_to_its_end(work(self._frame)), name=self._kind.name)
            watching.append(tasks.create_task(self._end_overtime(own), name="overtime"))
            await asyncio.wait([own])
            for task in watching:
                task.cancel()
        if own.cancelled():
            self._say.error("  Not everything was drained in time.")
        return 1 if own.cancelled() else 0

    async def _spare_what_stays(self) -> None:
        await self._frame.started.wait()
        with sparing_what_stays():
            await asyncio.Event().wait()

    async def _end_overtime(self, own: "asyncio.Task[None]") -> None:
        await self._frame.stop.wait()
        await asyncio.sleep(self._frame.settings.shutdown.drain_s + _OVERTIME_S)
        own.cancel()

    def _on_stop(self, _number: signal.Signals) -> None:
        self._say.signalled()
        self._say.stopping()
        self._frame.stop.set()

    def _on_hangup(self) -> None:
        self._frame.logs.reopen()
        for call in self._frame.at_hangup:
            call()

    # ------------------------------------------------------------ health

    async def _serve_health(self) -> None:
        """A port that is taken does not stop the daemon; it is tried again."""
        port = self._kind.health_port(self._frame.settings)
        if not port:
            return
        views = HealthViews(checks=self._frame.checks, sources=self._sources)

        async def serve() -> None:
            bind = self._frame.settings.health.bind
            async with health_server(views, bind=bind, port=port):
                await asyncio.Event().wait()

        supervisor = Supervisor(log=self._say.log, clock=self._frame.clock)
        await supervisor.keep(f"  [health] port {port}", serve, restart_on=(OSError,))

    def _sources(self) -> Iterable[Measured]:
        return [measured for source in self._frame.sources for measured in source()]

    def _own_sources(self) -> Iterable[Measured]:
        yield Measured(
            prefix="loop", counts=self._lag.counts, gauges=frozenset({"lag_s", "worst_lag_s"})
        )
        yield Measured(prefix="log", counts=self._frame.logs.counts)

    def _check_started(self) -> Ready | NotReady:
        if self._frame.stop.is_set():
            return NotReady("stopping")
        return Ready() if self._frame.started.is_set() else NotReady("starting")

    def _check_loop(self) -> Ready | NotReady:
        lag_s = self._lag.counts.lag_s
        if lag_s > self._frame.settings.health.max_lag_s:
            return NotReady(f"the event loop is {lag_s:.1f} s late")
        return Ready()

    def _check_logs(self) -> Ready | NotReady:
        dropped = self._frame.logs.counts.dropped
        return Ready(f"{dropped} log lines were lost" if dropped else "")


def _split(error: Exception) -> tuple[list[CannotStart], bool]:
    """What an error has of CannotStart, and whether it has anything else."""
    found = [leaf for leaf in leaves(error) if isinstance(leaf, CannotStart)]
    return found, len(found) < len(leaves(error))


async def _to_its_end(work: Awaitable[None]) -> None:
    """Given up while starting, because it is to stop, is an end like another."""
    try:
        await work
    except (Stopping, ExceptionGroup) as error:
        if not all(isinstance(leaf, Stopping) for leaf in leaves(error)):
            raise

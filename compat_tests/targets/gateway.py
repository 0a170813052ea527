"""Starts and stops a gateway by Jasmin's own command lines and environment, whoever it is."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from compat_tests.targets.site import CONSOLE_PASSWORD, CONSOLE_USER, Site
from tests.services import free_port, wait_for_port

CONFIG_FILES = {
    "jasmind": "jasmin.cfg",
    "dlrlookupd": "dlrlookupd.cfg",
    "dlrd": "dlr.cfg",
    "interceptord": "interceptor.cfg",
}
STOP_S = 30


class Target(Protocol):
    """What differs between the gateways."""

    name: str

    def executable(self, daemon: str, folder: Path) -> Path:
        """The program of a daemon; `folder` is for what must be written."""
        ...

    def environment(self, site: Site, folder: Path) -> Mapping[str, str]:
        """Variables only this gateway needs; called before the start."""
        ...

    def configure(self, site: Site, console_port: int) -> None:
        """Called once after the first start, when HTTP answers."""
        ...

    def after_kill(self, folder: Path) -> None:
        """What an operator must do after SIGKILL before it starts again."""
        ...


class DiedAtStart(Exception):
    """A daemon ended before it listened."""


class Gateway:
    """The daemons of one site. `start`, `stop`, `kill` may come in any order."""

    def __init__(self, target: Target, site: Site, *, amqp: tuple[int, str], redis: int) -> None:
        """`amqp` is port and virtual host, `redis` a port, all of 127.0.0.1."""
        self.target, self.site, self.host = target, site, "127.0.0.1"
        self.folder = Path(tempfile.mkdtemp(prefix=f"jc-compat-{target.name}-{site.name}-"))
        for name in ("etc", "store", "log", "out"):
            (self.folder / name).mkdir()
        self.http_port, self.console_port, self.smpp_port = free_port(), free_port(), free_port()
        self.amqp_port, self.vhost, self.redis_port = *amqp, redis
        self._other_ports = [str(free_port()) for _ in range(3)]
        self._run_by: dict[str, Target] = {}
        self.pids: dict[str, int] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._configured = False
        self._write_cfg()
        if site.msgid_plugin:
            self._install_plugin(site.msgid_plugin)

    def _install_plugin(self, source: str) -> None:
        """As `pip install --target` leaves a package."""
        metadata = self.folder / "packages" / "msgid_plugin-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata.parent / "msgid_plugin.py").write_text(source)
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: msgid-plugin\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text("[jasmin.content]\nmsgid = msgid_plugin:msgid\n")

    def _write_cfg(self) -> None:
        logs = str(self.folder / "log")
        text = "".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n"
            for section, keys in self.site.cfg.items()
        )
        for name in CONFIG_FILES.values():
            (self.folder / "etc" / name).write_text(text.replace("LOG_PATH", logs))

    def run_by(self, daemon: str, target: Target) -> None:
        """From its next start on, in a site of both gateways."""
        self._run_by[daemon] = target

    def _target(self, daemon: str) -> Target:
        return self._run_by.get(daemon, self.target)

    def environment(self, target: Target) -> dict[str, str]:
        """What a program of this gateway is started with."""
        smpps_pb, router, clients = self._other_ports
        environment = {
            **os.environ,
            "CONFIG_PATH": str(self.folder / "etc"),
            "LOG_PATH": str(self.folder / "log"),
            "STORE_PATH": str(self.folder / "store"),
            "HTTP_API_BIND": "127.0.0.1",
            "HTTP_API_PORT": str(self.http_port),
            "JCLI_PORT": str(self.console_port),
            "SMPP_SERVER_BIND": "127.0.0.1",
            "SMPP_SERVER_PORT": str(self.smpp_port),
            "SMPP_SERVER_PB_PORT": smpps_pb,
            "SMPP_SERVER_PB_CLIENT_PORT": smpps_pb,
            "ROUTER_PORT": router,
            "CLIENT_MANAGEMENT_PORT": clients,
            "AMQP_BROKER_HOST": "127.0.0.1",
            "AMQP_BROKER_PORT": str(self.amqp_port),
            "AMQP_BROKER_VHOST": self.vhost,
            "REDIS_CLIENT_HOST": "127.0.0.1",
            "REDIS_CLIENT_PORT": str(self.redis_port),
            **target.environment(self.site, self.folder),
        }
        if self.site.msgid_plugin:
            paths = [str(self.folder / "packages"), environment.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return environment

    def _command(self, daemon: str, identity: str = "") -> list[str]:
        program = self._target(daemon).executable(daemon, self.folder)
        options = ["-c", str(self.folder / "etc" / CONFIG_FILES[daemon])]
        if daemon == "jasmind":
            options += ["-u", CONSOLE_USER, "-p", CONSOLE_PASSWORD, *self.site.flags]
        elif daemon != "interceptord":
            options += ["-i", f"{self.site.name}{self.http_port}{identity}"]
        return [str(program), *options]

    @contextlib.contextmanager
    def with_redis(self, port: int) -> Iterator[None]:
        """What starts in here looks for Redis at this port."""
        kept, self.redis_port = self.redis_port, port
        try:
            yield
        finally:
            self.redis_port = kept

    def start(self) -> None:
        """Start every daemon of the site; returns when HTTP answers and it is configured.

        Raises:
            DiedAtStart: with the end of its output.
        """
        for daemon in self.site.daemons:
            self.start_daemon(daemon)
        if not self._configured:
            self.target.configure(self.site, self.console_port)
            self._configured = True

    def start_daemon(self, daemon: str) -> None:
        """Start one; jasmind is waited for until it listens.

        Raises:
            DiedAtStart: with the end of its output.
        """
        self.spawn(daemon)
        if daemon == "jasmind":
            try:
                wait_for_port(self.http_port, self._processes[daemon])
            except (OSError, TimeoutError) as why:
                raise DiedAtStart(f"{daemon}: {why}\n{self.output(daemon)[-3000:]}") from why

    def spawn(self, daemon: str, identity: str = "") -> None:
        """Start one and wait for nothing; an identity makes it a further copy."""
        name = daemon + identity
        with (self.folder / "out" / name).open("ab") as out:
            self._processes[name] = subprocess.Popen(
                self._command(daemon, identity),
                cwd=self.folder,
                env=self.environment(self._target(daemon)),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.pids[name] = self._processes[name].pid

    def run_second(self, daemon: str) -> subprocess.CompletedProcess[str]:
        """Start another copy just like the first and wait for its end."""
        return subprocess.run(
            self._command(daemon),
            cwd=self.folder,
            env=self.environment(self._target(daemon)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STOP_S,
            check=False,
        )

    def runs(self, daemon: str) -> bool:
        return self._processes[daemon].poll() is None

    def output(self, daemon: str) -> str:
        """What a daemon wrote to its standard output and error."""
        return (self.folder / "out" / daemon).read_text(errors="replace")

    def log(self, name: str) -> str:
        """A log file, or nothing when there is none yet."""
        path = self.folder / "log" / name
        return path.read_text(errors="replace") if path.exists() else ""

    def ends_of_logs(self, lines: int = 15) -> str:
        """The last lines of every log and output, for who looks into a failure."""
        paths = sorted((self.folder / "out").iterdir()) + sorted((self.folder / "log").iterdir())
        ends = {p: p.read_text(errors="replace").splitlines()[-lines:] for p in paths}
        return "\n".join(f"==> {path.name}\n" + "\n".join(end) for path, end in ends.items() if end)

    def stop(self) -> dict[str, int]:
        """SIGTERM to all, wait; their exit statuses (-9: it had to be killed)."""
        return self._end(signal.SIGTERM, list(self._processes))

    def kill(self) -> None:
        """SIGKILL to all at once."""
        self._end(signal.SIGKILL, list(self._processes))

    def end_daemon(self, daemon: str, how: signal.Signals) -> int:
        """Signal one daemon and wait; its exit status."""
        return self._end(how, [daemon])[daemon]

    def _end(self, how: signal.Signals, names: list[str]) -> dict[str, int]:
        for name in names:
            self._processes[name].send_signal(how)
        end = time.monotonic() + STOP_S
        statuses = {}
        for name in names:
            process = self._processes.pop(name)
            del self.pids[name]
            try:
                statuses[name] = process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                statuses[name] = process.wait()
        if how == signal.SIGKILL:
            self.target.after_kill(self.folder)
        return statuses

"""Private RabbitMQ and Redis servers for tests: own ports, own folder, nothing shared or left over.

Used by tests/ and compat_tests/. Where the programs are missing, MissingProgram is raised: plain
`pytest` skips then, `make test` (JASMIN_COMPAT_REQUIRE_SERVICES=1) fails.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

STARTUP_S = 90


class MissingProgram(Exception):
    """A server program is not installed."""


def free_port() -> int:
    """A port nobody listens on now; asked of the kernel."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for_port(
    port: int, alive: "subprocess.Popen[bytes] | None" = None, *, host: str = "127.0.0.1"
) -> None:
    """Return when something accepts on the port.

    Raises TimeoutError, or OSError if `alive` died first.
    """
    end = time.monotonic() + STARTUP_S
    while time.monotonic() < end:
        if alive is not None and alive.poll() is not None:
            raise OSError(f"process ended with status {alive.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def _find(name: str, *patterns: str) -> str:
    for pattern in patterns:
        found = sorted(Path("/").glob(pattern.lstrip("/")))
        if found:
            return str(found[-1])
    path = shutil.which(name)
    if path is None:
        raise MissingProgram(name)
    return path


class RabbitMq:
    """One RabbitMQ node. `start`, `stop`, `kill`, `stop_app`, `start_app` may come in any order."""

    def __init__(self) -> None:
        sbin = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/"
        self._server = _find("rabbitmq-server", sbin + "rabbitmq-server")
        self._ctl = _find("rabbitmqctl", sbin + "rabbitmqctl")
        self._call: str | None = None
        with contextlib.suppress(MissingProgram):
            self._call = _find("erl_call", "usr/lib/erlang/bin/erl_call")
        self._dir = Path(tempfile.mkdtemp(prefix="jc-rabbit-"))
        self.port = free_port()
        self._epmd_port = free_port()
        self.node = f"jc{self.port}@localhost"
        (self._dir / "rabbitmq.conf").write_text("disk_free_limit.absolute = 50MB\n")
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._dir),
            "LANG": "C.UTF-8",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._dir / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._dir / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._dir / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._dir / "plugins"),
            "RABBITMQ_SERVER_START_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        with (self._dir / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._server],
                cwd=self._dir,  # where it leaves the dump of a crash
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        wait_for_port(self.port, self._process)
        end = time.monotonic() + STARTUP_S
        while not self._is_up() and time.monotonic() < end:
            time.sleep(0.1)

    def _is_up(self) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            return self.eval("rabbit:await_startup()") == "ok"
        return False

    def eval(self, expression: str) -> str:
        """An Erlang expression's value, as Erlang writes it.

        By erl_call, where it is installed: rabbitmqctl takes a second of a processor.

        Raises:
            CalledProcessError: the node does not answer, or the expression is none.
        """
        # erl_call takes octets, not UTF-8
        expression = "".join(c if c.isascii() else f"\\x{{{ord(c):x}}}" for c in expression)
        if self._call is None:
            return self.ctl("eval", f"{expression}.").strip()
        command = [self._call, "-c", self._cookie(), "-n", self.node, "-e"]
        done = subprocess.run(
            command,
            input=f"{expression}.\n".encode(),
            env=self.env,
            check=True,
            capture_output=True,
            timeout=STARTUP_S,
        )
        kind, _, value = done.stdout.decode().removesuffix("}").partition(", ")
        if kind != "{ok":
            raise subprocess.CalledProcessError(0, command, done.stdout, done.stderr)
        return value

    def _cookie(self) -> str:
        """Made by the node at its first start."""
        path = self._dir / ".erlang.cookie"
        return path.read_text().strip() if path.exists() else ""

    def ctl(self, *args: str) -> str:
        """rabbitmqctl; its output. Raises CalledProcessError."""
        done = subprocess.run(
            [self._ctl, "-n", self.node, "-q", *args],
            env=self.env,
            check=True,
            capture_output=True,
            timeout=STARTUP_S,
        )
        return done.stdout.decode()

    def add_vhosts(self, *names: str) -> None:
        """With all permissions for guest."""
        steps = [
            f'rabbit_vhost:add(<<"{name}"/utf8>>, <<"tests">>), '
            f'rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"{name}"/utf8>>, '
            '<<".*">>, <<".*">>, <<".*">>, <<"tests">>)'
            for name in names
        ]
        self.eval(", ".join(steps))

    def add_user(self, name: str, password: str) -> None:
        """With all permissions on the virtual host `/`."""
        self.eval(
            f'rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{password}"/utf8>>, '
            f'<<"tests">>), rabbit_auth_backend_internal:set_permissions(<<"{name}">>, <<"/">>, '
            '<<".*">>, <<".*">>, <<".*">>, <<"tests">>)'
        )

    def listen_tls(self, pem: Path, *, host: str = "127.0.0.1", ca: Path | None = None) -> int:
        """One more listener, until the node stops; its port. With `ca` it wants a certificate."""
        port = free_port()
        options = [f'{{certfile, "{pem}"}}', f'{{keyfile, "{pem}"}}']
        if ca is not None:
            options += [f'{{cacertfile, "{ca}"}}', "{fail_if_no_peer_cert, true}"]
        options.append(f"{{verify, verify_{'none' if ca is None else 'peer'}}}")
        listener = f'{{"{host}", {port}}}, [{", ".join(options)}], 1'
        self.eval(f"ok = rabbit_networking:start_ssl_listener({listener})")
        return port

    def stop(self) -> None:
        """Orderly, so that durable queues and persistent messages are kept."""
        if self._process is not None:
            self.eval("spawn(fun() -> rabbit:stop_and_halt() end)")
            self._process.wait(STARTUP_S)
            self._process = None

    def kill(self) -> None:
        """SIGKILL to the whole node at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STARTUP_S)
            self._process = None

    def stop_app(self) -> None:
        self.ctl("stop_app")

    def start_app(self) -> None:
        self.ctl("start_app")

    def close(self) -> None:
        """End it for good, its port mapper too, and remove its folder."""
        self.kill()
        for _ in range(50):  # it refuses while it still believes the node alive
            done = subprocess.run(
                [_find("epmd"), "-port", str(self._epmd_port), "-kill"],
                env=self.env,
                check=False,
                capture_output=True,
                timeout=10,
            )
            if b"Killed" in done.stdout or b"Cannot connect" in done.stdout + done.stderr:
                break
            time.sleep(0.1)
        shutil.rmtree(self._dir, ignore_errors=True)


class Redis:
    """One Redis with appendonly and fsync on every write: what `stop`, `kill` and `start` need.

    `replica_of` may be changed while it is down; it says how the next `start` brings it up. With
    `tls`, a certificate and its key, TLS alone is spoken on the port, by none of the methods here.
    """

    def __init__(
        self, *options: str, replica_of: "Redis | None" = None, tls: Path | None = None
    ) -> None:
        self._server = _find("redis-server")
        self._dir = Path(tempfile.mkdtemp(prefix="jc-redis-"))
        self._options = options or ("--appendonly", "yes", "--appendfsync", "always")
        self.replica_of = replica_of
        self.port = free_port()
        if tls is not None:
            said = f"--port 0 --tls-port {self.port} --tls-auth-clients no"
            files = [f"--tls-{name}-file={tls}" for name in ("cert", "key", "ca-cert")]
            self._options += (*said.split(), *(word for f in files for word in f.split("=")))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        follow = []
        if self.replica_of is not None:
            follow = ["--replicaof", "127.0.0.1", str(self.replica_of.port)]
        with (self._dir / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [
                    self._server,
                    *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                    *("--dir", str(self._dir), "--maxmemory-policy", "noeviction"),
                    *follow,
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        wait_for_port(self.port, self._process)

    def flush(self) -> None:
        """Forget every record."""
        assert self.ask("FLUSHALL") is True

    def ask(self, *words: str | int) -> Any:
        """One command's reply. Raises redis.RedisError: nobody answers, or it refuses."""
        return _ask(self.port, *words)

    def follows(self) -> int | None:
        """The port of the master it is a replica of and has all records of; None: of none."""
        with contextlib.suppress(redis.RedisError):
            replication = self.ask("INFO", "replication")
            if replication.get("master_link_status") == "up":
                return int(replication["master_port"])
        return None

    def is_master(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.ask("INFO", "replication")["role"] == "master")
        return False

    def freeze(self) -> None:
        """It keeps its connections and answers nothing until `thaw`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        end = time.monotonic() + STARTUP_S
        while self._process.poll() is None and time.monotonic() < end:
            self._process.send_signal(how)  # a replica that writes its first AOF refuses to end
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        self._process.wait(0)
        self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._dir, ignore_errors=True)


class Sentinel:
    """One Redis Sentinel that watches a master alone and replaces it about a second after."""

    def __init__(self, master: Redis, name: str = "mymaster", *options: str) -> None:
        self._server = _find("redis-server")
        self._dir = Path(tempfile.mkdtemp(prefix="jc-sentinel-"))
        self.port = free_port()
        self.name = name
        (self._dir / "conf").write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self._dir}\n"
            f"sentinel monitor {name} 127.0.0.1 {master.port} 1\n"
            f"sentinel down-after-milliseconds {name} 500\n"
            f"sentinel failover-timeout {name} 3000\n" + "".join(f"{line}\n" for line in options)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._dir / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._server, str(self._dir / "conf"), "--sentinel"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        wait_for_port(self.port, self._process)

    def ask(self, *words: str | int) -> Any:
        """One command's reply. Raises redis.RedisError: nobody answers, or it refuses."""
        return _ask(self.port, *words)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(STARTUP_S)
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._dir, ignore_errors=True)


class RedisPair:
    """A Redis, one replica of it, and a Sentinel that makes the replica master a second or two
    after the master's end. `lose_master` and `rejoin` in turn, as often as wanted.
    """

    def __init__(self) -> None:
        at_once = ("--repl-diskless-sync-delay", "0")
        options = ("--appendonly", "yes", "--appendfsync", "always", *at_once)
        self.master = Redis(*options)
        """The one that takes writes; after `lose_master` the other."""
        self.replica = Redis(*options, replica_of=self.master)
        """After `lose_master` the one that is dead, until `rejoin`."""
        self.sentinel = Sentinel(self.master)

    def start(self) -> None:
        self.master.start()
        self.replica.start()
        self._until(lambda: self.replica.follows() == self.master.port, "replication")
        self.sentinel.start()
        self._until(self._is_complete, "Sentinel that knows the replica")

    def lose_master(self) -> None:
        """SIGKILL; returns when the replica is master, and Sentinel says so."""
        self.kill_master()
        self.wait_promoted()

    def kill_master(self) -> None:
        self.master.kill()

    def wait_promoted(self) -> None:
        """The replica is master, and Sentinel says so; `master` and `replica` have changed."""
        self._until(self.replica.is_master, "promotion")
        self._until(lambda: self._named() == self.replica.port, "new master named by Sentinel")
        self.master, self.replica = self.replica, self.master

    def rejoin(self) -> None:
        """The one that was lost comes back as replica; returns when it has all records and
        Sentinel could promote it."""
        self.master.replica_of, self.replica.replica_of = None, self.master
        self.replica.start()
        self._until(lambda: self.replica.follows() == self.master.port, "replication")
        self._until(self._is_complete, "Sentinel that knows the replica")

    def close(self) -> None:
        for server in (self.sentinel, self.replica, self.master):
            server.close()

    def _named(self) -> int:
        return int(self.sentinel.ask("SENTINEL", "MASTER", self.sentinel.name)["port"])

    def _is_complete(self) -> bool:
        """Sentinel sees a replica that is up and in step with the master."""
        known = self.sentinel.ask("SENTINEL", "REPLICAS", self.sentinel.name)
        return [
            (int(each["port"]), each["flags"], each["master-link-status"], each["role-reported"])
            for each in known
        ] == [(self.replica.port, "slave", "ok", "slave")]

    @staticmethod
    def _until(fact: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + STARTUP_S
        while not fact():
            if time.monotonic() > end:
                raise TimeoutError(f"no {what}")
            time.sleep(0.02)


def _ask(port: int, *words: str | int) -> Any:
    with redis.Redis(port=port, socket_timeout=5, decode_responses=True) as client:
        return client.execute_command(*words)

"""A connection to a Redis: URL, TLS, and what a server must be like to rely on (design D7)."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Union

from redis.asyncio.connection import Connection, SSLConnection, parse_url
from redis.exceptions import RedisError, ResponseError

from jasmin_compat.adapters.secret_files import SecretUnreadable, read_secret
from jasmin_compat.ports import StoreCounts

log = logging.getLogger("jasmin-redis-client")

Reply = Union[bytes, int, None, list["Reply"], Exception]  # noqa: UP007
"""As RESP2 has it; an error is a value here, since it is one of many replies in a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisPolicy:
    """Where Redis is, and how long it may take."""

    url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    """redis:// or rediss:// (TLS), with user, password and database."""
    password_file: str | None = None
    """Read at each connection; goes before the password of the URL."""
    sentinels: tuple[tuple[str, int], ...] = ()
    """Host and port of each; the URL's own are not used then."""
    sentinel_master: str = "mymaster"
    sentinel_password: str | None = field(default=None, repr=False)
    sentinel_password_file: str | None = None
    """Read at each question; goes before `sentinel_password`."""
    sentinel_tls: bool = False
    """Whether they are reached by TLS, with the files below."""
    wait_replicas: int = 0
    """Replicas that must have a write before it counts (WAIT)."""
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_verify: bool = True
    timeout_s: float = 2.0
    """Bounds a connection attempt, and each call from its beginning to its answer."""
    max_waiting: int = 10_000
    """Calls that may wait; one more is refused at once."""
    max_batch: int = 256
    """Commands that go out together."""
    reconnect_max_s: float = 0.5
    """Longest pause between connection attempts; the first is a twentieth of a second."""
    probe_s: float = 5.0
    """How often an idle connection is probed, and Sentinels are asked whether the master is still
    the one we are connected to."""

    def where(self) -> str:
        """For log lines: no password."""
        if self.sentinels:
            watching = ", ".join(f"{host}:{port}" for host, port in self.sentinels)
            return f"{self.sentinel_master} (Sentinels {watching})"
        parts = parse_url(self.url)
        return f"{parts.get('host', 'localhost')}:{parts.get('port', 6379)}"


class RedisAway(Exception):
    """No connection to a usable server now."""


class ClusterRefused(Exception):
    """The server is part of a Redis Cluster: our records hash to different slots of it."""

    def __init__(self) -> None:
        super().__init__(
            "Redis Cluster is not supported: dlr: and queue-msgid: records of one message lie in"
            " different slots there. Use a single Redis, or one with replicas and Sentinel."
        )


UNREACHED: Final = (RedisError, OSError, TimeoutError, SecretUnreadable)
"""What an attempt to connect may end with."""


def pack(*arguments: bytes) -> bytes:
    """One command in RESP; a third of what the library's packer needs."""
    head = b"*%d\r\n" % len(arguments)
    return head + b"".join([b"$%d\r\n%b\r\n" % (len(each), each) for each in arguments])


async def exchange(connection: Connection, commands: Sequence[bytes]) -> list[Reply]:
    """Send packed commands and read as many replies.

    Raises:
        RedisError, OSError: the connection is lost, or the server cannot be used.
    """
    await connection.send_packed_command(commands, check_health=False)
    return [await _read(connection) for _ in commands]


async def _read(connection: Connection) -> Reply:
    try:
        reply: Reply = await connection.read_response(
            disable_decoding=True, timeout=math.inf, disconnect_on_error=False
        )
    except ResponseError as error:
        return error
    return reply


async def connect(
    policy: RedisPolicy, counts: StoreCounts, address: tuple[str, int] | None = None
) -> Connection:
    """A connection to a server that can be used; warns of one that may forget. `address` goes
    before the one of the URL.

    Raises:
        RedisAway: none within `timeout_s`.
        ClusterRefused
    """
    try:
        async with asyncio.timeout(policy.timeout_s):
            connection = await _open(policy, address)
            try:
                await _check(connection, policy, counts)
            except BaseException:
                await disconnect(connection)
                raise
    except UNREACHED as error:
        raise RedisAway(f"Redis at {policy.where()}: {in_words(error)}") from error
    return connection


def in_words(error: Exception) -> str:
    return str(error) or type(error).__name__


async def disconnect(connection: Connection) -> None:
    with contextlib.suppress(RedisError, OSError):
        await connection.disconnect(nowait=True)


async def _open(policy: RedisPolicy, address: tuple[str, int] | None) -> Connection:
    options: dict[str, Any] = {**parse_url(policy.url)}
    is_tls = options.pop("connection_class", Connection) is SSLConnection
    if address is not None:
        options["host"], options["port"] = address
    if policy.password_file is not None:
        options["password"] = read_secret(policy.password_file)
    return await dial(policy, is_tls=is_tls, **options)


async def dial(policy: RedisPolicy, *, is_tls: bool, **options: Any) -> Connection:
    """A connection to a Redis or a Sentinel, logged in. Raises: those of UNREACHED."""
    if is_tls:
        options |= {
            "ssl_ca_certs": policy.tls_ca,
            "ssl_certfile": policy.tls_cert,
            "ssl_keyfile": policy.tls_key,
            "ssl_cert_reqs": "required" if policy.tls_verify else "none",
            "ssl_check_hostname": policy.tls_verify,
        }
    kind = SSLConnection if is_tls else Connection
    # No timeouts of its own: ours go around whole exchanges. CLIENT SETINFO is of no use here.
    connection: Connection = kind(
        **options, protocol=2, driver_info=None, socket_timeout=None, socket_connect_timeout=None
    )
    await connection.connect()  # type: ignore[no-untyped-call]
    return connection


async def _check(connection: Connection, policy: RedisPolicy, counts: StoreCounts) -> None:
    (reply,) = await exchange(connection, [pack(b"INFO")])
    if isinstance(reply, Exception):
        raise reply
    assert isinstance(reply, bytes)
    info = dict(line.split(":", 1) for line in reply.decode().splitlines() if ":" in line)
    if info.get("cluster_enabled") == "1":
        raise ClusterRefused
    if info.get("role", "master") != "master":
        raise RedisError("it is a replica, not the master")
    if info.get("loading", "0") != "0":
        raise RedisError("it is loading its records")
    _warn_of_forgetting(info, policy, counts)


def _warn_of_forgetting(info: dict[str, str], policy: RedisPolicy, counts: StoreCounts) -> None:
    """Once per change, not at each reconnect."""
    forgets = info.get("aof_enabled") == "0"
    evicts = info.get("maxmemory", "0") != "0" and info.get("maxmemory_policy") != "noeviction"
    if forgets and not counts.forgets_at_crash:
        log.warning(
            "Redis at %s has no append-only file: a crash of it loses delivery reports"
            " (appendonly yes, appendfsync always)",
            policy.where(),
        )
    if evicts and not counts.evicts_by_itself:
        log.warning(
            "Redis at %s has maxmemory-policy %s: it drops records by itself, and with them"
            " delivery reports (use noeviction)",
            policy.where(),
            info["maxmemory_policy"],
        )
    counts.forgets_at_crash, counts.evicts_by_itself = forgets, evicts

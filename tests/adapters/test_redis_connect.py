"""Which servers are used, refused or warned of, and how they are reached."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio.connection import Connection

from jasmin_compat.adapters.redis_connect import (
    ClusterRefused,
    RedisAway,
    RedisPolicy,
    connect,
    disconnect,
    exchange,
    pack,
)
from jasmin_compat.ports import StoreCounts
from tests.services import Redis, free_port

pytestmark = pytest.mark.redis

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"
"""A certificate of 127.0.0.1 and its key, signed by itself."""


USERS = ["--user", "alice", "on", ">s3cret", "~*", "+@all", "--user", "default", "off"]


@pytest.fixture
def start(redis_server: Redis) -> Iterator[type]:
    """Servers of one test; asking for the common one skips where there is none at all."""
    del redis_server
    with contextlib.ExitStack() as started:

        def start(*options: str) -> Redis:
            server = Redis(*options)
            started.callback(server.close)
            server.start()
            return server

        yield start  # type: ignore[misc]


async def ping(policy: RedisPolicy, counts: StoreCounts | None = None) -> Connection:
    connection = await connect(policy, counts or StoreCounts())
    assert await exchange(connection, [pack(b"PING"), pack(b"ECHO", b"x\r\ny")]) == [
        b"PONG",
        b"x\r\ny",
    ]
    await disconnect(connection)
    return connection


def with_password(server: Redis, credentials: str, *, db: int = 0) -> RedisPolicy:
    return RedisPolicy(url=f"redis://{credentials}@127.0.0.1:{server.port}/{db}")


async def test_the_url_says_user_password_and_database(start: type) -> None:
    # covers: W-DLR-21
    server = start(*USERS)
    policy = with_password(server, "alice:s3cret", db=3)
    connection = await connect(policy, StoreCounts())
    (clients,) = await exchange(connection, [pack(b"CLIENT", b"INFO")])
    assert isinstance(clients, bytes)
    assert {"user=alice", "db=3"} <= set(clients.decode().split())
    await disconnect(connection)


@pytest.mark.parametrize("credentials", ["", "alice:wrong@", "bob:s3cret@"])
async def test_wrong_credentials_are_named_without_the_password(
    start: type, credentials: str
) -> None:
    server = start(*USERS)
    with pytest.raises(RedisAway) as refused:
        await ping(RedisPolicy(url=f"redis://{credentials}127.0.0.1:{server.port}/0"))
    assert f"127.0.0.1:{server.port}" in str(refused.value)
    assert "s3cret" not in str(refused.value) + repr(RedisPolicy(url="redis://:s3cret@h"))


async def test_the_password_may_lie_in_a_file_that_is_read_each_time(
    start: type, tmp_path: Path
) -> None:
    server, file = start(*USERS), tmp_path / "password"
    policy = RedisPolicy(
        url=f"redis://alice:old@127.0.0.1:{server.port}/0", password_file=str(file)
    )
    with pytest.raises(RedisAway, match=r"password: No such file"):
        await ping(policy)
    file.write_text("s3cret\n")
    await ping(policy)
    file.write_text("rotated\n")
    with pytest.raises(RedisAway) as refused:
        await ping(policy)
    assert "rotated" not in str(refused.value)


def tls_options(port: int, *, clients: str) -> list[str]:
    files = [
        "--tls-cert-file",
        str(PEM),
        "--tls-key-file",
        str(PEM),
        "--tls-ca-cert-file",
        str(PEM),
    ]
    return ["--tls-port", str(port), *files, "--tls-auth-clients", clients]


async def test_a_tls_server_is_verified_against_its_ca(start: type) -> None:
    port = free_port()
    start(*tls_options(port, clients="no"), *USERS)
    url = f"rediss://alice:s3cret@127.0.0.1:{port}/0"
    await ping(RedisPolicy(url=url, tls_ca=str(PEM)))
    await ping(RedisPolicy(url=url, tls_verify=False))
    for wrong in (None, str(PEM.with_name("other.pem"))):
        with pytest.raises(RedisAway, match="certificate"):
            await ping(RedisPolicy(url=url, tls_ca=wrong))
    with pytest.raises(RedisAway):  # TLS is not spoken where it is expected
        await ping(RedisPolicy(url=url.replace("rediss", "redis"), timeout_s=0.5))


async def test_a_server_may_ask_for_our_certificate(start: type) -> None:
    port, ca = free_port(), str(PEM)
    start(*tls_options(port, clients="yes"))
    url = f"rediss://127.0.0.1:{port}/0"
    await ping(RedisPolicy(url=url, tls_ca=ca, tls_cert=ca, tls_key=ca))
    with pytest.raises(RedisAway):
        await ping(RedisPolicy(url=url, tls_ca=ca))


async def test_files_of_tls_that_cannot_be_used_are_a_failed_attempt(
    redis_server: Redis, tmp_path: Path
) -> None:
    del redis_server
    (tmp_path / "ca").write_text("no certificate")
    for ca in (str(tmp_path / "ca"), str(tmp_path / "none")):
        with pytest.raises(RedisAway):
            await ping(RedisPolicy(url="rediss://127.0.0.1:1/0", tls_ca=ca))


async def test_nobody_there_is_said_in_one_line() -> None:
    with pytest.raises(RedisAway) as refused:
        await ping(RedisPolicy(url=f"redis://127.0.0.1:{free_port()}/0"))
    assert "\n" not in str(refused.value)


async def test_a_redis_cluster_is_refused(start: type) -> None:
    server = start("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with pytest.raises(ClusterRefused, match="not supported"):
        await ping(RedisPolicy(url=server.url))


async def test_a_replica_is_not_written_to(start: type, redis_server: Redis) -> None:
    server = start("--replicaof", "127.0.0.1", str(redis_server.port))
    with pytest.raises(RedisAway, match="replica"):
        await ping(RedisPolicy(url=server.url))


FORGETFUL = {
    "no append-only file": (["--appendonly", "no"], True, False),
    "evicting": (
        ["--appendonly", "yes", "--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"],
        False,
        True,
    ),
    "a policy, but no limit": (
        ["--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"],
        False,
        False,
    ),
}


@pytest.mark.parametrize(("options", "forgets", "evicts"), FORGETFUL.values(), ids=FORGETFUL)
async def test_a_forgetful_server_is_warned_of_once(
    start: type, options: list[str], forgets: bool, evicts: bool, caplog: pytest.LogCaptureFixture
) -> None:
    server, counts = start(*options), StoreCounts()
    with caplog.at_level(logging.WARNING, "jasmin-redis-client"):
        await ping(RedisPolicy(url=server.url), counts)
        await ping(RedisPolicy(url=server.url), counts)
    assert (counts.forgets_at_crash, counts.evicts_by_itself) == (forgets, evicts)
    assert len(caplog.messages) == forgets + evicts


async def test_an_error_of_one_command_is_one_of_the_replies(redis_server: Redis) -> None:
    connection = await connect(RedisPolicy(url=redis_server.url), StoreCounts())
    commands = [pack(b"PING"), pack(b"NOSUCHCOMMAND"), pack(b"PING")]
    first, second, third = await exchange(connection, commands)
    assert (first, third) == (b"PONG", b"PONG")
    assert isinstance(second, Exception)
    await disconnect(connection)


def test_many_sentinels_are_named_in_log_lines() -> None:
    policy = RedisPolicy(sentinels=(("a", 1), ("b", 2)), sentinel_master="m")
    assert policy.where() == "m (Sentinels a:1, b:2)"

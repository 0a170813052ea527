"""Sentinels: asked in turn, with their own password, and again when the master may have moved."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jasmin_compat.adapters.redis_connect import RedisAway, RedisPolicy, disconnect, exchange, pack
from jasmin_compat.adapters.redis_masters import Masters
from jasmin_compat.adapters.redis_pipeline import RedisPipeline
from jasmin_compat.ports import StoreCounts
from jasmin_compat.runtime.clock import SystemClock
from tests.services import Redis, RedisPair, Sentinel, free_port
from tests.waiting import until

pytestmark = pytest.mark.redis

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"
"""A certificate of 127.0.0.1 and its key, signed by itself."""


def policy(*ports: int, password: str | None = None, file: Path | None = None) -> RedisPolicy:
    return RedisPolicy(
        sentinels=tuple(("127.0.0.1", port) for port in ports),
        sentinel_password=password,
        sentinel_password_file=None if file is None else str(file),
        timeout_s=2,
    )


async def connected_port(masters: Masters) -> int:
    connection = await masters.connect(StoreCounts())
    await disconnect(connection)
    return int(connection.port)


@contextlib.asynccontextmanager
async def hanging() -> AsyncIterator[tuple[int, list[float]]]:
    """A Sentinel that takes connections and says nothing: its port, and when it was asked."""
    gone, asked = asyncio.Event(), list[float]()

    async def ignore(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(asyncio.get_running_loop().time())
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(ignore, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], asked
    gone.set()
    server.close()
    await server.wait_closed()


async def test_a_dead_sentinel_costs_little_and_is_asked_last_from_then_on(
    redis_pair: RedisPair,
) -> None:
    clock = asyncio.get_running_loop()
    async with hanging() as (silent, asked):
        masters = Masters(policy(free_port(), silent, redis_pair.sentinel.port))
        began = clock.time()
        assert await connected_port(masters) == redis_pair.master.port
        assert 0.4 < clock.time() - began < 2  # a share of timeout_s
        for _ in range(3):
            assert await connected_port(masters) == redis_pair.master.port
        assert len(asked) == 1


async def test_what_each_sentinel_said_is_told_in_one_line(redis_pair: RedisPair) -> None:
    dead, alive = free_port(), redis_pair.sentinel.port
    unknown = RedisPolicy(
        sentinels=(("127.0.0.1", dead), ("127.0.0.1", alive)), sentinel_master="other"
    )
    with pytest.raises(RedisAway) as away:
        await Masters(unknown).connect(StoreCounts())
    assert f"127.0.0.1:{dead}: Error" in str(away.value)
    assert f"127.0.0.1:{alive}: knows no master other" in str(away.value)
    assert "\n" not in str(away.value)


async def test_sentinels_have_a_password_of_their_own(redis_server: Redis, tmp_path: Path) -> None:
    sentinel = Sentinel(redis_server, "mymaster", "requirepass s3ntinel")
    try:
        sentinel.start()
        port, file = sentinel.port, tmp_path / "sentinel"
        assert await connected_port(Masters(policy(port, password="s3ntinel"))) == redis_server.port
        file.write_text("s3ntinel\n")
        masters = Masters(policy(port, password="old", file=file))
        assert await connected_port(masters) == redis_server.port
        file.write_text("changed\n")
        with pytest.raises(RedisAway) as refused:
            await masters.connect(StoreCounts())
        assert "changed" not in str(refused.value)
        with pytest.raises(RedisAway, match=f"127.0.0.1:{port}: "):
            await Masters(policy(port)).connect(StoreCounts())
    finally:
        sentinel.close()


async def test_user_password_database_and_tls_are_those_of_the_url(redis_server: Redis) -> None:
    """Of the server, and the Sentinel reached by TLS of its own."""
    del redis_server
    tls_port, sentinel_port = free_port(), free_port()
    files = {"cert-file": PEM, "key-file": PEM, "ca-cert-file": PEM, "auth-clients": "no"}
    options = [word for key, value in files.items() for word in (f"--tls-{key}", str(value))]
    users = ["--user", "alice", "on", ">s3cret", "~*", "+@all"]
    with contextlib.ExitStack() as started:
        server = Redis(*options, "--tls-port", str(tls_port), *users)
        started.callback(server.close)
        server.start()
        lines = [f"tls-{key} {value}" for key, value in files.items()]
        sentinel = Sentinel(server, "mymaster", *lines, f"tls-port {sentinel_port}")
        started.callback(sentinel.close)
        sentinel.start()
        sentinel.ask("SENTINEL", "REMOVE", "mymaster")
        sentinel.ask("SENTINEL", "MONITOR", "mymaster", "127.0.0.1", tls_port, 1)
        secure = RedisPolicy(
            url="rediss://alice:s3cret@ignored/3",
            sentinels=(("127.0.0.1", sentinel_port),),
            sentinel_tls=True,
            tls_ca=str(PEM),
        )
        connection = await Masters(secure).connect(StoreCounts())
        (client,) = await exchange(connection, [pack(b"CLIENT", b"INFO")])
        await disconnect(connection)
        assert isinstance(client, bytes)
        assert {"user=alice", "db=3"} <= set(client.decode().split())
        with pytest.raises(RedisAway, match="certificate"):
            await Masters(replace(secure, tls_ca=None)).connect(StoreCounts())


async def test_a_master_that_sentinels_have_replaced_is_left_though_it_answers(
    redis_pair: RedisPair, redis_server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Cut off from its Sentinels and its replica, but not from us, it believes to be master."""
    probing = RedisPolicy(
        sentinels=(("127.0.0.1", redis_pair.sentinel.port),), probe_s=0.1, timeout_s=2
    )
    pipeline = RedisPipeline(policy=probing, counts=StoreCounts(), clock=SystemClock())
    running = asyncio.create_task(pipeline.run())
    with caplog.at_level(logging.WARNING, "jasmin-redis-client"):
        try:
            await until(lambda: pipeline._counts.is_connected)
            assert await pipeline.call(b"SET", b"k", b"1", writes=True) == b"OK"
            redis_pair.sentinel.ask("SENTINEL", "REMOVE", "mymaster")
            elsewhere = ("127.0.0.1", redis_server.port, 1)
            redis_pair.sentinel.ask("SENTINEL", "MONITOR", "mymaster", *elsewhere)
            await until(lambda: pipeline._counts.reconnects == 2)
            await until(lambda: pipeline._counts.is_connected)
            await pipeline.call(b"SET", b"k", b"2", writes=True)
            assert redis_server.ask("GET", "k") == "2"
            assert redis_pair.master.ask("GET", "k") == "1"
        finally:
            running.cancel()
            await asyncio.wait([running])
    assert "Lost connection. Reason: its Sentinels name another master" in caplog.messages

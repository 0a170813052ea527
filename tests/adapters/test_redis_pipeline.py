"""Calls that go out together, wait within bounds, and survive a lost connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import redis as redis_client

from jasmin_compat.adapters.redis_connect import RedisPolicy
from jasmin_compat.adapters.redis_pipeline import RedisPipeline
from jasmin_compat.ports import StoreAway, StoreCounts
from jasmin_compat.runtime.clock import SystemClock
from tests.services import Redis, free_port
from tests.waiting import until

pytestmark = pytest.mark.redis


@contextlib.asynccontextmanager
async def running(policy: RedisPolicy) -> AsyncIterator[RedisPipeline]:
    pipeline = RedisPipeline(policy=policy, counts=StoreCounts(), clock=SystemClock())
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(pipeline.run())
        yield pipeline
        task.cancel()


@pytest.fixture
def client(redis_server: Redis) -> Iterator[redis_client.Redis]:
    client = redis_client.Redis(port=redis_server.port)
    client.flushall()
    yield client
    client.close()


@contextlib.contextmanager
def stopped(server: Redis) -> Iterator[Callable[[], None]]:
    """Stop it; it is started by what is given here, or at the end."""
    server.stop()
    with contextlib.ExitStack() as at_end:
        at_end.callback(server.start)
        yield at_end.close


@contextlib.asynccontextmanager
async def silent_server() -> AsyncIterator[RedisPolicy]:
    """Takes connections and answers nothing."""
    gone = asyncio.Event()

    async def ignore(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(ignore, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield RedisPolicy(url=f"redis://127.0.0.1:{port}/0", timeout_s=0.1)
    gone.set()
    server.close()
    await server.wait_closed()


async def test_concurrent_calls_go_out_together(
    redis_server: Redis, client: redis_client.Redis
) -> None:
    async with running(RedisPolicy(url=redis_server.url)) as pipeline:
        await pipeline.call(b"PING", writes=False)
        before = client.info("stats")["total_reads_processed"]
        async with asyncio.TaskGroup() as tasks:
            calls = [
                tasks.create_task(pipeline.call(b"INCRBY", b"n", b"1", writes=True))
                for _ in range(200)
            ]
        reads = client.info("stats")["total_reads_processed"] - before
    assert sorted(call.result() for call in calls) == list(range(1, 201))  # type: ignore[type-var]
    assert reads < 20


async def test_each_caller_gets_its_own_reply(redis_server: Redis) -> None:
    async with running(RedisPolicy(url=redis_server.url, max_batch=7)) as pipeline:
        words = [b"%d" % number for number in range(50)]
        async with asyncio.TaskGroup() as tasks:
            calls = [tasks.create_task(pipeline.call(b"ECHO", w, writes=False)) for w in words]
        assert [call.result() for call in calls] == words


async def test_an_error_reply_belongs_to_its_caller_only(redis_server: Redis) -> None:
    async with running(RedisPolicy(url=redis_server.url)) as pipeline, asyncio.TaskGroup() as tasks:
        bad = tasks.create_task(pipeline.call(b"NOSUCH", writes=False))
        good = tasks.create_task(pipeline.call(b"PING", writes=False))
    assert isinstance(bad.result(), Exception)
    assert good.result() == b"PONG"


async def test_a_silent_server_is_given_up_within_the_bound() -> None:
    # covers: W-DLR-20
    async with silent_server() as policy, running(policy) as pipeline:
        began = asyncio.get_running_loop().time()
        with pytest.raises(StoreAway):
            await pipeline.call(b"PING", writes=False)
        assert asyncio.get_running_loop().time() - began < 1
        assert pipeline._counts.timeouts == 1


async def test_waiting_calls_are_bounded() -> None:
    async with silent_server() as policy:
        bounded = RedisPolicy(url=policy.url, timeout_s=5, max_waiting=3)
        async with running(bounded) as pipeline, asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(pipeline.call(b"PING", writes=False)) for _ in range(3)]
            await until(lambda: len(pipeline._waiting) == 3)
            with pytest.raises(StoreAway, match="3 calls are waiting"):
                await pipeline.call(b"PING", writes=False)
            for call in waiting:
                call.cancel()


async def test_nobody_is_left_waiting_at_the_end() -> None:
    async with silent_server() as policy:
        patient = RedisPolicy(url=policy.url, timeout_s=60)
        async with running(patient) as pipeline:
            call = asyncio.create_task(pipeline.call(b"PING", writes=False))
            await until(lambda: len(pipeline._waiting) == 1)
        with pytest.raises(StoreAway, match="closed"):
            await call


async def test_a_call_given_up_is_not_carried_out_later(redis_server: Redis) -> None:
    """Its caller was told that it failed; and it would pile up."""
    policy = RedisPolicy(url=redis_server.url, timeout_s=0.1)
    with stopped(redis_server) as start:
        async with running(policy) as pipeline:
            with pytest.raises(StoreAway):
                await pipeline.call(b"SET", b"late", b"1", writes=True)
            start()
            await until(lambda: pipeline._counts.is_connected)
            assert await pipeline.call(b"EXISTS", b"late", writes=False) == 0


async def test_calls_survive_their_connection(
    redis_server: Redis, client: redis_client.Redis
) -> None:
    async with running(RedisPolicy(url=redis_server.url, max_batch=5)) as pipeline:
        async with asyncio.TaskGroup() as tasks:
            calls = [
                tasks.create_task(pipeline.call(b"ECHO", b"%d" % number, writes=False))
                for number in range(500)
            ]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            assert not all(call.done() for call in calls)
            await asyncio.to_thread(client.client_kill_filter, _type="normal", skipme=True)
        assert [call.result() for call in calls] == [b"%d" % number for number in range(500)]
        assert pipeline._counts.reconnects == 2


async def test_calls_wait_for_a_server_that_restarts(redis_server: Redis) -> None:
    async with running(RedisPolicy(url=redis_server.url, timeout_s=60)) as pipeline:
        await pipeline.call(b"SET", b"k", b"1", writes=True)
        with stopped(redis_server) as start:
            call = asyncio.create_task(pipeline.call(b"GET", b"k", writes=False))
            await until(lambda: not pipeline._counts.is_connected)
            start()
            assert await call == b"1"


async def test_an_idle_connection_is_probed(redis_server: Redis) -> None:
    """So that readiness knows of an outage before the first message does."""
    async with running(RedisPolicy(url=redis_server.url, probe_s=0.05)) as pipeline:
        await until(lambda: pipeline._counts.is_connected)
        with stopped(redis_server):
            await until(lambda: not pipeline._counts.is_connected)


async def test_a_write_without_its_replica_does_not_count(redis_server: Redis) -> None:
    policy = RedisPolicy(url=redis_server.url, wait_replicas=1, timeout_s=4)
    async with running(policy) as pipeline:
        await until(lambda: pipeline._counts.is_connected)  # the one before may still be loading
        with pytest.raises(StoreAway, match="on 0 of 1 replicas"):
            await pipeline.call(b"SET", b"k", b"1", writes=True)
        assert await pipeline.call(b"PING", writes=False) == b"PONG"


# ---------------------------------------------------------------- away, and known to be


async def refused(pipeline: RedisPipeline, *, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreAway):
            await pipeline.call(b"PING", writes=False)


async def test_calls_fail_at_once_when_the_server_is_known_to_be_away(redis_server: Redis) -> None:
    """And the first ones after half their time, when it has not come back by then."""
    policy = RedisPolicy(url=redis_server.url, timeout_s=2)
    async with running(policy) as pipeline:
        await until(lambda: pipeline._counts.is_connected)
        with stopped(redis_server):
            clock = asyncio.get_running_loop()
            began = clock.time()
            with pytest.raises(StoreAway):
                await pipeline.call(b"PING", writes=False)
            assert 0.9 < clock.time() - began < 4
            began = clock.time()
            await refused(pipeline, times=100)
            assert clock.time() - began < 1
            assert pipeline._counts.timeouts == 101
        await until(lambda: pipeline._counts.is_connected)
        assert await pipeline.call(b"PING", writes=False) == b"PONG"


async def test_a_server_that_hangs_costs_its_bound_once(redis_server: Redis) -> None:
    policy = RedisPolicy(url=redis_server.url, timeout_s=0.4)
    async with running(policy) as pipeline:
        await until(lambda: pipeline._counts.is_connected)
        redis_server.freeze()
        try:
            began = asyncio.get_running_loop().time()
            with pytest.raises(StoreAway):
                await pipeline.call(b"PING", writes=False)
            await until(lambda: not pipeline._counts.is_connected)
            await refused(pipeline, times=20)
            assert asyncio.get_running_loop().time() - began < 4  # not 20 times 0.4
        finally:
            redis_server.thaw()
        await until(lambda: pipeline._counts.is_connected)
        assert await pipeline.call(b"PING", writes=False) == b"PONG"


FULL = {
    "no memory": (("maxmemory", "1"), ("maxmemory", "0"), "maxmemory"),
    "too few replicas": (("min-replicas-to-write", "1"), ("min-replicas-to-write", "0"), "NOREPL"),
}


@pytest.mark.parametrize(("fill", "empty", "code"), FULL.values(), ids=FULL)
async def test_a_server_that_takes_no_writes_is_said_once_and_found_again(
    redis_server: Redis,
    client: redis_client.Redis,
    fill: tuple[str, str],
    empty: tuple[str, str],
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody writes meanwhile: the probe is what finds that it does again."""
    async with running(RedisPolicy(url=redis_server.url, probe_s=0.05)) as pipeline:
        await until(lambda: pipeline._counts.is_connected)
        client.config_set(*fill)
        try:
            for _ in range(3):
                reply = await pipeline.call(b"SET", b"k", b"1", writes=True)
                assert code in str(reply)
                assert await pipeline.call(b"PING", writes=False) == b"PONG"
            await pipeline.call(b"DEL", b"k", writes=True)  # which may be taken
            assert pipeline._counts.refuses_writes
            assert pipeline._counts.is_connected
            assert not pipeline._counts.takes_writes()
        finally:
            client.config_set(*empty)
        await until(pipeline._counts.takes_writes)
        assert await pipeline.call(b"SET", b"k", b"1", writes=True) == b"OK"
    assert len([line for line in caplog.messages if "takes no writes" in line]) == 1


async def test_a_server_whose_disk_takes_nothing_is_full_too(redis_server: Redis) -> None:
    """MISCONF: its last snapshot failed, here because a folder stands in the way of the file."""
    del redis_server
    server = Redis("--dbfilename", "snapshot")
    try:
        server.start()
        folder = Path(server.ask("CONFIG", "GET", "dir")["dir"]) / "snapshot"
        folder.mkdir()
        server.ask("CONFIG", "SET", "save", "3600 1")
        server.ask("BGSAVE")
        await until(lambda: snapshot_of(server) == "err")
        async with running(RedisPolicy(url=server.url, probe_s=0.05)) as pipeline:
            assert "MISCONF" in str(await pipeline.call(b"EVAL", SETS, b"0", writes=True))
            assert pipeline._counts.refuses_writes
            folder.rmdir()
            server.ask("BGSAVE")
            await until(pipeline._counts.takes_writes)
    finally:
        server.close()


def snapshot_of(server: Redis) -> str:
    return str(server.ask("INFO", "persistence")["rdb_last_bgsave_status"])


async def test_missing_replicas_cost_each_write_little(
    redis_server: Redis, client: redis_client.Redis
) -> None:
    policy = RedisPolicy(url=redis_server.url, wait_replicas=1, timeout_s=2, probe_s=0.05)
    async with running(policy) as pipeline, AsyncExitStack() as started:
        await until(lambda: pipeline._counts.is_connected)
        took = []
        for _ in range(5):
            began = asyncio.get_running_loop().time()
            with pytest.raises(StoreAway, match="on 0 of 1 replicas"):
                await pipeline.call(b"SET", b"k", b"1", writes=True)
            took.append(asyncio.get_running_loop().time() - began)
        assert sorted(took)[1] < 0.45  # but for one a second, which waits half a second
        assert not pipeline._counts.takes_writes()
        replica = Redis(replica_of=redis_server)
        started.callback(replica.close)
        client.config_set("repl-diskless-sync-delay", "0")
        await asyncio.to_thread(replica.start)
        await until(lambda: replica.follows() == redis_server.port)
        await until(pipeline._counts.takes_writes)
        await until(partial(is_written, pipeline))  # it may still be busy with its first sync


async def is_written(pipeline: RedisPipeline) -> bool:
    with contextlib.suppress(StoreAway):
        return await pipeline.call(b"SET", b"k", b"1", writes=True) == b"OK"
    return False


async def test_a_server_made_a_replica_is_left(redis_server: Redis) -> None:
    """Its connections stay open when it is demoted by hand; the first write says so."""
    policy = RedisPolicy(url=redis_server.url, timeout_s=0.3)
    async with running(policy) as pipeline:
        await until(lambda: pipeline._counts.is_connected)
        await asyncio.to_thread(redis_server.ask, "REPLICAOF", "127.0.0.1", free_port())
        try:
            with pytest.raises(StoreAway):
                await pipeline.call(b"EVAL", SETS, b"0", writes=True)
            await until(lambda: not pipeline._counts.is_connected)
        finally:
            await asyncio.to_thread(redis_server.ask, "REPLICAOF", "NO", "ONE")
        await until(lambda: pipeline._counts.is_connected)


SETS = b"return redis.call('SET', 'k', '1')"

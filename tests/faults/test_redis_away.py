"""Redis away, or failed over, with real daemons: who is served, who is told, who waits.

Nothing that was accepted is lost: it has reached the SMSC, and both its reports its sender.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.faults.world import SUCCESS, World, open_world
from tests.services import RabbitMq, Redis, RedisPair
from tests.waiting import until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(180)]

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"
"""A certificate of 127.0.0.1 and its key, signed by itself."""
NOT_NOW = 'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"'
KNOWN_AWAY_S = 3.0
"""After so long it is known: half of [redis-client] timeout_s, a reconnect, a busy machine."""
QUICK_S = 0.5
IDLE_SHARE = 0.2
"""Of one core, at most, for a daemon with nothing to do; a busy machine makes it look worse."""


@contextlib.asynccontextmanager
async def running(
    rabbitmq: RabbitMq, redis: Redis, **cfg: Mapping[str, str]
) -> AsyncIterator[World]:
    named = {name.replace("_", "-"): keys for name, keys in cfg.items()}
    world = await open_world(rabbitmq, redis, named)
    try:
        await world.start()
        yield world
    finally:
        await world.stop()


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to one request."""

    status: int
    text: str
    took_s: float


async def ask(world: World, number: int, *, dlr: bool) -> Said:
    """Send one message; what was accepted is in the books."""
    to, arguments = f"33{number:09d}", {"dlr": "no"}
    if dlr:
        url = f"http://127.0.0.1:{world.sink.port}/dlr"
        arguments = {"dlr": "yes", "dlr-level": "3", "dlr-method": "GET", "dlr-url": url}
    arguments |= {"username": "fault", "password": "fault", "to": to, "content": f"m{number}"}
    began = time.monotonic()
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{world.gateway.http_port}/send", params=arguments) as answer,
    ):
        said = Said(answer.status, await answer.text(), time.monotonic() - began)
    accepted = SUCCESS.match(said.text)
    if accepted is not None and dlr:
        world.sent.accepted[to] = accepted[1]
    return said


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def shares_of_a_core(world: World, during_s: float) -> dict[str, float]:
    before = {daemon: cpu_s(pid) for daemon, pid in world.gateway.pids.items()}
    await asyncio.sleep(during_s)
    return {
        daemon: (cpu_s(pid) - before[daemon]) / during_s
        for daemon, pid in world.gateway.pids.items()
    }


def assert_quick(answers: Sequence[Said]) -> None:
    """Most are; a busy machine, and the WAIT that once a second has its whole time, are slower."""
    took = sorted(said.took_s for said in answers)
    print(f"median {took[len(took) // 2] * 1000:.1f} ms, slowest {took[-1] * 1000:.1f} ms")
    assert took[len(took) // 2] < QUICK_S
    assert took[-1] < KNOWN_AWAY_S


def assert_books_close(world: World) -> None:
    assert world.never_submitted() == []
    assert world.without_callback(1) == []
    assert world.without_callback(2) == []
    assert world.smsc.untaken == 0


async def test_messages_without_dlr_flow_and_those_with_are_refused_at_once(
    rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    # covers: W-DLR-20
    redis_server.flush()
    async with running(rabbitmq, redis_server) as world:
        await world.send(range(200), rate_per_s=200)  # their receipts are still on their way
        redis_server.ask("CONFIG", "SET", "maxmemory", 1)  # full, first; then gone
        full = [await ask(world, number, dlr=True) for number in range(4000, 4020)]
        assert {(said.status, said.text) for said in full} == {(500, NOT_NOW)}
        assert_quick(full)
        assert (await ask(world, 4100, dlr=False)).status == 200
        await until(lambda: "33000004100" in world.smsc.submits, within_s=10)
        redis_server.kill()
        await asyncio.sleep(KNOWN_AWAY_S)
        plain = [await ask(world, number, dlr=False) for number in range(1000, 1030)]
        assert {said.status for said in plain} == {200}
        assert_quick(plain)
        await until(lambda: "33000001029" in world.smsc.submits, within_s=10)
        refused = [await ask(world, number, dlr=True) for number in range(2000, 2030)]
        assert {(said.status, said.text) for said in refused} == {(500, NOT_NOW)}
        assert_quick(refused)
        shares = await shares_of_a_core(world, 3)
        assert {name for name, share in shares.items() if share > IDLE_SHARE} == set(), shares
        redis_server.start()
        await until(lambda: is_served(world, 3000))
        await world.settle()
        assert_books_close(world)
        assert [to for to in world.smsc.submits if "33000002000" <= to <= "33000002029"] == []


async def is_served(world: World, number: int) -> bool:
    return (await ask(world, number, dlr=True)).status == 200


@pytest.fixture
def guarded_redis(redis_server: Redis) -> Iterator[Redis]:
    """By TLS, for one user; asking for the common one skips where there is none at all."""
    del redis_server
    users = "--user alice on >s3cret ~* +@all --user default off"
    server = Redis("--appendonly", "yes", "--appendfsync", "always", *users.split(), tls=PEM)
    try:
        server.start()
        yield server
    finally:
        server.close()


async def test_messages_with_dlr_wait_in_the_queue_where_the_setting_says_so(
    rabbitmq: RabbitMq, guarded_redis: Redis, tmp_path: Path
) -> None:
    # covers: W-DLR-20 W-SEC-11
    (tmp_path / "password").write_text("s3cret\n")
    login = {
        "username": "alice",
        "password_file": str(tmp_path / "password"),
        "tls": "yes",
        "tls_ca": str(PEM),
    }
    async with running(
        rabbitmq, guarded_redis, dlr={"store_away": "wait"}, redis_client=login
    ) as world:
        guarded_redis.kill()
        assert (await ask(world, 0, dlr=True)).took_s < KNOWN_AWAY_S  # the one that finds out
        accepted = [await ask(world, number, dlr=True) for number in range(1, 100)]
        assert {said.status for said in accepted} == {200}
        assert_quick(accepted)
        plain = await ask(world, 1000, dlr=False)  # behind them in the queue
        assert plain.status == 200
        await until(lambda: "33000001000" in world.smsc.submits, within_s=10)
        assert [to for to in world.sent.accepted if to in world.smsc.submits] == []
        guarded_redis.start()
        await world.settle()
        assert len(world.sent.accepted) == 100
        assert_books_close(world)
        assert {len(times) for times in world.smsc.submits.values()} == {1}


async def test_a_failover_loses_nothing_and_without_a_replica_nothing_is_accepted(
    rabbitmq: RabbitMq, redis_pair: RedisPair
) -> None:
    sentinel = {"sentinels": f"127.0.0.1:{redis_pair.sentinel.port}", "wait_replicas": "1"}
    async with running(rabbitmq, redis_pair.master, redis_client=sentinel) as world:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(world.send(range(600), rate_per_s=150))
            await asyncio.sleep(1.5)
            await asyncio.to_thread(redis_pair.lose_master)
            await sending
        assert len(world.sent.accepted) > 100
        accepted = set(world.sent.accepted)
        refused = [await ask(world, number, dlr=True) for number in range(1000, 1010)]
        assert {(said.status, said.text) for said in refused} == {(500, NOT_NOW)}
        assert_quick(refused)
        plain = await ask(world, 2000, dlr=False)
        assert plain.status == 200
        assert set(world.sent.accepted) == accepted
        await asyncio.to_thread(redis_pair.rejoin)
        await until(lambda: is_served(world, 3000))
        await world.settle()
        assert_books_close(world)

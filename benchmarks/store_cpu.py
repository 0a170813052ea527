"""CPU and memory per message of the Redis store, and of plain awaits of what Jasmin does.

    python -m benchmarks.store_cpu [--messages 20000] [--concurrency 100] [--bound 10000]

Starts a Redis of its own (tests/services.py). Prints microseconds of this process's CPU and of
Redis's per call, Redis's memory per message at each stage of a level-3 DLR, and that ten times
`--bound` messages, none of them ever reported on, stay at that bound.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

import redis.asyncio as redis_client
import uvloop

from jasmin_compat.adapters.redis import RedisStore, open_redis_store
from jasmin_compat.adapters.redis_connect import RedisPolicy
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import HttpDlrRequest, MsgId, SmppMsgId
from jasmin_compat.gateway.submission import SegmentSent
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.redis_records import mapping_fields, request_fields
from tests.builders import CID, http_request
from tests.services import Redis

URL = "http://10.0.0.1:8080/dlr/callback?a=1&b=23456"

One = Callable[[int], Awaitable[object]]


def msgid(number: int) -> MsgId:
    return MsgId(f"7c9f0f4e-1b7b-4c3e-9f53-{number:012d}")


def smpp_msgid(number: int) -> SmppMsgId:
    return SmppMsgId(f"{number:08X}")


def request(number: int) -> HttpDlrRequest:
    return http_request(msgid=msgid(number), url=URL)


def answer(number: int) -> list[SegmentSent]:
    id_ = smpp_msgid(number)
    return [SegmentSent(index=0, command_status=0, smpp_msgid=id_, wants_receipt=True)]


class Bench:
    """One Redis, and what is measured of it."""

    def __init__(self, server: Redis, messages: int, concurrency: int) -> None:
        self._messages = messages
        self._concurrency = concurrency
        self.client = redis_client.Redis(port=server.port)

    async def _server_cpu_s(self) -> float:
        cpu = await self.client.info("cpu")
        return float(cpu["used_cpu_sys"] + cpu["used_cpu_user"])

    async def each(self, one: One) -> None:
        numbers = iter(range(self._messages))

        async def some() -> None:
            for number in numbers:
                await one(number)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._concurrency):
                tasks.create_task(some(), name="caller")

    async def step(self, name: str, one: One) -> None:
        theirs, ours = await self._server_cpu_s(), time.process_time()
        await self.each(one)
        ours, theirs = time.process_time() - ours, await self._server_cpu_s() - theirs
        per = 1e6 / self._messages
        print(f"{name:36} {ours * per:6.1f} us ours {theirs * per:6.1f} us Redis", flush=True)

    async def memory(self, name: str, *, empty: int) -> None:
        used = await self.used()
        print(f"{name:36} {(used - empty) / self._messages:6.0f} octets of Redis's memory")

    async def used(self) -> int:
        return int((await self.client.info("memory"))["used_memory"])


async def measure_store(bench: Bench, store: RedisStore) -> None:
    empty = await bench.used()
    await bench.step("remember", lambda n: store.remember(request(n)))
    await bench.step("record_sent", lambda n: store.record_sent(msgid(n), answer(n)))
    await bench.step("request (lookup of the answer)", lambda n: store.request(msgid(n)))
    await bench.step(
        "map_smpp_msgids", lambda n: store.map_smpp_msgids(request(n), [smpp_msgid(n)])
    )
    await bench.memory("a level-3 message awaiting its receipt", empty=empty)
    await bench.step("find", lambda n: store.find(smpp_msgid(n), CID))
    await bench.step("finish_segment", lambda n: store.finish_segment(msgid(n), smpp_msgid(n)))
    await bench.memory("after its receipt (gone in an hour)", empty=empty)
    await bench.client.flushall()
    await bench.step(
        "record_sent, no DLR asked for", lambda n: store.record_sent(msgid(n), answer(n))
    )
    await bench.step("sent", lambda n: store.sent(msgid(n)))
    await bench.client.flushall()


async def measure_plain(bench: Bench) -> None:
    """Jasmin's commands, each awaited by itself on redis-py's own pool."""
    client, empty = bench.client, await bench.used()

    async def remember(number: int) -> None:
        key = f"dlr:{msgid(number)}"
        await client.hset(key, mapping=request_fields(request(number)))  # type: ignore[arg-type]
        await client.expire(key, 86400)

    async def map_(number: int) -> None:
        key = f"queue-msgid:{smpp_msgid(number)}"
        await client.hset(key, mapping=mapping_fields(msgid(number), "httpapi"))  # type: ignore[arg-type]
        await client.expire(key, 86400)

    async def find(number: int) -> None:
        await client.hgetall(f"queue-msgid:{smpp_msgid(number)}")
        await client.hgetall(f"dlr:{msgid(number)}")

    async def forget(number: int) -> None:
        await client.delete(f"dlr:{msgid(number)}")

    await bench.step("plain: remember (2 commands)", remember)
    await bench.step("plain: map (2 commands)", map_)
    await bench.memory("plain: Jasmin's two hashes", empty=empty)
    await bench.step("plain: find (2 commands)", find)
    await bench.step("plain: delete (1 command)", forget)
    await bench.memory("plain: what Jasmin keeps for a day", empty=empty)
    await client.flushall()


async def show_bound(server: Redis, bound: int) -> None:
    bench = Bench(server, 10 * bound, 100)
    dlr = DlrPolicy(max_records=bound)
    policy = RedisPolicy(url=server.url, timeout_s=30)

    async with open_redis_store(policy=policy, dlr=dlr, clock=SystemClock()) as store:

        async def accepted(number: int) -> None:
            await store.remember(request(number))
            await store.record_sent(msgid(number), answer(number))
            await store.map_smpp_msgids(request(number), [smpp_msgid(number)])

        empty = await bench.used()
        await bench.each(accepted)
        used_mib = (await bench.used() - empty) / 1024 / 1024
        print(
            f"{10 * bound} messages never reported on, max_records {bound}:"
            f" {store.counts.records} held, {store.counts.evicted} pushed out,"
            f" {await bench.client.dbsize()} keys, {used_mib:.1f} MiB"
        )
    await bench.client.aclose()


async def measure(messages: int, concurrency: int, bound: int) -> None:
    server = Redis("--appendonly", "no")
    server.start()
    try:
        bench = Bench(server, messages, concurrency)
        dlr = DlrPolicy(max_records=10 * messages)
        policy = RedisPolicy(url=server.url, timeout_s=30)
        async with open_redis_store(policy=policy, dlr=dlr, clock=SystemClock()) as store:
            await measure_store(bench, store)
        await measure_plain(bench)
        await bench.client.aclose()
        await show_bound(server, bound)
    finally:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--concurrency", type=int, default=100)
    parser.add_argument("--bound", type=int, default=10_000)
    given = parser.parse_args()
    uvloop.run(measure(given.messages, given.concurrency, given.bound))


if __name__ == "__main__":
    main()

"""One connection to Redis: concurrent calls go out together, and again after a reconnect.

A pipeline of a hundred commands costs a fifth of the CPU of a hundred round trips. While one
batch is on the wire the next gathers. Every command is idempotent (adapters/redis_lua), so that
one whose answer was lost with its connection is simply sent once more.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from redis.asyncio.connection import Connection
from redis.exceptions import MasterDownError, ReadOnlyError, RedisError

from jasmin_compat.adapters.deadlines import Deadlines
from jasmin_compat.adapters.redis_connect import (
    RedisAway,
    RedisPolicy,
    Reply,
    connect,
    disconnect,
    exchange,
    in_words,
    pack,
)
from jasmin_compat.ports import Clock, StoreAway, StoreCounts

log = logging.getLogger("jasmin-redis-client")

FIRST_PAUSE_S = 0.05
WAIT_SHARE = 4
"""A call may wait for the batch before its own: both, with their WAIT, fit into its time."""


@dataclass(slots=True, eq=False)
class _Call:
    command: bytes
    writes: bool
    answered: "asyncio.Future[Reply]"


class RedisPipeline:
    """Usable at once; calls wait for `run` to have a connection."""

    def __init__(self, *, policy: RedisPolicy, counts: StoreCounts, clock: Clock) -> None:
        self._policy = policy
        self._counts = counts
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines()
        self._waiting: deque[_Call] = deque()
        self._asked = asyncio.Event()
        self._pause_s = 0.0

    async def call(self, *arguments: bytes, writes: bool) -> Reply:
        """The server's reply; an error of the command is a reply, too.

        Raises:
            StoreAway: no reply within `timeout_s`, too many calls waiting, or a write is not on
                as many replicas as it should be.
        """
        self._counts.calls += 1
        if len(self._waiting) >= self._policy.max_waiting:
            self._counts.timeouts += 1
            raise StoreAway(f"{len(self._waiting)} calls are waiting for Redis")
        call = _Call(pack(*arguments), writes, self._loop.create_future())
        self._waiting.append(call)
        self._asked.set()
        try:
            deadline = self._loop.time() + self._policy.timeout_s
            return await self._deadlines.wait(call.answered, deadline)
        except TimeoutError as error:
            self._counts.timeouts += 1
            raise StoreAway(f"no answer from Redis at {self._policy.where()}") from error

    async def run(self) -> NoReturn:
        """Keep a connection and carry out the calls, until cancelled; then none is left waiting.

        Raises:
            ClusterRefused
        """
        try:
            await self._keep_serving()
        finally:
            for call in self._waiting:
                if not call.answered.done():
                    call.answered.set_exception(StoreAway("the store is closed"))

    async def _keep_serving(self) -> NoReturn:
        while True:
            connection = await self._connect()
            self._counts.is_connected = True
            self._counts.reconnects += 1
            log.info("Connection made")
            try:
                await self._serve(connection)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("Lost connection. Reason: %s", in_words(error))
            finally:
                self._counts.is_connected = False
                await disconnect(connection)

    async def _connect(self) -> Connection:
        """Try until it works, less and less often until a connection has served a batch."""
        is_said = False
        while True:
            if self._pause_s:
                await self._clock.sleep(self._pause_s)
            self._pause_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), self._policy.reconnect_max_s)
            try:
                return await connect(self._policy, self._counts)
            except RedisAway as error:
                if not is_said:
                    log.warning("%s; trying again", error)
                is_said = True

    async def _serve(self, connection: Connection) -> NoReturn:
        while True:
            batch = await self._next_batch()
            try:
                async with asyncio.timeout(self._policy.timeout_s):
                    await self._carry_out(connection, batch)
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise
            self._pause_s = 0.0

    async def _next_batch(self) -> list[_Call]:
        """Empty when there was nothing to do for a while: the connection is probed then."""
        self._asked.clear()
        if not self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._policy.probe_s):
                    await self._asked.wait()
        taken = [
            self._waiting.popleft() for _ in range(min(len(self._waiting), self._policy.max_batch))
        ]
        return [call for call in taken if not call.answered.done()]  # else given up or cancelled

    async def _carry_out(self, connection: Connection, batch: Sequence[_Call]) -> None:
        commands = [call.command for call in batch] or [pack(b"PING")]
        waits = self._policy.wait_replicas > 0 and any(call.writes for call in batch)
        if waits:
            wait_ms = int(self._policy.timeout_s * 1000 / WAIT_SHARE)
            commands.append(pack(b"WAIT", b"%d" % self._policy.wait_replicas, b"%d" % wait_ms))
        replies = await exchange(connection, commands)
        for reply in replies:
            if isinstance(reply, (ReadOnlyError, MasterDownError)):
                raise reply  # a failover: its Sentinel knows the new master
        replicas = replies.pop() if waits else None
        for call, reply in zip(batch, replies, strict=False):
            self._answer(call, reply, replicas)

    def _answer(self, call: _Call, reply: Reply, replicas: Reply) -> None:
        if call.answered.done():
            return
        if call.writes and isinstance(replicas, int) and replicas < self._policy.wait_replicas:
            wanted = self._policy.wait_replicas
            call.answered.set_exception(StoreAway(f"on {replicas} of {wanted} replicas"))
        else:
            call.answered.set_result(reply)

"""One connection to Redis: concurrent calls go out together, and again after a reconnect.

A pipeline of a hundred commands costs a fifth of the CPU of a hundred round trips. While one
batch is on the wire the next gathers. Every command is idempotent (adapters/redis_lua), so that
one whose answer was lost with its connection is simply sent once more.
"""

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from redis.asyncio.connection import Connection
from redis.exceptions import (
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from jasmin_compat.adapters.deadlines import Deadlines
from jasmin_compat.adapters.redis_connect import (
    RedisAway,
    RedisPolicy,
    Reply,
    disconnect,
    exchange,
    in_words,
    pack,
)
from jasmin_compat.adapters.redis_masters import Masters
from jasmin_compat.ports import Clock, StoreAway, StoreCounts
from jasmin_compat.runtime.tasks import tasks_beside

log = logging.getLogger("jasmin-redis-client")

FIRST_PAUSE_S = 0.05
WAIT_SHARE = 4
"""A call may wait for the batch before its own: both, with their WAIT, fit into its time."""
BLINK_SHARE = 2
"""Calls wait for a lost connection up to half their time: a restart or a reset that is over by then
costs nobody an error. When it lasts longer they fail at once, so that nobody waits in vain."""
SHORT_WAIT_S = 0.05
LONG_WAIT_EACH_S = 1.0
"""While a replica is missing, WAIT has its whole time only once a second: else each write would
cost it."""
DOUBT_S = 0.5
"""Between probes while writes are refused: whoever needs them waits."""
WRITE_PROBE = pack(b"SET", b"jc:probe", b"1", b"EX", b"60")


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
        self._masters = Masters(policy)
        self._connection: Connection | None = None
        self._has_moved = False
        self._away_since: float | None = self._loop.time()
        """Since when there is no connection that answers; None when there is one."""
        self._next_long_wait = self._next_probe = 0.0

    async def call(self, *arguments: bytes, writes: bool) -> Reply:
        """The server's reply; an error of the command is a reply, too.

        Raises:
            StoreAway: no reply within `timeout_s`, no connection for half of it, too many calls
                waiting, or a write is not on as many replicas as it should be.
        """
        self._counts.calls += 1
        try:
            return await self._answered(arguments, writes=writes)
        except StoreAway:
            self._counts.timeouts += 1
            raise

    async def _answered(self, arguments: Sequence[bytes], *, writes: bool) -> Reply:
        """Raises: StoreAway."""
        if self._is_known_away():
            raise self._not_connected()
        if len(self._waiting) >= self._policy.max_waiting:
            raise StoreAway(f"{len(self._waiting)} calls are waiting for Redis")
        call = _Call(pack(*arguments), writes, self._loop.create_future())
        self._waiting.append(call)
        self._asked.set()
        try:
            deadline = self._loop.time() + self._policy.timeout_s
            return await self._deadlines.wait(call.answered, deadline)
        except TimeoutError as error:
            raise StoreAway(f"no answer from Redis at {self._policy.where()}") from error

    async def run(self) -> NoReturn:
        """Keep a connection and carry out the calls, until cancelled; then none is left waiting.

        Raises:
            ClusterRefused
        """
        async with tasks_beside() as tasks:
            following = tasks.create_task(self._follow(), name="redis master")
            try:
                await self._keep_serving()
            finally:
                following.cancel()
                self._refuse_waiting(StoreAway("the store is closed"))

    async def _keep_serving(self) -> NoReturn:
        while True:
            self._connection = connection = await self._connect()
            self._has_moved, self._away_since = False, None
            self._counts.is_connected = True
            self._counts.reconnects += 1
            log.info("Connection made")
            try:
                await self._serve(connection)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("Lost connection. Reason: %s", in_words(error))
            finally:
                self._counts.is_connected = False
                self._connection = None
                await disconnect(connection)

    async def _follow(self) -> NoReturn:
        """Leave a server that is master no more, though it answers: a partition may hide from it
        that another was promoted, and what it took since would be lost."""
        while True:
            await self._clock.sleep(self._policy.probe_s)
            connection = self._connection
            if connection is None or not await self._masters.has_moved(connection):
                continue
            if connection is self._connection:
                self._has_moved = True
                self._asked.set()

    async def _connect(self) -> Connection:
        """Try until it works, less and less often until a connection has served a batch."""
        is_said = False
        while True:
            if self._pause_s:
                await self._clock.sleep(self._pause_s)
            self._pause_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), self._policy.reconnect_max_s)
            try:
                return await self._masters.connect(self._counts)
            except RedisAway as error:
                if not is_said:
                    log.warning("%s; trying again", error)
                is_said = True
            if self._is_known_away():
                self._refuse_waiting(self._not_connected())

    def _is_known_away(self) -> bool:
        patience_s = self._policy.timeout_s / BLINK_SHARE
        return self._away_since is not None and self._loop.time() - self._away_since > patience_s

    def _not_connected(self) -> StoreAway:
        return StoreAway(f"not connected to Redis at {self._policy.where()}")

    def _refuse_waiting(self, error: StoreAway) -> None:
        while self._waiting:
            call = self._waiting.popleft()
            if not call.answered.done():
                call.answered.set_exception(error)

    async def _serve(self, connection: Connection) -> NoReturn:
        while True:
            batch = await self._next_batch()
            began = self._loop.time()
            try:
                if self._has_moved:
                    raise RedisError("its Sentinels name another master")
                async with asyncio.timeout(self._policy.timeout_s):
                    await self._carry_out(connection, batch)
            except BaseException:
                self._away_since = began
                self._waiting.extendleft(reversed(batch))
                raise
            self._pause_s = 0.0

    async def _next_batch(self) -> list[_Call]:
        """Empty when there was nothing to do for a while: the connection is probed then."""
        self._asked.clear()
        if not self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._probe_s()):
                    await self._asked.wait()
        taken = [
            self._waiting.popleft() for _ in range(min(len(self._waiting), self._policy.max_batch))
        ]
        return [call for call in taken if not call.answered.done()]  # else given up or cancelled

    async def _carry_out(self, connection: Connection, batch: Sequence[_Call]) -> None:
        commands = [call.command for call in batch]
        is_in_doubt = self._is_in_doubt()
        probes = not batch or (is_in_doubt and self._loop.time() >= self._next_probe)
        if probes:
            # Where writes are refused, only a write shows that they are taken again.
            commands.append(WRITE_PROBE if is_in_doubt else pack(b"PING"))
            self._next_probe = self._loop.time() + self._probe_s()
        writes = (probes and is_in_doubt) or any(call.writes for call in batch)
        waits = writes and self._policy.wait_replicas > 0
        if waits:
            wait_ms = int(self._wait_s() * 1000)
            commands.append(pack(b"WAIT", b"%d" % self._policy.wait_replicas, b"%d" % wait_ms))
        replies = await exchange(connection, commands)
        for reply in replies:
            if _is_replica(reply):
                raise RedisError(str(reply))  # its Sentinel knows the new master
        replicas = replies.pop() if waits else None
        self._note_replicas(replicas)
        if probes:
            self._note_refusal(replies.pop())
        for call, reply in zip(batch, replies, strict=False):
            self._answer(call, reply, replicas)

    def _is_in_doubt(self) -> bool:
        return self._counts.refuses_writes or self._counts.lacks_replicas

    def _probe_s(self) -> float:
        return min(self._policy.probe_s, DOUBT_S) if self._is_in_doubt() else self._policy.probe_s

    def _wait_s(self) -> float:
        whole_s, now = self._policy.timeout_s / WAIT_SHARE, self._loop.time()
        if self._counts.lacks_replicas and now < self._next_long_wait:
            return min(SHORT_WAIT_S, whole_s)
        self._next_long_wait = now + LONG_WAIT_EACH_S
        return whole_s

    def _note_replicas(self, replicas: Reply) -> None:
        if not isinstance(replicas, int):
            return
        lacks = replicas < self._policy.wait_replicas
        if lacks != self._counts.lacks_replicas:
            self._counts.lacks_replicas = lacks
            log.log(
                logging.ERROR if lacks else logging.INFO,
                "Redis has %d of %d replicas in step: writes %s",
                replicas,
                self._policy.wait_replicas,
                "do not count" if lacks else "count again",
            )

    def _note_refusal(self, reply: Reply) -> None:
        """Of a probe: a Redis without memory takes some writes, and SET is none of them."""
        refuses = takes_no_writes(reply)
        if refuses != self._counts.refuses_writes:
            self._counts.refuses_writes = refuses
            if refuses:
                log.error("Redis takes no writes: %s", reply)
            else:
                log.info("Redis takes writes again")

    def _answer(self, call: _Call, reply: Reply, replicas: Reply) -> None:
        if call.writes and takes_no_writes(reply):
            self._note_refusal(reply)
        if call.answered.done():
            return
        if call.writes and isinstance(replicas, int) and replicas < self._policy.wait_replicas:
            wanted = self._policy.wait_replicas
            call.answered.set_exception(StoreAway(f"on {replicas} of {wanted} replicas"))
        else:
            call.answered.set_result(reply)


_FULL = re.compile(r"(?:^|-)(?:OOM|MISCONF|NOREPLICAS) ")
_READ_ONLY = re.compile(r"-READONLY ")
"""A Redis before 7 says so within the text when a script wrote."""


def takes_no_writes(reply: Reply) -> bool:
    """No memory, no disk, or fewer replicas than its `min-replicas-to-write`."""
    if isinstance(reply, OutOfMemoryError):
        return True
    return isinstance(reply, ResponseError) and _FULL.search(str(reply)) is not None


def _is_replica(reply: Reply) -> bool:
    """It was master when we connected: a failover."""
    if isinstance(reply, ReadOnlyError | MasterDownError):
        return True
    return isinstance(reply, ResponseError) and _READ_ONLY.search(str(reply)) is not None

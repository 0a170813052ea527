"""Store port on Redis: Jasmin's records, ours beside them, each change one step (design D7, D8)."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import cast

from redis.exceptions import NoScriptError

from jasmin_compat.adapters.eviction_log import EvictionLog
from jasmin_compat.adapters.redis_connect import RedisAway, RedisPolicy, Reply, disconnect
from jasmin_compat.adapters.redis_masters import Masters
from jasmin_compat.adapters.redis_pipeline import RedisPipeline, takes_no_writes
from jasmin_compat.adapters.redis_scripts import Script, Scripts
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import ConnectorId, DlrRequest, MsgId, SmppMsgId
from jasmin_compat.gateway.reassembly import KEPT_S
from jasmin_compat.ports import (
    Clock,
    Correlated,
    Expired,
    GroupPart,
    SegmentSent,
    StoreAway,
    StoreCounts,
)
from jasmin_compat.runtime.tasks import tasks_beside
from jasmin_compat.wire.redis_records import (
    DLR,
    QUEUE_MSGID,
    BadRecord,
    pairs,
    read_request,
    read_segments,
    request_fields,
    segment_field,
    source_of,
)

log = logging.getLogger("jasmin-redis-client")

SENT = "jc:sent:"
PARTS = "jc:parts:"
SCAN_COUNT = 500


@contextlib.asynccontextmanager
async def open_redis_store(
    *, policy: RedisPolicy, dlr: DlrPolicy, clock: Clock
) -> AsyncIterator["RedisStore"]:
    """A store that connects, and reconnects, by itself while the context lasts.

    Raises:
        ClusterRefused: at once, or in a group if the server is reached only later.
    """
    counts = StoreCounts()
    with contextlib.suppress(RedisAway):  # `run` says so, and goes on trying
        await disconnect(await Masters(policy).connect(counts))
    pipeline = RedisPipeline(policy=policy, counts=counts, clock=clock)
    store = RedisStore(pipeline=pipeline, scripts=Scripts(dlr), counts=counts, clock=clock)
    async with tasks_beside() as tasks:
        running = tasks.create_task(pipeline.run(), name="redis pipeline")
        adopting = tasks.create_task(store.adopt(), name="redis scan")
        try:
            yield store
        finally:
            adopting.cancel()
            running.cancel()


class RedisStore:
    """See ports.Store; made by `open_redis_store`."""

    def __init__(
        self, *, pipeline: RedisPipeline, scripts: Scripts, counts: StoreCounts, clock: Clock
    ) -> None:
        self._pipeline = pipeline
        self._scripts = scripts
        self._clock = clock
        self._eviction_log = EvictionLog(counts=counts, clock=clock)
        self.counts = counts

    # ------------------------------------------------------------ Store

    async def remember(self, request: DlrRequest, part: GroupPart | None = None) -> None:
        if self.counts.lacks_replicas:
            # The master alone would take it: a record of each message that is refused meanwhile.
            raise StoreAway("Redis has too few replicas")
        fields = request_fields(request)
        group = [b"", b"", b""]
        if part is not None:
            group = [part.group.encode(), b"%d" % part.number, b"%d" % part.of]
        flat = [word for field in fields.items() for word in field]
        expiry = b"%d" % request.expiry_s
        await self._write(self._scripts.remember, request.msgid.encode(), expiry, *group, *flat)

    async def request(self, msgid: MsgId) -> DlrRequest | None:
        return _request(msgid, await self._hash(DLR + msgid))

    async def record_sent(self, msgid: MsgId, segments: Sequence[SegmentSent]) -> None:
        flat = [word for segment in segments for word in segment_field(segment)]
        await self._write(self._scripts.record_sent, msgid.encode(), *flat)

    async def sent(self, msgid: MsgId) -> tuple[SegmentSent, ...]:
        return read_segments(pairs(await self._hash(SENT + msgid)))

    async def map_smpp_msgids(self, request: DlrRequest, smpp_msgids: Sequence[SmppMsgId]) -> None:
        ids = [smpp_msgid.encode() for smpp_msgid in smpp_msgids]
        source = source_of(request).encode()
        await self._write(self._scripts.map_smpp_msgids, request.msgid.encode(), source, *ids)

    async def find(self, smpp_msgid: SmppMsgId, cid: ConnectorId) -> Correlated | None:
        reply = await self._run(self._scripts.find, smpp_msgid.encode(), cid.encode())
        if reply is None:
            return None
        msgid, source, replied, fields = cast(tuple[bytes, bytes, int, list[bytes]], reply)
        request = _request(MsgId(msgid.decode()), fields)
        if request is None or source_of(request).encode() != source:
            return None
        return Correlated(msgid=request.msgid, request=request, replied=replied == 1)

    async def forget(self, msgid: MsgId) -> None:
        await self._write(self._scripts.forget, msgid.encode())

    async def finish_segment(self, msgid: MsgId, smpp_msgid: SmppMsgId) -> None:
        await self._write(self._scripts.finish_segment, msgid.encode(), smpp_msgid.encode())

    async def expired(self, limit: int) -> Sequence[Expired]:
        reply = await self._run(self._scripts.expired, b"%d" % limit)
        counts, *rows = cast(list[list[Reply]], reply)
        self._note(counts)
        found = []
        for row in rows:
            mark, msgid, fields = cast(tuple[bytes, bytes, list[bytes]], tuple(row))
            request = _request(MsgId(msgid.decode()), fields)
            if request is None:
                await self.forget(MsgId(msgid.decode()))
            else:
                found.append(Expired(request=request, by_budget=mark == b"B"))
        return found

    # ------------------------------------------------------------ segments from handsets

    async def keep_part(self, whole: str, number: int, octets: bytes) -> Mapping[int, bytes]:
        key, seconds = PARTS + whole, b"%d" % KEPT_S
        reply = await self._run(
            self._scripts.keep_part, key.encode(), seconds, b"%d" % number, octets
        )
        kept = pairs(cast(list[bytes], reply))
        return {int(number): part for number, part in kept.items()}

    async def drop_parts(self, whole: str) -> None:
        await self._ask(b"DEL", (PARTS + whole).encode(), writes=True)

    # ------------------------------------------------------------ records of a Jasmin

    async def adopt(self) -> None:
        """Once through all keys: bring what a Jasmin wrote under the budget."""
        cursor, prefixes = b"0", (DLR.encode(), QUEUE_MSGID.encode())
        while True:
            try:
                reply = await self._ask(b"SCAN", cursor, b"COUNT", b"%d" % SCAN_COUNT)
                cursor, keys = cast(tuple[bytes, list[bytes]], reply)
                known = [key for key in keys if key.startswith(prefixes)]
                if known:
                    await self._write(self._scripts.adopt, *known)
            except StoreAway:  # logged where the connection is made
                await self._clock.sleep(1.0)
            else:
                if cursor == b"0":
                    return

    # ------------------------------------------------------------ asking

    async def _hash(self, key: str) -> list[bytes]:
        return cast(list[bytes], await self._ask(b"HGETALL", key.encode()))

    async def _write(self, script: Script, *arguments: bytes) -> None:
        self._note(await self._run(script, *arguments))

    async def _run(self, script: Script, *arguments: bytes) -> Reply:
        reply = await self._pipeline.call(
            b"EVALSHA", script.sha, b"0", *arguments, writes=script.writes
        )
        if isinstance(reply, NoScriptError):  # a restarted server has forgotten it
            return await self._ask(b"EVAL", script.text, b"0", *arguments, writes=script.writes)
        return _good(reply)

    async def _ask(self, *arguments: bytes, writes: bool = False) -> Reply:
        return _good(await self._pipeline.call(*arguments, writes=writes))

    def _note(self, reply: Reply) -> None:
        """What every writing script ends with: redis_lua/common.lua, `tidy`."""
        records, octets, evicted, expired = cast(Iterable[int], reply)
        self.counts.records, self.counts.octets = records, octets
        self.counts.expired += expired
        self.counts.evicted += evicted
        self._eviction_log.look()


def _good(reply: Reply) -> Reply:
    if isinstance(reply, Exception):
        if not takes_no_writes(reply):  # which was said once
            log.error("Redis refused a command: %s", reply)
        raise StoreAway(str(reply)) from reply
    return reply


def _request(msgid: MsgId, fields: Sequence[bytes]) -> DlrRequest | None:
    if not fields:
        return None
    try:
        return read_request(msgid, pairs(fields))
    except BadRecord as error:
        log.warning("DLR Content: %s", error)
        return None

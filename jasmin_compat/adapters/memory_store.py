"""Store port in memory: for the demo, `--embedded` and tests; same bounds as Redis (design D8)."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from jasmin_compat.adapters.eviction_log import EvictionLog
from jasmin_compat.gateway.dlr import LEND_S, TELL_S, DlrPolicy, wants_receipts
from jasmin_compat.gateway.messages import ConnectorId, DlrRequest, HttpDlrRequest, MsgId, SmppMsgId
from jasmin_compat.gateway.reassembly import KEPT_S
from jasmin_compat.ports import Clock, Correlated, Expired, GroupPart, SegmentSent, StoreCounts
from jasmin_compat.wire.redis_records import (
    DLR,
    QUEUE_MSGID,
    mapping_fields,
    octets_of,
    request_fields,
    source_of,
)

MAX_UNJOINED = 10_000
"""Long messages from handsets whose segments wait for the others; the oldest go."""


@dataclass(slots=True)
class _Asked:
    """`dlr:<msgid>` and what hangs on it."""

    request: DlrRequest
    expires_at: float
    part: GroupPart | None
    awaited: dict[SmppMsgId, int] = field(default_factory=dict)
    """SMSC ids with a receipt to come, and which segment each is."""
    done: dict[SmppMsgId, int] = field(default_factory=dict)
    """Those whose final receipt came."""
    is_replied: bool = False
    is_told: bool = False
    """The last segment's receipt was forwarded; siblings live on for their grace."""

    def octets(self) -> int:
        mapping = octets_of(
            QUEUE_MSGID, mapping_fields(self.request.msgid, source_of(self.request))
        )
        return octets_of(DLR + self.request.msgid, request_fields(self.request)) + sum(
            mapping + len(smpp_msgid) for smpp_msgid in self.awaited
        )


@dataclass(slots=True)
class _Message:
    """Everything kept of one message: it is one record in the budget."""

    asked: _Asked | None = None
    sent: dict[int, SegmentSent] = field(default_factory=dict)
    sent_until: float = 0.0
    octets: int = 0

    def ends_at(self) -> float:
        return self.sent_until if self.asked is None else self.asked.expires_at

    def knows_sent(self, now: float) -> bool:
        """For its time, and as long as receipts are awaited."""
        awaits = self.asked is not None and wants_receipts(self.asked.request)
        return awaits or self.sent_until > now

    def weigh(self) -> int:
        asked = 0 if self.asked is None else self.asked.octets()
        return asked + sum(8 + len(segment.smpp_msgid or "") for segment in self.sent.values())


@dataclass(slots=True)
class _Untold:
    request: DlrRequest
    by_budget: bool
    until: float
    lent_until: float = 0.0


class MemoryStore:
    """Everything dies with the process, as the start-up line of `--embedded` says."""

    def __init__(self, *, policy: DlrPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self.counts = StoreCounts(is_connected=True)
        self._eviction_log = EvictionLog(counts=self.counts, clock=clock)
        self._messages: dict[MsgId, _Message] = {}
        self._mapped: dict[SmppMsgId, MsgId] = {}
        self._also: dict[tuple[ConnectorId, SmppMsgId], MsgId] = {}
        """Whose id another connector's SMSC has given to a newer message."""
        self._groups: dict[str, dict[int, MsgId]] = {}
        self._parts: dict[str, tuple[float, dict[int, bytes]]] = {}
        """Segments by message, and until when: the nearest to its end first."""
        self._untold: dict[MsgId, _Untold] = {}
        self._ends: list[tuple[float, MsgId]] = []
        """A heap; an entry that no longer says when its message ends is passed over."""

    # ------------------------------------------------------------ Store

    async def remember(self, request: DlrRequest, part: GroupPart | None = None) -> None:
        self._begin()
        message = self._message(request.msgid)
        if message.asked is None:
            expires_at = self._clock.unix() + request.expiry_s
            message.asked = _Asked(request, expires_at, part)
            self._join_group(message.asked)
        self._changed(request.msgid, message)

    async def request(self, msgid: MsgId) -> DlrRequest | None:
        self._begin()
        message = self._messages.get(msgid)
        if message is not None and message.asked is not None:
            return message.asked.request
        return self._untold[msgid].request if msgid in self._untold else None

    async def record_sent(self, msgid: MsgId, segments: Sequence[SegmentSent]) -> None:
        self._begin()
        message = self._message(msgid)
        now = self._clock.unix()
        if not message.sent or not message.knows_sent(now):
            message.sent.clear()
            message.sent_until = now + self._policy.sent_ttl_s
        fresh = [segment for segment in segments if self._is_fresh(message, segment)]
        message.sent.update((segment.index, segment) for segment in fresh)
        if message.asked is not None and wants_receipts(message.asked.request):
            self._map(message.asked, _ids_to_await(fresh))
        self._changed(msgid, message)

    async def sent(self, msgid: MsgId) -> tuple[SegmentSent, ...]:
        self._begin()
        message = self._messages.get(msgid)
        if message is None or not message.knows_sent(self._clock.unix()):
            return ()
        return tuple(message.sent[index] for index in sorted(message.sent))

    async def map_smpp_msgids(self, request: DlrRequest, smpp_msgids: Sequence[SmppMsgId]) -> None:
        self._begin()
        message = self._messages.get(request.msgid)
        if message is None or message.asked is None:
            return
        awaited = dict(_ids_to_await(message.sent.values()))
        known = {segment.smpp_msgid for segment in message.sent.values()}
        ids = [id_ for id_ in smpp_msgids if id_ in awaited or id_ not in known]
        self._map(message.asked, [(id_, awaited.get(id_, 0)) for id_ in ids])
        message.asked.is_replied = True
        self._changed(request.msgid, message)
        self._end_if_done(request.msgid, message.asked)

    async def find(self, smpp_msgid: SmppMsgId, cid: ConnectorId) -> Correlated | None:
        self._begin()
        msgid = self._also.get((cid, smpp_msgid), self._mapped.get(smpp_msgid))
        asked = None if msgid is None else self._messages[msgid].asked
        if msgid is None or asked is None:
            return None
        return Correlated(msgid=msgid, request=asked.request, replied=asked.is_replied)

    async def forget(self, msgid: MsgId) -> None:
        self._begin()
        self._untold.pop(msgid, None)
        self._drop_request(msgid)

    async def finish_segment(self, msgid: MsgId, smpp_msgid: SmppMsgId) -> None:
        self._begin()
        message = self._messages.get(msgid)
        asked = None if message is None else message.asked
        if message is None or asked is None or smpp_msgid not in asked.awaited:
            return
        asked.done[smpp_msgid] = asked.awaited.pop(smpp_msgid)
        self._unmap(asked, [smpp_msgid])
        self._changed(msgid, message)
        self._end_if_done(msgid, asked)

    async def expired(self, limit: int) -> Sequence[Expired]:
        self._begin()
        now = self._clock.unix()
        free = (untold for untold in self._untold.values() if untold.lent_until <= now)
        taken = list(islice(free, limit))
        for untold in taken:
            untold.lent_until = now + LEND_S
        return [Expired(request=each.request, by_budget=each.by_budget) for each in taken]

    # ------------------------------------------------------------ segments from handsets

    async def keep_part(self, whole: str, number: int, octets: bytes) -> Mapping[int, bytes]:
        self._begin()
        now = self._clock.unix()
        kept = self._parts.pop(whole, None)
        parts = {} if kept is None or kept[0] <= now else kept[1]
        parts[number] = octets
        self._parts[whole] = now + KEPT_S, parts
        oldest = next(iter(self._parts))
        if len(self._parts) > MAX_UNJOINED or self._parts[oldest][0] <= now:
            del self._parts[oldest]
        return dict(parts)

    async def drop_parts(self, whole: str) -> None:
        self._begin()
        self._parts.pop(whole, None)

    # ------------------------------------------------------------ mappings and groups

    def _map(self, asked: _Asked, ids: Iterable[tuple[SmppMsgId, int]]) -> None:
        for smpp_msgid, index in ids:
            if smpp_msgid not in asked.done:
                asked.awaited[smpp_msgid] = index
                self._set_aside(smpp_msgid, asked.request)
                self._mapped[smpp_msgid] = asked.request.msgid

    def _set_aside(self, smpp_msgid: SmppMsgId, newer: DlrRequest) -> None:
        older = self._messages[self._mapped.get(smpp_msgid, newer.msgid)].asked
        if older is None or older.request.msgid == newer.msgid:
            return
        cid = _connector_of(older.request)
        if cid is not None and cid != _connector_of(newer):
            self._also[cid, smpp_msgid] = older.request.msgid

    def _is_fresh(self, message: _Message, segment: SegmentSent) -> bool:
        """Not recorded yet. What an earlier id of it reports is of no interest any more."""
        before = message.sent.get(segment.index)
        if before is None or before.smpp_msgid is None:
            return True
        if message.asked is not None and before.smpp_msgid != segment.smpp_msgid:
            message.asked.awaited.pop(before.smpp_msgid, None)
            self._unmap(message.asked, [before.smpp_msgid])
        return before.smpp_msgid != segment.smpp_msgid

    def _unmap(self, asked: _Asked, ids: Iterable[SmppMsgId]) -> None:
        msgid, cid = asked.request.msgid, _connector_of(asked.request)
        for smpp_msgid in ids:
            if self._mapped.get(smpp_msgid) == msgid:  # else the SMSC has used the id again
                del self._mapped[smpp_msgid]
            if cid is not None and self._also.get((cid, smpp_msgid)) == msgid:
                del self._also[cid, smpp_msgid]

    def _join_group(self, asked: _Asked) -> None:
        if asked.part is None:
            return
        group = self._groups.setdefault(asked.part.group, {})
        if asked.part.number in group:  # the sender uses its reference again
            group.clear()
        group[asked.part.number] = asked.request.msgid

    def _leave_group(self, asked: _Asked) -> list[MsgId]:
        """The siblings, if this was the last segment of a group that is still the same."""
        if asked.part is None:
            return []
        group = self._groups.get(asked.part.group, {})
        if group.get(asked.part.number) != asked.request.msgid:
            return []
        del group[asked.part.number]
        if not group:
            del self._groups[asked.part.group]
        return list(group.values()) if asked.part.number == asked.part.of else []

    def _end_if_done(self, msgid: MsgId, asked: _Asked) -> None:
        if not asked.is_replied or not asked.done:
            return
        if not asked.awaited:
            for sibling in self._drop_request(msgid):
                self._shorten(sibling)
        elif max(asked.done.values()) > max(asked.awaited.values()):
            self._shorten(msgid)

    def _shorten(self, msgid: MsgId) -> None:
        message = self._messages.get(msgid)
        if message is None or message.asked is None:
            return
        message.asked.is_told = True
        grace_ends = self._clock.unix() + self._policy.siblings_grace_s
        message.asked.expires_at = min(message.asked.expires_at, grace_ends)
        self._changed(msgid, message)

    # ------------------------------------------------------------ bounds

    def _begin(self) -> None:
        self.counts.calls += 1
        self._tidy()

    def _message(self, msgid: MsgId) -> _Message:
        return self._messages.setdefault(msgid, _Message())

    def _changed(self, msgid: MsgId, message: _Message) -> None:
        """Weigh it again, note when it ends, and keep to the budget."""
        octets = message.weigh()
        self.counts.octets += octets - message.octets
        message.octets = octets
        heapq.heappush(self._ends, (message.ends_at(), msgid))
        self._tidy()

    def _tidy(self) -> None:
        """What has ended goes; then, while the budget is exceeded, what ends next."""
        now, policy = self._clock.unix(), self._policy
        while self._ends and self._ends[0][0] <= now:
            self._end_next(by_budget=False)
        while len(self._messages) > policy.max_records or self.counts.octets > policy.max_octets:
            self._end_next(by_budget=True)
        while self._untold and next(iter(self._untold.values())).until <= now:
            del self._untold[next(iter(self._untold))]
        if len(self._ends) > 2 * len(self._messages) + 1000:
            self._ends = [(each.ends_at(), msgid) for msgid, each in self._messages.items()]
            heapq.heapify(self._ends)
        self.counts.records = len(self._messages)
        self._eviction_log.look()

    def _end_next(self, *, by_budget: bool) -> None:
        ends_at, msgid = heapq.heappop(self._ends)
        message = self._messages.get(msgid)
        if message is None or message.ends_at() != ends_at:
            return
        if message.asked is not None and not message.asked.is_told:
            self._end_untold(message.asked, by_budget=by_budget)
        self._drop_request(msgid)
        if by_budget and msgid in self._messages:
            self.counts.octets -= self._messages.pop(msgid).octets

    def _end_untold(self, asked: _Asked, *, by_budget: bool) -> None:
        if by_budget:
            self.counts.evicted += 1
        else:
            self.counts.expired += 1
        if self._policy.tells_every_end:
            until = min(asked.expires_at, self._clock.unix()) + TELL_S
            self._untold[asked.request.msgid] = _Untold(asked.request, by_budget, until)
            if len(self._untold) > self._policy.max_untold:
                del self._untold[next(iter(self._untold))]

    def _drop_request(self, msgid: MsgId) -> list[MsgId]:
        """All of a message but what was sent, while that is to be known; its group's siblings."""
        message = self._messages.get(msgid)
        if message is None:
            return []
        siblings: list[MsgId] = []
        if message.asked is not None:
            self._unmap(message.asked, message.asked.awaited)
            siblings = self._leave_group(message.asked)
            message.asked = None
        self.counts.octets -= message.octets
        message.octets = message.weigh()
        self.counts.octets += message.octets
        if message.sent_until <= self._clock.unix():
            self.counts.octets -= self._messages.pop(msgid).octets
        else:
            heapq.heappush(self._ends, (message.sent_until, msgid))
        self.counts.records = len(self._messages)
        return siblings


def _ids_to_await(segments: Iterable[SegmentSent]) -> list[tuple[SmppMsgId, int]]:
    return [
        (segment.smpp_msgid, segment.index)
        for segment in segments
        if segment.wants_receipt and segment.command_status == 0 and segment.smpp_msgid is not None
    ]


def _connector_of(request: DlrRequest) -> ConnectorId | None:
    return request.cid if isinstance(request, HttpDlrRequest) else None

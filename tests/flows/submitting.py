"""A bench for submits: memory adapters that can be made to fail, and a link that does as told."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.flows.submit import SubmitPorts, Submits
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import ConnectorId, DlrRequest, MsgId, QueuedSubmit, Verdict
from jasmin_compat.gateway.submission import SubmitPolicy
from jasmin_compat.ports import (
    Answered,
    BrokerAway,
    GroupPart,
    NotSent,
    PartOutcome,
    QueueError,
    SegmentSent,
    StoreAway,
)
from jasmin_compat.runtime.current import Current
from jasmin_compat.smpp.pdus import SubmitSm, Tlv
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import ROUTER_BILLS, ROUTER_MO, lookup_binding, submit_binding
from jasmin_compat.wire.dlr_messages import read_lookup
from jasmin_compat.wire.submit_messages import write_submit
from tests.builders import CID, MSGID, connector, submit_sm
from tests.fakes import FakeClock

CREATED = datetime(2026, 11, 23, 12, 0, 0)
NOW = CREATED.timestamp()


class FlakyQueues(MemoryQueues):
    """Keeps what was published, and refuses as told."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.published: list[QueueMessage] = []
        self.refusals: list[QueueError] = []
        """Raised by the next publishes, in turn."""
        self.is_blocked = False
        """The broker takes nothing."""
        self.refuse_after: int | None = None
        """It takes so many more."""

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        if self.refuse_after is not None:
            self.refuse_after -= 1
            if self.refuse_after < 0:
                raise AWAY
        if self.refusals:
            raise self.refusals.pop(0)
        if self.is_blocked:
            raise AWAY
        self.published.append(message)
        await super().publish(message, mandatory=mandatory)

    def keys(self) -> list[str]:
        return [message.routing_key for message in self.published]


class FlakyStore(MemoryStore):
    """Keeps what was recorded, and is away as told."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(policy=DlrPolicy(), clock=clock)
        self.is_away = False
        self.asked = 0
        self.recorded: list[tuple[SegmentSent, ...]] = []

    async def sent(self, msgid: MsgId) -> tuple[SegmentSent, ...]:
        self.asked += 1
        self._demand()
        return await super().sent(msgid)

    async def remember(self, request: DlrRequest, part: GroupPart | None = None) -> None:
        self._demand()
        await super().remember(request, part)

    async def keep_part(self, whole: str, number: int, octets: bytes) -> Mapping[int, bytes]:
        self._demand()
        return await super().keep_part(whole, number, octets)

    async def record_sent(self, msgid: MsgId, segments: Sequence[SegmentSent]) -> None:
        self._demand()
        self.recorded.append(tuple(segments))
        await super().record_sent(msgid, segments)

    def _demand(self) -> None:
        if self.is_away:
            raise StoreAway


@dataclass
class ScriptedLink:
    """ports.SmppLink: answers each segment by `answer`, or the next of `outcomes`."""

    cid: ConnectorId = CID
    outcomes: list[PartOutcome] = field(default_factory=list)
    answer: Callable[[SubmitSm], PartOutcome] | None = None
    hold: asyncio.Event | None = None
    """Every submit waits for it."""
    connected: bool = True
    submitted: list[bytes] = field(default_factory=list)
    """Contents of segments that came this far, those of NotSent too."""

    def __post_init__(self) -> None:
        self._can = asyncio.Event()
        self._cannot = asyncio.Event()
        self.bind()

    def bind(self) -> None:
        self._can.set()
        self._cannot.clear()

    def lose(self) -> None:
        self._can.clear()
        self._cannot.set()

    def can_submit(self) -> bool:
        return self._can.is_set()

    def is_connected(self) -> bool:
        return self.connected

    async def wait_until_can_submit(self) -> None:
        await self._can.wait()

    async def wait_until_cannot_submit(self) -> None:
        await self._cannot.wait()

    async def submit(self, parts: Sequence[SubmitSm]) -> tuple[PartOutcome, ...]:
        if not self.can_submit():
            return (NotSent(),) * len(parts)
        self.submitted += [part.short_message for part in parts]
        if self.hold is not None:
            await self.hold.wait()
        return tuple(self._outcome(part) for part in parts)

    def _outcome(self, part: SubmitSm) -> PartOutcome:
        if self.answer is not None:
            return self.answer(part)
        if self.outcomes:
            return self.outcomes.pop(0)
        return Answered(0, b"id-" + part.short_message)


class Bench:
    """Everything around the submits of one connector."""

    def __init__(self, policy: SubmitPolicy | None = None, **keys: Any) -> None:
        self.clock = FakeClock(NOW)
        self.queues = FlakyQueues(self.clock)
        self.store = FlakyStore(self.clock)
        self.link = ScriptedLink()
        self.connector = Current[SmppConnector](connector(**({"submit_throughput": 0} | keys)))
        self.policy = policy or SubmitPolicy()
        self.ports = SubmitPorts(
            link=self.link,
            connector=self.connector,
            queues=self.queues,
            store=self.store,
            clock=self.clock,
            local_now=lambda: CREATED,
        )
        self.submits = Submits(self.ports, self.policy)

    async def declare(self) -> "Bench":
        bindings = [submit_binding(CID), lookup_binding("main"), ROUTER_MO, ROUTER_BILLS]
        await self.queues.declare(bindings)
        return self

    def replies(self) -> list[tuple[str, str, str | None]]:
        """What the lookup was told: msgid, status, SMSC id."""
        told = [read_lookup(m) for m in self.queues.published if m.routing_key.startswith("dlr.")]
        return [(r.msgid, r.status, r.smpp_msgid) for r in told if hasattr(r, "status")]

    def restarted(self) -> Submits:
        """A process that knows nothing but what the store knows."""
        return Submits(self.ports, self.policy)


async def bench(policy: SubmitPolicy | None = None, **keys: Any) -> Bench:
    return await Bench(policy, **keys).declare()


def queued(
    *texts: str, receipt: bool = False, tlvs: tuple[Tlv, ...] = (), **fields: Any
) -> QueuedSubmit:
    """One segment for each text; the last asks for a receipt, if any does."""
    contents = texts or ("hello",)
    parts = [submit_sm(short_message=text.encode(), tlvs=tlvs) for text in contents]
    parts[-1] = replace(parts[-1], registered_delivery=int(receipt))
    values: dict[str, Any] = {
        "msgid": MSGID,
        "cid": CID,
        "parts": tuple(parts),
        "source_addr_is_null": False,
        "source": "httpapi",
        "priority": 1,
        "created_at": CREATED,
    }
    return QueuedSubmit(**(values | fields))


def message(*texts: str, redelivered: bool = False, **fields: Any) -> QueueMessage:
    return replace(write_submit(queued(*texts, **fields)), redelivered=redelivered)


async def submitted(b: Bench, *texts: str, **fields: Any) -> Verdict:
    return await b.submits.submit_one(message(*texts, **fields))


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Of messages.log."""
    return [
        f"{record.levelname} {record.getMessage()}"
        for record in caplog.records
        if record.name == "jasmin-sm-listener"
    ]


AWAY = BrokerAway("broker")

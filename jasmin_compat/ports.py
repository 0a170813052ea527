"""What flows need from outside: Protocols, and the errors their adapters raise.

Adapters turn every foreign exception into one of these errors, `from` the original.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from jasmin_compat.gateway.callbacks import HttpCall as HttpCall
from jasmin_compat.gateway.callbacks import HttpReply as HttpReply
from jasmin_compat.gateway.charging import Charge, Left
from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import (
    ConnectorId,
    DlrRequest,
    MsgId,
    MtRoutable,
    SmppMsgId,
    Source,
    Verdict,
)
from jasmin_compat.gateway.site import Edit, Site
from jasmin_compat.gateway.submission import Answered as Answered
from jasmin_compat.gateway.submission import NotSent as NotSent
from jasmin_compat.gateway.submission import PartOutcome as PartOutcome
from jasmin_compat.gateway.submission import SegmentSent as SegmentSent
from jasmin_compat.gateway.submission import Unanswered as Unanswered
from jasmin_compat.gateway.submission import Unencodable as Unencodable
from jasmin_compat.gateway.users import User, UserId
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import Binding as Binding

# ---------------------------------------------------------------- Queue


class QueueError(Exception):
    """A message was not taken over by the queue system: nothing may be called a success."""


class BrokerAway(QueueError):
    """No confirm within the bound: the broker is away, blocked, or too many publishes wait."""


class Unroutable(QueueError):
    """The broker has no queue for the routing key of a mandatory publish."""


class QueueFull(QueueError):
    """A bounded in-memory queue holds all it may."""


class Unpublishable(QueueError):
    """The message does not fit into what a broker takes: a text or its headers are too long."""


class DeliveryLost(QueueError):
    """The delivery is no longer ours to settle: the broker will deliver it again."""


class Delivery(Protocol):
    """A message taken from a queue; settled exactly once, by `settle`."""

    @property
    def queue(self) -> str: ...
    @property
    def message(self) -> QueueMessage: ...
    @property
    def redelivered(self) -> bool:
        """The broker may have given it to somebody before: no proof of an earlier attempt."""
        ...

    async def settle(self, verdict: Verdict) -> None:
        """Carry the verdict out. For Delay and Dead the copy is confirmed before the original goes.

        Raises:
            DeliveryLost: the connection it came on is gone; it comes again by itself.
            BrokerAway: the copy of a Delay or Dead was not confirmed; the original is requeued.

        Where that copy is unpublishable, a dead letter without the message's headers is kept.
        """
        ...


class Queues(Protocol):
    """The broker. Port with two adapters: adapters/amqp.py and adapters/memory_queues.py."""

    async def declare(self, bindings: Sequence[Binding]) -> None:
        """Make sure the queues and bindings exist now, after each reconnect, and when deleted."""
        ...

    def forget(self, bindings: Sequence[Binding]) -> None:
        """No longer make sure of them; what exists stays, with what is in it."""
        ...

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        """Return only when the broker has taken the message over.

        Raises:
            BrokerAway: not confirmed within the bound.
            Unroutable: mandatory, and no queue takes it.
            QueueFull: the in-memory adapter holds all it may.
            Unpublishable: no broker could take it over.
        """
        ...

    def consume(
        self, queue: str, *, consumer_tag: str, prefetch: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]:
        """Deliveries, at most `prefetch` unsettled; goes on by itself after every reconnect.

        Leaving the context cancels the consumer; deliveries already handed out can still be
        settled, those not handed out go back to the queue.
        """
        ...

    async def depth(self, queue: str) -> int:
        """Messages ready in the queue (for metrics and the dead-letter tools)."""
        ...


# ---------------------------------------------------------------- Store


class StoreAway(Exception):
    """The store did not answer within the bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPart:
    """An SMPP sender's own segment of a long message: the messages of one group end together.

    For whoever accepts messages of ESMEs; a message of several segments of ours is one request.
    """

    group: str
    """Sender, recipient and UDH or SAR reference, written by the caller; opaque to the store."""
    number: int
    """1-based."""
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlated:
    """A receipt's message: its request, and what the SMSC id belongs to."""

    msgid: MsgId
    request: DlrRequest
    """Of the same origin as the mapping (`sc` equals `connector_type`)."""
    replied: bool = True
    """The lookup is through with the SMSC's answer: level 1 was published, if it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """A request that ended without its receipt: by time, or pushed out by the budget."""

    request: DlrRequest
    by_budget: bool


@dataclass(slots=True, kw_only=True)
class StoreCounts:
    """What a store holds and did, and what lookups found in it; read when metrics are asked for."""

    records: int = 0
    """Messages with a record in the store now, as of the last write: one message is one."""
    octets: int = 0
    """Of their keys, fields and values now; Redis itself needs about three times as much."""
    evicted: int = 0
    """Requests the budget pushed out before their receipt came."""
    expired: int = 0
    """Requests whose time ran out before their receipt came."""
    matched: int = 0
    """Receipts whose message was found."""
    early: int = 0
    """Receipts put back because their message was not (yet) known, each attempt counted."""
    unmatched: int = 0
    """Receipts given up: nobody here knows their id."""
    carried: int = 0
    """Requests that travel with their message, because the store was away when it was accepted."""
    repeats_possible: int = 0
    """Messages sent while the store was away, that a crash might have us send again."""
    calls: int = 0
    """Made to the store."""
    timeouts: int = 0
    """Calls that ended in StoreAway."""
    reconnects: int = 0
    """Connections to the store made again after a loss."""
    is_connected: bool = False
    """Whether the store answers now."""
    refuses_writes: bool = False
    """Redis takes no writes: its memory or its disk is full, or it has too few replicas."""
    lacks_replicas: bool = False
    """Fewer replicas than `wait_replicas` have what is written."""
    forgets_at_crash: bool = False
    """Redis runs without an append-only file."""
    evicts_by_itself: bool = False
    """Redis has a maxmemory policy other than noeviction."""

    def takes_writes(self) -> bool:
        """As far as is known."""
        return self.is_connected and not (self.refuses_writes or self.lacks_replicas)


class Store(Protocol):
    """DLR records, and what was sent. Adapters: adapters/redis.py, adapters/memory_store.py.

    Every method raises StoreAway when the store does not answer within its bound. Each may be
    called twice with the same arguments: the second call changes nothing.
    """

    @property
    def counts(self) -> StoreCounts: ...

    async def remember(self, request: DlrRequest, part: GroupPart | None = None) -> None:
        """Write `dlr:<msgid>` with its expiry; at the budget the nearest to expiry goes."""
        ...

    async def request(self, msgid: MsgId) -> DlrRequest | None:
        """Read `dlr:<msgid>`; None when there is none, or it cannot be understood."""
        ...

    async def record_sent(self, msgid: MsgId, segments: Sequence[SegmentSent]) -> None:
        """Add answered segments to `jc:sent:<msgid>`, and map the ids of those that asked for a
        receipt (`queue-msgid:<smpp_msgid>`) when the request wants receipts. One atomic step.
        """
        ...

    async def sent(self, msgid: MsgId) -> tuple[SegmentSent, ...]:
        """The segments known to be answered, by index; empty when none are recorded.

        Kept for `sent_ttl_s` even when everything else of the message is forgotten: what is
        recorded must not be sent again when the broker delivers the message once more (D9).
        """
        ...

    async def map_smpp_msgids(self, request: DlrRequest, smpp_msgids: Sequence[SmppMsgId]) -> None:
        """Write `queue-msgid:<id>` for each id, and that the answer was looked up (`replied`).

        Ids whose final receipt has come already are left out; if it was the last one awaited,
        the message is forgotten. Nothing is written when the request is gone.
        """
        ...

    async def find(self, smpp_msgid: SmppMsgId, cid: ConnectorId) -> Correlated | None:
        """The request a receipt belongs to; None when unknown (yet, or any more).

        Where two SMSCs gave the same id, that of the connector the receipt came by; only an
        HTTP sender's request says which that is. Else the one mapped last, whatever the connector:
        receipts may come by another than the message went.
        """
        ...

    async def forget(self, msgid: MsgId) -> None:
        """Remove every record of the request: `dlr:`, its `queue-msgid:`s, group and index."""
        ...

    async def finish_segment(self, msgid: MsgId, smpp_msgid: SmppMsgId) -> None:
        """A final receipt came for this segment: forget the message if it was the only or the
        last one awaited; else end the group as design D8 says (siblings' grace)."""
        ...

    async def expired(self, limit: int) -> Sequence[Expired]:
        """Up to `limit` requests that ended without a receipt (`dlr.on_expiry: callback`).

        Each is lent for a minute and comes again until `forget` is called for it, so that a
        crash in between loses no callback. Always empty with `silent`.
        """
        ...

    async def keep_part(self, whole: str, number: int, octets: bytes) -> Mapping[int, bytes]:
        """Keep a segment of a long message from a handset; all that are kept of it, by number.

        They go together, `reassembly.KEPT_S` after the last one came.
        """
        ...

    async def drop_parts(self, whole: str) -> None:
        """Forget the segments kept of a message."""
        ...


# ---------------------------------------------------------------- SMSC


class SmppLink(Protocol):
    """One SMSC connector as flows see it."""

    @property
    def cid(self) -> ConnectorId: ...

    def can_submit(self) -> bool:
        """Bound as transmitter or transceiver."""
        ...

    def is_connected(self) -> bool:
        """There is a connection, bound or not."""
        ...

    async def wait_until_can_submit(self) -> None: ...
    async def wait_until_cannot_submit(self) -> None: ...

    async def submit(self, parts: Sequence[SubmitSm]) -> tuple[PartOutcome, ...]:
        """Send the parts in order within the window, one outcome each. Raises nothing but
        cancellation, after which nothing of the call stays behind."""
        ...


class InboundMessages(Protocol):
    """Who takes deliver_sm and data_sm of a connector: flows/mo.py."""

    async def receive(self, cid: ConnectorId, pdu: DeliverSm | DataSm) -> int:
        """Take the message over; the result is the command_status of the response."""
        ...


# ---------------------------------------------------------------- callbacks


class CallFailed(Exception):
    """Nobody answered: refused, timed out, broken answer, or a name or redirect that led to a
    denied address: both may lead elsewhere another time."""


class CallDenied(Exception):
    """The URL itself names an address that callbacks may not reach: nothing was sent, and no
    later attempt would fare better."""


class CallNotMade(Exception):
    """The receiver, or we, have as many calls open as allowed: nothing was sent."""


class ReceiverSilent(CallNotMade):
    """And none of those that the receiver has is answered: it hangs, as it seems."""

    def __init__(self, host: str, silent_s: float) -> None:
        super().__init__(f"{host} has answered nobody for {silent_s:.1f} s")
        self.silent_s = silent_s


class HttpCalls(Protocol):
    """Makes callbacks: adapters/http_calls.py, and a scripted one in tests/fakes.py."""

    async def call(self, call: HttpCall) -> HttpReply:
        """Redirects of GET are followed.

        Raises:
            CallFailed: no complete answer within `timeout_s`.
            CallDenied: it must not be made, now or later.
            CallNotMade: no slot was free in time; it is no attempt.
            ReceiverSilent: it was not even waited for.
        """
        ...


# ---------------------------------------------------------------- site


class SiteNotSaved(Exception):
    """The change is not on disk, so it has not happened; the text says why."""


class SiteUnreadable(Exception):
    """What is on disk is not a site; the text says which file, and what is wrong with it."""


class SiteStore(Protocol):
    """The working state (design D10): adapters/sqlite_site.py, memory_site.py."""

    async def read(self) -> Site | None:
        """The site as of the last write; None before the first.

        Raises:
            SiteUnreadable
        """
        ...

    async def write(self, edit: Edit) -> None:
        """All of it, on disk when this returns, or nothing.

        A cancellation waits until it is known which; it comes at the caller's next await.

        Raises:
            SiteNotSaved
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRead:
    """A site out of a profile, and what of the profile has no place in it, a line each."""

    site: Site
    not_carried_over: tuple[str, ...] = ()


class Profiles(Protocol):
    """Named copies of the site: Jasmin's store files (persistence-and-migration.md §2)."""

    async def read(self, profile: str) -> ProfileRead | None:
        """None when there is no such profile.

        Raises:
            SiteUnreadable
        """
        ...

    async def write(self, profile: str, site: Site) -> None:
        """All of it is on disk before the first file takes the place of the one before.

        Raises:
            SiteNotSaved: but for a file that could not take its place, none has.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorStatus:
    """How a connector stands, in Jasmin's words."""

    is_started: bool
    session: str
    """NONE, OPEN, BIND_TRX_PENDING, BOUND_TRX, UNBIND_PENDING, UNBOUND …"""
    starts: int
    stops: int


class Connectors(Protocol):
    """The SMPP client connectors that run here: flows/fleet.py. Which of them, the site says."""

    async def settle(self, cids: Iterable[ConnectorId], *, anew: bool = False) -> None:
        """Have them run, or not, as the site says now; returns when it is so.

        One that is to stop has drained, unbound, and consumes no more then; one that is to run has
        begun to connect. A running one is started again only for keys that take it, or `anew`,
        which counts its starts from 0. When the caller is cancelled, it happens all the same.
        """
        ...

    def status(self, cid: ConnectorId) -> ConnectorStatus: ...


class ScriptUnread(Exception):
    """A Python source cannot be had, or is none; the text is Jasmin's (adapters/scripts.py)."""


# ---------------------------------------------------------------- quotas


KEPT_BIDS: Final = 10_000
"""More than are delivered and not settled at any time: those are what the broker gives again."""


class QuotasAway(Exception):
    """Nothing is charged: it could not be written, or the user was removed meanwhile."""


@dataclass(slots=True, kw_only=True)
class QuotaCounts:
    """Charges since start."""

    charged: int = 0
    """Messages that were paid for."""
    refused: int = 0
    """Messages their sender could not pay."""
    charged_late: int = 0
    """Messages that were paid for again when the SMSC took them."""
    repeated: int = 0
    """Late bills that came again and were not charged twice."""
    refunded: int = 0
    """Messages that were charged and then not taken over."""
    away: int = 0
    """Messages that were not taken because what they cost could not be written."""
    too_fast: int = 0
    """Messages that came faster than their sender may send."""
    writes: int = 0
    """Times that charges, all that waited together, were written."""
    failed_writes: int = 0
    """Of these, those that failed."""
    synced: int = 0
    """Times that what was written was brought to the disk, at most one a second."""


class Quotas(Protocol):
    """What users have left (design D13): adapters/memory_quotas.py, sqlite_quotas.py.

    A charge is decided and taken in one step, however many ask at once, on the user as it is now.
    """

    @property
    def counts(self) -> QuotaCounts: ...

    def left(self, user: User) -> Left:
        """As of now; of one that was removed, what `user` says. May be called in any thread."""
        ...

    async def pass_throughput(
        self, uid: UserId, source: Source, rate_per_s: float, *, now: float
    ) -> float | None:
        """None when this message passes. Otherwise less than `1 / rate_per_s` seconds have gone
        since the last one that did: how many. `now` is monotonic.
        """
        ...

    async def charge(self, user: User, charge: Charge) -> None:
        """Take it; written when this returns, so that it outlives the process. A cancelled charge
        is not taken.

        Raises:
            NotEnoughBalance, NotEnoughCount, QuotasAway: nothing is taken.
        """
        ...

    async def charge_late(self, user: User, amount: float, bid: str) -> bool:
        """Take what the SMSC's answer costs; False when that bill was taken before: of the last
        KEPT_BIDS at least it is known, also by the next process. Then as `charge`.

        Raises:
            NotEnoughBalance, QuotasAway: nothing is taken.
        """
        ...

    async def refund(self, user: User, charge: Charge) -> None:
        """Give back what was charged for a message that was not taken over. Raises nothing."""
        ...

    def changing(self) -> AbstractAsyncContextManager[None]:
        """Users are changed: inside, nobody is charged, and what was charged before is written.

        Charges wait meanwhile. One change at a time.
        """
        ...

    def follow(self, edit: Edit, site: Site) -> None:
        """The site was changed to `site`: users of `edit` have what it gives them. Inside
        `changing` only, if there are any."""
        ...


# ---------------------------------------------------------------- scripts


class ScriptFailed(Exception):
    """The operator's code raised, is no code, ran too long, or ended its process; the text says
    what."""


class ScriptsAway(Exception):
    """No process is there to run it, or too many messages wait for one."""


class Scripts(Protocol):
    """Runs the operator's code, outside this process: adapters/script_workers.py.

    Every method raises ScriptFailed and ScriptsAway.
    """

    async def evaluate(self, code: str, routable: MtRoutable, *, at: datetime) -> bool:
        """What an EvalPyFilter leaves in `result`; `at` is naive local time."""
        ...

    async def intercept(
        self, code: str, routable: MtRoutable, *, at: datetime
    ) -> MtRoutable | Statuses:
        """The message as the script leaves it, or the statuses it was refused with."""
        ...


# ---------------------------------------------------------------- clock and ids


class Clock(Protocol):
    """Where `now` comes from: runtime/clock.py, FakeClock in tests."""

    def monotonic(self) -> float: ...
    def unix(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...

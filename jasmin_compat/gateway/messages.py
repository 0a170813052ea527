"""The forms a message takes on its way: one dataclass per arrow of docs/architecture.md."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from jasmin_compat.gateway.users import User
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm
from jasmin_compat.smpp.twins import quick_init

MsgId = NewType("MsgId", str)
"""Ours: the id the client got in `Success "…"`, and the AMQP message-id."""
SmppMsgId = NewType("SmppMsgId", str)
"""The SMSC's, as Jasmin keys it: upper case, no leading zeros (contract/dlr.md §4.2)."""
ConnectorId = NewType("ConnectorId", str)

Source = Literal["httpapi", "smppsapi"]
CallbackMethod = Literal["GET", "POST"]
ReceiptPdu = Literal["deliver_sm", "data_sm"]
DlrLevel = Literal[1, 2, 3]
"""1 the SMSC's answer, 2 the receipt, 3 both."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DlrWish:
    """What an HTTP client asked to be told, and where."""

    url: str
    level: DlrLevel
    method: CallbackMethod


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the sender asked for over the connector's own values; applied after routing, as in
    Jasmin, where a script may still lock the fields (contract/http-api.md §6.3)."""

    priority: int | None = None
    schedule_delivery_time: bytes | None = None
    """SMPP time text, its syntax checked, its meaning not yet."""
    validity_minutes: int | None = None


NO_OVERRIDES = Overrides()


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MtRoutable:
    """A checked message of one sender, before a connector is chosen: all edges join here."""

    user: User
    parts: tuple[SubmitSm, ...]
    source_addr_is_null: bool
    source: Source
    content: bytes
    """The whole unsplit message, as it is logged."""
    tags: tuple[str, ...] = ()
    dlr: DlrWish | None = None
    overrides: Overrides = NO_OVERRIDES
    locks: frozenset[str] = frozenset()
    """Fields a script has locked, by their SMPP names: neither the connector nor `overrides`
    change them."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedSubmit:
    """What waits in `submit.sm.<cid>` (contract/amqp-topology.md §3.1)."""

    msgid: MsgId
    cid: ConnectorId
    parts: tuple[SubmitSm, ...]
    source_addr_is_null: bool
    """Jasmin's None: the connector's src_addr is put in when it is sent."""
    source: Source
    priority: int
    created_at: datetime
    """Naive local time, as Jasmin writes it."""
    bill: bytes | None = None
    """The `submit_sm_bill` pickle as it is carried; wire/pickles reads and writes it."""
    expiration: datetime | None = None
    """Aware or naive local; past it the message is not sent any more."""
    tries: int = 0
    """Attempts before this one (`x-jc-tries`)."""
    request: "DlrRequest | None" = None
    """Not in the store yet, which was away: to be remembered before the message is sent. Its
    `expiry_s` counts from `created_at` (`x-jc-dlr`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateBill:
    """What a message costs when the SMSC has taken it: `bill_request.submit_sm_resp` (contract
    amqp-topology.md §3.6)."""

    bid: str
    """The same however often the message comes."""
    uid: str
    amount: float
    """For all its parts."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReplied:
    """The final outcome of a message at the SMSC: `dlr.submit_sm_resp` (contract §3.3)."""

    msgid: MsgId
    status: str
    """`ESME_ROK`, `ESME_R…`; unknown codes as wire/ names them."""
    smpp_msgid: SmppMsgId | None = None
    """Empty where the SMSC gave none, or zeros only: then its receipts may come with zeros, too."""
    more_smpp_msgids: tuple[SmppMsgId, ...] = ()
    """Ids of further segments that asked for a receipt (`x-jc-ids`)."""
    tries: int = 0


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptArrived:
    """A delivery receipt from the SMSC: `dlr.deliver_sm` (contract §3.3, dlr.md §4.1).

    Text fields are as in the receipt, `ND` where it had none.
    """

    smpp_msgid: SmppMsgId
    """Coded by the connector's dlr_msgid rule."""
    cid: ConnectorId
    pdu: ReceiptPdu
    raw_id: str
    stat: str
    sub: str = "ND"
    dlvrd: str = "ND"
    submit_date: str = "ND"
    done_date: str = "ND"
    err: str = "ND"
    text: str = ""
    tries: int = 0


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDlrRequest:
    """`dlr:<msgid>` of an HTTP sender (contract/redis-keys.md §2.1)."""

    msgid: MsgId
    url: str
    level: DlrLevel
    method: CallbackMethod
    cid: ConnectorId
    expiry_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppDlrRequest:
    """`dlr:<msgid>` of an SMPP sender (contract/redis-keys.md §2.2); wire integers."""

    msgid: MsgId
    system_id: str
    source_addr: str
    source_addr_ton: int
    source_addr_npi: int
    destination_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    submitted_at: str
    """`YYYY-MM-DD HH:MM:SS.ffffff`, local."""
    receipt: Literal[1, 2]
    """registered_delivery: 1 always, 2 on failure."""
    expiry_s: int


DlrRequest = HttpDlrRequest | SmppDlrRequest


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDlr:
    """A callback to make: `dlr_thrower.http` (contract §3.4). Empty texts at level 1."""

    msgid: MsgId
    url: str
    method: CallbackMethod
    message_status: str
    level: Literal[1, 2]
    """Of the event, never 3."""
    connector: str
    """Level 1: the connector id; level 2: the SMSC's raw message id (Jasmin's quirk, kept)."""
    id_smsc: str = ""
    sub: str = ""
    dlvrd: str = ""
    subdate: str = ""
    donedate: str = ""
    err: str = ""
    text: str = ""
    tries: int = 0
    first_tried_at: float | None = None
    """Unix seconds of the first attempt (`x-jc-first`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppDlr:
    """A receipt to send to an ESME: `dlr_thrower.smpps` (contract §3.4)."""

    msgid: MsgId
    message_status: str
    err: str
    system_id: str
    source_addr: str
    source_addr_ton: int
    source_addr_npi: int
    destination_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    sub_date: str
    tries: int = 0
    first_tried_at: float | None = None


DlrCallback = HttpDlr | SmppDlr


@dataclass(frozen=True, slots=True, kw_only=True)
class MoReceived:
    """An MO on its way to the router: `deliver.sm.<cid>` (contract §3.5)."""

    msgid: MsgId
    cid: ConnectorId
    pdu: DeliverSm | DataSm
    received_at: datetime
    concatenated: bool = False
    will_be_concatenated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReceiver:
    """An HTTP connector as it was when the message was routed."""

    cid: ConnectorId
    url: str
    method: CallbackMethod


@dataclass(frozen=True, slots=True)
class EsmeReceiver:
    """An ESME bound to the SMPP server."""

    system_id: str


MoReceiver = HttpReceiver | EsmeReceiver


@dataclass(frozen=True, slots=True, kw_only=True)
class MoRouted:
    """An MO on its way to who gets it: `deliver_sm_thrower.http`, `.smpps` (contract §3.5)."""

    msgid: MsgId
    cid: ConnectorId
    """The connector that received it."""
    pdu: DeliverSm | DataSm
    receivers: tuple[MoReceiver, ...]
    """At least one; the first says which thrower has it."""
    is_failover: bool = False
    """The receivers are tried in turn."""
    tries: int = 0
    first_tried_at: float | None = None


# What a consumer says of one queue message; flows/consume.py carries it out.


@dataclass(frozen=True, slots=True)
class Ack:
    """Done, or nothing to be done."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """Put it back at once: another consumer, or we ourselves, shall have it."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Have it again after `delay_s`, with these text headers replaced."""

    delay_s: float
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dead:
    """It ends here: kept in `<queue>.dead` with the reason, for an operator to look at."""

    reason: str


Verdict = Ack | Requeue | Delay | Dead

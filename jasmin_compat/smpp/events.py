"""What a session tells its owner, in the order it happened."""

from dataclasses import dataclass
from enum import Enum

from jasmin_compat.smpp.codec import UnreadablePdu
from jasmin_compat.smpp.pdus import Pdu
from jasmin_compat.smpp.twins import quick_init


@quick_init
@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request of ours that is on the wire."""

    sequence_number: int
    command_id: int
    sent_at: float


@dataclass(frozen=True, slots=True)
class Bound:
    """ESME: the SMSC accepted the bind."""

    response: Pdu


@dataclass(frozen=True, slots=True)
class BindRefused:
    """ESME: the SMSC refused the bind; the session is OPEN again."""

    response: Pdu


@dataclass(frozen=True, slots=True)
class Requested:
    """The peer asks for something: hand `request` back to `Session.respond`, some time."""

    request: Pdu


@dataclass(frozen=True, slots=True)
class Notified:
    """The peer says something that has no answer: outbind, alert_notification."""

    pdu: Pdu


@quick_init
@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of a request: its response, a generic_nack, or what the peer took for either."""

    request: SentRequest
    response: Pdu


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer came in time (one that comes later is `Unexpected`); the session goes on."""

    request: SentRequest


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A response to nothing we have open: ignored."""

    response: Pdu


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was unreadable, unknown or out of place: answered with `status` already."""

    pdu: Pdu | UnreadablePdu
    status: int
    reason: str


class EndReason(Enum):
    """Why a session is over."""

    UNBOUND = "unbound by us"
    PEER_UNBOUND = "unbound by the peer"
    CONNECTION_LOST = "connection lost"
    BIND_TIMED_OUT = "no bind in time"
    UNBIND_TIMED_OUT = "unbind not answered in time"
    LINK_DEAD = "enquire_link not answered in time"
    NOT_BOUND_THERE = "the peer says we are not bound"
    INACTIVE = "no PDU either way for too long"
    PDU_READ_TIMED_OUT = "the rest of a PDU did not come in time"
    FRAMING_LOST = "impossible command_length"


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event: write what is left in `octets_to_send`, then close the connection."""

    reason: EndReason
    unanswered: tuple[SentRequest, ...]
    """On the wire, outcome unknown, in the order they were sent."""


Event = (
    Bound | BindRefused | Requested | Notified | Answered | TimedOut | Unexpected | Refused | Ended
)

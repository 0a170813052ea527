"""The bounds of a session, and what it counts."""

from dataclasses import dataclass, field

from jasmin_compat.smpp import codec
from jasmin_compat.smpp.timers import TimerPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """The bounds of a session."""

    window: int = 10
    """Requests of ours that may be without an answer, in PDUs."""
    max_open_requests: int = 100
    """Requests of the peer that may wait for `respond` before reading is to stop."""
    max_pdu_octets: int = codec.MAX_OCTETS
    timers: TimerPolicy = field(default_factory=TimerPolicy)


@dataclass(slots=True)
class SessionCounts:
    """What went by since the session began, and when last."""

    pdus_received: int = 0
    pdus_sent: int = 0
    enquire_links_received: int = 0
    enquire_links_sent: int = 0
    requests_refused: int = 0
    """Of the peer: unreadable, unknown or out of place."""
    requests_timed_out: int = 0
    """Of ours."""
    responses_unexpected: int = 0
    received_at: float = 0.0
    """When the last PDU came, on the owner's clock like all times here; 0 if none did."""
    sent_at: float = 0.0
    """When the last PDU was put on the wire."""
    enquired_at: float = 0.0
    """When the last enquire_link of ours was."""
    requested_at: float = 0.0
    """When the last request of ours was, whichever."""
    sequence_number: int = 0
    """Of that request."""

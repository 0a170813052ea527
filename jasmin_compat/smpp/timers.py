"""The timers of a session (SMPP 3.4 §7.2): which is due next, and which has run out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum


class Timer(Enum):
    """What has run out."""

    SESSION_INIT = "session init"
    """No bind, or no answer to bind or unbind."""
    ENQUIRE_LINK = "enquire_link"
    """The peer has been silent: time to ask whether it is there."""
    LINK_ANSWER = "enquire_link response"
    """It was asked and did not answer."""
    RESPONSE = "response"
    """The oldest open request was not answered."""
    INACTIVITY = "inactivity"
    """No PDU either way."""
    PDU_READ = "PDU read"
    """The rest of a PDU did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerPolicy:
    """Durations in seconds; 0 turns a timer off (contract/smpp-client.md §2)."""

    session_init_s: float = 30.0
    """`bind_to`: how long bind and unbind may take to be answered; for an SMSC, also to come."""
    enquire_link_s: float = 30.0
    """`elink_interval`: silence of the peer after which it is asked."""
    response_s: float = 120.0
    """`res_to`: how long a request may take to be answered."""
    inactivity_s: float = 300.0
    """`trx_to`: time without any PDU, in or out, after which the session is given up."""
    pdu_read_s: float = 10.0
    """`pdu_red_to`: how long a PDU may take from its first octet to its last."""


@dataclass(slots=True, kw_only=True)
class Timers:
    """Since when each timer runs, in seconds of the owner's monotonic clock; None: it does not.

    Deadlines are worked out when asked for, so a PDU costs two assignments, and a new policy holds
    at once.
    """

    policy: TimerPolicy
    received_at: float
    """The last whole PDU came."""
    active_at: float
    """The last PDU came or went."""
    init_since: float | None = None
    enquired_at: float | None = None
    awaiting_since: float | None = None
    """The oldest request without an answer went."""
    partial_since: float | None = None
    """The first octet of a PDU that is not whole yet came."""
    is_bound: bool = False
    """Only then is the peer asked whether it is there."""
    _paused: bool = field(default=False, init=False)
    _resumed_at: float = field(default=float("-inf"), init=False)

    def pause(self) -> None:
        """The owner has stopped reading: what the peer does not seem to send may lie unread."""
        self._paused = True

    def resume(self, now: float) -> None:
        """The owner reads again: the peer gets its full time from now on."""
        self._paused = False
        self._resumed_at = now

    def next_deadline(self) -> float | None:
        """The next time at which `expired` has something to say."""
        return min((deadline for deadline, _ in self._running()), default=None)

    def expired(self, now: float) -> Timer | None:
        """The timer that ran out first, if one has."""
        due = [(deadline, timer) for deadline, timer in self._running() if deadline <= now]
        return min(due, key=lambda pair: pair[0])[1] if due else None

    def _running(self) -> Iterator[tuple[float, Timer]]:
        if self._paused:
            return
        policy = self.policy
        asks = self.received_at if self.is_bound and self.enquired_at is None else None
        for since, duration, timer in (
            (self.partial_since, policy.pdu_read_s, Timer.PDU_READ),
            (self.init_since, policy.session_init_s, Timer.SESSION_INIT),
            (self.awaiting_since, policy.response_s, Timer.RESPONSE),
            (self.enquired_at, policy.response_s, Timer.LINK_ANSWER),
            (self.active_at, policy.inactivity_s, Timer.INACTIVITY),
            (asks, policy.enquire_link_s, Timer.ENQUIRE_LINK),
        ):
            if since is not None and duration > 0:
                yield max(since, self._resumed_at) + duration, timer

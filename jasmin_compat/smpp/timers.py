"""The timers of a session (SMPP 3.4 §7.2): which is due next, and which has run out."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Timer(Enum):
    """What has run out; of several at the same moment the first of these."""

    PDU_READ = "PDU read"
    """The rest of a PDU did not come."""
    SESSION_INIT = "session init"
    """No bind, or no answer to bind or unbind."""
    RESPONSE = "response"
    """The oldest open request was not answered."""
    LINK_ANSWER = "enquire_link response"
    """The peer was asked whether it is there and did not answer."""
    INACTIVITY = "inactivity"
    """No PDU either way."""
    ENQUIRE_LINK = "enquire_link"
    """The peer has been silent: time to ask."""


_TIMERS: Final = tuple(Timer)
_NEVER: Final = float("inf")


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
    is_paused: bool = field(default=False, init=False)
    _resumed_at: float = field(default=float("-inf"), init=False)

    def pause(self) -> None:
        """The owner has stopped reading: what the peer does not seem to send may lie unread.

        Only session init goes on: binding and leaving take no longer for that.
        """
        self.is_paused = True

    def resume(self, now: float) -> None:
        """The owner reads again: the peer gets its full time from now on."""
        self.is_paused = False
        self._resumed_at = now

    def next_deadline(self) -> float | None:
        """The next time at which `expired` has something to say."""
        first = min(self._deadlines())
        return first if first < _NEVER else None

    def expired(self, now: float) -> Timer | None:
        """The timer that ran out first, if one has."""
        deadlines = self._deadlines()
        first = min(deadlines)
        return _TIMERS[deadlines.index(first)] if first <= now else None

    def _deadlines(self) -> list[float]:
        """When each timer runs out, in the order of Timer."""
        policy = self.policy
        if self.is_paused:
            if self.init_since is None or policy.session_init_s <= 0:
                return [_NEVER]
            return [_NEVER, self.init_since + policy.session_init_s]
        response_s = policy.response_s
        enquired_at = self.enquired_at
        asks_since = self.received_at if self.is_bound and enquired_at is None else None
        not_before = self._resumed_at
        return [
            max(not_before, since) + duration if since is not None and duration > 0 else _NEVER
            for since, duration in (
                (self.partial_since, policy.pdu_read_s),
                (self.init_since, policy.session_init_s),
                (self.awaiting_since, response_s),
                (enquired_at, response_s),
                (self.active_at, policy.inactivity_s),
                (asks_since, policy.enquire_link_s),
            )
        ]

"""One SMPP session, either end of it, without any I/O (SMPP 3.4 §2, §7).

The state machine decides everything the protocol decides by itself: sequence numbers, the window,
timers, enquire_link, unbind, and what to answer to a PDU that is bad, unknown or out of place.
"""

from typing import assert_never

from jasmin_compat.smpp import commands, statuses
from jasmin_compat.smpp.codec import UnreadablePdu, check_limits, take_pdu
from jasmin_compat.smpp.errors import FramingLost, NotAllowed, WindowFull
from jasmin_compat.smpp.events import (
    Answered,
    BindRefused,
    Bound,
    Ended,
    EndReason,
    Event,
    Notified,
    Refused,
    Requested,
    TimedOut,
    Unexpected,
)
from jasmin_compat.smpp.operations import Role, SessionState
from jasmin_compat.smpp.outgoing import Outgoing
from jasmin_compat.smpp.pdus import Bind, Body, Empty, Pdu
from jasmin_compat.smpp.session_policy import SessionCounts, SessionPolicy
from jasmin_compat.smpp.standing import Standing
from jasmin_compat.smpp.timers import Timer, Timers
from jasmin_compat.smpp.window import Window


class Session:
    """A session, driven by the owner of its connection.

    The owner has the socket and the clock; `now` is always seconds of one monotonic clock. It

    1. makes the Session when the connection stands, and as an ESME calls `bind` at once;
    2. hands every octet it reads to `receive`, and calls `receive_eof` when the connection ends,
       in whatever way;
    3. reads only while `wants_read`: that bounds what the peer can make us hold;
    4. sends with `send` while `window_free`, answers each `Requested` once with `respond`, in any
       order, and leaves with `unbind` (answers to what is open still come in after that);
    5. after every call, writes what `octets_to_send` returns, and waits for no longer than until
       `next_deadline`, when it calls `on_deadline`;
    6. acts on the events that calls return, in order. After `Ended`, the last one, it writes the
       octets that are left and closes; later calls return nothing, or raise NotAllowed.

    No call waits. They raise only what their docstrings name.
    """

    def __init__(self, role: Role, policy: SessionPolicy, now: float) -> None:
        self.counts = SessionCounts()
        self._role = role
        self._policy = policy
        self._timers = Timers(policy=policy.timers, received_at=now, active_at=now)
        self._standing = Standing(role, self._timers, now)
        self._window = Window()
        self._outgoing = Outgoing(self._window, self._timers, self.counts)
        self._open: dict[int, Pdu] = {}
        """Requests of the peer, by identity: peers repeat sequence numbers."""
        self._peer_unbind: Pdu | None = None
        """To be answered when nothing is open any more."""
        self._leaving = EndReason.UNBOUND
        self._incoming = bytearray()

    # ------------------------------------------------------------ what the owner may look at

    @property
    def state(self) -> SessionState:
        return self._standing.state

    @property
    def has_ended(self) -> bool:
        return self._standing.has_ended

    @property
    def policy(self) -> SessionPolicy:
        """May be replaced at any time, and holds at once."""
        return self._policy

    @policy.setter
    def policy(self, policy: SessionPolicy) -> None:
        self._policy = policy
        self._timers.policy = policy.timers

    @property
    def window_free(self) -> int:
        """How many requests may be sent now."""
        if not self._standing.is_bound:
            return 0
        return max(0, self._policy.window - len(self._window))

    @property
    def unanswered(self) -> int:
        """Requests of the owner on the wire."""
        return len(self._window)

    @property
    def open_requests(self) -> int:
        """Requests of the peer that wait for `respond`."""
        return len(self._open)

    @property
    def wants_read(self) -> bool:
        """False while the peer has as many requests open as it may, and after the end."""
        return not self._standing.has_ended and len(self._open) < self._policy.max_open_requests

    def may_send(self, command_id: int) -> bool:
        """Whether the state (not the window) allows the command."""
        return self._standing.may_send(command_id)

    def next_deadline(self) -> float | None:
        """When to call `on_deadline`, if nothing happens before."""
        if self._standing.has_ended:
            return None
        self._set_timers()
        return self._timers.next_deadline()

    def octets_to_send(self) -> bytes:
        """What there is to write since the last call."""
        return self._outgoing.take()

    # ------------------------------------------------------------ what the owner does

    def bind(self, command_id: int, body: Bind, now: float) -> None:
        """ESME: ask to be bound; the answer is `Bound` or `BindRefused`.

        Raises:
            NotAllowed: not OPEN.
            CannotEncode: a field is over its limit.
        """
        self._demand(command_id)
        check_limits(body)
        self._outgoing.own_request(command_id, body, now)
        self._standing.ask_to_bind(command_id, now)

    def send(self, command_id: int, body: Body, now: float) -> int:
        """Send a request; the result is the sequence number its outcome will come under.

        outbind and alert_notification have no outcome.

        Raises:
            NotAllowed: the state or the role does not allow it.
            WindowFull: `window_free` is 0.
            CannotEncode: a field does not fit; as an ESME, also if it is over its limit.
        """
        self._demand(command_id)
        has_outcome = command_id not in commands.UNANSWERED
        if has_outcome and len(self._window) >= self._policy.window:
            raise WindowFull(self._policy.window)
        if self._role is Role.ESME:
            check_limits(body)
        return self._outgoing.request(command_id, body, now)

    def respond(self, request: Pdu, status: int, body: Body | None, now: float) -> list[Event]:
        """Answer the request of a `Requested` event; None is the shortest body that is right.

        As an SMSC, ESME_ROK to a bind makes the session bound, or is sent as ESME_RALYBND when it
        was. An answer that comes after the end goes nowhere.

        Raises:
            CannotEncode: the body does not fit the wire; the request stays open.
        """
        events: list[Event] = []
        if self._standing.has_ended:
            return events
        assert id(request) in self._open, "answered before, or not from this session"
        is_bind = request.command_id in commands.BINDS
        if is_bind and status == statuses.ESME_ROK and self._standing.serves_a_bind:
            status, body = statuses.ESME_RALYBND, None
        self._outgoing.answer(request, status, body, now)
        del self._open[id(request)]
        if self._timers.is_paused and self.wants_read:
            self._timers.resume(now)
        if is_bind and status == statuses.ESME_ROK:
            self._standing.bound(request.command_id)
        elif is_bind:
            self._standing.not_bound()
        self._go_if_peer_left(events, now)
        return events

    def unbind(self, now: float) -> None:
        """Leave; `Ended` follows when the peer answers, or has not in time.

        Raises:
            NotAllowed: not bound, or leaving already.
        """
        self._demand(commands.UNBIND)
        self._leave(EndReason.UNBOUND, now)

    # ------------------------------------------------------------ what happens to the owner

    def receive(self, octets: bytes, now: float) -> list[Event]:
        """Take what was read."""
        events: list[Event] = []
        if self._standing.has_ended:
            return events
        timers = self._timers
        self._incoming += octets
        while (pdu := self._take_pdu(events, now)) is not None:
            timers.received_at = timers.active_at = now
            timers.partial_since = None
            self.counts.pdus_received += 1
            self.counts.received_at = now
            if isinstance(pdu, UnreadablePdu):
                self._refuse(pdu, pdu.answer_status, pdu.reason, events, now)
            elif pdu.command_id & commands.RESPONSE_BIT:
                self._take_response(pdu, events, now)
            else:
                self._take_request(pdu, events, now)
        if not self._incoming:
            timers.partial_since = None
        elif timers.partial_since is None:
            timers.partial_since = now
        return events

    def receive_eof(self) -> list[Event]:
        """The connection is gone: nothing comes or goes any more."""
        events: list[Event] = []
        if not self._standing.has_ended:
            self._end(EndReason.CONNECTION_LOST, events)
        return events

    def on_deadline(self, now: float) -> list[Event]:
        """Do what is due; harmless when nothing is."""
        events: list[Event] = []
        while not self._standing.has_ended:
            self._set_timers()
            timer = self._timers.expired(now)
            if timer is None:
                break
            self._run_out(timer, events, now)
        return events

    # ------------------------------------------------------------ timers

    def _set_timers(self) -> None:
        """What nobody needs to know before a deadline is asked for."""
        oldest = self._window.oldest
        self._timers.awaiting_since = oldest.sent_at if oldest is not None else None
        if not self.wants_read:
            self._timers.pause()

    def _run_out(self, timer: Timer, events: list[Event], now: float) -> None:
        match timer:
            case Timer.PDU_READ:
                # Sequence number 0, as Jasmin: it is not this PDU that is refused, but the stream.
                self._outgoing.nack(statuses.ESME_RINVCMDLEN, 0, now)
                self._end(EndReason.PDU_READ_TIMED_OUT, events)
            case Timer.SESSION_INIT:
                self._init_timed_out(events, now)
            case Timer.RESPONSE:
                self._request_timed_out(events)
                self._go_if_peer_left(events, now)
            case Timer.ENQUIRE_LINK:
                self._outgoing.own_request(commands.ENQUIRE_LINK, Empty(), now)
                self._timers.enquired_at = now
                self.counts.enquire_links_sent += 1
                self.counts.enquired_at = now
            case Timer.LINK_ANSWER:
                # in case it only does not answer
                self._outgoing.own_request(commands.UNBIND, Empty(), now)
                self._end(EndReason.LINK_DEAD, events)
            case Timer.INACTIVITY if self._standing.is_bound:
                self._leave(EndReason.INACTIVE, now)
            case Timer.INACTIVITY:
                self._end(EndReason.INACTIVE, events)
            case _:
                assert_never(timer)

    def _init_timed_out(self, events: list[Event], now: float) -> None:
        if self._standing.state is SessionState.UNBIND_PENDING:
            self._end(EndReason.UNBIND_TIMED_OUT, events)
        elif self._standing.state is SessionState.UNBIND_RECEIVED:
            self._answer_unbind(now)
            self._end(EndReason.PEER_UNBOUND, events)
        else:
            self._end(EndReason.BIND_TIMED_OUT, events)

    def _request_timed_out(self, events: list[Event]) -> None:
        oldest = self._window.oldest
        assert oldest is not None
        self._window.answered(oldest.sequence_number)
        self.counts.requests_timed_out += 1
        events.append(TimedOut(oldest))

    # ------------------------------------------------------------ what comes in

    def _take_pdu(self, events: list[Event], now: float) -> Pdu | UnreadablePdu | None:
        if self._standing.has_ended:
            return None
        try:
            return take_pdu(self._incoming, self._policy.max_pdu_octets)
        except FramingLost as lost:
            self._outgoing.nack(statuses.ESME_RINVCMDLEN, lost.sequence_number, now)
            self._end(EndReason.FRAMING_LOST, events)
            return None

    def _take_response(self, response: Pdu, events: list[Event], now: float) -> None:
        request = self._window.answered(response.sequence_number)
        if request is not None:
            events.append(Answered(request, response))
            self._go_if_peer_left(events, now)
            return
        match self._window.answered_own(response.sequence_number):
            case None:
                self.counts.responses_unexpected += 1
                events.append(Unexpected(response))
            case commands.ENQUIRE_LINK:
                self._timers.enquired_at = None
                if response.command_status == statuses.ESME_RINVBNDSTS:
                    self._end(EndReason.NOT_BOUND_THERE, events)
            case commands.UNBIND:
                self._end(self._leaving, events)
            case command_id:
                self._take_bind_response(command_id, response, events)

    def _take_bind_response(self, command_id: int, response: Pdu, events: list[Event]) -> None:
        is_bind_resp = response.command_id ^ commands.RESPONSE_BIT in commands.BINDS
        if is_bind_resp and response.command_status == statuses.ESME_ROK:
            self._standing.bound(command_id)
            events.append(Bound(response))
        else:
            self._standing.not_bound()
            events.append(BindRefused(response))

    def _take_request(self, request: Pdu, events: list[Event], now: float) -> None:
        command_id = request.command_id
        status = self._standing.refusal(command_id)
        if status is not None:
            self._refuse(request, status, statuses.status_name(status), events, now)
        elif command_id == commands.ENQUIRE_LINK:
            self.counts.enquire_links_received += 1
            self._outgoing.answer(request, statuses.ESME_ROK, None, now)
        elif command_id == commands.UNBIND:
            self._peer_leaves(request, events, now)
        elif command_id in commands.UNANSWERED:
            events.append(Notified(request))
        else:
            if command_id in commands.BINDS:
                self._standing.asked_to_bind(command_id)
            self._open[id(request)] = request
            events.append(Requested(request))

    def _refuse(
        self,
        request: Pdu | UnreadablePdu,
        status: int,
        reason: str,
        events: list[Event],
        now: float,
    ) -> None:
        self._outgoing.answer(request, status, None, now)
        self.counts.requests_refused += 1
        events.append(Refused(request, status, reason))

    # ------------------------------------------------------------ coming and going

    def _leave(self, reason: EndReason, now: float) -> None:
        self._outgoing.own_request(commands.UNBIND, Empty(), now)
        self._leaving = reason
        self._standing.leave(now)

    def _peer_leaves(self, request: Pdu, events: list[Event], now: float) -> None:
        """Its answer waits for ours to its requests, and the end for its answers to ours."""
        self._peer_unbind = request
        self._standing.peer_leaves(now)
        self._go_if_peer_left(events, now)

    def _go_if_peer_left(self, events: list[Event], now: float) -> None:
        if self._standing.state is not SessionState.UNBIND_RECEIVED or self._open:
            return
        self._answer_unbind(now)
        if not len(self._window):
            self._end(EndReason.PEER_UNBOUND, events)

    def _answer_unbind(self, now: float) -> None:
        if self._peer_unbind is not None:
            self._outgoing.answer(self._peer_unbind, statuses.ESME_ROK, None, now)
            self._peer_unbind = None

    def _end(self, reason: EndReason, events: list[Event]) -> None:
        self._standing.end()
        events.append(Ended(reason, self._window.waiting))
        self._window.clear()
        self._open.clear()
        self._incoming.clear()

    # ------------------------------------------------------------ what goes out

    def _demand(self, command_id: int) -> None:
        if not self.may_send(command_id):
            raise NotAllowed(command_id, self._standing.state.value)

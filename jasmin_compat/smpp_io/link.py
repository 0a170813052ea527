"""One SMPP connection: a Session, the socket it lives on, and its deadlines."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import cast

from typing_extensions import override

from jasmin_compat.smpp.errors import NotAllowed
from jasmin_compat.smpp.events import Answered, Ended, Event, TimedOut
from jasmin_compat.smpp.operations import Role
from jasmin_compat.smpp.pdus import Bind, Body, Pdu
from jasmin_compat.smpp.session import Session
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.timers import TimerPolicy

CLOSE_S = 5.0
"""A peer that does not read gets so long for the last octets; then the connection is cut."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A request of ours is or was on the wire, and nobody knows what became of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection stands: the first event of a link."""


Reply = Pdu | NoAnswer
LinkEvent = Event | Connected
OnEvent = Callable[["Link", LinkEvent], None]


class Link(asyncio.Protocol):
    """A session on a connection. What is sent becomes a future, the rest goes to `on_event`.

    `on_event` is called in the order of events and must not block. `Ended` is the last one and
    comes exactly once for each connection that was made; replies are resolved before it is told.
    """

    session: Session

    def __init__(self, role: Role, policy: SessionPolicy, on_event: OnEvent) -> None:
        self._role = role
        self._policy = policy
        self._shortest_s = _shortest_s(policy.timers)
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        """By sequence number; the session ends each of them by an event."""
        self._room = asyncio.Event()
        self._closed = asyncio.Event()
        self._flush_is_due = False
        self._peer_reads = True
        self._is_reading = True
        self._timer: asyncio.TimerHandle | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    # ------------------------------------------------------------ for its owner

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the other side, for the log."""
        name = self._transport.get_extra_info("peername")
        return (str(name[0]), int(name[1])) if name else ("unknown", 0)

    def bind(self, command_id: int, body: Bind) -> None:
        """Raises: NotAllowed, CannotEncode (as Session.bind)."""
        self.session.bind(command_id, body, self._loop.time())
        self._flush_soon()

    def send(self, command_id: int, body: Body) -> "asyncio.Future[Reply]":
        """Put a request on the wire; whoever stops waiting for the reply cancels it.

        Raises: NotAllowed, WindowFull, CannotEncode (as Session.send).
        """
        number = self.session.send(command_id, body, self._loop.time())
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._replies[number] = reply
        self._flush_soon()
        return reply

    async def wait_for_room(self, command_id: int) -> bool:
        """Wait until the window has a free place; False when the session takes no more."""
        while self.session.window_free == 0:
            if not self.session.may_send(command_id):
                return False
            self._room.clear()
            await self._room.wait()
        return True

    def respond(self, request: Pdu, status: int, body: Body | None = None) -> None:
        """Answer a Requested event, once; goes nowhere when the session has ended.

        Raises: CannotEncode (as Session.respond).
        """
        self._take(self.session.respond(request, status, body, self._loop.time()))
        self._mind_reading()
        self._flush_soon()

    def use(self, policy: SessionPolicy) -> None:
        """Go on with other bounds and timers."""
        self.session.policy = policy
        self._shortest_s = _shortest_s(policy.timers)
        self._room.set()
        if self._timer is not None:
            self._timer.cancel()
        self._watch_deadline()

    def unbind(self) -> None:
        """Leave in good order, if the session is bound; `Ended` follows."""
        try:
            self.session.unbind(self._loop.time())
        except NotAllowed:
            self.close()
        else:
            self._flush_soon()

    def close(self) -> None:
        """End the connection without a word of SMPP; what is written already goes out."""
        if not self._transport.is_closing():
            self._flush()
            self._transport.close()
            self._cut = self._loop.call_later(CLOSE_S, self._transport.abort)

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    async def wait_closed(self) -> None:
        await self._closed.wait()

    # ------------------------------------------------------------ for the event loop

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.session = Session(self._role, self._policy, self._loop.time())
        self._watch_deadline()
        self._on_event(self, Connected())

    @override
    def data_received(self, data: bytes) -> None:
        self._take(self.session.receive(data, self._loop.time()))
        self._mind_reading()
        self._flush()

    @override
    def pause_writing(self) -> None:
        """A peer that does not read is not read: our answers to it would pile up."""
        self._peer_reads = False
        self._mind_reading()

    @override
    def resume_writing(self) -> None:
        self._peer_reads = True
        self._mind_reading()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._take(self.session.receive_eof())
        for handle in (self._timer, self._cut):
            if handle is not None:
                handle.cancel()
        self._closed.set()

    # ------------------------------------------------------------ inside

    def write(self, octets: bytes) -> None:
        """Whole PDUs on their way out; smpp_io/trace.py listens here and at `data_received`."""
        self._transport.write(octets)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Answered(request, response):
                    self._reply(request.sequence_number, response)
                case TimedOut(request):
                    self._reply(request.sequence_number, NoAnswer("response timeout"))
                    self._on_event(self, event)
                case Ended(reason, unanswered):
                    for request in unanswered:
                        self._reply(request.sequence_number, NoAnswer(reason.value))
                    self._on_event(self, event)
                    self.close()
                case _:
                    self._on_event(self, event)
        if events:
            self._room.set()

    def _reply(self, number: int, reply: Reply) -> None:
        waiting = self._replies.pop(number)
        if not waiting.done():
            waiting.set_result(reply)

    def _mind_reading(self) -> None:
        wanted = self._peer_reads and self.session.wants_read
        if wanted != self._is_reading and not self._transport.is_closing():
            self._is_reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _flush_soon(self) -> None:
        """Once per turn of the loop, so that what is sent in it goes out in one write."""
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        octets = self.session.octets_to_send()
        if octets and not self._transport.is_closing():
            self.write(octets)

    def _watch_deadline(self) -> None:
        """Wake at the next deadline, and before any could be due that is not known yet: then a PDU
        need not move the timer, which would cost more than the PDU."""
        deadline = self.session.next_deadline()
        if deadline is not None and self._shortest_s is not None:
            wake_at = min(deadline, self._loop.time() + self._shortest_s)
            self._timer = self._loop.call_at(wake_at, self._on_deadline)

    def _on_deadline(self) -> None:
        # the loop may wake us a clock tick early
        self._take(self.session.on_deadline(self._loop.time() + 0.001))
        self._flush()
        self._watch_deadline()


def _shortest_s(timers: TimerPolicy) -> float | None:
    """The shortest timer that is on."""
    durations = (getattr(timers, field.name) for field in fields(timers))
    return min((duration for duration in durations if duration > 0), default=None)

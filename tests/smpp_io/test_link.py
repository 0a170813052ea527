"""One connection: replies, room, timers, back-pressure and the end, against a second Session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from jasmin_compat.smpp import commands, events
from jasmin_compat.smpp.errors import NotAllowed, WindowFull
from jasmin_compat.smpp.operations import Role, SessionState
from jasmin_compat.smpp.pdus import Bind, BindResp, DeliverSm, MessageIdResp, Pdu, SubmitSm
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.timers import TimerPolicy
from jasmin_compat.smpp_io.link import Connected, Link, LinkEvent, NoAnswer
from tests.waiting import LONG_S, until

DEFAULTS = SessionPolicy()


@dataclass
class End:
    """One side: its link and what it was told."""

    link: Link
    told: list[LinkEvent] = field(default_factory=list)

    def requests(self) -> list[Pdu]:
        return [event.request for event in self.told if isinstance(event, events.Requested)]

    async def next_request(self, count: int = 1) -> Pdu:
        await until(lambda: len(self.requests()) >= count)
        return self.requests()[count - 1]

    def end_reason(self) -> str | None:
        ends = [e.reason.value for e in self.told if isinstance(e, events.Ended)]
        assert len(ends) < 2
        return ends[0] if ends else None


@dataclass
class Pair:
    esme: End
    smsc: End


@asynccontextmanager
async def pair(
    esme: SessionPolicy = DEFAULTS,
    smsc: SessionPolicy = DEFAULTS,
) -> AsyncIterator[Pair]:
    """Two links on one connection, bound as transceiver."""
    ends: dict[Role, End] = {}

    def make(role: Role, policy: SessionPolicy) -> Link:
        end = End(Link(role, policy, lambda _link, event: end.told.append(event)))
        ends[role] = end
        return end.link

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: make(Role.SMSC, smsc), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await loop.create_connection(lambda: make(Role.ESME, esme), "127.0.0.1", port)
    await until(lambda: len(ends) == 2)
    both = Pair(ends[Role.ESME], ends[Role.SMSC])
    both.esme.link.bind(commands.BIND_TRANSCEIVER, Bind(system_id=b"esme"))
    both.smsc.link.respond(await both.smsc.next_request(), 0, BindResp())
    await until(lambda: both.esme.link.session.state is SessionState.BOUND_TRX)
    both.smsc.told.clear()
    both.esme.told.clear()
    try:
        async with asyncio.timeout(LONG_S):
            yield both
    finally:
        server.close()
        for end in (both.esme, both.smsc):
            end.link.abort()
            await end.link.wait_closed()


async def test_a_reply_goes_to_who_waits_for_it() -> None:
    async with pair() as both:
        first = both.esme.link.send(commands.SUBMIT_SM, SubmitSm(short_message=b"1"))
        second = both.esme.link.send(commands.SUBMIT_SM, SubmitSm(short_message=b"2"))
        await both.smsc.next_request(2)
        for request in reversed(both.smsc.requests()):
            assert isinstance(request.body, SubmitSm)
            answer = MessageIdResp(message_id=request.body.short_message)
            both.smsc.link.respond(request, 0, answer)
        replies = [await first, await second]
        assert [r.body for r in replies if isinstance(r, Pdu)] == [
            MessageIdResp(message_id=b"1"),
            MessageIdResp(message_id=b"2"),
        ]


async def test_both_ends_send_requests() -> None:
    async with pair() as both:
        reply = both.smsc.link.send(commands.DELIVER_SM, DeliverSm(short_message=b"hi"))
        both.esme.link.respond(await both.esme.next_request(), 0x14)
        answer = await reply
        assert isinstance(answer, Pdu)
        assert answer.command_status == 0x14


async def test_what_is_sent_in_one_turn_goes_out_in_one_write() -> None:
    async with pair() as both:
        writes: list[bytes] = []
        write = both.esme.link.write
        both.esme.link.write = lambda octets: (writes.append(octets), write(octets))  # type: ignore[method-assign,assignment,func-returns-value,return-value]
        for _ in range(5):
            both.esme.link.send(commands.SUBMIT_SM, SubmitSm())
        await both.smsc.next_request(5)
        assert len(writes) == 1


async def test_room_is_waited_for_and_told() -> None:
    async with pair(esme=SessionPolicy(window=1)) as both, asyncio.TaskGroup() as tasks:
        link = both.esme.link
        assert await link.wait_for_room(commands.SUBMIT_SM)
        link.send(commands.SUBMIT_SM, SubmitSm())
        with pytest.raises(WindowFull):
            link.send(commands.SUBMIT_SM, SubmitSm())
        waiting = tasks.create_task(link.wait_for_room(commands.SUBMIT_SM), name="room")
        both.smsc.link.respond(await both.smsc.next_request(), 0, MessageIdResp())
        assert await waiting


async def test_nobody_waits_for_room_in_a_session_that_is_over() -> None:
    async with pair(esme=SessionPolicy(window=1)) as both, asyncio.TaskGroup() as tasks:
        both.esme.link.send(commands.SUBMIT_SM, SubmitSm())
        waiting = tasks.create_task(both.esme.link.wait_for_room(commands.SUBMIT_SM), name="room")
        await both.smsc.next_request()
        both.smsc.link.abort()
        assert not await waiting
        with pytest.raises(NotAllowed):
            both.esme.link.send(commands.SUBMIT_SM, SubmitSm())


async def test_at_the_end_every_open_request_is_told_and_then_the_owner() -> None:
    async with pair() as both:
        replies = [both.esme.link.send(commands.SUBMIT_SM, SubmitSm()) for _ in range(3)]
        await both.smsc.next_request(3)
        both.smsc.link.abort()
        assert [await reply for reply in replies] == [NoAnswer("connection lost")] * 3
        await both.esme.link.wait_closed()
        assert both.esme.end_reason() == "connection lost"
        assert both.esme.told[-1].unanswered[0].command_id == commands.SUBMIT_SM  # type: ignore[union-attr]


async def test_an_unbind_ends_both_sides_in_good_order() -> None:
    async with pair() as both:
        both.esme.link.unbind()
        await both.esme.link.wait_closed()
        await both.smsc.link.wait_closed()
        assert both.esme.end_reason() == "unbound by us"
        assert both.smsc.end_reason() == "unbound by the peer"
        both.esme.link.unbind()  # nothing any more


async def test_a_request_that_is_not_answered_in_time_is_told() -> None:
    policy = SessionPolicy(timers=TimerPolicy(response_s=0.05))
    async with pair(esme=policy) as both:
        reply = both.esme.link.send(commands.SUBMIT_SM, SubmitSm())
        assert await reply == NoAnswer("response timeout")
        assert isinstance(both.esme.told[0], events.TimedOut)
        assert both.esme.link.session.state is SessionState.BOUND_TRX


async def test_a_shorter_timer_set_later_holds_at_once() -> None:
    async with pair() as both:
        reply = both.esme.link.send(commands.SUBMIT_SM, SubmitSm())
        both.esme.link.use(SessionPolicy(timers=TimerPolicy(response_s=0.05)))
        assert await reply == NoAnswer("response timeout")


async def test_a_cancelled_wait_is_no_trouble_to_a_late_reply() -> None:
    async with pair() as both:
        reply = both.esme.link.send(commands.SUBMIT_SM, SubmitSm())
        request = await both.smsc.next_request()
        reply.cancel()
        both.smsc.link.respond(request, 0, MessageIdResp())
        await until(lambda: both.esme.link.session.window_free == 10)
        assert both.esme.link._replies == {}


async def test_a_peer_that_does_not_read_is_not_read() -> None:
    """Else it could make us hold as many answers as it likes."""
    many = SessionPolicy(window=100_000, max_open_requests=100_000)
    async with pair(esme=many, smsc=many) as both:
        esme, smsc = both.esme.link, both.smsc.link
        esme._transport.pause_reading()
        while smsc._peer_reads:
            esme.send(commands.SUBMIT_SM, SubmitSm())
            await asyncio.sleep(0)
            for request in both.smsc.requests():
                smsc.respond(request, 0, MessageIdResp(message_id=b"x" * 50_000))
            both.smsc.told.clear()
        assert not smsc._is_reading
        esme._transport.resume_reading()
        await until(lambda: smsc._is_reading)


async def test_a_connection_is_the_first_event_and_its_end_the_last() -> None:
    told: list[LinkEvent] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Link(Role.SMSC, SessionPolicy(), lambda _link, event: told.append(event)),
        "127.0.0.1",
        0,
    )
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: bool(told))
    writer.close()
    await writer.wait_closed()
    await until(lambda: len(told) == 2)
    server.close()
    assert isinstance(told[0], Connected)
    assert isinstance(told[1], events.Ended)

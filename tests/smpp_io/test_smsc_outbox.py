"""The outbox keeps what no ESME has taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.operations import SessionState
from jasmin_compat.smpp.pdus import DeliverSm, MessageIdResp, Pdu
from jasmin_compat.smpp_io.link import NoAnswer, Reply
from jasmin_compat.smpp_io.smsc_outbox import Outbox, Parcel
from tests.waiting import LONG_S, until


class ScriptedLink:
    """As much of a Link as the outbox uses, with these replies in turn."""

    def __init__(self, *replies: Reply, state: SessionState = SessionState.BOUND_TRX) -> None:
        self.replies = list(replies)
        self.sent: list[Any] = []
        self.session = self
        self.state = state

    async def wait_for_room(self, _command_id: int) -> bool:
        return bool(self.replies)

    def send(self, _command_id: int, body: DeliverSm) -> "asyncio.Future[Reply]":
        self.sent.append(body)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        reply.set_result(self.replies.pop(0))
        return reply


def link(*replies: Reply, state: SessionState = SessionState.BOUND_TRX) -> Any:
    return ScriptedLink(*replies, state=state)


def resp(status: int = 0) -> Pdu:
    return Pdu(commands.DELIVER_SM_RESP, 1, MessageIdResp(), status)


def parcel(text: bytes = b"x", system_id: str = "a") -> Parcel:
    body = DeliverSm(short_message=text)
    return Parcel(system_id=system_id, command_id=commands.DELIVER_SM, body=body, about={})


@asynccontextmanager
async def working(outbox: Outbox) -> AsyncIterator[None]:
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        work = tasks.create_task(outbox.work(), name="outbox")
        yield
        work.cancel()


def outbox(taken: list[Parcel]) -> Outbox:
    return Outbox(retry_s=lambda: 0.01, told=taken.append)


async def test_a_parcel_waits_for_a_receiver() -> None:
    taken: list[Parcel] = []
    box, receiver = outbox(taken), link(resp())
    async with working(box):
        box.put(parcel(), 0)
        box.join("a", link(resp(), state=SessionState.BOUND_TX))  # sends only
        await asyncio.sleep(0.02)
        assert (box.waiting, taken) == (1, [])
        box.join("a", receiver)
        await until(lambda: len(taken) == 1)
    assert (box.waiting, taken[0].sends, taken[0].answer) == (0, 1, "ESME_ROK")


async def test_what_is_refused_or_not_answered_is_sent_again() -> None:
    taken: list[Parcel] = []
    box, receiver = outbox(taken), link(resp(0x14), NoAnswer("gone"), resp())
    async with working(box):
        box.join("a", receiver)
        box.put(parcel(), 0)
        await until(lambda: len(taken) == 1)
    assert (taken[0].sends, box.sends, box.waiting) == (3, 3, 0)


async def test_an_esme_gets_what_is_its_own() -> None:
    taken: list[Parcel] = []
    first, second = link(resp(), resp(), resp()), link(resp(), resp(), resp())
    box = outbox(taken)
    box.join("a", first)
    box.join("b", second)
    async with working(box):
        for name in ("a", "b", "a", "nobody's"):
            box.put(parcel(name.encode(), name), 0)
        await until(lambda: len(taken) == 4)
    own = [[body.short_message for body in each.sent] for each in (first, second)]
    assert own[0].count(b"a") == 2
    assert own[1].count(b"b") == 1


async def test_a_receiver_that_leaves_is_passed_over() -> None:
    taken: list[Parcel] = []
    leaving, staying = link(), link(resp())
    box = outbox(taken)
    box.join("a", leaving)
    async with working(box):
        box.put(parcel(), 0)
        await asyncio.sleep(0.01)
        box.join("a", staying)
        await until(lambda: len(taken) == 1)
    assert len(staying.sent) == 1

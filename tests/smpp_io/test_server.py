"""The listening side: what its owner decides is what an ESME gets."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.operations import SessionState
from jasmin_compat.smpp.pdus import Bind, BindResp, Body, MessageIdResp, Pdu, SubmitSm
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.timers import TimerPolicy
from jasmin_compat.smpp_io.link import Link
from jasmin_compat.smpp_io.server import Listener, Service, listen
from tests.smpp_io.peers import RawConnection
from tests.waiting import LONG_S, until


@dataclass
class ScriptedOwner:
    """Answers as told, and keeps what happened."""

    bind_status: int = 0
    answer: tuple[int, Body | None] | None = (0, MessageIdResp(message_id=b"1"))
    error: Exception | None = None
    hold: asyncio.Event | None = None
    happened: list[str] = field(default_factory=list)

    async def bind(self, link: Link, request: Pdu) -> int:
        self.happened.append("bind")
        return self.bind_status

    def bound(self, link: Link) -> None:
        self.happened.append(f"bound {link.session.state.value}")

    async def serve(self, link: Link, request: Pdu) -> tuple[int, Body | None] | None:
        self.happened.append(commands.name_of(request.command_id))
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        return self.answer

    def ended(self, link: Link) -> None:
        self.happened.append("ended")


@asynccontextmanager
async def listening(
    owner: ScriptedOwner, policy: SessionPolicy | None = None
) -> AsyncIterator[Listener]:
    service = Service(
        owner=owner,
        log=logging.getLogger("smsc"),
        policy=policy or SessionPolicy(),
        system_id=b"smsc",
    )
    async with asyncio.timeout(LONG_S), listen(service, host="127.0.0.1", port=0) as listener:
        yield listener


async def connected(listener: Listener) -> RawConnection:
    return RawConnection(*await asyncio.open_connection("127.0.0.1", listener.port))


async def bound(listener: Listener) -> RawConnection:
    connection = await connected(listener)
    connection.write(commands.BIND_TRANSMITTER, 1, Bind(system_id=b"a"))
    assert (await connection.read()).body == BindResp(system_id=b"smsc")
    return connection


async def test_the_owner_decides_on_binds_and_requests() -> None:
    owner = ScriptedOwner()
    async with listening(owner) as listener:
        connection = await bound(listener)
        connection.write(commands.SUBMIT_SM, 2, SubmitSm())
        answer = await connection.read()
        assert (answer.sequence_number, answer.body) == (2, MessageIdResp(message_id=b"1"))
        connection.writer.close()
        await until(lambda: owner.happened[-1] == "ended")
    assert owner.happened == ["bind", "bound BOUND_TX", "submit_sm", "ended"]


async def test_a_refused_bind_leaves_the_connection_open() -> None:
    owner = ScriptedOwner(bind_status=0x0E)
    async with listening(owner) as listener:
        connection = await connected(listener)
        for number in (1, 2):
            connection.write(commands.BIND_TRANSMITTER, number, Bind(system_id=b"a"))
            assert (await connection.read()).command_status == 0x0E
        connection.writer.close()
    assert owner.happened[:2] == ["bind", "bind"]


async def test_a_request_before_the_bind_does_not_reach_the_owner() -> None:
    owner = ScriptedOwner()
    async with listening(owner) as listener:
        connection = await connected(listener)
        connection.write(commands.SUBMIT_SM, 1, SubmitSm())
        assert (await connection.read()).command_status == 0x04
        connection.writer.close()
    assert "submit_sm" not in owner.happened


async def test_an_owner_that_breaks_is_a_system_error_for_this_request_only() -> None:
    owner = ScriptedOwner(error=RuntimeError("x"))
    async with listening(owner) as listener:
        connection = await bound(listener)
        for number in (2, 3):
            connection.write(commands.SUBMIT_SM, number, SubmitSm())
            assert (await connection.read()).command_status == 0x08
        connection.writer.close()


async def test_a_request_may_stay_unanswered() -> None:
    async with listening(ScriptedOwner(answer=None)) as listener:
        connection = await bound(listener)
        connection.write(commands.SUBMIT_SM, 2, SubmitSm())
        connection.write(commands.ENQUIRE_LINK, 3)
        assert (await connection.read()).sequence_number == 3
        connection.writer.close()


async def test_leaving_unbinds_who_is_bound_and_cuts_who_is_not() -> None:
    owner = ScriptedOwner(hold=asyncio.Event())
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        async with listening(owner) as listener:
            idle = await connected(listener)
            esme = await bound(listener)
            esme.write(commands.SUBMIT_SM, 2, SubmitSm())  # still at work when we leave
            await until(lambda: "submit_sm" in owner.happened)
            await until(lambda: len(listener.links) == 2)
            reading = tasks.create_task(esme.read_all(), name="esme")

            async def answer() -> None:
                await until(lambda: any(
                    link.session.state is SessionState.UNBIND_PENDING for link in listener.links
                ))  # fmt: skip
                esme.write(commands.UNBIND_RESP, 1)

            tasks.create_task(answer(), name="answer")
        assert await idle.read_all() == []
        idle.writer.close()
    assert [pdu.command_id for pdu in reading.result()] == [commands.UNBIND]
    esme.writer.close()


async def test_who_never_binds_is_cut_off() -> None:
    policy = SessionPolicy(timers=TimerPolicy(session_init_s=0.05))
    async with listening(ScriptedOwner(), policy) as listener:
        connection = await connected(listener)
        assert await connection.read_all() == []
        connection.writer.close()


async def test_a_port_in_use_is_an_oserror() -> None:
    async with listening(ScriptedOwner()) as listener:
        service = Service(owner=ScriptedOwner(), log=logging.getLogger("smsc"))
        with pytest.raises(OSError, match="in use"):
            async with listen(service, host="127.0.0.1", port=listener.port):
                pass

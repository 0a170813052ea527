"""Many sessions, their limit, and the end of all."""

import asyncio
import re

import pytest

from jasmin_compat.servers.jcli.connection import ConsolePolicy
from jasmin_compat.servers.jcli.server import Console, console_server
from tests.fakes import FakeClock
from tests.servers.jcli.console_client import Client, room
from tests.servers.jcli.consoles import ADMIN, LINE_END, LOGIN, Unknowing
from tests.waiting import LONG_S, until


async def number_of(client: Client) -> int:
    welcome = await client.types(LOGIN)
    found = re.search(rb"Session ref: (\d+)\r", welcome)
    assert found
    return int(found[1])


# covers: JCLI-01
async def test_sessions_are_numbered_from_two_up_in_the_order_they_connect() -> None:
    async with room() as served:
        clients = [await served.connect() for _ in range(9)]
        for client in clients:
            await client.types(b"", until=b"required." + LINE_END.encode() * 2)
        async with asyncio.TaskGroup() as group:
            numbers = [group.create_task(number_of(client)) for client in clients]
        assert sorted(task.result() for task in numbers) == list(range(2, 11))
        assert (served.server.counts.accepted, served.server.counts.open) == (9, 9)


async def test_sessions_beyond_the_limit_are_told_and_closed() -> None:
    async with room(ConsolePolicy(max_sessions=1)) as served:
        first = await served.log_in()
        assert await (await served.connect()).rest() == b"Too many sessions.\r\n"
        assert served.server.counts.refused == 1
        first.writer.write(b"quit\r\n")
        await first.rest()
        await until(lambda: served.server.counts.open == 0)
        assert await (await served.log_in()).types(b"on\r\n") == b"on\r\r\r\non!\r\r\r\njcli : "


async def test_at_the_end_sessions_close_and_a_command_at_work_is_answered_first() -> None:
    async with asyncio.timeout(LONG_S):
        async with room() as served:
            idle, busy = await served.log_in(), await served.log_in()
            busy.writer.write(b"wait\r\nnever\r\n")
            await served.opened[1].waits.wait()
            async with asyncio.TaskGroup() as group:
                leaving = group.create_task(served.server.leave())
                assert await idle.rest() == b"\x1bc"
                assert not leaving.done()
                served.opened[1].release.set()
            assert (await busy.rest()).endswith(b"wait!\r\r\r\njcli : \x1bc")


async def test_who_comes_while_the_console_stops_is_sent_away() -> None:
    """Else nobody would tell that session to end, and the stop would wait for it."""
    async with asyncio.timeout(LONG_S), room() as served:
        busy = await served.log_in()
        busy.writer.write(b"wait\r\n")
        await served.opened[0].waits.wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(served.server.leave())
            await asyncio.sleep(0)
            assert await (await served.connect()).rest() == b""
            served.opened[0].release.set()
        assert served.server.counts.accepted == 1


async def test_a_session_may_be_ended_as_it_is_idle_for_too_long() -> None:
    async with asyncio.timeout(LONG_S), room(ConsolePolicy(idle_timeout_s=2 * LONG_S)) as served:
        client = await served.log_in()
        (session,) = served.server._sessions
        reading = session._reading
        assert reading is not None
        reading.reschedule(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        assert reading.expired()
        await served.server.leave()
        assert await client.rest() == b"\x1bc"


async def test_a_command_that_does_not_end_does_not_hold_up_the_end() -> None:
    async with asyncio.timeout(LONG_S):
        async with room(ConsolePolicy(leave_s=0.01)) as served:
            client = await served.log_in()
            client.writer.write(b"wait\r\n")
            await served.opened[0].waits.wait()
        assert served.server.counts.open == 0


async def test_a_port_that_is_taken_is_said() -> None:
    console = Console(admin=ADMIN, open_dialogue=lambda _visit: Unknowing(), clock=FakeClock())
    async with room() as served:
        with pytest.raises(OSError, match="in use"):
            async with console_server(console, bind="127.0.0.1", port=served.server.port):
                pass

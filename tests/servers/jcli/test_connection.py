"""A session over a socket: errors, waits, ends."""

import asyncio

import pytest

from jasmin_compat.servers.jcli.connection import READ_OCTETS, ConsolePolicy
from tests.servers.jcli.console_client import room
from tests.servers.jcli.consoles import LINE_END
from tests.waiting import until


async def test_a_command_that_fails_costs_neither_the_session_nor_a_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "jcli")
    async with room() as served:
        client = await served.log_in()
        await client.types(b"password s3cret\r\n")
        shown = await client.types(b"fail\r\n")
        assert shown == b"fail\r\r\r\nCommand failed, check log for details\r\r\r\njcli : "
        assert await client.types(b"on\r\n") == b"on\r\r\r\non!\r\r\r\njcli : "
        assert served.server.counts.failed_commands == 1
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(errors) == 1
    assert "ValueError: no such password: ***" in errors[0]
    assert "s3cret" not in caplog.text
    assert "jclipwd" not in caplog.text
    assert "[sref:2] Received line: password ***" in caplog.text


async def test_a_password_typed_too_soon_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "jcli")
    async with room() as served:
        client = await served.connect()
        await client.types(b"jclipwd\r\njcliadmin\r\n", until=b"Username: ")
        await client.types(b"jcliadmin\r\njclipwd\r\n")
    assert "Login refused" in caplog.text
    assert "jclipwd" not in caplog.text


async def test_a_session_that_is_broken_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with room() as served:
        broken, other = await served.log_in(), await served.log_in()
        broken.writer.write(b"break\r\n")
        await broken.rest()
        assert await other.types(b"on\r\n") == b"on\r\r\r\non!\r\r\r\njcli : "
    assert [r.levelname for r in caplog.records if r.levelno >= 40] == ["ERROR"]


async def test_what_a_command_says_at_work_is_seen_at_once_and_what_is_typed_waits() -> None:
    async with room() as served:
        client = await served.log_in()
        shown = await client.types(b"wait\r\nnext\r\n", until=b"Waiting\r\r\r\n")
        assert shown == b"wait\r\r\r\nWaiting\r\r\r\n"
        served.opened[0].release.set()
        assert await client.types(b"") == b"wait!\r\r\r\njcli : "
        assert await client.types(b"") == b"next\r\r\r\nnext!\r\r\r\njcli : "


# covers: JCLI-05
async def test_quit_resets_the_terminal_and_closes() -> None:
    async with room() as served:
        client = await served.log_in()
        client.writer.write(b"quit\r\nmore\r\n")
        assert await client.rest() == b"quit\r\r\r\n\x1bc"
        await until(lambda: served.server.counts.open == 0)


async def test_a_session_that_sends_nothing_is_closed_if_so_wished() -> None:
    async with room(ConsolePolicy(idle_timeout_s=0.05)) as served:
        client = await served.connect()
        assert (await client.rest()).endswith(b"\x1bc")
        assert served.server.counts.idle == 1


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with room(ConsolePolicy(write_timeout_s=0.05)) as served:
        client = await served.log_in()
        client.writer.write(b"much 30000000\r\n")
        await until(lambda: served.server.counts.open == 0)
        assert served.server.counts.slow == 1


async def test_a_client_that_leaves_in_the_middle_is_forgotten(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "jcli")
    async with room() as served:
        client = await served.log_in()
        await client.types(b"wait\r\n", until=b"Waiting" + LINE_END.encode())
        client.writer.transport.abort()
        served.opened[0].release.set()
        await until(lambda: served.server.counts.open == 0)
    assert "[sref:2] New session started for 127.0.0.1:" in caplog.text
    assert "[sref:2] Session stopped (" in caplog.text
    assert "ERROR" not in caplog.text


async def test_every_session_takes_a_line_in_its_own_time() -> None:
    async with room() as served:
        slow, quick = await served.log_in(), await served.log_in()
        await slow.types(b"wait\r\n", until=b"Waiting" + LINE_END.encode())
        assert await quick.types(b"on\r\n") == b"on\r\r\r\non!\r\r\r\njcli : "
        served.opened[0].release.set()
        assert await slow.types(b"") == b"wait!\r\r\r\njcli : "


async def test_much_that_is_typed_at_once_lets_others_take_their_turns() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with room() as served:
        client = await served.log_in()
        (session,) = served.server._sessions
        async with asyncio.TaskGroup() as group:
            session._reader.feed_data(b"x" * 200 * READ_OCTETS + b"\r\n")
            counting = group.create_task(count_turns())
            await client.types(b"")
            counting.cancel()
    assert turns > 200


async def test_octets_one_by_one_are_answered_alike() -> None:
    async with room() as served:
        client = await served.connect()
        shown = b""
        for octet in b"jcliadmin\r\njclipwd\r\na\x1b[Db\r\n":
            client.writer.write(bytes([octet]))
            await client.writer.drain()
            await asyncio.sleep(0)
        while not shown.endswith(b"ba!\r\r\r\njcli : "):
            shown += await client.types(b"")
        assert b"a\x1b[1Db\r\r\r\nba!" in shown

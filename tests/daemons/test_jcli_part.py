"""The console listens, lets in whom its settings say, and says when it cannot."""

import asyncio
import socket
from pathlib import Path

import pytest

from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.jcli_part import jcli_part
from jasmin_compat.daemons.parts import Part, run_parts
from tests.daemons.frames import frame, running
from tests.servers.jcli.offices import FakeAdministration, FixedStats
from tests.services import free_port
from tests.waiting import LONG_S


def _part(of_test: Frame) -> Part:
    return jcli_part(of_test, admin=FakeAdministration(), stats=FixedStats())


async def _converse(port: int, *lines: str) -> str:
    """Everything a client is told until the console closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    async with asyncio.timeout(LONG_S):
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
    return said.decode("latin-1")


# covers: JCLI-01 JCLI-05 CONF-02
async def test_the_admin_gets_in_and_makes_a_group(tmp_path: Path) -> None:
    port = free_port()
    async with frame(tmp_path, JCLI_PORT=str(port)) as of_test:
        parts = [_part(of_test)]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            said = await _converse(port, "jcliadmin", "jclipwd", "group -a", "gid g1", "ok", "quit")
    assert "Successfully added Group [g1]" in said


async def test_a_new_connector_has_what_the_settings_say_of_connectors(tmp_path: Path) -> None:
    port, admin = free_port(), FakeAdministration()
    typed = ("jcliadmin", "jclipwd", "smppccm -a", "cid con1", "inbound_open 7", "ok", "quit")
    environment = {"JCLI_PORT": str(port), "SMPP_CLIENT_WINDOW": "3"}
    async with frame(tmp_path, **environment) as of_test:
        parts = [jcli_part(of_test, admin=admin, stats=FixedStats())]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            await _converse(port, *typed)
    (made,) = admin.site.connectors.values()
    assert (made.window, made.inbound_open) == (3, 7)


# covers: JCLI-06
async def test_without_authentication_anyone_is_let_in(tmp_path: Path) -> None:
    port = free_port()
    async with frame(tmp_path, JCLI_PORT=str(port), JCLI_AUTHENTICATION="no") as of_test:
        parts = [_part(of_test)]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            said = await _converse(port, "group -l", "quit")
    assert "Total Groups: 0" in said


async def test_a_session_beyond_the_limit_is_sent_away(tmp_path: Path) -> None:
    port = free_port()
    async with frame(tmp_path, JCLI_PORT=str(port), JCLI_SESSION_LIMIT="1") as of_test:
        parts = [_part(of_test)]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readuntil(b"required.")
            assert await _converse(port) == "Too many sessions.\r\n"
            writer.close()
            await writer.wait_closed()


async def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with frame(tmp_path, JCLI_PORT=str(port)) as of_test:
            parts = [_part(of_test)]
            with pytest.RaisesGroup(
                pytest.RaisesExc(CannotStart, match=f"jCli: 127.0.0.1:{port}: .*in use")
            ):
                await run_parts(of_test, parts)

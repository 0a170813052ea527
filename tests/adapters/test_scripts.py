"""Sources are read from files and URLs, within bounds."""

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jasmin_compat.adapters.scripts import ScriptPolicy, ScriptSources
from jasmin_compat.ports import ScriptUnread
from jasmin_compat.runtime.clock import SystemClock
from tests.waiting import LONG_S

POLICY = ScriptPolicy(max_octets=1000, within_s=5)


def _sources(policy: ScriptPolicy = POLICY) -> ScriptSources:
    return ScriptSources(policy, monotonic=SystemClock().monotonic)


async def _refusal(source: str, policy: ScriptPolicy = POLICY) -> str:
    with pytest.raises(ScriptUnread) as refused:
        await _sources(policy).read_script(source)
    return str(refused.value)


async def test_a_source_is_read_from_a_path_and_from_a_url(tmp_path: Path) -> None:
    path = tmp_path / "mo.py"
    path.write_text("a = 'é'\n", "utf-8")
    assert await _sources().read_file(str(path)) == "a = 'é'\n"
    assert await _sources().read_script(str(path)) == "a = 'é'\n"
    assert await _sources().read_script(path.as_uri()) == "a = 'é'\n"


# covers: JCLI-21
async def test_what_cannot_be_opened_is_refused_in_jasmins_words(tmp_path: Path) -> None:
    gone, folder = tmp_path / "gone", tmp_path
    assert await _refusal(str(gone)) == f"[IO]: [Errno 2] No such file or directory: '{gone}'"
    assert await _refusal(str(folder)) == f"[IO]: [Errno 21] Is a directory: '{folder}'"
    assert (await _refusal(gone.as_uri())).startswith("[URL]: <urlopen error [Errno 2]")
    assert await _refusal("gopher://x/y") == "Not implemented yet !"
    assert (await _refusal("http://[::1/x")).startswith("[Unknown]: ")


async def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes(b"\xe9")
    assert (await _refusal(str(path))).startswith("[Unknown]: 'utf-8' codec can't decode")


async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert await _refusal(str(pipe)) == f"[IO]: not a file: '{pipe}'"
    async with asyncio.timeout(LONG_S):
        assert await _refusal(pipe.as_uri()) == f"[IO]: not a file: '{pipe}'"


async def test_a_long_source_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_bytes(b"#" * 1001)
    assert await _refusal(str(path)) == "[IO]: longer than 1000 octets"


@asynccontextmanager
async def _answering(answer: bytes, *, holds: bool = False) -> AsyncIterator[str]:
    """The URL of a server that answers one request so; `holds`: as if there were more to come."""
    done = asyncio.Event()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if holds:
            await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(client, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mo.py"
        async with asyncio.timeout(LONG_S):
            await done.wait()


# covers: JCLI-16
async def test_a_url_is_read_off_the_event_loop() -> None:
    """The server answers on this very loop: a read that blocked it would never end."""
    async with _answering(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\na=1") as url:
        assert await _sources().read_script(url) == "a=1"


async def test_a_url_that_answers_otherwise_is_refused() -> None:
    async with _answering(b"HTTP/1.0 404 Not Found\r\n\r\n") as url:
        assert await _refusal(url) == "[URL]: HTTP Error 404: Not Found"


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mo.py"
        assert await _refusal(url, ScriptPolicy(within_s=0.05)) == "[IO]: timed out"


async def test_a_source_that_ends_too_early_is_refused() -> None:
    """What there is of it may well be Python."""
    async with _answering(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\na=1\n") as url:
        assert await _refusal(url) == "[IO]: IncompleteRead(4 bytes read, 5 more expected)"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na=1\n\r\n"
    async with _answering(chunked) as url:
        assert (await _refusal(url)).startswith("[IO]: IncompleteRead(")


async def test_a_server_that_sends_octet_by_octet_is_given_up() -> None:
    moments = itertools.count(step=1000)
    slow = ScriptSources(POLICY, monotonic=lambda: float(next(moments)))
    async with _answering(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n#", holds=True) as url:
        with pytest.raises(ScriptUnread, match=r"^\[IO\]: not read within 5 s$"):
            await slow.read_script(url)


async def test_a_source_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text("a = 1\n")
    moments = itertools.count()
    slow = ScriptSources(ScriptPolicy(within_s=0.5), monotonic=lambda: float(next(moments)))
    with pytest.raises(ScriptUnread, match=r"^\[IO\]: not read within 0.5 s$"):
        await slow.read_file(str(path))

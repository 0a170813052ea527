"""A client of the console that shows what it is told, octet by octet or without the frills."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from compat_tests.targets.site import CONSOLE_PASSWORD, CONSOLE_USER

ANSWER_S = 15
PROMPT, SESSION_PROMPT = "jcli : ", "> "
_LINE_END = "\r\r\r\n"


class Console:
    """One session; whoever types waits for the answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def until(self, end: str) -> str:
        """What comes up to and with `end`; a line end is one line feed."""
        async with asyncio.timeout(ANSWER_S):
            seen = await self._reader.readuntil(end.encode())
        return seen.decode("latin-1").replace(_LINE_END, "\n")

    async def rest(self) -> str:
        """What comes until the console closes."""
        async with asyncio.timeout(ANSWER_S):
            seen = await self._reader.read()
        return seen.decode("latin-1").replace(_LINE_END, "\n")

    def types(self, keys: str) -> None:
        """Whatever it is, and no end of line."""
        self._writer.write(keys.encode("latin-1"))

    async def asks(self, line: str, prompt: str = PROMPT) -> str:
        """The answer to a line, without its echo and the prompt."""
        self.types(f"{line}\r\n")
        answer = await self.until(f"\n{prompt}")
        return answer.removeprefix(f"{line}\n").removesuffix(prompt).strip("\n")

    async def fills_in(self, start: str, *lines: str) -> list[str]:
        """A session of `-a` or `-u`: what each of its lines is answered."""
        await self.asks(start, SESSION_PROMPT)
        return [await self.asks(line, SESSION_PROMPT) for line in lines]

    async def saves(self, start: str, *lines: str) -> str:
        """Such a session and `ok`, which must end it; the answer."""
        await self.fills_in(start, *lines)
        answer = await self.asks("ok")
        assert "Successfully" in answer, answer
        return answer


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[Console]:
    """Not logged in yet."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Console(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def logged_in(host: str, port: int) -> AsyncIterator[Console]:
    async with connected(host, port) as console:
        await console.until("Authentication required.")
        console.types(f"{CONSOLE_USER}\r\n")
        await console.until("Password: ")
        console.types(f"{CONSOLE_PASSWORD}\r\n")
        await console.until(PROMPT)
        yield console

"""An HTTP server for callbacks: keeps each request's octets, answers by a script per path."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from compat_tests.waiting import WITHIN_S, Bell

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the receiver answers."""

    status: int = 200
    body: bytes = b"ACK/Jasmin"
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    drops: bool = False
    """Close without an answer."""


ACK = Reply()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came."""

    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def arguments(self) -> dict[str, str]:
        """Of the query, or of the form when there is no query; blank values kept."""
        text = self.target.partition("?")[2] or self.body.decode()
        return dict(parse_qsl(text, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


class Sink:
    """Listens on a port of its own; a path not scripted gets the ACK."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: list[Call] = []
        self.bell = Bell()
        self._replies: dict[str, list[Reply]] = {}
        self._server: asyncio.Server | None = None

    async def open(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server.close_clients() if hasattr(self._server, "close_clients") else None
            self._server = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def script(self, path: str, *replies: Reply) -> None:
        """Replies to one path, in this order; the last one stays."""
        self._replies[path] = list(replies)

    def at(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    async def got(self, path: str, count: int = 1, within_s: float = WITHIN_S) -> list[Call]:
        """Wait until `count` requests for the path came; all that came."""
        await self.bell.until(
            lambda: len(self.at(path)) >= count, f"{count} callbacks at {path}", within_s
        )
        return self.at(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                call = self._record(head, body)
                reply = self._next(call.path)
                self.bell.ring()
                await asyncio.sleep(reply.delay_s)
                if reply.drops:
                    break
                writer.write(_answer(reply))
                await writer.drain()
        writer.close()

    def _record(self, head: bytes, body: bytes) -> Call:
        start, *lines = head[:-4].decode("latin-1").split("\r\n")
        method, target, _ = start.split(" ")
        headers = tuple((k, v.strip()) for k, _, v in (line.partition(":") for line in lines))
        call = Call(time.monotonic(), method, target, headers, body, head + body)
        self.calls.append(call)
        return call

    def _next(self, path: str) -> Reply:
        replies = self._replies.get(path, [ACK])
        return replies.pop(0) if len(replies) > 1 else replies[0]


def _answer(reply: Reply) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
    head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n{more}\r\n"
    return head.encode() + reply.body

"""A callback receiver that records raw octets and answers as told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it stood on the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back; `octets` goes out as it is."""

    status: int = 200
    body: bytes = b"ACK/Jasmin"
    headers: tuple[tuple[str, str], ...] = ()
    octets: bytes | None = None
    drop: bool = False
    """Close instead of answering."""
    close: bool = False
    """Close behind the answer, without saying so."""
    release: asyncio.Event | None = None
    """Answer only when it is set."""

    def written(self) -> bytes:
        if self.octets is not None:
            return self.octets
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in self.headers)]
        if self.status != 204:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Sink:
    """`answers` by path; each request is in `received`, each connection counted."""

    answer: Callable[[Received], Answer] = lambda _received: Answer()
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            return  # the test is over; asyncio's streams would log it
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        received = await _read(reader)
        self.received.append(received)
        answer = self.answer(received)
        if answer.release is not None:
            await answer.release.wait()
        if answer.drop:
            return False
        writer.write(answer.written())
        await writer.drain()
        return not answer.close


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    request, *lines = head.split("\r\n")[:-2]
    headers = tuple((line.partition(": ")[0], line.partition(": ")[2]) for line in lines)
    length = int(dict(headers).get("Content-Length", "0"))
    method, target, _ = request.split(" ")
    return Received(method, target, headers, await reader.readexactly(length))


@asynccontextmanager
async def sink(
    answer: Callable[[Received], Answer] = lambda _received: Answer(),
) -> AsyncIterator[Sink]:
    """A receiver on a port of its own."""
    receiver = Sink(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()

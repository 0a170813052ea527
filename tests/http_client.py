"""A raw HTTP client: octets out, the answer's parts back."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as it stood on the wire; a chunked body is joined."""

    status_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.status_line.split(" ")[1])

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def header_set(self) -> set[tuple[str, str]]:
        """Less what design D12 leaves out."""
        return {(n.lower(), v) for n, v in self.headers if n.lower() not in ("server", "date")}


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> HttpAnswer:
        self.writer.write(request)
        return await self.read(is_head=request.startswith(b"HEAD"))

    async def read(self, *, is_head: bool = False) -> HttpAnswer:
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
            pairs = [line.partition(": ") for line in lines]
            headers = tuple((name, value) for name, _, value in pairs)
            body = b"" if is_head else await self._body({n.lower(): v for n, v in headers})
            return HttpAnswer(status_line, headers, body)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return await self._chunks()
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        return await self.reader.read()

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body

    async def is_closed(self) -> bool:
        """Nothing more comes, and the server ended it."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True

    def close(self) -> None:
        self.writer.close()


async def connect(port: int) -> Connection:
    return Connection(*await asyncio.open_connection("127.0.0.1", port))


async def ask(port: int, request: bytes) -> HttpAnswer:
    """One request on a connection of its own."""
    connection = await connect(port)
    try:
        return await connection.ask(request)
    finally:
        connection.close()


def get(target: str, *, headers: str = "", version: str = "1.1") -> bytes:
    return f"GET {target} HTTP/{version}\r\nHost: gw\r\n{headers}\r\n".encode()


def post(target: str, body: bytes, content_type: str, *, headers: str = "") -> bytes:
    head = (
        f"POST {target} HTTP/1.1\r\nHost: gw\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body

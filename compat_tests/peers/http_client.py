"""An HTTP client that sends the octets it is given and shows the answer as it came."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode

ANSWER_S = 20


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; headers in wire order, a chunked body put together."""

    status_line: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


def request(
    method: str,
    target: str,
    body: bytes = b"",
    content_type: str | None = None,
) -> bytes:
    """The octets of a request that closes its connection."""
    lines = [f"{method} {target} HTTP/1.1", "Host: gw", "Connection: close"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(path: str, arguments: list[tuple[str, str | bytes]]) -> bytes:
    """A GET with these arguments in this order."""
    return request("GET", f"{path}?{urlencode(arguments)}" if arguments else path)


async def exchange(host: str, port: int, octets: bytes) -> Response:
    """Send, read to the end of the answer, close.

    Raises:
        TimeoutError: no whole answer in time.
    """
    async with asyncio.timeout(ANSWER_S):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(octets)
            head = await reader.readuntil(b"\r\n\r\n")
            start, *lines = head[:-4].decode("latin-1").split("\r\n")
            status = int(start.split(" ")[1])
            headers = tuple((k, v.strip()) for k, _, v in (x.partition(":") for x in lines))
            names = {k.lower(): v.lower() for k, v in headers}
            if octets.startswith(b"HEAD"):
                body = b""
            elif names.get("transfer-encoding") == "chunked":
                body = await _chunks(reader)
            elif "content-length" in names:
                body = await reader.readexactly(int(names["content-length"]))
            else:
                body = await reader.read()
        finally:
            writer.close()
    return Response(start, status, headers, body, head + body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body

"""aiohttp's low-level server with what it lacks: bounds on connections and heads, raw answers.

aiohttp parses and keeps connections; what is answered comes here as octets (answers.py), since its
own responses order and add headers of their own. An idle connection, and one whose request does
not arrive, ends after `keep_alive_s` by aiohttp's timer.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from typing_extensions import override
from yarl import URL


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPolicy:
    """Bounds of the server; none is below Twisted's, which has none for some."""

    max_request_octets: int = 1_048_576
    """Of a body; Jasmin takes any (W-HTTP-10)."""
    max_headers: int = 500
    max_header_octets: int = 16_384
    """Of the request line, of one header line, and of a head in all."""
    max_connections: int = 2000
    """Further ones are answered 503."""
    max_requests: int = 1000
    """At work at a time; further ones are answered 503."""
    request_timeout_s: float = 60.0
    """For a body to arrive, and for a client to take its answer."""
    keep_alive_s: float = 60.0
    """An idle connection is kept so long; 0: one request each."""
    backlog: int = 1024


@dataclass(slots=True)
class ConnectionCounts:
    """Since start, but for `open` and `at_work`."""

    open: int = 0
    """Connections now."""
    accepted: int = 0
    """Connections taken."""
    refused: int = 0
    """Connections answered 503, beyond max_connections."""
    at_work: int = 0
    """Requests worked on now."""
    requests: int = 0
    """Requests whose head was whole."""
    refused_requests: int = 0
    """Requests answered 503, beyond max_requests."""
    bad_requests: int = 0
    """No HTTP, or a head beyond its bounds."""
    too_large: int = 0
    """Requests answered 413."""
    too_slow: int = 0
    """Requests answered 408: their body did not arrive in time."""
    not_taken: int = 0
    """Connections cut because the client did not take its answer in time."""


_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nServer: jasmin-compat\r\n"
    b"Content-Length: 0\r\n\r\n"
)
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""Twisted's words for what is no HTTP."""
_HIGH = re.compile(rb"[\x80-\xff]")


class Reply(web.StreamResponse):
    """An answer in octets; of aiohttp's response only the interface is used."""

    def __init__(self, octets: bytes, *, closes: bool, take_s: float) -> None:
        self._octets = octets  # super() would build headers nobody reads
        self._keep_alive = not closes
        self._take_s = take_s

    @override
    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write it; then wait while the client does not read: it may ask for more than it takes."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        transport.write(self._octets)
        if request.protocol.writing_paused:
            try:
                async with asyncio.timeout(self._take_s):
                    await request.writer.drain()
            except TimeoutError:
                cast(_Connection, request.protocol).cut_off()
        return None

    @override
    async def write_eof(self, data: bytes = b"") -> None:
        """All was written."""


class _Connection(web.RequestHandler):
    """One client."""

    __slots__ = ("_body", "_counts", "_head_octets", "_is_open", "_line_is_open", "_policy")

    def __init__(self, server: "Server", loop: asyncio.AbstractEventLoop) -> None:
        policy = server.policy
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=policy.keep_alive_s or policy.request_timeout_s,
            access_log=None,  # type: ignore[arg-type]  # how to have none
            max_line_size=policy.max_header_octets,
            max_field_size=policy.max_header_octets,
            max_headers=policy.max_headers,
            auto_decompress=False,
        )
        self._policy = policy
        self._counts = server.counts
        self._head_octets = 0
        self._line_is_open = True
        self._is_open = False
        self._body: StreamReader | None = None

    def begins(self, body: StreamReader) -> None:
        """A request is at work whose body this is."""
        self._body = body

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._counts.open >= self._policy.max_connections:
            self._counts.refused += 1
            cast(asyncio.Transport, transport).write(_TOO_MANY)
            transport.close()
            return
        self._counts.accepted += 1
        self._counts.open += 1
        self._is_open = True
        super().connection_made(transport)

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        if self._is_open:
            self._is_open = False
            self._counts.open -= 1
            super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._line_is_open and self._is_between_requests():
            if not data.isascii():
                data = _escaped_line(data)
            if b"ost:" not in data and not self._head_octets:
                data = _with_host(data)
        super().data_received(data)
        if self._is_between_requests():
            self._head_goes_on(data)
        else:
            self._head_octets, self._line_is_open = 0, True

    def _is_between_requests(self) -> bool:
        """What comes now is a head: no request is waiting or at work, and nothing is missing of
        the body of one that was answered without it."""
        if self._body is not None and not self._body.is_eof():
            return False
        return self._current_request is None and not self._messages

    def _head_goes_on(self, data: bytes) -> None:
        """aiohttp bounds each line of a head, and their number, but not the sum."""
        self._head_octets += len(data)
        self._line_is_open = self._line_is_open and b"\n" not in data
        if self._head_octets > 2 * self._policy.max_header_octets and self.transport is not None:
            self._counts.bad_requests += 1
            self.transport.write(_BAD_REQUEST)
            self.force_close()

    def cut_off(self) -> None:
        """The client does not take its answer."""
        self._counts.not_taken += 1
        self.force_close()

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP; our own handler raises nothing."""
        self._counts.bad_requests += 1
        return Reply(_BAD_REQUEST, closes=True, take_s=self._policy.request_timeout_s)


def _escaped_line(data: bytes) -> bytes:
    """The request line in ASCII: clients send `content=é` unescaped, as curl does; Twisted takes
    it, and aiohttp's parser does not."""
    line, newline, rest = data.partition(b"\n")
    return _HIGH.sub(lambda found: b"%%%02X" % ord(found[0]), line) + newline + rest


def _with_host(data: bytes) -> bytes:
    """A whole head without Host gets an empty one: health checks come without, Twisted does not
    ask for it, and aiohttp's parser does in HTTP/1.1."""
    head, blank, _ = data.partition(b"\r\n\r\n")
    if not blank or b"\r\nhost:" in head.lower():
        return data
    line, newline, rest = data.partition(b"\r\n")
    return line + newline + b"Host:\r\n" + rest


class Server(web.Server):
    """Called for each connection by the listening socket; hands requests to `handle`."""

    def __init__(
        self,
        handle: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        *,
        policy: HttpPolicy,
    ) -> None:
        super().__init__(self._counted, request_factory=self._bounded)
        self.policy = policy
        self.counts = ConnectionCounts()
        self._handle = handle

    async def _counted(self, request: web.BaseRequest) -> web.StreamResponse:
        self.counts.requests += 1
        self.counts.at_work += 1
        try:
            return await self._handle(request)
        finally:
            self.counts.at_work -= 1

    @override
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, self._loop)

    def _bounded(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        cast(_Connection, protocol).begins(payload)
        if not message.path:  # `CONNECT ` alone gets through the parser, and breaks its request
            message = message._replace(path="/", url=URL("/"))
        return web.BaseRequest(
            message,
            payload,
            protocol,
            writer,
            task,
            self._loop,
            client_max_size=self.policy.max_request_octets,
        )


class Listener:
    """The listening socket of a Server."""

    def __init__(self, server: Server, socket: asyncio.Server) -> None:
        self._server = server
        self._socket = socket

    @property
    def port(self) -> int:
        """The one given, or the one the system chose for 0."""
        return int(self._socket.sockets[0].getsockname()[1])

    async def close(self, drain_s: float) -> None:
        """Take no more; requests at work get `drain_s`, then their connections are cut."""
        self._socket.close()
        self._server.pre_shutdown()
        await self._server.shutdown(drain_s)


async def listen(
    server: Server, host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> Listener:
    """HTTPS with `tls`. Raises: OSError, such as for a port in use."""
    socket = await asyncio.get_running_loop().create_server(
        server,
        host,
        port,
        backlog=server.policy.backlog,
        ssl=tls,
        ssl_handshake_timeout=server.policy.request_timeout_s if tls is not None else None,
    )
    return Listener(server, socket)

"""Callbacks made for real, by aiohttp: bounded in every direction.

Redirects are followed here and not by aiohttp, by Jasmin's rules (contract/dlr.md §6). Addresses
are checked where a socket is made, so on the address that a name resolved to, at every hop. No
cookies, no proxies, no credentials of a URL.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.connector import AddrInfoType
from yarl import URL

from jasmin_compat.gateway.callback_addresses import AddressRules, literal_address
from jasmin_compat.gateway.callbacks import (
    REDIRECTS,
    BadUrl,
    HttpCall,
    HttpReply,
    encoded_url,
)
from jasmin_compat.ports import CallDenied, CallFailed, CallNotMade, ReceiverSilent

SEE_OTHER = 303


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsPolicy:
    """Bounds of calls, and what they may reach."""

    connections: int = 100
    """Calls open at a time."""
    connections_per_host: int = 20
    slot_wait_s: float = 1.0
    """A call waits so long for one of these, and not at all for a receiver that has answered
    nobody for as long: one that hangs does not hold up others."""
    keep_alive_s: float = 30.0
    max_redirects: int = 20
    max_reply_octets: int = 1024
    """Read of a body; a longer one closes the connection."""
    addresses: AddressRules = field(default_factory=AddressRules)


@dataclass(slots=True)
class CallCounts:
    """Since start, but for `open` and `slots`."""

    slots: int = 0
    """Calls that may be open at a time now."""
    open: int = 0
    """Calls under way now."""
    attempts: int = 0
    """Calls asked for, each repetition by a retry counted."""
    replied: int = 0
    """Calls the client's server answered, with whatever status."""
    failed: int = 0
    """Calls without an answer: no connection, no answer in time, no HTTP."""
    denied: int = 0
    """Calls and connections not made because of the address."""
    redirected: int = 0
    """Redirects that were followed."""
    repeated: int = 0
    """Requests made once more, because a kept connection was closed without an answer."""
    not_made: int = 0
    """Calls given up for want of a slot."""


class _AddressDenied(OSError):
    """The address is one that callbacks may not reach."""


@dataclass(slots=True)
class _Attempt:
    """What the socket factory tells the call it works for."""

    is_fresh: bool = False
    """A connection was made, instead of one kept from before."""


_attempt: ContextVar[_Attempt] = ContextVar("attempt")


@dataclass(slots=True)
class _Host:
    """Of one host and port."""

    slots: asyncio.Semaphore
    moved_at: float
    """When a call was answered last, or was over at once; before there was any, the first one's
    time. One that hangs is not told from a busy one by how many calls it has open."""
    users: int = 0
    """Who has a slot or wants one."""
    left_at: float = 0.0
    """When the last of them went."""


class _Slots:
    """Calls open at a time: in all, and to one host."""

    def __init__(self, policy: CallsPolicy) -> None:
        self._policy = policy
        self._all = asyncio.Semaphore(policy.connections)
        self._hosts: dict[str, _Host] = {}
        self._now = asyncio.get_running_loop().time

    @contextlib.asynccontextmanager
    async def one(self, name: str) -> AsyncIterator[None]:
        """Its end is an answer, what is raised in it is none.

        Raises:
            CallNotMade, ReceiverSilent
        """
        with self._of(name) as host:
            silent_s = self._now() - host.moved_at
            if host.slots.locked() and silent_s > self._policy.slot_wait_s:
                raise ReceiverSilent(name, silent_s)  # who waits for it holds up others
            async with self._taken(host.slots, name), self._taken(self._all, name):
                with self._seen_moving(host):
                    yield

    @contextlib.contextmanager
    def _seen_moving(self, host: _Host) -> Iterator[None]:
        began_at, is_answered = self._now(), False
        try:
            yield
            is_answered = True
        finally:
            now = self._now()
            if is_answered or now - began_at < self._policy.slot_wait_s:
                host.moved_at = now

    @contextlib.contextmanager
    def _of(self, name: str) -> Iterator[_Host]:
        """Kept while anybody uses or wants a slot; of one that hangs, a little longer, for all its
        calls may end at once.
        """
        host = self._hosts.get(name)
        if host is None or (not host.users and self._is_stale(host)):
            self._forget_stale()
            slots = asyncio.Semaphore(self._policy.connections_per_host)
            host = self._hosts[name] = _Host(slots, self._now())
        host.users += 1
        try:
            yield host
        finally:
            host.users -= 1
            host.left_at = self._now()
            if not host.users and host.left_at - host.moved_at <= self._policy.slot_wait_s:
                del self._hosts[name]

    def _is_stale(self, host: _Host) -> bool:
        return self._now() - host.left_at > self._policy.slot_wait_s

    def _forget_stale(self) -> None:
        for name in [n for n, h in self._hosts.items() if not h.users and self._is_stale(h)]:
            del self._hosts[name]

    @contextlib.asynccontextmanager
    async def _taken(self, slots: asyncio.Semaphore, host: str) -> AsyncIterator[None]:
        if slots.locked():
            await self._wait_for_one(slots, host)
        else:
            await slots.acquire()  # at once: no timer, of which each call would need two
        try:
            yield
        finally:
            slots.release()

    async def _wait_for_one(self, slots: asyncio.Semaphore, host: str) -> None:
        try:
            async with asyncio.timeout(self._policy.slot_wait_s):
                await slots.acquire()
        except TimeoutError as error:
            raise CallNotMade(host) from error


class HttpCallsByAiohttp:
    """The HttpCalls port. Made inside a running loop; `close` ends its connections."""

    def __init__(self, policy: CallsPolicy = CallsPolicy()) -> None:
        self.counts = CallCounts(slots=policy.connections)
        self._policy = policy
        self._slots = _Slots(policy)
        # limit=0: _Slots bounds them, before the clock of a call runs
        self._keeping = _session(
            aiohttp.TCPConnector(
                limit=0, keepalive_timeout=policy.keep_alive_s, socket_factory=self._socket
            )
        )
        self._fresh = _session(
            aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=self._socket)
        )

    async def close(self) -> None:
        await self._keeping.close()
        await self._fresh.close()

    async def call(self, call: HttpCall) -> HttpReply:
        self.counts.attempts += 1
        self._check_literal(call.url)
        try:
            async with self._slots.one(urlsplit(call.url).netloc):
                self.counts.open += 1
                try:
                    reply = await self._within(call)
                finally:
                    self.counts.open -= 1
        except CallNotMade:
            self.counts.not_made += 1
            raise
        except CallFailed:
            self.counts.failed += 1
            raise
        self.counts.replied += 1
        return reply

    def _check_literal(self, url: str) -> None:
        """Raises: CallDenied."""
        literal = literal_address(url)
        if literal is not None and self._is_denied(*literal):
            raise CallDenied(_denial(*literal))

    def _is_denied(self, host: str, port: int) -> bool:
        is_denied = self._policy.addresses.deny_call(host, port, is_own=_is_own)
        self.counts.denied += is_denied
        return is_denied

    async def _within(self, call: HttpCall) -> HttpReply:
        try:
            async with asyncio.timeout(call.timeout_s):
                return await self._follow(call)
        except TimeoutError as error:
            raise CallFailed(f"no answer in {call.timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from error

    async def _follow(self, call: HttpCall) -> HttpReply:
        """GET is followed; POST becomes a GET at 303, and else is not (twisted RedirectAgent)."""
        method, url = call.method, call.url
        reply, location = await self._send(method, url, call.headers, call.body)
        for _ in range(self._policy.max_redirects):
            following = _following(method, url, reply, location)
            if following is None:
                break
            self.counts.redirected += 1
            method, url = "GET", following
            reply, location = await self._send(method, url, call.headers, None)
        return reply

    async def _send(
        self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes | None
    ) -> tuple[HttpReply, str | None]:
        """One request. A kept connection may have been closed by the receiver before it came, or
        after it was worked on, and nothing tells which: then it is made once more, on a new one.
        """
        attempt = _Attempt()
        _attempt.set(attempt)
        try:
            return await self._request(self._keeping, method, url, headers, body)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if attempt.is_fresh:
                raise
        self.counts.repeated += 1
        return await self._request(self._fresh, method, url, headers, body)

    async def _request(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes | None,
    ) -> tuple[HttpReply, str | None]:
        async with session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),  # `call` keeps the time
        ) as response:
            octets = await self._start_of(response.content)
            text = _decoded(octets, response.charset)
            return HttpReply(response.status, text), response.headers.get("Location")

    async def _start_of(self, body: aiohttp.StreamReader) -> bytes:
        octets = b""
        while len(octets) < self._policy.max_reply_octets and not body.at_eof():
            octets += await body.read(self._policy.max_reply_octets - len(octets))
        return octets

    def _socket(self, target: AddrInfoType) -> socket.socket:
        """Made for each connection, and each address of a name."""
        family, kind, protocol, _, address = target
        host, port = str(address[0]), int(address[1])
        if self._is_denied(host, port):
            raise _AddressDenied(errno.EACCES, _denial(host, port))
        _attempt.get().is_fresh = True
        return socket.socket(family, kind, protocol)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        auto_decompress=True,
    )
    # aiohttp would send a GET again after any lost connection; see HttpCallsByAiohttp._send
    session._retry_connection = False  # noqa: SLF001
    return session


def _following(method: str, url: str, reply: HttpReply, location: str | None) -> str | None:
    """Where the answer sends us, if we go there."""
    if reply.status not in REDIRECTS or location is None:
        return None
    if method != "GET" and reply.status != SEE_OTHER:
        return None
    try:
        return encoded_url(urljoin(url, location))
    except (BadUrl, ValueError):
        return None


def _denial(host: str, port: int) -> str:
    return f"callbacks may not reach {f'[{host}]' if ':' in host else host}:{port}"


def _is_own(host: str) -> bool:
    """Whether the address is one of this machine's: it would be its own source. Sends nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))
        except OSError:  # no route
            return False
        return bool(probe.getsockname()[0] == host)


def _decoded(octets: bytes, charset: str | None) -> str:
    """By the charset of the answer, ISO 8859-1 where it names none, or none that exists."""
    try:
        return octets.decode(charset or "latin-1", "replace")
    except LookupError:
        return octets.decode("latin-1")

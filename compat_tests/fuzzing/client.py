"""One connection of the fuzzer: sends a case, and sees how it ends."""

import asyncio
import contextlib
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Literal

from compat_tests.fuzzing.cases import Case

QUIET_S = 0.15
"""An answer came, and nothing more for so long: no more will come."""
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")

Ending = Literal["answered", "closed", "hung", "cut by us"]


@dataclass(slots=True)
class Outcome:
    """What became of a connection."""

    ending: Ending
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    """Each status, and what follows up to the next."""
    took_s: float = 0.0


class _Client(asyncio.Protocol):
    """Collects what comes."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.closed = asyncio.Event()
        self.came = asyncio.Event()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.came.set()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
        self.came.set()
        self.may_write.set()

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()


async def exchange(port: int, case: Case, *, within_s: float) -> Outcome:
    """Send it; the answers, or that neither an answer nor the end came within `within_s`."""
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    ending: Ending
    try:
        async with asyncio.timeout(within_s):
            transport, client = await loop.create_connection(_Client, "127.0.0.1", port)
    except TimeoutError:
        return Outcome("hung", took_s=time.monotonic() - started)
    except OSError:
        return Outcome("closed")
    try:
        async with asyncio.timeout(within_s):
            await _send(client, transport, case)
            ending = await _ending(client, transport, case)
    except TimeoutError:
        ending = "answered" if client.received else "hung"
    finally:
        transport.abort()
    return Outcome(ending, answers_in(bytes(client.received)), time.monotonic() - started)


async def _send(client: _Client, transport: asyncio.Transport, case: Case) -> None:
    """All of it, unless the gateway closes before."""
    for step in case.steps:
        if step.after_s:
            await _closed_within(client, step.after_s)
        await client.may_write.wait()
        if client.closed.is_set():
            return
        transport.write(step.octets)


async def _closed_within(client: _Client, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await client.closed.wait()
    except TimeoutError:
        return


async def _ending(client: _Client, transport: asyncio.Transport, case: Case) -> Ending:
    if case.end == "reset":
        transport.abort()
        return "cut by us"
    if case.end == "half-close" and not client.closed.is_set():
        with contextlib.suppress(OSError):  # it was reset, and the loop does not know yet
            transport.write_eof()
    while not client.closed.is_set():
        client.came.clear()
        if not client.received:
            await client.came.wait()
            continue
        try:
            async with asyncio.timeout(QUIET_S):
                await client.came.wait()
        except TimeoutError:
            return "answered"
    return "answered" if client.received else "closed"


def answers_in(octets: bytes) -> list[tuple[int, bytes]]:
    """Every status line, and all up to the next one."""
    found = list(STATUS.finditer(octets))
    bounds = [*(match.start() for match in found), len(octets)]
    spans = itertools.pairwise(bounds)
    return [
        (int(match[1]), octets[start:end]) for match, (start, end) in zip(found, spans, strict=True)
    ]

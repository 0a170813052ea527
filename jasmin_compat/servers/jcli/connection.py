"""One session over its connection: reads, lets the dialogue answer, writes."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from jasmin_compat.servers.jcli.dialogue import Said, Visit
from jasmin_compat.servers.jcli.editor import LineLimits
from jasmin_compat.servers.jcli.login import Login
from jasmin_compat.servers.jcli.terminal import RESET, Terminal
from jasmin_compat.servers.jcli.typed_log import TypedLog

READ_OCTETS = 1024
"""At a time. Little, since a key that recalls a line is answered with many octets."""
_FAILED = "Command failed, check log for details\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePolicy:
    """Bounds of the console; Jasmin has none."""

    max_sessions: int = 0
    """Further ones are told so, and closed; 0: no limit."""
    idle_timeout_s: float = 0.0
    """A session that sends nothing for so long is closed; 0: never."""
    write_timeout_s: float = 30.0
    """A client that does not take its answer in this time is cut off."""
    leave_s: float = 5.0
    """For commands at work when the console stops."""
    limits: LineLimits = field(default_factory=LineLimits)


@dataclass(slots=True)
class ConsoleCounts:
    """Since start, but for `open`."""

    open: int = 0
    """Sessions now."""
    accepted: int = 0
    """Sessions begun."""
    refused: int = 0
    """Beyond max_sessions."""
    idle: int = 0
    """Closed for it."""
    slow: int = 0
    """Cut off, since they did not read."""
    failed_commands: int = 0
    """That raised what no command should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all sessions have in common."""

    policy: ConsolePolicy
    counts: ConsoleCounts
    log: logging.Logger
    open_login: Callable[[Visit], Login]


class _Slow(Exception):
    """The client does not read."""


class Session:
    """A client at its console."""

    def __init__(
        self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], number: int, desk: Desk
    ) -> None:
        self._reader, self._writer = streams
        self._desk = desk
        self._terminal = Terminal(desk.policy.limits)
        host, port = (self._writer.get_extra_info("peername") or ("gone", 0))[:2]
        self._visit = Visit(number=number, peer=f"{host}:{port}", say=self._say)
        self._login = desk.open_login(self._visit)
        self._typed_log = TypedLog()
        self._reading: asyncio.Timeout | None = None
        self._leaves = False

    async def serve(self) -> None:
        """Until the client leaves, is sent away, or is lost."""
        desk, number = self._desk, self._visit.number
        desk.log.info("[sref:%s] New session started for %s", number, self._visit.peer)
        reason = "Connection was closed cleanly."
        try:
            await self._converse()
            await self._hang_up()
        except _Slow:
            desk.counts.slow += 1
            reason = f"The client did not read for {desk.policy.write_timeout_s:g} s"
        except OSError as error:
            reason = str(error)
        except Exception:  # noqa: BLE001
            reason = "It failed"
            self._log_failure("It failed")
        finally:
            self._writer.transport.abort()
            desk.log.info("[sref:%s] Session stopped (%s).", number, reason)

    def leave(self) -> None:
        """End it, once the command at work is answered."""
        self._leaves = True
        if self._reading is not None and not self._reading.expired():
            self._reading.reschedule(asyncio.get_running_loop().time())

    async def _converse(self) -> None:
        self._terminal.write(self._login.greet())
        self._adjust()
        await self._flush()
        while octets := await self._read():
            await asyncio.sleep(0)  # a read of what has come already lets nobody else in
            self._terminal.receive(octets)
            while (line := self._terminal.next_line()) is not None:
                self._send()
                said = await self._answer(line)
                self._terminal.write(said.text)
                self._adjust()
                if said.closes or self._leaves:
                    return
                await self._flush()
            await self._flush()

    async def _read(self) -> bytes:
        """Nothing: the client is gone, or is to go."""
        if self._leaves:
            return b""
        self._reading = asyncio.timeout(self._desk.policy.idle_timeout_s or None)
        try:
            async with self._reading:
                return await self._reader.read(READ_OCTETS)
        except TimeoutError:
            if not self._reading.expired():
                raise
            self._desk.counts.idle += not self._leaves
            return b""
        finally:
            self._reading = None

    async def _answer(self, line: str) -> Said:
        """Whatever a command does, its session goes on: Jasmin drops it."""
        if self._login.is_over:  # before, any line may be a password, typed too soon or too late
            shown = self._typed_log.shown(line)
            self._desk.log.debug("[sref:%s] Received line: %s", self._visit.number, shown)
        try:
            return await self._login.take(line)
        except Exception:  # noqa: BLE001
            self._desk.counts.failed_commands += 1
            self._log_failure("A command failed")
            return Said(_FAILED + self._login.prompt)

    def _log_failure(self, what: str) -> None:
        """Not by `exception`, whose text may hold a password that was typed."""
        trace = self._typed_log.masked(traceback.format_exc())
        self._desk.log.error("[sref:%s] %s: %s", self._visit.number, what, trace)

    def _adjust(self) -> None:
        """The editor is told what it draws and completes, since an answer may change it."""
        editor = self._terminal.editor
        editor.prompt = self._login.prompt
        editor.words = self._login.words
        editor.hides = self._login.hides

    def _say(self, text: str) -> None:
        self._terminal.write(text)
        self._send()

    def _send(self) -> None:
        output = self._terminal.take_output()
        if output and not self._writer.is_closing():
            self._writer.write(output)

    async def _flush(self) -> None:
        """Send, and wait while the client does not read.

        Raises:
            _Slow: it did not in time.
        """
        self._send()
        async with self._patience():
            await self._writer.drain()

    async def _hang_up(self) -> None:
        """As Jasmin does: reset the terminal, close. Raises: _Slow."""
        self._terminal.write(RESET)
        await self._flush()
        self._writer.close()
        async with self._patience():
            await self._writer.wait_closed()

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._desk.policy.write_timeout_s):
                yield
        except TimeoutError as error:
            raise _Slow from error

"""One broker connection's octets: frames of the hot path go past aiormq, all others through it.

aiormq (what aio-pika is made of) shakes hands, sends heartbeats, opens channels, declares and
cancels. A message through it costs 100 to 250 microseconds of CPU, most of it in streams, tasks
and frame objects. So its transport seam is used: the octets that come in are cut into frames here,
those that a HotChannel takes are done with, the rest is fed to aiormq's reader.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Protocol

import aiormq
from typing_extensions import override
from yarl import URL

from jasmin_compat.adapters import amqp_frames as frames

_KINDS = frozenset((frames.METHOD, frames.HEADER, frames.BODY, frames.HEARTBEAT))
_MAX_FRAME_OCTETS = 1 << 24
_PROTOCOL_HEADER = ord("A")
"""First octet of a broker's `AMQP0091`: it does not speak our version."""
_PASS_ON_S = 5.0


class HotChannel(Protocol):
    """Takes the frames of one channel that occur for every message."""

    def receive(self, kind: int, data: bytes, start: int, end: int) -> bool:
        """Take the frame whose payload is `data[start:end]`; False leaves it to aiormq.

        Raises:
            BrokenFrame: the frame is not what AMQP allows here.
        """
        ...

    def take_settled(self) -> bytes:
        """Frames that were put off to the end of the loop's turn (see Tap.remind)."""
        ...

    def lose(self, reason: str) -> None:
        """The channel, or the connection under it, is gone."""
        ...


class Tap(aiormq.TransportFactory):
    """The transport of one connection, from its making to its loss."""

    def __init__(self, *, on_blocked: Callable[[str | None], None]) -> None:
        self.channels: dict[int, HotChannel] = {}
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Resolved with the reason when the connection is gone."""
        self._on_blocked = on_blocked
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._reminded: list[HotChannel] = []
        self.close_reason = ""
        """What the broker, or we, said when it ended; empty if nothing was said."""
        self.heard_at = self._loop.time()
        """When anything came from the broker last, by the loop's clock."""

    @override
    async def create(
        self, url: URL, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = None
        if url.scheme == "amqps":
            context = await kwargs["ssl_context_provider"].get_context()
        reader = asyncio.StreamReader(loop=self._loop)
        transport, protocol = await self._loop.create_connection(
            lambda: _TapProtocol(reader, self), str(url.host), url.port or 0, ssl=context
        )
        self._transport = transport
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)

    def write(self, octets: bytes) -> None:
        """Whole frames; they leave together at the end of the loop's turn."""
        self._schedule()
        self._out.append(octets)

    def remind(self, channel: HotChannel) -> None:
        """Ask the channel for its frames at the end of the loop's turn."""
        self._schedule()
        self._reminded.append(channel)

    def _schedule(self) -> None:
        if not self._out and not self._reminded:
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what is put off now, not at the end of the loop's turn."""
        self._out.extend(channel.take_settled() for channel in self._reminded)
        octets = b"".join(self._out)
        self._out.clear()
        self._reminded.clear()
        if octets and self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def abort(self, reason: str) -> None:
        """Give the connection up at once."""
        self.close_reason = self.close_reason or reason
        if self._transport is not None:
            self._transport.abort()

    def drop(self, number: int, channel: HotChannel) -> None:
        """The channel is over; its number may be somebody else's by now."""
        if self.channels.get(number) is channel:
            del self.channels[number]

    # -- for _TapProtocol

    def receive(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Give hot frames to their channels; what is left for aiormq, and the unfinished rest.

        Raises:
            BrokenFrame: the stream is lost.
        """
        self.heard_at = self._loop.time()
        cold: list[bytes] = []
        at = cold_from = 0
        size = len(data)
        while size - at >= 8:
            kind, number, length = frames.FRAME_HEAD.unpack_from(data, at)
            if kind not in _KINDS or length > _MAX_FRAME_OCTETS:
                raise frames.BrokenFrame(f"kind {kind}, {length} octets")
            start = at + 7
            end = start + length
            if end >= size:
                break
            if data[end] != frames.END:
                raise frames.BrokenFrame("no frame end")
            channel = self.channels.get(number)
            if channel is not None and channel.receive(kind, data, start, end):
                cold.append(data[cold_from:at])
                cold_from = end + 1
            elif number == 0:
                self._overhear(kind, data, start)
            at = end + 1
        cold.append(data[cold_from:at])
        return cold, data[at:]

    def _overhear(self, kind: int, data: bytes, start: int) -> None:
        """What the connection says of itself: told here, and left to aiormq, too."""
        if kind != frames.METHOD:
            return
        match frames.read_method_id(data, start):
            case frames.CONNECTION_CLOSE:
                self.close_reason = frames.read_close(data, start)
            case frames.CONNECTION_BLOCKED:
                self._on_blocked(frames.read_reason(data, start))
            case frames.CONNECTION_UNBLOCKED:
                self._on_blocked(None)
            case _:
                pass

    def lose(self, error: Exception | None) -> None:
        reason = self.close_reason or (f"{error}" if error else "") or "closed by the broker"
        channels, self.channels = self.channels, {}
        for channel in channels.values():
            channel.lose(reason)
        if not self.lost.done():
            self.lost.set_result(reason)


class _TapProtocol(asyncio.StreamReaderProtocol):
    """asyncio's stream protocol, fed with what the tap leaves."""

    def __init__(self, reader: asyncio.StreamReader, tap: Tap) -> None:
        super().__init__(reader)
        self._tap = tap
        self._rest = b""
        self._fed_at = tap.heard_at
        self._transport: asyncio.BaseTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        super().connection_made(transport)

    @override
    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if data[0] == _PROTOCOL_HEADER:
            super().data_received(data)
            return
        try:
            cold, self._rest = self._tap.receive(data)
        except (frames.BrokenFrame, struct.error, IndexError) as error:
            self._tap.abort(f"broken frame: {error}")
            return
        octets = b"".join(cold)
        if not octets and self._tap.heard_at - self._fed_at > _PASS_ON_S:
            # aiormq counts the silence; any traffic stands for a heartbeat (AMQP 0-9-1 §4.2.7).
            octets = frames.HEARTBEAT_FRAME
        if octets:
            self._fed_at = self._tap.heard_at
            super().data_received(octets)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._tap.lose(exc)
        super().connection_lost(exc)

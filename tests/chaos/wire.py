"""The network between the daemons and the broker, as a proxy that can break it.

It resets connections in the middle of a frame, passes nothing for a while, and adds a frame of its
own: a basic.ack for a delivery that never was, for which the broker closes the channel (406).
"""

import asyncio
import contextlib
import random
import socket
import struct
from typing import cast

from typing_extensions import override

PROTOCOL_HEADER_OCTETS = 8
FRAME_HEAD = struct.Struct(">BHI")
FRAME_AROUND = FRAME_HEAD.size + 1
METHOD = 1
CONSUME, SELECT_CONFIRMS = (60, 20), (85, 10)
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time: the peer gets a RST."""


def ack_of_nothing(channel: int) -> bytes:
    """basic.ack of a delivery tag no broker has reached."""
    payload = struct.pack(">HHQB", 60, 80, 1 << 60, 0)
    return FRAME_HEAD.pack(METHOD, channel, len(payload)) + payload + b"\xce"


class Frames:
    """Where the frames of one direction end, and on which channels work is done."""

    def __init__(self) -> None:
        self.channels: set[int] = set()
        """Those that consume, or publish with confirms."""
        self._header = PROTOCOL_HEADER_OCTETS
        self._rest = b""
        """A frame that has only begun."""

    @property
    def is_whole(self) -> bool:
        """No frame is under way: another one may stand here."""
        return not self._rest and not self._header

    def follow(self, octets: bytes) -> None:
        skipped = min(self._header, len(octets))
        self._header -= skipped
        octets = self._rest + octets[skipped:] if self._rest else octets[skipped:]
        at = 0
        while len(octets) - at >= FRAME_HEAD.size:
            kind, channel, length = FRAME_HEAD.unpack_from(octets, at)
            end = at + length + FRAME_AROUND
            if end > len(octets):
                break
            if kind == METHOD:
                self._look(channel, struct.unpack_from(">HH", octets, at + FRAME_HEAD.size))
            at = end
        self._rest = octets[at:]

    def _look(self, channel: int, method: tuple[int, ...]) -> None:
        if method in {CONSUME, SELECT_CONFIRMS}:
            self.channels.add(channel)


class End(asyncio.Protocol):
    """One of the two sockets of a connection; what it hears goes to its connection."""

    def __init__(self, connection: "Connection") -> None:
        self.transport: asyncio.Transport | None = None
        self._connection = connection

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._connection.made(self)

    @override
    def data_received(self, data: bytes) -> None:
        self._connection.pass_on(self, data)

    @override
    def pause_writing(self) -> None:
        self._connection.hold(self._connection.other(self), by="full")

    @override
    def resume_writing(self) -> None:
        self._connection.release(self._connection.other(self), by="full")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.lost(self, was_reset=exc is not None)


class Connection:
    """A daemon's connection to the broker."""

    def __init__(self, wire: "Wire") -> None:
        self.daemon, self.broker = End(self), End(self)
        self.frames = Frames()
        """Of the daemon."""
        self._wire = wire
        self._held: dict[End, set[str]] = {self.daemon: {"no broker"}, self.broker: set()}
        self._cut: End | None = None
        self._to_add = b""
        self._connecting: asyncio.Task[None] | None = None

    def other(self, end: End) -> End:
        return self.broker if end is self.daemon else self.daemon

    def made(self, end: End) -> None:
        if self._wire.is_frozen:
            self.hold(end, by="frozen")
        if end is self.daemon:
            self._wire.connections.add(self)
            self.hold(end, by="no broker")
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self.broker, "127.0.0.1", self._wire.target_port
            )
        except OSError:
            self.reset()
        else:
            self.release(self.daemon, by="no broker")

    def pass_on(self, end: End, data: bytes) -> None:
        other = self.other(end).transport
        if other is None or other.is_closing():
            return
        if self._cut is end:  # the last octet of a frame is missing
            other.write(data[:-1])
            self.reset()
            return
        if end is self.daemon:
            self.frames.follow(data)
        other.write(data)
        if self._to_add:
            self._add_when_whole()

    def cut(self, end: End) -> None:
        """Reset the connection with the next octets of this end, and lose the last of them."""
        self._cut = end

    def add(self, frame: bytes) -> None:
        """Say it in the daemon's name, between two of its frames."""
        self._to_add = frame
        self._add_when_whole()

    def _add_when_whole(self) -> None:
        if self.frames.is_whole and self.broker.transport is not None:
            self.broker.transport.write(self._to_add)
            self._to_add = b""

    def reset(self) -> None:
        for end in (self.daemon, self.broker):
            if end.transport is not None and not end.transport.is_closing():
                with contextlib.suppress(OSError):
                    end.transport.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
                    )
                end.transport.abort()

    def lost(self, end: End, *, was_reset: bool) -> None:
        self._wire.connections.discard(self)
        other = self.other(end).transport
        if was_reset:
            self.reset()
        elif other is not None:
            other.close()  # what is on its way still arrives
        elif self._connecting is not None:
            self._connecting.cancel()

    def hold(self, end: End, *, by: str) -> None:
        """Read nothing from it until every reason is released."""
        self._held[end].add(by)
        if end.transport is not None and not end.transport.is_closing():
            end.transport.pause_reading()

    def release(self, end: End, *, by: str) -> None:
        self._held[end].discard(by)
        if end.transport is not None and not self._held[end] and not end.transport.is_closing():
            end.transport.resume_reading()


class Wire:
    """Listens on `port` and connects to `target_port`, for each daemon's connection."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.target_port = target_port
        self.connections: set[Connection] = set()
        self.is_frozen = False
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self).daemon, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.reset()

    def freeze(self) -> None:
        """Pass nothing on, and close nothing: as if a cable was pulled."""
        self.is_frozen = True
        for connection in self.connections:
            connection.hold(connection.daemon, by="frozen")
            connection.hold(connection.broker, by="frozen")

    def thaw(self) -> None:
        self.is_frozen = False
        for connection in list(self.connections):
            connection.release(connection.daemon, by="frozen")
            connection.release(connection.broker, by="frozen")

    def cut(self, chance: random.Random) -> int:
        """Reset some connections, each in the middle of a frame of one side; how many."""
        ready = self._ready()
        chosen = chance.sample(ready, chance.randint(1, len(ready))) if ready else []
        for connection in chosen:
            connection.cut(chance.choice((connection.daemon, connection.broker)))
        return len(chosen)

    def close_channel(self, chance: random.Random) -> int:
        """Have the broker close a channel some daemon works on; how many: 1, or 0 without any."""
        places = [(each, n) for each in self._ready() for n in sorted(each.frames.channels)]
        if not places:
            return 0
        connection, channel = chance.choice(places)
        connection.add(ack_of_nothing(channel))
        return 1

    def _ready(self) -> list[Connection]:
        return [each for each in self.connections if each.frames.channels]

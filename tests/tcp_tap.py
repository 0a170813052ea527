"""A TCP proxy that keeps what passes, and can freeze or cut it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TcpTap:
    """Forwards connections to a local port."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.sent = bytearray()
        """What clients said, one connection after the other."""
        self.accepted = 0
        self._target_port = target_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def freeze(self) -> None:
        """Forward nothing any more, and close nothing: as if a cable was pulled."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """Reset all connections."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers |= {writer, back}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._forward(reader, back, keep=True))
                tasks.create_task(self._forward(there, writer, keep=False))
        finally:
            self._writers -= {writer, back}
            for end in (writer, back):
                end.transport.abort()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keep: bool
    ) -> None:
        try:
            while octets := await reader.read(65536):
                await self._flowing.wait()
                if keep:
                    self.sent += octets
                writer.write(octets)
                await writer.drain()
        except ConnectionError:
            pass
        writer.transport.abort()


@asynccontextmanager
async def tcp_tap(
    target_port: int, *, context: ssl.SSLContext | None = None
) -> AsyncIterator[TcpTap]:
    """A tap on a free port; with a context it speaks TLS with its clients."""
    tap = TcpTap(target_port)
    server = await asyncio.start_server(tap.serve, "127.0.0.1", 0, ssl=context)
    tap.port = server.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        server.close()
        tap.thaw()
        tap.cut()

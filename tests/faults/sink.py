"""A callback receiver that counts, and can be told to answer 500, or not at all, or to be gone."""

import asyncio
import contextlib
import re
import time
from collections import defaultdict
from typing import Literal

ID = re.compile(rb"[?&]id=([-0-9a-f]+)")
LEVEL = re.compile(rb"[?&]level=(\d)")
STATUS = re.compile(rb"[?&]message_status=(\w+)")
ACK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nACK/Jasmin"
BROKEN = b"HTTP/1.1 500 Broken\r\nContent-Length: 6\r\n\r\nBROKEN"


class Sink:
    """GET callbacks; `acknowledged` has when each (msgid, level) was answered ACK/Jasmin."""

    def __init__(self) -> None:
        self.port = 0
        self.mode: Literal["ack", "500", "hang"] = "ack"
        self.acknowledged: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self.statuses: dict[tuple[str, int], str] = {}
        self.refused = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """On a free port, or again on the one it had."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=500)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End, as a process ends: its connections are reset, the next ones refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if writer.is_closing():  # it cannot be answered: not to be counted
                    break
                if self.mode != "ack":
                    self.refused += 1
                if self.mode == "hang":
                    await reader.read()  # until the caller gives up
                    break
                if self.mode == "500":
                    writer.write(BROKEN)
                    continue
                self._count(head)
                writer.write(ACK)
        self._writers.discard(writer)
        writer.close()

    def _count(self, head: bytes) -> None:
        msgid, level, status = ID.search(head), LEVEL.search(head), STATUS.search(head)
        assert msgid is not None
        assert level is not None
        assert status is not None
        key = (msgid[1].decode(), int(level[1]))
        self.acknowledged[key].append(time.monotonic())
        self.statuses[key] = status[1].decode()

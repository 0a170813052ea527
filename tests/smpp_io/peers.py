"""Peers for links: one that does exactly what a test says, and connectors to it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.ports import InboundMessages
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.current import Current
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.codec import UnreadablePdu, encode, take_pdu
from jasmin_compat.smpp.pdus import (
    BindResp,
    Body,
    DataSm,
    DeliverSm,
    Empty,
    MessageIdResp,
    Pdu,
    SubmitSm,
)
from jasmin_compat.smpp_io.client import SmppClient
from tests.builders import connector
from tests.waiting import LONG_S

QUICK = {
    "reconnect_on_loss_s": 0.05,
    "reconnect_on_failure_s": 0.05,
    "submit_throughput": 0,
    "enquire_link_s": 0,
}


class Gone(Exception):
    """The client closed the connection."""


class RawConnection:
    """One accepted connection, PDU by PDU."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._buffer = bytearray()

    async def read(self) -> Pdu:
        """The next PDU. Raises Gone."""
        async with asyncio.timeout(LONG_S):
            while (pdu := take_pdu(self._buffer)) is None:
                octets = await self._reader.read(65536)
                if not octets:
                    raise Gone
                self._buffer += octets
        assert not isinstance(pdu, UnreadablePdu)
        return pdu

    async def read_all(self) -> list[Pdu]:
        """Every PDU until the client is gone."""
        pdus = []
        with contextlib.suppress(Gone, ConnectionError):
            while True:
                pdus.append(await self.read())
        return pdus

    async def is_silent(self, seconds: float = 0.05) -> bool:
        """Nothing comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                octets = await self._reader.read(65536)
        except TimeoutError:
            return True
        self._buffer += octets
        return False

    def write(
        self, command_id: int, number: int, body: Body | None = None, status: int = 0
    ) -> None:
        self.writer.write(encode(Pdu(command_id, number, body or Empty(), status)))

    def answer(self, request: Pdu, body: Body | None = None, status: int = 0) -> None:
        self.write(commands.response_to(request.command_id), request.sequence_number, body, status)

    def accept_submit(self, request: Pdu, message_id: bytes | None = None) -> None:
        assert isinstance(request.body, SubmitSm)
        identity = message_id if message_id is not None else b"m%d" % request.sequence_number
        self.answer(request, MessageIdResp(message_id=identity))

    async def accept_bind(self) -> Pdu:
        request = await self.read()
        self.answer(request, BindResp(system_id=b"raw"))
        return request

    def reset(self) -> None:
        self.writer.transport.abort()


class RawSmsc:
    """Listens; each connection waits in `accepted` for the test to take it."""

    def __init__(self) -> None:
        self.port = 0
        self._accepted: asyncio.Queue[RawConnection] = asyncio.Queue()
        self._made: list[RawConnection] = []

    async def next(self, *, within_s: float = LONG_S) -> RawConnection:
        async with asyncio.timeout(within_s):
            return await self._accepted.get()

    async def bound(self) -> RawConnection:
        """The next connection, its bind accepted."""
        connection = await self.next()
        await connection.accept_bind()
        return connection

    async def on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = RawConnection(reader, writer)
        self._made.append(connection)
        self._accepted.put_nowait(connection)

    async def close(self) -> None:
        for connection in self._made:
            connection.writer.close()
            with contextlib.suppress(ConnectionError):
                await connection.writer.wait_closed()


@asynccontextmanager
async def raw_smsc(port: int = 0) -> AsyncIterator[RawSmsc]:
    smsc = RawSmsc()
    server = await asyncio.start_server(smsc.on_connect, "127.0.0.1", port)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        await smsc.close()


@dataclass
class Inbox:
    """InboundMessages that answer as told and keep what came."""

    status: int = 0
    error: Exception | None = None
    hold: asyncio.Event | None = None
    """When set, the first message waits for it."""
    seen: list[DeliverSm | DataSm] = field(default_factory=list)

    async def receive(self, cid: ConnectorId, pdu: DeliverSm | DataSm) -> int:
        self.seen.append(pdu)
        if self.hold is not None and len(self.seen) == 1:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        return self.status


@asynccontextmanager
async def running_client(
    port: int,
    inbox: InboundMessages | None = None,
    *,
    stop: asyncio.Event | None = None,
    **keys: Any,
) -> AsyncIterator[SmppClient]:
    """A client of that port that runs within it: at the end it is cut off, or asked to stop."""
    current = Current(connector(**(QUICK | {"port": port} | keys)))
    client = SmppClient(current, inbox or Inbox(), clock=SystemClock(), random=random.random)
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(client.run(stop or asyncio.Event()), name="client")
        try:
            yield client
        finally:
            if stop is not None:
                stop.set()
            else:
                running.cancel()

"""A client of the console over a socket, and a console for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from jasmin_compat.servers.jcli.connection import ConsolePolicy
from jasmin_compat.servers.jcli.dialogue import Dialogue, Said, Visit
from jasmin_compat.servers.jcli.server import Console, ConsoleServer, console_server
from tests.fakes import FakeClock
from tests.servers.jcli.consoles import ADMIN, LOGIN
from tests.waiting import LONG_S


class Commands:
    """Commands that fail, wait, tell how they get on, and say much."""

    words = ("fail", "wait", "much")

    def __init__(self, visit: Visit) -> None:
        self.prompt = "jcli : "
        self.release = asyncio.Event()
        self.waits = asyncio.Event()
        self._visit = visit
        self._password = ""

    async def take(self, line: str) -> Said:
        match line.split():
            case ["quit"]:
                return Said("", closes=True)
            case ["password", password]:
                self._password = password
            case ["fail"]:
                raise ValueError(f"no such password: {self._password}")
            case ["break"]:
                del self.prompt
                return Said("")
            case ["wait"]:
                self._visit.say("Waiting\n")
                self.waits.set()
                await self.release.wait()
            case ["much", count]:
                return Said("x" * int(count) + self.prompt)
        return Said(f"{line}!\n{self.prompt}")


class Client:
    """Types octets; reads until what it expects."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def types(self, octets: bytes, *, until: bytes = b"jcli : ") -> bytes:
        """What is shown, to the end of `until`."""
        self.writer.write(octets)
        async with asyncio.timeout(LONG_S):
            return await self.reader.readuntil(until)

    async def rest(self) -> bytes:
        """Until the console closes."""
        async with asyncio.timeout(LONG_S):
            return await self.reader.read()


class Room:
    """A console, its sessions' commands, and clients."""

    def __init__(self) -> None:
        self.opened: list[Commands] = []
        self.server: ConsoleServer
        self._clients: list[asyncio.StreamWriter] = []

    def open_dialogue(self, visit: Visit) -> Dialogue:
        self.opened.append(Commands(visit))
        return self.opened[-1]

    async def connect(self) -> Client:
        streams = await asyncio.open_connection("127.0.0.1", self.server.port)
        self._clients.append(streams[1])
        return Client(*streams)

    async def log_in(self) -> Client:
        client = await self.connect()
        await client.types(LOGIN)
        return client

    async def leave(self) -> None:
        for writer in self._clients:
            writer.transport.abort()


@asynccontextmanager
async def room(policy: ConsolePolicy | None = None) -> AsyncIterator[Room]:
    served = Room()
    console = Console(admin=ADMIN, open_dialogue=served.open_dialogue, clock=FakeClock())
    if policy is not None:
        console = replace(console, policy=policy)
    async with console_server(console, bind="127.0.0.1", port=0) as served.server:
        try:
            yield served
        finally:
            await served.leave()

"""The listening side of the console: many sessions, each in a task."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from jasmin_compat.ports import Clock
from jasmin_compat.servers.jcli.connection import (
    READ_OCTETS,
    ConsoleCounts,
    ConsolePolicy,
    Desk,
    Session,
)
from jasmin_compat.servers.jcli.dialogue import OpenDialogue, Visit
from jasmin_compat.servers.jcli.login import Admin, Door, Login, Tries, TriesPolicy

_FIRST_NUMBER = 2
"""In Jasmin session 1 is its own, which loads the configuration."""
_FULL = b"Too many sessions.\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What a console is made of."""

    admin: Admin | None
    """None: no login."""
    open_dialogue: OpenDialogue
    clock: Clock
    release: str = "0.11.1"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("jcli"))
    policy: ConsolePolicy = field(default_factory=ConsolePolicy)
    tries: TriesPolicy = field(default_factory=TriesPolicy)


class ConsoleServer:
    """Accepts clients; their sessions' numbers count up."""

    def __init__(self, console: Console) -> None:
        self.counts = ConsoleCounts()
        self.port = 0
        self.tasks: asyncio.TaskGroup
        self._next_number = _FIRST_NUMBER
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._leaves = False
        door = Door(
            admin=console.admin,
            release=console.release,
            open_dialogue=console.open_dialogue,
            tries=Tries(console.tries, console.clock),
            log=console.log,
        )
        self._desk = Desk(
            policy=console.policy,
            counts=self.counts,
            log=console.log,
            open_login=partial(_open_login, door),
        )

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """For asyncio.start_server."""
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # else the lost stay open
        if self._leaves:
            writer.close()
            return
        limit = self._desk.policy.max_sessions
        if limit and len(self._sessions) >= limit:
            self.counts.refused += 1
            writer.write(_FULL)
            writer.close()
            return
        number, self._next_number = self._next_number, self._next_number + 1
        session = Session((reader, writer), number, self._desk)
        task = self.tasks.create_task(session.serve(), name=f"jcli session {number}")
        self._sessions[session] = task
        self.counts.accepted += 1
        self.counts.open = len(self._sessions)
        task.add_done_callback(partial(self._ended, session))

    async def leave(self) -> None:
        """End every session: at once if it waits for its client, else after its command.

        A client that was let in before, and is heard of only now, is sent away.
        """
        self._leaves = True
        for session in self._sessions:
            session.leave()
        if tasks := list(self._sessions.values()):
            _, late = await asyncio.wait(tasks, timeout=self._desk.policy.leave_s)
            for task in late:
                task.cancel()

    def _ended(self, session: Session, _task: asyncio.Task[None]) -> None:
        del self._sessions[session]
        self.counts.open = len(self._sessions)


def _open_login(door: Door, visit: Visit) -> Login:
    return Login(visit, door)


@asynccontextmanager
async def console_server(console: Console, *, bind: str, port: int) -> AsyncIterator[ConsoleServer]:
    """Listen within it. Port 0 takes a free one; `.port` says which.

    Raises:
        OSError: the port is taken, or the address is not ours.
    """
    served = ConsoleServer(console)
    server = await asyncio.start_server(served.accept, bind, port, limit=READ_OCTETS)
    served.port = server.sockets[0].getsockname()[1]
    async with asyncio.TaskGroup() as served.tasks:
        try:
            yield served
        finally:
            server.close()
            await served.leave()

"""The listening side of SMPP: connections of ESMEs, and an owner who decides what they get."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from jasmin_compat.smpp import commands, events
from jasmin_compat.smpp.operations import BOUND_STATES, Role
from jasmin_compat.smpp.pdus import BindResp, Body, Pdu
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.statuses import ESME_ROK, ESME_RSYSERR
from jasmin_compat.smpp_io.link import Connected, Link, LinkEvent, OnEvent
from jasmin_compat.smpp_io.session_log import log_event

LEAVE_S = 5.0
"""For the answers to our unbinds when we stop."""


class Owner(Protocol):
    """Who decides for a listener: the SMSC simulator, and later the gateway's SMPP server."""

    async def bind(self, link: Link, request: Pdu) -> int:
        """The command_status of the answer; with ESME_ROK the link is bound."""
        ...

    def bound(self, link: Link) -> None:
        """The bind was answered with ESME_ROK."""
        ...

    async def serve(self, link: Link, request: Pdu) -> tuple[int, Body | None] | None:
        """Status and body of the answer; None: never answer (a simulator may)."""
        ...

    def ended(self, link: Link) -> None:
        """The session is over, bound or not."""
        ...


MakeLink = Callable[[SessionPolicy, OnEvent], Link]


def plain_link(policy: SessionPolicy, on_event: OnEvent) -> Link:
    return Link(Role.SMSC, policy, on_event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Whom a listener serves for, and how."""

    owner: Owner
    log: logging.Logger
    policy: SessionPolicy = field(default_factory=SessionPolicy)
    system_id: bytes = b""
    """Ours, in answers to binds."""
    make_link: MakeLink = plain_link


class Listener:
    """Accepts connections and carries their requests to the owner, each in a task."""

    def __init__(self, service: Service) -> None:
        self.links: set[Link] = set()
        self.port = 0
        self.tasks: asyncio.TaskGroup
        self._service = service
        self._answering: set[asyncio.Task[None]] = set()

    def accept(self) -> Link:
        """A protocol for a new connection."""
        return self._service.make_link(self._service.policy, self._on_event)

    def drop(self) -> None:
        """Cut every connection."""
        for link in list(self.links):
            link.abort()

    def unbind(self) -> None:
        """Leave every ESME in good order."""
        for link in list(self.links):
            link.unbind()

    async def leave(self) -> None:
        """Unbind, wait a little, cut."""
        self.unbind()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                for link in list(self.links):
                    await link.wait_closed()
        self.drop()
        for task in self._answering:
            task.cancel()

    def _on_event(self, link: Link, event: LinkEvent) -> None:
        log_event(self._service.log, link.session.state, event)
        match event:
            case Connected():
                self.links.add(link)
            case events.Requested(request):
                name = f"{commands.name_of(request.command_id)} of {link.peer[0]}"
                task = self.tasks.create_task(self._answer(link, request), name=name)
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            case events.Ended():
                self.links.discard(link)
                self._service.owner.ended(link)
            case _:
                pass

    async def _answer(self, link: Link, request: Pdu) -> None:
        try:
            answer = await self._decide(link, request)
        except Exception:
            self._service.log.exception("%s not served", commands.name_of(request.command_id))
            answer = ESME_RSYSERR, None
        if answer is not None:
            link.respond(request, *answer)
            if request.command_id in commands.BINDS and link.session.state in BOUND_STATES:
                self._service.owner.bound(link)

    async def _decide(self, link: Link, request: Pdu) -> tuple[int, Body | None] | None:
        owner = self._service.owner
        if request.command_id not in commands.BINDS:
            return await owner.serve(link, request)
        status = await owner.bind(link, request)
        body = BindResp(system_id=self._service.system_id) if status == ESME_ROK else None
        return status, body


@asynccontextmanager
async def listen(
    service: Service, *, host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    """Listen within it. Port 0 takes a free one; `listener.port` says which.

    Raises:
        OSError: the address cannot be listened on.
    """
    listener = Listener(service)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(listener.accept, host, port, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    async with asyncio.TaskGroup() as listener.tasks:
        try:
            yield listener
        finally:
            server.close()
            await listener.leave()

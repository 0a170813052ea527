"""An SMSC that records every PDU and answers by a script: per destination, per system_id."""

import asyncio
import contextlib
import itertools
import ssl
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from compat_tests.peers import smpp
from compat_tests.peers.smpp import Pdu
from compat_tests.waiting import WITHIN_S, Bell

STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}


BEFORE_DLR_S = 0.03
"""Jasmin stores who wants the DLR after it queued the message: an SMSC on the same machine that
answers at once outruns it, and the DLR is lost (W-DLR-01). One across a network does not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the SMSC says to a submit_sm."""

    status: int = 0
    message_id: str | None = None
    """None: the next of its own."""
    after_s: float | None = None
    """None: at once, but BEFORE_DLR_S where a receipt is asked for."""
    silent: bool = False
    nack: bool = False
    """Answer with generic_nack."""


@dataclass(slots=True)
class Manners:
    """How the SMSC treats one system_id."""

    bind_statuses: list[int] = field(default_factory=list)
    """Taken one by one; ESME_ROK when there is none left."""
    answers_enquire_link: bool = True
    answers_bind: bool = True


@dataclass(slots=True, eq=False)
class Session:
    """One connection of the gateway."""

    number: int
    writer: asyncio.StreamWriter
    opened_at: float
    received: list[tuple[float, Pdu]] = field(default_factory=list)
    bind: Pdu | None = None
    """The bind request that was accepted."""
    closed_at: float | None = None

    @property
    def is_bound(self) -> bool:
        return self.bind is not None and self.closed_at is None

    def of(self, name: str) -> list[Pdu]:
        return [pdu for _, pdu in self.received if pdu.name == name]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submit_sm, when it came, and the id it was given (None: no ESME_ROK answer)."""

    at: float
    pdu: Pdu
    session: Session
    message_id: str | None


class Smsc:
    """Accepts any number of connections on one port."""

    def __init__(self) -> None:
        self.port = 0
        self.sessions: list[Session] = []
        self.submitted: list[Submitted] = []
        self.manners: defaultdict[str, Manners] = defaultdict(Manners)
        self.bell = Bell()
        self._answers: dict[str, list[Answer]] = {}
        self._ids = itertools.count(1)
        self._seqs = itertools.count(1)
        self._waiting: dict[tuple[Session, int], asyncio.Future[Pdu]] = {}
        self._server: asyncio.Server | None = None
        self._late: set[asyncio.Task[None]] = set()

    async def open(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
            self.drop()
            await self._server.wait_closed()
            self._server = None
        for task in self._late:
            task.cancel()

    def drop(self, system_id: str | None = None) -> None:
        """Reset the connections (of one system_id), as a lost network does."""
        for session in self.sessions:
            mine = system_id is None or (session.bind and session.bind["system_id"] == system_id)
            if session.closed_at is None and mine:
                session.writer.transport.abort()

    def script(self, to: str, *answers: Answer) -> None:
        """Answers to the submit_sm for one destination, in this order; the last one stays."""
        self._answers[to] = list(answers)

    # ---- what is seen

    def bound(self, system_id: str | None = None) -> list[Session]:
        return [
            s
            for s in self.sessions
            if s.is_bound and s.bind and system_id in (None, s.bind["system_id"])
        ]

    def submits(self, to: str) -> list[Submitted]:
        return [s for s in self.submitted if s.pdu["destination_addr"] == to]

    async def got(self, to: str, count: int = 1, within_s: float = WITHIN_S) -> list[Submitted]:
        """Wait until `count` submit_sm for the destination came; all that came."""
        await self.bell.until(
            lambda: len(self.submits(to)) >= count, f"{count} submit_sm for {to}", within_s
        )
        return self.submits(to)

    async def is_bound(self, system_id: str, within_s: float = WITHIN_S) -> Session:
        return (
            await self.bell.until(
                lambda: self.bound(system_id), f"bind of {system_id}", within_s=within_s
            )
        )[-1]

    # ---- what it sends

    async def request(
        self,
        session: Session,
        name: str,
        fields: dict[str, Any] | None = None,
        tlvs: list[tuple[int, bytes]] | None = None,
    ) -> Pdu:
        """Send a request; the gateway's response."""
        octets = smpp.build(name, next(self._seqs), 0, fields or {}, tlvs)
        return await self.request_octets(session, octets)

    async def request_octets(self, session: Session, octets: bytes) -> Pdu:
        """Send a request as it is; the gateway's response to its sequence number."""
        seq = int.from_bytes(octets[12:16], "big")
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[session, seq] = answer
        session.writer.write(octets)
        async with asyncio.timeout(WITHIN_S):
            return await answer

    def write(self, session: Session, octets: bytes) -> None:
        """Anything, also what is no PDU."""
        session.writer.write(octets)

    async def deliver(
        self,
        fields: dict[str, Any],
        tlvs: list[tuple[int, bytes]] | None = None,
        *,
        name: str = "deliver_sm",
        system_id: str | None = None,
    ) -> Pdu:
        """A deliver_sm or data_sm on a bind that may take one; the response."""
        session = [s for s in self.bound(system_id) if s.bind and s.bind.name != "bind_transmitter"]
        return await self.request(session[-1], name, fields, tlvs)

    async def receipt(
        self,
        message_id: str,
        stat: str = "DELIVRD",
        *,
        form: str = "text",
        text: str | None = None,
        system_id: str | None = None,
    ) -> Pdu:
        """A delivery receipt as `text`, `tlv`, `both` or `data_sm` (TLVs); the response."""
        words = text or (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2611231200 "
            f"done date:2611231201 stat:{stat} err:000 text:hello"
        )
        tlvs = [
            (smpp.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
            (smpp.MESSAGE_STATE, bytes([STATES.get(stat, 9)])),
        ]
        fields = {"source_addr": "33600", "destination_addr": "1000", "esm_class": 4}
        if form in {"text", "both"}:
            fields["short_message"] = words
        return await self.deliver(
            fields,
            tlvs if form != "text" else None,
            name="data_sm" if form == "data_sm" else "deliver_sm",
            system_id=system_id,
        )

    # ---- inside

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(len(self.sessions) + 1, writer, time.monotonic())
        self.sessions.append(session)
        self.bell.ring()
        try:
            while True:
                head = await reader.readexactly(4)
                raw = head + await reader.readexactly(int.from_bytes(head, "big") - 4)
                pdu = smpp.parse(raw)
                session.received.append((time.monotonic(), pdu))
                self._react(session, pdu)
                self.bell.ring()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            session.closed_at = time.monotonic()
            self.bell.ring()
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    def _react(self, session: Session, pdu: Pdu) -> None:
        if (session, pdu.seq) in self._waiting and (
            pdu.name.endswith("_resp") or pdu.name == "generic_nack"
        ):
            self._waiting.pop((session, pdu.seq)).set_result(pdu)
        elif pdu.name.startswith("bind_") and not pdu.name.endswith("_resp"):
            self._on_bind(session, pdu)
        elif pdu.name == "submit_sm":
            self._on_submit(session, pdu)
        elif pdu.name == "unbind":
            session.writer.write(smpp.build("unbind_resp", pdu.seq))
        elif pdu.name == "enquire_link":
            system_id = session.bind["system_id"] if session.bind else ""
            if self.manners[system_id].answers_enquire_link:
                session.writer.write(smpp.build("enquire_link_resp", pdu.seq))

    def _on_bind(self, session: Session, pdu: Pdu) -> None:
        manners = self.manners[pdu["system_id"]]
        if not manners.answers_bind:
            return
        status = manners.bind_statuses.pop(0) if manners.bind_statuses else 0
        if not status:
            session.bind = pdu
        name = pdu.name + "_resp"
        session.writer.write(smpp.build(name, pdu.seq, status, {"system_id": "SMSC"}))

    def _on_submit(self, session: Session, pdu: Pdu) -> None:
        script = self._answers.get(pdu["destination_addr"], [Answer()])
        answer = script.pop(0) if len(script) > 1 else script[0]
        message_id = answer.message_id
        if message_id is None:
            message_id = f"C{next(self._ids):06}"
        refused = answer.status or answer.silent or answer.nack
        self.submitted.append(
            Submitted(time.monotonic(), pdu, session, None if refused else message_id)
        )
        if answer.silent:
            return
        if answer.nack:
            response = smpp.build("generic_nack", pdu.seq, answer.status)
        elif answer.status:
            response = smpp.build("submit_sm_resp", pdu.seq, answer.status)
        else:
            response = smpp.build("submit_sm_resp", pdu.seq, 0, {"message_id": message_id})
        after_s = answer.after_s
        if after_s is None:
            after_s = BEFORE_DLR_S if pdu["registered_delivery"] else 0.0
        if after_s:
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._later(session, response, after_s))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        else:
            session.writer.write(response)

    async def _later(self, session: Session, response: bytes, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if session.closed_at is None:
            session.writer.write(response)

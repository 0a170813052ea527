"""An SMSC that keeps its own books: each submit_sm, its id, and a receipt until it is taken.

Independent of jasmin_compat: PDUs come from the recordings' codec. As a real SMSC it sends a
receipt again, on whatever session is bound next, until a deliver_sm_resp with ESME_ROK came for it.
"""

import asyncio
import contextlib
import itertools
import time
from collections import defaultdict, deque
from dataclasses import dataclass

from compat_tests.peers import smpp

OPEN_RECEIPTS = 50
"""deliver_sm on the wire without an answer, per session."""
RECEIPT_AFTER_S = 0.3
BINDS = ("bind_transceiver", "bind_transmitter", "bind_receiver")


@dataclass(slots=True)
class Receipt:
    """A delivery receipt on its way."""

    message_id: str
    to: str
    tries: int = 0


class Smsc:
    """Answers everything; `reset` drops the connections as a lost network does."""

    def __init__(self) -> None:
        self.port = 0
        self.submits: defaultdict[str, list[float]] = defaultdict(list)
        """Destination → when each submit_sm for it came."""
        self.receipts_due = 0
        """One for each submit_sm that asked for it."""
        self.receipts_taken: set[str] = set()
        self.receipts_sent = 0
        self.sessions = 0
        self._ids = itertools.count(1)
        self._waiting: deque[Receipt] = deque()
        self._writers: set[asyncio.StreamWriter] = set()
        self._bell = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self.reset()
            await self._server.wait_closed()
            self._server = None

    def reset(self) -> None:
        """Abort every connection: what was on the wire is lost."""
        for writer in self._writers:
            writer.transport.abort()

    @property
    def untaken(self) -> int:
        return len(self._waiting)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._writers.add(writer)
        session = _Session(self, writer)
        sender = asyncio.get_running_loop().create_task(session.send_receipts())
        try:
            while True:
                head = await reader.readexactly(4)
                raw = head + await reader.readexactly(int.from_bytes(head, "big") - 4)
                session.react(smpp.parse(raw))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
            self._waiting.extend(session.open.values())
            self._writers.discard(writer)
            self._bell.set()
            writer.close()

    def accept(self, pdu: smpp.Pdu) -> str:
        """Book a submit_sm; its id."""
        message_id = f"{next(self._ids):08X}"
        to = pdu["destination_addr"]
        self.submits[to].append(time.monotonic())
        if pdu["registered_delivery"] & 3:
            self.receipts_due += 1
            loop = asyncio.get_running_loop()
            loop.call_later(RECEIPT_AFTER_S, self._due, Receipt(message_id, to))
        return message_id

    def _due(self, receipt: Receipt) -> None:
        self._waiting.append(receipt)
        self._bell.set()

    async def next_receipt(self) -> Receipt:
        while not self._waiting:
            self._bell.clear()
            await self._bell.wait()
        return self._waiting.popleft()


class _Session:
    """One connection of the gateway."""

    def __init__(self, smsc: Smsc, writer: asyncio.StreamWriter) -> None:
        self.open: dict[int, Receipt] = {}
        self._smsc = smsc
        self._writer = writer
        self._bound = asyncio.Event()
        self._room = asyncio.Semaphore(OPEN_RECEIPTS)
        self._seqs = itertools.count(1)

    def react(self, pdu: smpp.Pdu) -> None:
        if pdu.name in BINDS:
            self._answer(pdu, {"system_id": "FAULTY"})
            self._bound.set()
        elif pdu.name == "submit_sm":
            self._answer(pdu, {"message_id": self._smsc.accept(pdu)})
        elif pdu.name in {"enquire_link", "unbind"}:
            self._writer.write(smpp.build(pdu.name + "_resp", pdu.seq))
        elif pdu.name == "deliver_sm_resp":
            self._on_taken(pdu)

    def _answer(self, pdu: smpp.Pdu, fields: dict[str, str]) -> None:
        self._writer.write(smpp.build(pdu.name + "_resp", pdu.seq, 0, fields))

    def _on_taken(self, pdu: smpp.Pdu) -> None:
        receipt = self.open.pop(pdu.seq)
        self._room.release()
        if pdu.status == 0:
            self._smsc.receipts_taken.add(receipt.message_id)
        else:  # a temporary error: again a little later
            loop = asyncio.get_running_loop()
            loop.call_later(0.5, self._smsc._due, receipt)

    async def send_receipts(self) -> None:
        await self._bound.wait()
        while True:
            await self._room.acquire()
            receipt = await self._smsc.next_receipt()
            seq = next(self._seqs)
            self.open[seq] = receipt
            receipt.tries += 1
            self._smsc.receipts_sent += 1
            words = (
                f"id:{receipt.message_id} sub:001 dlvrd:001 submit date:2611240000 "
                "done date:2611240001 stat:DELIVRD err:000 text:x"
            )
            fields = {
                "source_addr": receipt.to,
                "destination_addr": "1000",
                "esm_class": 4,
                "short_message": words.encode(),
            }
            self._writer.write(smpp.build("deliver_sm", seq, 0, fields))
            await self._writer.drain()

"""HTTP messages at a rate, a receipt for each, and the books of what became of them."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from compat_tests.peers import http_client
from compat_tests.peers.sink import ACK, Reply, Sink
from compat_tests.peers.smpp import Pdu
from compat_tests.peers.smsc import Smsc, Submitted
from compat_tests.sites import ALICE
from compat_tests.world import msgid_of

RATE_PER_S = 50
SENDERS = 8
RECEIPT_AFTER_S = 0.5
OPEN_RECEIPTS = 10
LONG_EVERY = 20
"""Messages, of which one is long."""
SHORT_CONTENT, LONG_CONTENT, LONG_PARTS = "hello", "hello hello " * 30, 3
HAS_UDH = 0x40
PART_NUMBER = 5
"""Its octet in a UDH of concatenation."""
PATH = "/dlr"
LATE = "/late"
"""A callback receiver that scenarios may have answer otherwise."""

Arguments = tuple[tuple[str, str], ...]
"""Of a callback, in the order of their names."""


class Receipts:
    """Sends DELIVRD for each submit_sm that asked for a receipt, until it is taken."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self._due: asyncio.Queue[Submitted] = asyncio.Queue()
        self._seen = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.taken: set[str] = set()
        """Ids of the SMSC."""

    def hold(self) -> None:
        """As an SMSC whose handsets are switched off."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._watch())]
            tasks += [group.create_task(self._send()) for _ in range(OPEN_RECEIPTS)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def _watch(self) -> None:
        while True:
            for submitted in self._smsc.submitted[self._seen :]:
                self._seen += 1
                if submitted.message_id is not None and asks_for_receipt(submitted.pdu):
                    asyncio.get_running_loop().call_later(
                        RECEIPT_AFTER_S, self._due.put_nowait, submitted
                    )
            await asyncio.sleep(0.05)

    async def _send(self) -> None:
        while True:
            message_id = (await self._due.get()).message_id
            assert message_id is not None
            while message_id not in self.taken:
                await self._flowing.wait()
                if not self._smsc.bound():
                    await asyncio.sleep(0.2)
                elif not (await self._smsc.receipt(message_id)).status:
                    self.taken.add(message_id)


@dataclass(slots=True)
class Books:
    """What was accepted, and what the SMSC and the callback receiver saw of it."""

    smsc: Smsc
    sink: Sink
    accepted: dict[str, str] = field(default_factory=dict)
    """Destination → message id."""
    _sent: int = 0
    _refused: int = 0
    """Calls at LATE that were not acknowledged."""

    async def send(self, port: int, count: int, path: str = PATH) -> None:
        """So many level-3 messages at RATE_PER_S, one in LONG_EVERY long; each is accepted."""
        destinations = self.next_destinations(count)
        self._sent += count
        numbered = iter(enumerate(destinations))
        began = time.monotonic()

        async def sender() -> None:
            for number, to in numbered:
                due = began + number / RATE_PER_S
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self._send(port, to, path)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(SENDERS):
                tasks.create_task(sender())

    def next_destinations(self, count: int) -> list[str]:
        return [f"336{number:08}" for number in range(self._sent, self._sent + count)]

    async def _send(self, port: int, to: str, path: str) -> None:
        arguments: list[tuple[str, str | bytes]] = [
            ("username", ALICE.username),
            ("password", ALICE.password),
            ("to", to),
            ("content", LONG_CONTENT if parts_of(to) > 1 else SHORT_CONTENT),
            ("dlr", "yes"),
            ("dlr-level", "3"),
            ("dlr-method", "GET"),
            ("dlr-url", self.sink.url(path)),
        ]
        response = await http_client.exchange(
            "127.0.0.1", port, http_client.get("/send", arguments)
        )
        self.accepted[to] = msgid_of(response)

    # ---- what became of them

    def submits(self) -> dict[str, dict[int, list[Submitted]]]:
        """Destination → part → each submit_sm of it that the SMSC took."""
        found: dict[str, defaultdict[int, list[Submitted]]] = {
            to: defaultdict(list) for to in self.accepted
        }
        for one in self.smsc.submitted:
            to = one.pdu["destination_addr"]
            if to in found and one.message_id is not None:
                found[to][part_number(one.pdu)].append(one)
        return {to: dict(parts) for to, parts in found.items()}

    def submitted(self) -> int:
        """Messages the SMSC took, every part of them."""
        return sum(len(parts) == parts_of(to) for to, parts in self.submits().items())

    def repeats(self) -> list[str]:
        """submit_sm and callbacks beyond the first of each."""
        submits = [
            f"part {part} for {to} came {len(taken)} times"
            for to, parts in self.submits().items()
            for part, taken in parts.items()
            for _ in taken[1:]
        ]
        made = self.made()
        again = [f"{n} calls {dict(call)}" for call, n in made.items() for _ in range(n - 1)]
        return submits + again

    def refuse_late(self) -> None:
        """Callbacks at LATE are answered 500 from now on."""
        self.sink.script(LATE, Reply(500))

    def accept_late(self) -> None:
        """They are acknowledged again; what came before does not count."""
        self._refused = len(self.sink.at(LATE))
        self.sink.script(LATE, ACK)

    def made(self) -> Counter[Arguments]:
        """Callbacks that were acknowledged, by their arguments."""
        calls = [*self.sink.at(PATH), *self.sink.at(LATE)[self._refused :]]
        return Counter(tuple(sorted(call.arguments.items())) for call in calls)

    def due(self, levels: str = "12") -> set[Arguments]:
        """The callbacks that must be made, with the right fields."""
        wanted = set()
        for to, parts in self.submits().items():
            for one in (one for taken in parts.values() for one in taken):
                if one.message_id is not None and asks_for_receipt(one.pdu):
                    wanted |= {expected(self.accepted[to], one.message_id, n) for n in levels}
        return wanted


def parts_of(to: str) -> int:
    """Of the message to this destination."""
    return 1 if int(to) % LONG_EVERY else LONG_PARTS


def part_number(pdu: Pdu) -> int:
    return int(pdu["short_message"][PART_NUMBER]) if pdu["esm_class"] & HAS_UDH else 1


def asks_for_receipt(pdu: Pdu) -> bool:
    return bool(pdu["registered_delivery"] & 1)


def expected(msgid: str, message_id: str, level: str) -> Arguments:
    """The arguments of a callback of Jasmin's."""
    fields = {"id": msgid, "level": level}
    if level == "1":
        fields |= {"message_status": "ESME_ROK", "connector": "con1"}
    else:
        fields |= {
            "message_status": "DELIVRD",
            "connector": message_id,
            "id_smsc": message_id,
            "sub": "001",
            "dlvrd": "001",
            "subdate": "2611231200",
            "donedate": "2611231201",
            "err": "000",
            "text": "hello",
        }
    return tuple(sorted(fields.items()))

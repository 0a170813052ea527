"""What the simulated SMSC has to deliver: kept until an ESME has taken it, as an SMSC does."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from jasmin_compat.smpp.errors import CannotSend
from jasmin_compat.smpp.operations import SessionState
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, Pdu
from jasmin_compat.smpp.statuses import ESME_ROK, status_name
from jasmin_compat.smpp_io.link import Link, Reply

RECEIVES = frozenset({SessionState.BOUND_RX, SessionState.BOUND_TRX})


@dataclass(slots=True, kw_only=True)
class Parcel:
    """One deliver_sm or data_sm, and what became of it so far."""

    system_id: str
    """Whose message it is about; another ESME gets it only when that one has no receiver."""
    command_id: int
    body: DeliverSm | DataSm
    about: dict[str, str]
    """For the account."""
    sends: int = 0
    answer: str = ""


class Outbox:
    """Delivers parcels through the receivers that are bound, in turn."""

    def __init__(self, *, retry_s: Callable[[], float], told: Callable[[Parcel], None]) -> None:
        """`told` is called once for each parcel, when an ESME has taken it."""
        self._retry_s = retry_s
        self._told = told
        self._due: asyncio.Queue[Parcel] = asyncio.Queue()
        self._receivers: deque[tuple[str, Link]] = deque()
        self._has_receiver = asyncio.Event()
        self.waiting = 0
        """Parcels nobody has taken yet."""
        self.sends = 0

    def put(self, parcel: Parcel, delay_s: float) -> None:
        self.waiting += 1
        self._put_later(parcel, delay_s)

    def join(self, system_id: str, link: Link) -> None:
        """An ESME is bound; it is a receiver if it bound as one."""
        if link.session.state in RECEIVES:
            self._receivers.append((system_id, link))
            self._has_receiver.set()

    def part(self, link: Link) -> None:
        self._receivers = deque(r for r in self._receivers if r[1] is not link)
        if not self._receivers:
            self._has_receiver.clear()

    async def work(self) -> None:
        """Deliver for ever, one parcel at a time."""
        while True:
            parcel = await self._due.get()
            parcel.sends += 1
            self.sends += 1
            parcel.answer = _answer(await self._deliver(parcel))
            if parcel.answer == status_name(ESME_ROK):
                self.waiting -= 1
                self._told(parcel)
            else:
                self._put_later(parcel, self._retry_s())

    async def _deliver(self, parcel: Parcel) -> Reply:
        while True:
            await self._has_receiver.wait()
            link = self._next(parcel.system_id)
            try:
                if await link.wait_for_room(parcel.command_id):
                    return await link.send(parcel.command_id, parcel.body)
            except CannotSend:
                pass
            self.part(link)  # it is leaving: `Ended` has not come yet

    def _next(self, system_id: str) -> Link:
        for _ in range(len(self._receivers)):
            name, link = self._receivers[0]
            self._receivers.rotate(-1)
            if name == system_id:
                return link
        return self._receivers[0][1]

    def _put_later(self, parcel: Parcel, delay_s: float) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._due.put_nowait, parcel)


def _answer(reply: Reply) -> str:
    return status_name(reply.command_status) if isinstance(reply, Pdu) else reply.reason

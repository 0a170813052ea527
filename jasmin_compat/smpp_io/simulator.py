"""An SMSC to test and demonstrate against: takes messages, tells their fate, sends others.

It keeps an exact account: a line for each submit it took and each receipt an ESME acknowledged.
"""

import asyncio
import hashlib
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import Bind, Body, DataSm, MessageIdResp, Pdu, SubmitSm
from jasmin_compat.smpp.receipts import Report
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.split import content_of, segment_of
from jasmin_compat.smpp.statuses import (
    ESME_RINVCMDID,
    ESME_RINVPASWD,
    ESME_ROK,
    status_name,
)
from jasmin_compat.smpp.timers import TimerPolicy
from jasmin_compat.smpp_io.link import Link
from jasmin_compat.smpp_io.server import Listener, MakeLink, Service, listen, plain_link
from jasmin_compat.smpp_io.smsc_outbox import Outbox, Parcel
from jasmin_compat.smpp_io.smsc_plan import (
    Refusals,
    SmscPlan,
    final_state,
    message_from,
    receipt_of,
    wants_report,
)

SESSION = SessionPolicy(
    window=1000,  # the outbox is the bound
    max_open_requests=10_000,
    timers=TimerPolicy(enquire_link_s=0, inactivity_s=0),
)
Account = Callable[[Mapping[str, str | int | float | bool]], None]
NO_ANSWER = "none"


@dataclass(slots=True)
class SmscCounts:
    """Since start."""

    binds: int = 0
    binds_refused: int = 0
    submits: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """Answers to submits by status; `none` for those left unanswered."""
    receipts: int = 0
    """To be told; those told are `taken["receipt"]`."""
    messages: int = 0
    """Of subscribers, to be delivered."""
    taken: Counter[str] = field(default_factory=Counter)
    """Acknowledged by an ESME: `receipt`, `mo`."""


class Simulator:
    """Decides for a Listener (smpp_io/server.py: Owner)."""

    def __init__(
        self,
        plan: SmscPlan,
        *,
        random: Random,
        now: Callable[[], datetime],
        account: Account,
    ) -> None:
        """`now` is naive local time, as it stands in receipts."""
        self.plan = plan
        self.counts = SmscCounts()
        self.outbox = Outbox(retry_s=lambda: self.plan.retry_s, told=self._taken)
        self._random = random
        self._now = now
        self._account = account
        self._refusals = Refusals()
        self._accepted = 0
        self._system_ids: dict[Link, str] = {}

    async def run(self) -> None:
        """Deliver receipts and messages; runs beside the listener until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for n in range(self.plan.window):
                tasks.create_task(self.outbox.work(), name=f"smsc outbox {n}")

    def send_message(
        self, sender: str, recipient: str, content: bytes, data_coding: int = 0
    ) -> None:
        """Deliver a subscriber's message to an ESME."""
        self.counts.messages += 1
        body = message_from(sender, recipient, content, data_coding)
        about = {"mo": sender, "to": recipient, "content_sha256": _digest(content)}
        parcel = Parcel(system_id="", command_id=commands.DELIVER_SM, body=body, about=about)
        self.outbox.put(parcel, 0)

    # ------------------------------------------------------------ smpp_io.server.Owner

    async def bind(self, link: Link, request: Pdu) -> int:
        body = request.body
        assert isinstance(body, Bind)
        status = self.plan.bind_status
        if self.plan.password is not None and body.password != self.plan.password.encode():
            status = ESME_RINVPASWD
        if status == ESME_ROK:
            self.counts.binds += 1
            self._system_ids[link] = body.system_id.decode("latin-1")
        else:
            self.counts.binds_refused += 1
        return status

    def bound(self, link: Link) -> None:
        self.outbox.join(self._system_ids[link], link)

    async def serve(self, link: Link, request: Pdu) -> tuple[int, Body | None] | None:
        if not isinstance(request.body, SubmitSm | DataSm):
            return ESME_RINVCMDID, None
        return await self._take(self._system_ids[link], request.body)

    def ended(self, link: Link) -> None:
        self._system_ids.pop(link, None)
        self.outbox.part(link)

    # ------------------------------------------------------------ inside

    async def _take(
        self, system_id: str, submit: SubmitSm | DataSm
    ) -> tuple[int, Body | None] | None:
        plan = self.plan
        self.counts.submits += 1
        destination = submit.destination_addr.decode("latin-1")
        status = self._refusals.status_for(plan, destination, self._random)
        message_id = ""
        if status == ESME_ROK:
            self._accepted += 1
            message_id = plan.ids.nth(self._accepted, self._random)
        submitted_at = self._now()
        self._note(submit, submitted_at, status, message_id)
        if plan.delay_s or plan.delay_spread_s:
            await asyncio.sleep(plan.delay_s + plan.delay_spread_s * self._random.random())
        if status is None:
            return None
        if status != ESME_ROK:
            return status, None
        self._report(system_id, submit, message_id, submitted_at)
        return ESME_ROK, MessageIdResp(message_id=message_id.encode())

    def _note(
        self, submit: SubmitSm | DataSm, at: datetime, status: int | None, message_id: str
    ) -> None:
        answer = NO_ANSWER if status is None else status_name(status)
        self.counts.answers[answer] += 1
        segment = segment_of(submit)
        self._account(
            {
                "submit": self.counts.submits,
                "at": at.isoformat(),
                "from": submit.source_addr.decode("latin-1"),
                "to": submit.destination_addr.decode("latin-1"),
                "content_sha256": _digest(content_of(submit)),
                "segment": f"{segment.number}/{segment.total}" if segment is not None else "1/1",
                "receipt_asked": submit.registered_delivery & 0b11,
                "status": answer,
                "message_id": message_id,
            }
        )

    def _report(
        self,
        system_id: str,
        submit: SubmitSm | DataSm,
        message_id: str,
        submitted_at: datetime,
    ) -> None:
        receipts = self.plan.receipts
        final = final_state(receipts, self._random)
        states = [(final, receipts.delay_s)]
        if receipts.first_state is not None:
            states.insert(0, (receipts.first_state, 0))
        for stat, delay_s in states:
            if wants_report(receipts, submit, final):
                self.counts.receipts += 1
                report = Report(
                    message_id=message_id,
                    stat=stat,
                    submitted_at=submitted_at,
                    done_at=self._now(),
                )
                command_id, body = receipt_of(receipts, submit, report)
                parcel = Parcel(
                    system_id=system_id,
                    command_id=command_id,
                    body=body,
                    about={"receipt": message_id, "stat": stat},
                )
                self.outbox.put(parcel, delay_s)

    def _taken(self, parcel: Parcel) -> None:
        self.counts.taken["receipt" if "receipt" in parcel.about else "mo"] += 1
        self._account({**parcel.about, "at": self._now().isoformat(), "sends": parcel.sends})


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@asynccontextmanager
async def serving(
    simulator: Simulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    make_link: MakeLink = plain_link,
) -> AsyncIterator[Listener]:
    """The simulator listens and delivers within it; `listener.port` says where.

    Raises:
        OSError: the address cannot be listened on.
    """
    service = Service(
        owner=simulator,
        log=logging.getLogger("smsc"),
        policy=SESSION,
        system_id=b"smsc",
        make_link=make_link,
    )
    async with (
        listen(service, host=host, port=port, tls=tls) as listener,
        asyncio.TaskGroup() as tasks,
    ):
        work = tasks.create_task(simulator.run(), name="smsc outbox")
        try:
            yield listener
        finally:
            work.cancel()

"""A message to its SMSC: send what is left of it, record, tell the lookup, then let go (D9)."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from jasmin_compat.flows.consume import first_of
from jasmin_compat.flows.sent_record import SentRecord
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import Ack, Dead, Delay, MsgId, QueuedSubmit, Requeue, Verdict
from jasmin_compat.gateway.submission import (
    EXPIRED,
    Again,
    AgainstRules,
    Answered,
    Ended,
    Expired,
    NotSent,
    PartOutcome,
    Submit,
    SubmitPolicy,
    after_submit,
    age_s,
    before_submit,
    ended_unsent,
    is_answered,
)
from jasmin_compat.gateway.throughput import Pace
from jasmin_compat.gateway.tlv_rules import tlv_rules, type_by_rules
from jasmin_compat.ports import Clock, Queues, SmppLink, Store, StoreAway
from jasmin_compat.smpp.pdus import SubmitSm
from jasmin_compat.smpp.statuses import ESME_ROK
from jasmin_compat.wire import detours, log_lines
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import AGAIN, BILLING, CRASHES, TRIES, WAITS
from jasmin_compat.wire.bill_messages import late_bill, write_late_bill
from jasmin_compat.wire.dlr_messages import write_lookup
from jasmin_compat.wire.pickled_bills import BadBill
from jasmin_compat.wire.pickled_tlvs import is_custom
from jasmin_compat.wire.submit_messages import read_submit, write_submit_resp

RATE_S: Final = 1.0
"""A changed submit_throughput counts after so long, also for a message that waits already."""

HAD_BEFORE: Final = (AGAIN, TRIES, WAITS, CRASHES)
"""Marks of copies of what may have been sent; the broker does not call them redelivered."""

log: Final = logging.getLogger("jasmin-sm-listener")


@dataclass(slots=True)
class SubmitCounts:
    """Messages of one connector since start."""

    accepted: int = 0
    """Ended with ESME_ROK."""
    refused: int = 0
    """Ended with an error of the SMSC."""
    retried: int = 0
    """Refused, and to be sent again."""
    unanswered: int = 0
    """On the wire without an answer, and to be sent again: possible duplicates."""
    not_sent: int = 0
    """Given back because the session ended before they were sent."""
    dead: int = 0
    """Never answered, over-aged, or impossible to encode."""
    over_aged: int = 0
    """Of these."""
    expired: int = 0
    """Past their expiration before they were sent."""
    unbilled: int = 0
    """Accepted by the SMSC, and their bill could not be read."""
    finished_again: int = 0
    """Came again after their outcome was published, and were only settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitPorts:
    """What the submits of one connector need from outside."""

    link: SmppLink
    connector: Callable[[], SmppConnector]
    """As it is now: asked for each message."""
    queues: Queues
    store: Store
    clock: Clock
    local_now: Callable[[], datetime]
    """Naive local time, as Jasmin writes it."""


@dataclass(slots=True)
class _Finish:
    """What is left to be done for a message whose outcome is published."""

    verdict: Verdict
    messages: list[QueueMessage]
    """To be published: the late bill, and the copy for those who listen to answers
    (`publish_submit_sm_resp`)."""


class Submits:
    """The submits of one connector; any number of `submit_one` run at once."""

    def __init__(self, ports: SubmitPorts, policy: SubmitPolicy) -> None:
        self.counts = SubmitCounts()
        self._ports = ports
        self._policy = policy
        self._pace = Pace()
        self._turn = asyncio.Lock()
        """Messages that wait for the pace go in the order they came."""
        self._leaving = asyncio.Event()
        self._at_work: dict[MsgId, asyncio.Event] = {}
        self._record = SentRecord(ports.store, ports.clock, wait_s=policy.store_wait_s)
        self._finished: dict[MsgId, _Finish] = {}
        """The last whose outcome was published. When one is settled too late the broker delivers
        it again, and its client must not be told twice."""

    async def submit_one(self, message: QueueMessage) -> Verdict:
        """Handler of `submit.sm.<cid>`.

        Raises:
            Undecodable: the message is no submit.
            QueueError: its outcome could not be published; what was sent is remembered.
            StoreAway: it has a DLR and must wait for the store before it, or what is left of it,
                is sent; what was sent is remembered.
        """
        queued = read_submit(message)
        while (other := self._at_work.get(queued.msgid)) is not None:
            await other.wait()  # a redelivery of what is at work here
        if self._is_finished(message):
            self.counts.finished_again += 1
            return await self._finish(queued.msgid)
        done = self._at_work[queued.msgid] = asyncio.Event()
        try:
            return await self._attempt(queued, is_fresh=_is_fresh(message))
        finally:
            del self._at_work[queued.msgid]
            done.set()

    async def has_outcome(self, message: QueueMessage, queued: QueuedSubmit) -> bool:
        """Its outcome is known: `submit_one` has only to tell it, and needs no bind.

        Raises:
            StoreAway: it has a DLR, and whether it was sent is not known now.
        """
        if self._is_finished(message):
            return True
        sent = await self._record.sent_before(queued, is_fresh=_is_fresh(message))
        return is_answered(queued, sent)

    def _is_finished(self, message: QueueMessage) -> bool:
        """Also a second copy, of a publish whose first confirm was lost. But a dead letter that
        was put back is to be tried again."""
        finish = self._finished.get(MsgId(message.message_id))
        if finish is None:
            return False
        return not (detours.is_put_back(message) and isinstance(finish.verdict, Dead))

    def leave(self) -> None:
        """We are to stop: what waits for the pace goes back to the queue, unsent."""
        self._leaving.set()

    async def remember(self, queued: QueuedSubmit) -> None:
        """A request that travelled with its message goes to the store, before anything is sent or
        told. Raises: StoreAway."""
        if queued.request is not None:
            left_s = queued.request.expiry_s - age_s(queued, self._ports.clock.unix())
            request = replace(queued.request, expiry_s=max(1, round(left_s)))
            await self._ports.store.remember(request)

    async def end(self, queued: QueuedSubmit, ended: Ended) -> Verdict:
        """Tell the lookup of the final outcome, who charges for it, and who listens to answers.

        Raises:
            QueueError: one of them was not taken; what was is not published again.
        """
        await self._ports.queues.publish(write_lookup(ended.replied))
        self._record.forget(queued.msgid)
        self._count_end(ended)
        verdict = Ack() if ended.dead is None else Dead(ended.dead)
        self._finished[queued.msgid] = _Finish(verdict, self._messages_after(queued, ended))
        if len(self._finished) > self._policy.finished_kept:
            del self._finished[next(iter(self._finished))]
        return await self._finish(queued.msgid)

    async def _finish(self, msgid: MsgId) -> Verdict:
        finish = self._finished[msgid]
        while finish.messages:
            message = finish.messages[0]
            await self._ports.queues.publish(message, mandatory=message.exchange == BILLING)
            finish.messages.pop(0)
        return finish.verdict

    def _messages_after(self, queued: QueuedSubmit, ended: Ended) -> list[QueueMessage]:
        """In Jasmin's order (listeners.py:400)."""
        after = (self._late_bill(queued, ended), self._copy_of_answer(queued, ended.answer))
        return [message for message in after if message is not None]

    def _late_bill(self, queued: QueuedSubmit, ended: Ended) -> QueueMessage | None:
        """The same each time the message comes, so that it is charged once."""
        if ended.status != ESME_ROK or queued.bill is None:
            return None
        try:
            bill = late_bill(queued.bill, len(queued.parts))
        except BadBill as error:
            log.error("[msgid:%s] Not charged: %s", queued.msgid, error)  # noqa: TRY400
            self.counts.unbilled += 1
            return None
        return None if bill is None else write_late_bill(bill)

    def _copy_of_answer(self, queued: QueuedSubmit, answer: Answered | None) -> QueueMessage | None:
        if answer is None or not self._policy.publish_submit_sm_resp:
            return None
        return write_submit_resp(
            queued.msgid,
            queued.cid,
            command_status=answer.command_status,
            message_id=answer.message_id,
            now=self._ports.local_now(),
        )

    def _count_end(self, ended: Ended) -> None:
        if ended.dead is not None:
            self.counts.dead += 1
        elif ended.status == ESME_ROK:
            self.counts.accepted += 1
        elif ended.answer is not None:
            self.counts.refused += 1

    # ------------------------------------------------------------ one attempt

    async def _attempt(self, queued: QueuedSubmit, *, is_fresh: bool) -> Verdict:
        connector = self._ports.connector()
        sent = await self._record.sent_before(queued, is_fresh=is_fresh)
        if not sent:  # else it was
            await self.remember(queued)
        self._log_tlvs(queued, connector)
        plan = before_submit(queued, connector, sent=sent, now=self._ports.clock.unix())
        match plan:
            case AgainstRules(status, reason):
                log.error("%s", log_lines.mt_against_rules(queued.msgid, reason))
                return await self.end(queued, ended_unsent(queued, status, reason))
            case Expired():
                log.info("%s", log_lines.mt_expired(queued))
                self.counts.expired += 1
                return await self.end(queued, ended_unsent(queued, EXPIRED))
            case Submit(parts):
                outcomes = await self._send(parts, connector.submit_throughput) if parts else {}
            case _:
                assert_never(plan)
        decided = after_submit(
            queued,
            outcomes,
            sent=sent,
            policy=self._policy,
            requeue_delay_s=connector.requeue_delay_s,
        )
        self._log(queued, parts, outcomes, decided)
        await self._record_sent(queued, decided)
        match decided:
            case Ended():
                return await self.end(queued, decided)
            case Again():
                return self._again(decided)
            case _:
                assert_never(decided)

    async def _record_sent(self, queued: QueuedSubmit, decided: Ended | Again) -> None:
        """Raises StoreAway: some parts are to be sent again, the others must be known."""
        try:
            await self._record.add(queued, decided.record)
        except StoreAway:
            if isinstance(decided, Again):
                raise
            # Nothing of it is left to be sent. Its outcome in the lookup's queue outlives us, and
            # is there before its receipts; a message put off comes behind all that wait here.
            self._ports.store.counts.repeats_possible += 1

    async def _send(
        self, parts: Mapping[int, SubmitSm], rate_per_s: float
    ) -> Mapping[int, PartOutcome]:
        if rate_per_s > 0:
            async with self._turn:
                rate_per_s = await self._wait_for_pace()
                if self._leaving.is_set() or not self._ports.link.can_submit():
                    return dict.fromkeys(parts, NotSent())
                now = self._ports.clock.monotonic()
                self._pace = self._pace.after_one(rate_per_s, now)
        outcomes = await self._ports.link.submit(tuple(parts.values()))
        return dict(zip(parts, outcomes, strict=True))

    async def _wait_for_pace(self) -> float:
        """The rate, which is read again meanwhile: it may be changed."""
        while True:
            rate_per_s = self._ports.connector().submit_throughput
            wait_s = self._pace.wait_s(rate_per_s, self._ports.clock.monotonic())
            if wait_s <= 0 or self._leaving.is_set():
                return rate_per_s
            await first_of(self._ports.clock.sleep(min(wait_s, RATE_S)), self._leaving.wait())

    def _again(self, again: Again) -> Verdict:
        match again.why:
            case "not sent":
                self.counts.not_sent += 1
            case "unanswered":
                self.counts.unanswered += 1
            case "refused":
                self.counts.retried += 1
            case _:
                assert_never(again.why)
        if again.delay_s is None:
            return Requeue()
        return Delay(again.delay_s, ((TRIES, str(again.tries)),))

    # ------------------------------------------------------------ messages.log

    def _log_tlvs(self, queued: QueuedSubmit, connector: SmppConnector) -> None:
        """Two lines for each TLV Jasmin has no name for, of the first part."""
        custom = [tlv for tlv in queued.parts[0].tlvs if is_custom(tlv)]
        if not custom or not log.isEnabledFor(logging.INFO):
            return
        rules, privacy = tlv_rules(connector.custom_tlvs), self._policy.log_privacy
        for tlv in custom:
            log.info("%s", log_lines.tlv_given(queued.msgid, tlv, log_privacy=privacy))
        for tlv in custom:
            kind = type_by_rules(tlv, rules)
            log.info("%s", log_lines.tlv_resolved(queued.msgid, tlv, kind))

    def _log(
        self,
        queued: QueuedSubmit,
        parts: Mapping[int, SubmitSm],
        outcomes: Mapping[int, PartOutcome],
        decided: Ended | Again,
    ) -> None:
        """A line for what this attempt brought; none for one that only read the record."""
        if not outcomes:
            return
        sent = [parts.get(index, part) for index, part in enumerate(queued.parts)]
        privacy = self._policy.log_privacy
        answer = decided.answer
        if isinstance(decided, Ended) and decided.dead is not None:
            log.critical("%s", log_lines.mt_rejected(queued.msgid, queued.cid, decided.dead))
        elif answer is None:
            if isinstance(decided, Again) and decided.why == "unanswered":
                log.error("%s", log_lines.mt_timed_out(queued.msgid, queued.cid))
        elif answer.command_status == ESME_ROK:
            line = log_lines.mt_sent(
                queued, sent, message_id=answer.message_id, log_privacy=privacy
            )
            log.info("%s", line)
        else:
            line = log_lines.mt_refused(
                queued,
                sent,
                command_status=answer.command_status,
                is_retried=isinstance(decided, Again),
                log_privacy=privacy,
            )
            log.info("%s", line)


def _is_fresh(message: QueueMessage) -> bool:
    """Nobody had it before."""
    return not (message.redelivered or any(mark in message.headers for mark in HAD_BEFORE))

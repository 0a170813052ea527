"""Batches: queue their messages, send each, tell what became of it (contract/http-api.md §19.4).

Each message is a queue message of its own, confirmed before the batch is answered, so nothing of
it is in this process but what its prefetch lets in.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from jasmin_compat.flows.consume import in_turn
from jasmin_compat.gateway.batches import (
    Accepted,
    BatchMessage,
    BatchPolicy,
    BatchReport,
    Declined,
    Outcome,
    PutOff,
    after_report,
    report_call,
    report_failure,
    report_of,
)
from jasmin_compat.gateway.callbacks import BadUrl, HttpCall, HttpReply, NoReply
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Verdict
from jasmin_compat.gateway.pace import Pace, PacePolicy
from jasmin_compat.ports import (
    CallDenied,
    CallFailed,
    CallNotMade,
    Clock,
    HttpCalls,
    QueueError,
    Queues,
)
from jasmin_compat.wire import headers as header
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import TRIES
from jasmin_compat.wire.batch_messages import (
    read_batch_message,
    read_batch_report,
    write_batch_message,
    write_batch_report,
)

log: Final = logging.getLogger("jasmin-restapi")
_QUOTES: Final = "Invalid hex-content data: '"

# ---------------------------------------------------------------- queue


class NotAllQueued(Exception):
    """The broker did not take all of a batch."""

    def __init__(self, queued: int) -> None:
        super().__init__(queued)
        self.queued = queued
        """Messages it has confirmed; they will be sent."""


async def queue_batch(messages: Iterable[BatchMessage], *, queues: Queues, at_once: int) -> None:
    """Return when the broker has confirmed every one.

    Raises:
        NotAllQueued
    """
    queueing = _Queueing(iter(messages), queues)
    async with asyncio.TaskGroup() as tasks:
        for n in range(at_once):
            tasks.create_task(queueing.some(), name=f"batch {n}")
    if queueing.failed is not None:
        raise NotAllQueued(queueing.queued) from queueing.failed


class _Queueing:
    """Several publish at once, until there are no more messages, or one is not taken."""

    def __init__(self, messages: Iterator[BatchMessage], queues: Queues) -> None:
        self.queued = 0
        self.failed: QueueError | None = None
        self._messages = messages
        self._queues = queues

    async def some(self) -> None:
        for message in self._messages:
            if self.failed is not None:
                return
            try:
                await self._queues.publish(write_batch_message(message))
            except QueueError as error:
                self.failed = error
                return
            self.queued += 1


# ---------------------------------------------------------------- send


@dataclass(slots=True)
class BatchCounts:
    """Since start."""

    accepted: int = 0
    """Messages of batches that were sent."""
    declined: int = 0
    """Messages of batches that were refused, as /send refuses them."""
    put_off: int = 0
    """Attempts that found broker, store or interceptor away."""
    repeats_avoided: int = 0
    """Messages the broker delivered again that had been sent."""
    reported: int = 0
    """Callbacks and errbacks that were taken."""
    report_failures: int = 0
    """Calls nobody took, each attempt counted."""


class Workers:
    """So many messages at once, each worker at its own pace; as Jasmin's, one process each."""

    def __init__(self, count: int, policy: PacePolicy, clock: Clock) -> None:
        self.paces = tuple(Pace(policy) for _ in range(count))
        self._clock = clock
        self._idle: asyncio.Queue[Pace] = asyncio.Queue()
        for pace in self.paces:
            self._idle.put_nowait(pace)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """When a worker is free and may send; what is done inside is what it measures."""
        pace = await self._idle.get()
        try:
            wait_s = pace.wait_s(self._clock.monotonic())
            if wait_s:
                await self._clock.sleep(wait_s)
            began = self._clock.monotonic()
            yield
            now = self._clock.monotonic()
            pace.sent(now, took_s=now - began)
        finally:
            self._idle.put_nowait(pace)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPorts:
    """What sending needs from outside."""

    send: Callable[[BatchMessage], Awaitable[Outcome]]
    """Through the same gate as `/send`."""
    workers: Workers
    queues: Queues
    clock: Clock


class BatchSender:
    """Handles messages of `jasmin_compat.batch`.

    At-least-once: a message may be sent twice only if the process ends between the broker's
    confirm of the submit_sm and the settling of its batch message.
    """

    def __init__(self, ports: SendPorts, *, policy: BatchPolicy) -> None:
        self.counts = BatchCounts()
        self.handle = in_turn(self._send)
        self._ports = ports
        self._policy = policy
        self._finished: dict[str, QueueMessage | None] = {}
        """What was sent or refused, with its report until that is queued."""

    async def _send(self, queued: QueueMessage) -> Verdict:
        message = read_batch_message(queued)
        ahead_s = message.due - self._ports.clock.unix()
        if ahead_s > 0:
            return Delay(ahead_s)
        if queued.message_id in self._finished:
            self.counts.repeats_avoided += 1
        else:
            outcome = await self._outcome(queued, message)
            if isinstance(outcome, PutOff):
                return self._put_off(queued, message, outcome)
            self._finish(queued.message_id, message, outcome)
        report = self._finished.get(queued.message_id)
        if report is not None:
            await self._ports.queues.publish(report)
            self._finished[queued.message_id] = None
        return Ack()

    async def _outcome(self, queued: QueueMessage, message: BatchMessage) -> Outcome:
        async with self._ports.workers.turn():
            outcome = await self._ports.send(message)
        is_last = header.tries(queued.headers) >= self._policy.put_off_retries
        return Declined(outcome.text) if isinstance(outcome, PutOff) and is_last else outcome

    def _finish(self, message_id: str, message: BatchMessage, outcome: Accepted | Declined) -> None:
        report = report_of(message, outcome)
        self._finished[message_id] = (
            None if report is None else write_batch_report(report, message_id=message_id)
        )
        if len(self._finished) > self._policy.finished_kept:
            del self._finished[next(iter(self._finished))]
        if isinstance(outcome, Accepted):
            self.counts.accepted += 1
        else:
            self.counts.declined += 1
            log.error("[%s] %s", message.batch_id, _logged(outcome.text))

    def _put_off(self, queued: QueueMessage, message: BatchMessage, outcome: PutOff) -> Delay:
        self.counts.put_off += 1
        tries = header.tries(queued.headers) + 1
        log.warning("[%s] %s: attempt %d", message.batch_id, _logged(outcome.text), tries)
        return Delay(self._policy.put_off_delay_s, ((TRIES, str(tries)),))


def _logged(text: str) -> str:
    """A refusal without what it quotes of the message."""
    head, quoted, _ = text.partition(_QUOTES)
    return (head + quoted.rstrip(" :'") if quoted else text).strip('"')


# ---------------------------------------------------------------- tell


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPorts:
    """What telling needs from outside."""

    calls: HttpCalls
    counts: BatchCounts


async def report_one(queued: QueueMessage, *, ports: ReportPorts, policy: BatchPolicy) -> Verdict:
    """Handle a message of `jasmin_compat.batch.reports`: one call.

    Raises:
        Undecodable: it is no report.
    """
    report, tries = read_batch_report(queued), header.tries(queued.headers)
    try:
        call = report_call(report, timeout_s=policy.report_timeout_s)
        outcome = await _outcome(call, ports.calls)
    except (BadUrl, CallDenied) as error:
        return _failed(report, error, Dead(str(error)), ports)
    except CallNotMade:
        return Delay(policy.no_slot_delay_s)
    verdict = after_report(outcome, tries=tries, policy=policy)
    if isinstance(verdict, Ack):
        ports.counts.reported += 1
        log.info("(%s) of batch %s to %s succeeded.", report.kind, report.batch_id, report.url)
        return verdict
    if isinstance(verdict, Delay):
        verdict = Delay(verdict.delay_s, ((TRIES, str(tries + 1)),))
    return _failed(report, report_failure(outcome), verdict, ports)


async def _outcome(call: HttpCall, calls: HttpCalls) -> HttpReply | NoReply:
    try:
        return await calls.call(call)
    except CallFailed as error:
        return NoReply(str(error))


def _failed(report: BatchReport, reason: object, verdict: Verdict, ports: ReportPorts) -> Verdict:
    ports.counts.report_failures += 1
    log.error(
        "(%s) of batch %s to %s failed: %s.", report.kind, report.batch_id, report.url, reason
    )
    return verdict

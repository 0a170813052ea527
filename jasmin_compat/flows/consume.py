"""Run a handler on each message of a queue, and settle every delivery once, from its verdict.

The only place that settles. Flows answer with a verdict; what they raise is turned into one here,
so that no delivery is left unsettled: after `prefetch` of those a consumer stands still.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Final, assert_never
from weakref import WeakValueDictionary

from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue, Verdict
from jasmin_compat.ports import (
    Delivery,
    DeliveryLost,
    QueueError,
    Queues,
    StoreAway,
    Unpublishable,
    Unroutable,
)
from jasmin_compat.runtime.mistakes import without_texts
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable, shown
from jasmin_compat.wire.amqp_names import CRASHES, WAITS

MOST_WAITS: Final = 10
_TOLD_CHARS: Final = 300
"""Of what is wrong with a message, in the log; the dead letter has more."""

Handle = Callable[[QueueMessage], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumePolicy:
    """What becomes of messages that cannot be handled now."""

    crash_delay_s: float = 10.0
    crash_tries: int = 3
    """Attempts in all when the handler breaks; then the message is dead."""
    store_delay_s: float = 5.0
    """Before a message is tried again that needed the store while it was away; twice as long each
    time, lest many of them keep the broker busy for nothing."""
    store_delay_max_s: float = 60.0
    broker_pause_s: float = 1.0
    """A message whose successor the broker did not take keeps its slot so long, then goes back."""
    drain_s: float = 10.0
    """Handlers still at work after a stop get so long; then they are cancelled."""


@dataclass(slots=True)
class ConsumeCounts:
    """Since start, but for `running` and `prefetch`."""

    running: int = 0
    """Handlers at work now."""
    prefetch: int = 0
    """Handlers that may be at work at a time now; 0 before the queue is consumed."""
    acked: int = 0
    """Done with."""
    requeued: int = 0
    """Put back at once."""
    delayed: int = 0
    """Put off."""
    dead: int = 0
    """Put to the dead letters."""
    lost: int = 0
    """Settled too late: the broker delivers it again."""
    undecodable: int = 0
    """Dead, because nobody can read them."""
    unpublishable: int = 0
    """Dead, because a message that had to follow cannot be written."""
    crashed: int = 0
    """Times a handler broke by a mistake of ours."""
    broker_away: int = 0
    """Put back, because a message that had to follow was not taken."""
    store_away: int = 0
    """Put off, because the store did not answer."""


class Gate:
    """Lets a consumer take messages, or not; open at first."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._closed = asyncio.Event()
        self._opened.set()

    def open(self) -> None:
        self._closed.clear()
        self._opened.set()

    def close(self) -> None:
        """The consumer is cancelled; messages already at work are finished."""
        self._opened.clear()
        self._closed.set()

    async def wait_open(self) -> None:
        await self._opened.wait()

    async def wait_closed(self) -> None:
        await self._closed.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A queue, how much of it at once, and when."""

    queue: str
    consumer_tag: str
    prefetch: int
    gate: Gate = field(default_factory=Gate)
    log: logging.Logger = field(default=logging.getLogger("jasmin-amqp-factory"))
    """Of the component whose messages these are."""
    counts: ConsumeCounts = field(default_factory=ConsumeCounts)


async def consume(
    queues: Queues,
    source: Source,
    handle: Handle,
    *,
    stop: asyncio.Event,
    policy: ConsumePolicy = ConsumePolicy(),
) -> None:
    """Handle messages, at most `prefetch` at once, until `stop` is set and the work is drained.

    The handler may raise Undecodable or Unpublishable (the message is dead), another QueueError or
    StoreAway (it comes again), and by mistake anything else (logged; it comes again, `crash_tries`
    times in all).
    """
    work = _Work(source, handle, stop, policy)
    source.counts.prefetch = source.prefetch
    async with asyncio.TaskGroup() as tasks:
        while await work.may_take():
            async with queues.consume(
                source.queue, consumer_tag=source.consumer_tag, prefetch=source.prefetch
            ) as deliveries:
                await first_of(work.take(deliveries, tasks), stop.wait(), source.gate.wait_closed())
        await work.drain()


class _Work:
    """The handlers at work on one queue."""

    def __init__(
        self, source: Source, handle: Handle, stop: asyncio.Event, policy: ConsumePolicy
    ) -> None:
        self._source = source
        self._counts = source.counts
        self._handle = handle
        self._stop = stop
        self._policy = policy
        self._slots = asyncio.Semaphore(source.prefetch)
        self._running: set[asyncio.Task[None]] = set()

    async def may_take(self) -> bool:
        """True when the gate is open, False when we are to stop."""
        await first_of(self._source.gate.wait_open(), self._stop.wait())
        return not self._stop.is_set()

    async def take(self, deliveries: AsyncIterator[Delivery], tasks: asyncio.TaskGroup) -> None:
        while True:
            # After a reconnect lost deliveries may still be at work: they count, too.
            await self._slots.acquire()
            try:
                delivery = await anext(deliveries)
            except BaseException:
                self._slots.release()
                raise
            task = tasks.create_task(self._work_on(delivery), name=f"{self._source.queue} message")
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def drain(self) -> None:
        """Let the handlers finish; those still at work after `drain_s` are cancelled."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._policy.drain_s)
        for task in self._running:
            task.cancel()

    async def _work_on(self, delivery: Delivery) -> None:
        self._counts.running += 1
        try:
            verdict = await self._verdict(_message_of(delivery))
        except asyncio.CancelledError:
            await self._settle(delivery, Requeue())
            raise
        else:
            await self._settle(delivery, verdict)
        finally:
            self._counts.running -= 1
            self._slots.release()

    async def _verdict(self, message: QueueMessage) -> Verdict:
        try:
            return await self._handle(message)
        except Undecodable as error:
            self._counts.undecodable += 1
            return self._dead_end(message, "cannot be read", error)
        except Unpublishable as error:
            self._counts.unpublishable += 1
            return self._dead_end(message, "cannot go on", error)
        except QueueError as error:
            await self._not_taken(message, error)
            return Requeue()
        except StoreAway:
            self._counts.store_away += 1
            return self._after_store_away(message)
        except Exception as error:  # noqa: BLE001 - logged
            self._counts.crashed += 1
            self._log_mistake(message, error)
            return self._after_crash(message, error)

    def _log_mistake(self, message: QueueMessage, error: Exception) -> None:
        source = self._source
        source.log.error("[msgid:%s] %s\n%s", message.shown_id, source.queue, without_texts(error))

    def _dead_end(self, message: QueueMessage, why: str, error: Exception) -> Dead:
        where, told = self._source.queue, shown(str(error)[:_TOLD_CHARS])
        self._source.log.error("[msgid:%s] %s: %s: %s", message.shown_id, where, why, told)
        return Dead(str(error))

    def _after_crash(self, message: QueueMessage, error: Exception) -> Verdict:
        crashes = _count_in(message, CRASHES) + 1
        if crashes >= self._policy.crash_tries:
            return Dead(f"{type(error).__name__}: {error}")
        return Delay(self._policy.crash_delay_s, ((CRASHES, str(crashes)),))

    def _after_store_away(self, message: QueueMessage) -> Delay:
        waits = min(_count_in(message, WAITS), MOST_WAITS)
        delay_s = self._policy.store_delay_s * 2**waits
        longest_s = max(self._policy.store_delay_s, self._policy.store_delay_max_s)
        return Delay(min(delay_s, longest_s), ((WAITS, str(waits + 1)),))

    async def _settle(self, delivery: Delivery, verdict: Verdict) -> None:
        try:
            await delivery.settle(verdict)
        except DeliveryLost:
            self._counts.lost += 1
        except QueueError as error:
            await self._not_taken(delivery.message, error)
        else:
            self._count(verdict)

    async def _not_taken(self, message: QueueMessage, error: QueueError) -> None:
        """Wait a little, in the message's slot: it would come back at once."""
        self._counts.broker_away += 1
        if isinstance(error, Unroutable):  # of an outage the adapter says enough
            self._source.log.error(
                "[msgid:%s] %s: no queue for %s", message.shown_id, self._source.queue, error
            )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._policy.broker_pause_s):
                await self._stop.wait()

    def _count(self, verdict: Verdict) -> None:
        match verdict:
            case Ack():
                self._counts.acked += 1
            case Requeue():
                self._counts.requeued += 1
            case Delay():
                self._counts.delayed += 1
            case Dead():
                self._counts.dead += 1
            case _:
                assert_never(verdict)


def _count_in(message: QueueMessage, header: str) -> int:
    written = str(message.headers.get(header, ""))
    return int(written) if written.isdecimal() and len(written) < 10 else 0


def _message_of(delivery: Delivery) -> QueueMessage:
    message = delivery.message
    return replace(message, redelivered=True) if delivery.redelivered else message


def in_turn(handle: Handle) -> Handle:
    """Messages with the same message-id one after another, in the order they came."""
    turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def handle_in_turn(message: QueueMessage) -> Verdict:
        async with turns.setdefault(message.message_id, asyncio.Lock()):
            return await handle(message)

    return handle_in_turn


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them returns; the others are cancelled."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(wait, name="first of") for wait in waits]
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()

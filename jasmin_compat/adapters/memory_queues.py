"""Queues in this process's memory: for the demo, `--embedded` and tests.

Bounded; what is in them dies with the process. Same contract as adapters/amqp.py
(tests/contracts/queue_contract.py).
"""

import asyncio
import heapq
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import assert_never

from jasmin_compat.adapters import amqp_frames
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue, Verdict
from jasmin_compat.ports import (
    Binding,
    Clock,
    Delivery,
    DeliveryLost,
    QueueFull,
    Unpublishable,
    Unroutable,
)
from jasmin_compat.wire import amqp_names, detours, topics
from jasmin_compat.wire.amqp_messages import QueueMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPolicy:
    """Bounds, in messages."""

    queue_max: int = 100_000
    """Of each queue: ready, delayed and unsettled together; beyond, QueueFull."""
    dead_max: int = 10_000
    """Of each `<queue>.dead`; beyond, the oldest goes."""


@dataclass(slots=True)
class MemoryCounts:
    """Since start."""

    published: int = 0
    """Messages taken."""
    unroutable: int = 0
    """Published to nobody, mandatory or not."""
    full: int = 0
    """Refused with QueueFull."""
    deliveries: int = 0
    """Messages brought to a consumer."""
    dead: Counter[str] = field(default_factory=Counter)
    """Dead letters by queue."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message in a queue."""

    number: int
    """Its place: in the order of publishing, or of coming back from a delay."""
    message: QueueMessage
    redelivered: bool = False


class _Queue:
    """Messages ready, delayed and unsettled, and who is to be woken when one gets ready."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready: deque[_Waiting] = deque()
        self.delayed: list[tuple[float, int, QueueMessage]] = []
        self.unsettled = 0
        self._last = 0
        self.wakes: set[asyncio.Event] = set()

    def __len__(self) -> int:
        return len(self.ready) + len(self.delayed) + self.unsettled

    def wake(self) -> None:
        for event in self.wakes:
            event.set()

    def put(self, message: QueueMessage) -> None:
        self._last += 1
        self.ready.append(_Waiting(self._last, message))
        self.wake()

    def put_back(self, waiting: _Waiting) -> None:
        """To its place."""
        at = 0
        while at < len(self.ready) and self.ready[at].number < waiting.number:
            at += 1
        self.ready.insert(at, replace(waiting, redelivered=True))
        self.wake()

    def release(self, now: float) -> None:
        """Make ready what has been delayed long enough."""
        while self.delayed and self.delayed[0][0] <= now:
            self.put(heapq.heappop(self.delayed)[2])


class MemoryQueues:
    """The Queues port in memory."""

    def __init__(self, *, clock: Clock, policy: MemoryPolicy = MemoryPolicy()) -> None:
        self.counts = MemoryCounts()
        self._clock = clock
        self._policy = policy
        self._queues: dict[str, _Queue] = {}
        self._bindings: set[tuple[str, str, str]] = set()
        self._numbers = itertools.count()

    async def declare(self, bindings: Sequence[Binding]) -> None:
        for binding in bindings:
            self._queue(binding.queue)
            self._bindings.add((binding.exchange, binding.routing_key, binding.queue))

    def forget(self, bindings: Sequence[Binding]) -> None:
        """Nothing is ever declared again here."""

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        targets = list(self._targets(message.exchange, message.routing_key))
        _check_writable(message)
        if not targets:
            self.counts.unroutable += 1
            if mandatory:
                raise Unroutable(f"{message.exchange}/{message.routing_key}")
        for queue in targets:
            if len(queue) >= self._policy.queue_max:
                self.counts.full += 1
                raise QueueFull(f"{queue.name} holds {len(queue)} messages")
        self.counts.published += 1
        for queue in targets:
            queue.put(message)

    @asynccontextmanager
    async def consume(
        self,
        queue: str,
        *,
        consumer_tag: str,
        prefetch: int,
    ) -> AsyncIterator[AsyncIterator[Delivery]]:
        assert prefetch > 0
        consumer = _Consumer(self, self._queue(queue), prefetch)
        try:
            yield consumer
        except BaseException:
            consumer.lose()
            raise
        finally:
            consumer.leave()

    async def depth(self, queue: str) -> int:
        if queue not in self._queues:
            return 0
        self._queues[queue].release(self._clock.monotonic())
        return len(self._queues[queue].ready)

    def _queue(self, name: str) -> _Queue:
        return self._queues.setdefault(name, _Queue(name))

    def _targets(self, exchange: str, key: str) -> Iterator[_Queue]:
        if exchange == "":
            names = {key} & self._queues.keys()
        else:
            names = {
                q
                for ex, pattern, q in self._bindings
                if ex == exchange and topics.fits(pattern, key)
            }
        return (self._queues[name] for name in sorted(names))

    # -- for _Consumer and _MemoryDelivery

    def now(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def delay(self, queue: _Queue, message: QueueMessage, verdict: Delay) -> None:
        again = replace(message, headers={**message.headers, **dict(verdict.headers)})
        due = self.now() + verdict.delay_s
        heapq.heappush(queue.delayed, (due, next(self._numbers), again))
        queue.wake()

    def bury(self, queue: _Queue, message: QueueMessage, verdict: Dead) -> None:
        self.counts.dead[queue.name] += 1
        letters = self._queue(amqp_names.dead_queue(queue.name))
        if len(letters) >= self._policy.dead_max and letters.ready:
            letters.ready.popleft()
        now = self._clock.unix()
        letters.put(detours.dead(message, queue=queue.name, reason=verdict.reason, now=now))


def _check_writable(message: QueueMessage) -> None:
    """What a broker could not take is refused here, too. Raises: Unpublishable."""
    try:
        amqp_frames.content_header(message, persistent=True)
    except amqp_frames.Unwritable as error:
        raise Unpublishable(str(error)) from error


class _Consumer:
    """Deliveries of one queue, at most `prefetch` unsettled."""

    def __init__(self, queues: MemoryQueues, queue: _Queue, prefetch: int) -> None:
        self._queues = queues
        self._queue = queue
        self._prefetch = prefetch
        self._unsettled: dict[int, MemoryDelivery] = {}
        self._wake = asyncio.Event()
        queue.wakes.add(self._wake)

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        while True:
            self._wake.clear()
            self._queue.release(self._queues.now())
            if len(self._unsettled) < self._prefetch and self._queue.ready:
                return self._take()
            await self._something_new()

    def _take(self) -> "MemoryDelivery":
        delivery = MemoryDelivery(self._queues, self._queue, self._queue.ready.popleft(), self)
        self._queue.unsettled += 1
        self._unsettled[id(delivery)] = delivery
        self._queues.counts.deliveries += 1
        return delivery

    async def _something_new(self) -> None:
        """Return when a message came, one was settled, or the next delayed one is due."""
        if not self._queue.delayed:
            await self._wake.wait()
            return
        wait_s = self._queue.delayed[0][0] - self._queues.now()
        async with asyncio.TaskGroup() as tasks:
            timer = tasks.create_task(self._ring(wait_s), name=f"delays of {self._queue.name}")
            await self._wake.wait()
            timer.cancel()

    async def _ring(self, wait_s: float) -> None:
        await self._queues.sleep(wait_s)
        self._wake.set()

    def settled(self, delivery: "MemoryDelivery") -> None:
        del self._unsettled[id(delivery)]
        self._queue.unsettled -= 1
        self._wake.set()

    def lose(self) -> None:
        """The consumer broke: what it has not settled is delivered again."""
        for delivery in reversed(list(self._unsettled.values())):
            delivery.lose()

    def leave(self) -> None:
        self._queue.wakes.discard(self._wake)


class MemoryDelivery:
    """A message taken from a queue."""

    def __init__(
        self, queues: MemoryQueues, queue: _Queue, waiting: _Waiting, consumer: _Consumer
    ) -> None:
        self.queue = queue.name
        self.message = detours.as_published(waiting.message)
        self.redelivered = waiting.redelivered
        self._queues = queues
        self._from = queue
        self._waiting = waiting
        self._consumer = consumer
        self._lost = False
        self._settled = False

    async def settle(self, verdict: Verdict) -> None:
        assert not self._settled, "settled twice"
        self._settled = True
        if self._lost:
            raise DeliveryLost(self.queue)
        self._consumer.settled(self)
        match verdict:
            case Ack():
                pass
            case Requeue():
                self._from.put_back(self._waiting)
            case Delay():
                self._queues.delay(self._from, self.message, verdict)
            case Dead():
                self._queues.bury(self._from, self.message, verdict)
            case _:
                assert_never(verdict)

    def lose(self) -> None:
        self._consumer.settled(self)
        self._lost = True
        self._from.put_back(self._waiting)

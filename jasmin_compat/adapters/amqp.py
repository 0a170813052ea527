"""Queues on RabbitMQ (AMQP 0-9-1): design D5, contract/amqp-topology.md.

Two connections: one publishes, one consumes and asks. Under a memory or disk alarm the broker
stops reading from a connection that publishes; acks on the other one still get through, and what
they free ends the alarm.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from jasmin_compat.adapters.amqp_consuming import Consumer, Wanted
from jasmin_compat.adapters.amqp_delays import serve_delays
from jasmin_compat.adapters.amqp_link import (
    BrokerFailed,
    BrokerRefused,
    Link,
    Live,
    log,
    why_closed,
)
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy, Durability
from jasmin_compat.adapters.amqp_publishing import PUBLISH_CHANNEL, Publisher
from jasmin_compat.adapters.amqp_topology import QueueSeen, Topology, look
from jasmin_compat.ports import Binding, BrokerAway, Clock, Delivery, Unroutable
from jasmin_compat.runtime.tasks import tasks_beside
from jasmin_compat.wire.amqp_messages import QueueMessage


class AmqpQueues:
    """The Queues port on RabbitMQ; made by `open_amqp_queues`."""

    def __init__(
        self,
        policy: AmqpPolicy,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self.counts = AmqpCounts()
        self.topology = Topology(policy, self.counts)
        self._publisher = Publisher(policy, self.counts)
        self._publishing = Link(
            policy,
            self.counts,
            _PublishingUser(self.topology, self._publisher),
            purpose="publishing",
            jitter=jitter,
        )
        self._consuming = Link(
            policy, self.counts, _ConsumingUser(), purpose="consuming", jitter=jitter
        )
        self._consumed: Counter[str] = Counter()
        """Consumers here, by queue."""
        self._running: set[asyncio.Task[None]] = set()
        self._redeclaring = asyncio.Lock()

    @property
    def is_connected(self) -> bool:
        return self._publishing.live is not None and self._consuming.live is not None

    async def wait_until_connected(self) -> None:
        await self._publishing.wait_up()
        await self._consuming.wait_up()

    def start(self) -> None:
        """Keep the connections up, and what is declared declared."""
        parts = {
            "publishing": self._publishing.run(),
            "consuming": self._consuming.run(),
            "topology": self._keep_declared(),
        }
        if self._policy.delays:
            prefetch = self._policy.delay_prefetch
            parts["delays"] = serve_delays(self, self._clock, prefetch=prefetch)
        for name, part in parts.items():
            self._running.add(self._tasks.create_task(part, name=f"amqp {name}"))

    def stop(self) -> None:
        """Say goodbye to the broker: what is not settled comes again to somebody else."""
        for task in self._running:
            task.cancel()

    async def declare(self, bindings: Sequence[Binding]) -> None:
        """While the broker is away they are noted, and declared before anything else is done."""
        self.topology.add(bindings)
        live = self._consuming.live or self._publishing.live
        if live is None:
            return
        try:
            await self.topology.declare(live, bindings)
        except BrokerFailed as error:
            log.error("Declaring: %s", error)

    def forget(self, bindings: Sequence[Binding]) -> None:
        self.topology.forget(bindings)

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        self.counts.publishes += 1
        deadline = self._loop.time() + self._policy.publish_timeout_s
        try:
            await self._publisher.publish(message, mandatory=mandatory, deadline=deadline)
        except Unroutable:
            self.counts.returned += 1
            await self._publish_once_more(message, deadline)

    async def _publish_once_more(self, message: QueueMessage, deadline: float) -> None:
        """Its queue was deleted, perhaps: declare what we know of it, and try again."""
        returned_at = self._loop.time()
        bindings = self.topology.of_key(message.exchange, message.routing_key)
        try:
            async with asyncio.timeout_at(deadline), self._redeclaring:
                stale = [b for b in bindings if self.topology.declared_at(b) < returned_at]
                if stale:
                    await self.topology.declare(await self._consuming.wait_up(), stale)
            await self._publisher.publish(message, mandatory=True, deadline=deadline)
        except (BrokerFailed, TimeoutError) as error:
            raise BrokerAway(f"its queue could not be declared again: {error}") from error
        except Unroutable:
            self.counts.unroutable += 1
            raise

    @asynccontextmanager
    async def consume(
        self, queue: str, *, consumer_tag: str, prefetch: int
    ) -> AsyncIterator[AsyncIterator[Delivery]]:
        wanted = Wanted(queue=queue, consumer_tag=consumer_tag, prefetch=prefetch)
        consumer = Consumer(wanted, self._consuming, self.topology, self)
        running = self._tasks.create_task(consumer.run(), name=f"consumer of {queue}")
        self._running.add(running)
        self._consumed[queue] += 1
        try:
            yield consumer
            async with consumer.starting:
                await _ended(running)
            await consumer.leave()
        except BaseException:  # of the body, or we are cancelled on the way out
            await _ended(running)
            await consumer.break_off()
            raise
        else:
            self._tasks.create_task(consumer.close_when_idle(), name=f"leaving {queue}")
        finally:
            self._consumed[queue] -= 1
            self._running.discard(running)

    async def depth(self, queue: str) -> int:
        seen = await self.look(queue)
        return seen.ready if seen is not None else 0

    async def look(self, queue: str) -> QueueSeen | None:
        """None when there is no such queue. Raises BrokerAway."""
        try:
            async with asyncio.timeout(self._policy.rpc_timeout_s):
                return await look(await self._consuming.wait_up(), queue)
        except (BrokerFailed, BrokerRefused, TimeoutError) as error:
            raise BrokerAway(f"{queue}: {error}") from error

    async def control(self) -> Live:
        """The connection that asks, when it is up: for tools."""
        return await self._consuming.wait_up()

    @property
    def durability(self) -> Durability:
        return self._policy.durability

    def unix(self) -> float:
        """For dead and delayed messages."""
        return self._clock.unix()

    async def _keep_declared(self) -> None:
        """A publisher is not told when the queue of a key is deleted, and a third party's queue
        on the same key hides it; so what nobody consumes here is declared now and then."""
        while True:
            await self._clock.sleep(self._policy.redeclare_s)
            live = self._consuming.live
            unwatched = [b for b in self.topology.all() if not self._consumed[b.queue]]
            if live is None or not unwatched:
                continue
            try:
                await self.topology.declare(live, unwatched)
            except BrokerFailed as error:
                log.error("Declaring: %s", error)


class _PublishingUser:
    """On each new publishing connection: a channel with confirms, and all that is declared."""

    def __init__(self, topology: Topology, publisher: Publisher) -> None:
        self._topology = topology
        self._publisher = publisher

    async def prepare(self, live: Live) -> None:
        channel = await live.open_channel(PUBLISH_CHANNEL, confirms=True)
        declared: set[Binding] = set()
        while missing := [b for b in self._topology.all() if b not in declared]:
            await self._topology.declare(live, missing)
            declared.update(missing)
        if live.tap.lost.done():
            raise BrokerFailed(live.tap.lost.result())
        channel.closing.add_done_callback(
            lambda closed: live.tap.abort(f"publishing channel: {why_closed(closed)}")
        )
        live.tap.channels[PUBLISH_CHANNEL] = self._publisher.up(live.tap, live.frame_max)

    def blocked(self, reason: str | None) -> None:
        self._publisher.block(reason)


class _ConsumingUser:
    """Its consumers look after themselves."""

    async def prepare(self, live: Live) -> None: ...
    def blocked(self, reason: str | None) -> None: ...


async def _ended(task: "asyncio.Task[None]") -> None:
    """Cancel it and return when it has ended."""
    task.cancel()
    await asyncio.wait([task])


@asynccontextmanager
async def open_amqp_queues(
    policy: AmqpPolicy, *, clock: Clock, jitter: Callable[[], float]
) -> AsyncIterator[AmqpQueues]:
    """Queues that connect in the background, at once and whenever the connection is lost.

    `jitter` gives numbers from 0 to 1 (random.random). Raises BrokerAway, in a group: the policy
    says not to reconnect.
    """
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # what it says, we say once
    async with tasks_beside() as tasks:
        queues = AmqpQueues(policy, clock=clock, jitter=jitter, tasks=tasks)
        queues.start()
        try:
            yield queues
        finally:
            queues.stop()

"""Exchanges and queues: declared as the policy says, used as they are if they exist otherwise.

The topology is Jasmin's (contract/amqp-topology.md §2), whose objects are transient. A passive
declare does not notice wrong durability, so each object is declared actively; the broker answers
406 PRECONDITION_FAILED, and closes the channel, when it exists with other properties.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiormq.abc import AbstractChannel

from jasmin_compat.adapters.amqp_link import BrokerFailed, BrokerRefused, Live, answered, log
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy, Durability
from jasmin_compat.ports import Binding
from jasmin_compat.wire import topics
from jasmin_compat.wire.amqp_names import (
    DEFAULT_EXCHANGE,
    DELAY_STEPS_S,
    HELD_DLRS,
    aside_queue,
    dead_queue,
    delay_queue,
    outlives_broker,
)

_DEAD = dead_queue("")
_ASIDE = aside_queue("")
_NOT_FOUND = 404
_PRECONDITION_FAILED = 406
_NO_DELIVERY_LIMIT_SINCE = 4
"""Major version of RabbitMQ that limits deliveries of quorum queues, and takes -1 for none."""

Request = Callable[[AbstractChannel], Awaitable[object]]


class Topology:
    """What is declared, and how it was found."""

    def __init__(self, policy: AmqpPolicy, counts: AmqpCounts) -> None:
        self._policy = policy
        self._counts = counts
        self._bindings: dict[Binding, float] = {}
        """When each was declared last, by the loop's clock."""
        self._transient: set[str] = set()
        """Exchanges that turned out to be transient."""
        self._reported: set[str] = set()

    def add(self, bindings: Iterable[Binding]) -> None:
        for binding in bindings:
            self._bindings.setdefault(binding, -math.inf)

    def forget(self, bindings: Iterable[Binding]) -> None:
        for binding in bindings:
            self._bindings.pop(binding, None)

    def declared_at(self, binding: Binding) -> float:
        """By the loop's clock."""
        return self._bindings.get(binding, -math.inf)

    def all(self) -> list[Binding]:
        return list(self._bindings)

    def of_queue(self, queue: str) -> list[Binding]:
        """What feeds the queue; ours need not have been declared by anybody."""
        known = [binding for binding in self._bindings if binding.queue == queue]
        return known or ([_lonely(queue)] if _is_ours(queue) else [])

    def of_key(self, exchange: str, routing_key: str) -> list[Binding]:
        """What may take a message published there."""
        if exchange == DEFAULT_EXCHANGE:
            return self.of_queue(routing_key)
        return [
            binding
            for binding in self._bindings
            if binding.exchange == exchange and topics.fits(binding.routing_key, routing_key)
        ]

    async def declare(self, live: Live, bindings: Iterable[Binding]) -> None:
        """Raises BrokerFailed; what the broker refuses is reported, and used as it is."""
        wanted = list(bindings)
        scratch = Scratch(live)
        try:
            for exchange in dict.fromkeys(b.exchange for b in wanted):
                if exchange != DEFAULT_EXCHANGE:
                    await self._declare_exchange(scratch, exchange)
            for queue, exchange in dict.fromkeys((b.queue, b.exchange) for b in wanted):
                await self._declare_queue(scratch, queue, exchange)
            for binding in wanted:
                if binding.exchange != DEFAULT_EXCHANGE:
                    await self._bind(scratch, binding)
        finally:
            await scratch.close()
        now = asyncio.get_running_loop().time()
        self._bindings.update((b, now) for b in wanted if b in self._bindings)

    async def try_exchange(self, scratch: "Scratch", exchange: str) -> BrokerRefused | None:
        """Declare it as the policy says; None if that is how it is now. Raises BrokerFailed."""
        durable = self._policy.durability is not Durability.JASMIN

        def declare(channel: AbstractChannel) -> Awaitable[object]:
            return channel.exchange_declare(exchange, exchange_type="topic", durable=durable)

        refusal = await scratch.ask(declare)
        self._transient.discard(exchange)
        if durable and refusal is not None and refusal.code == _PRECONDITION_FAILED:
            self._transient.add(exchange)
        return refusal

    async def _declare_exchange(self, scratch: "Scratch", exchange: str) -> None:
        refusal = await self.try_exchange(scratch, exchange)
        if refusal is not None:
            self._report(f"exchange {exchange}", refusal)

    async def try_queue(
        self, scratch: "Scratch", queue: str, exchange: str = DEFAULT_EXCHANGE
    ) -> BrokerRefused | None:
        """Declare it as the policy says; None if that is how it is now. Raises BrokerFailed.

        On a transient exchange it is to be transient, too: the next Jasmin daemon declares it so,
        and would get the 406.
        """
        durable = outlives_broker(queue) or (
            self._policy.durability is not Durability.JASMIN and exchange not in self._transient
        )
        arguments = self._arguments(queue, durable, scratch.live)

        def declare(channel: AbstractChannel) -> Awaitable[object]:
            return channel.queue_declare(queue, durable=durable, arguments=arguments)

        return await scratch.ask(declare)

    async def _declare_queue(self, scratch: "Scratch", queue: str, exchange: str) -> None:
        refusal = await self.try_queue(scratch, queue, exchange)
        if refusal is not None:
            self._report(f"queue {queue}", refusal)

    def _arguments(self, queue: str, durable: bool, live: Live) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        if durable and self._policy.durability is Durability.QUORUM:
            arguments["x-queue-type"] = "quorum"
            if _major_version(live) >= _NO_DELIVERY_LIMIT_SINCE:
                arguments["x-delivery-limit"] = -1
        if queue.endswith(_DEAD):
            arguments["x-max-length"] = self._policy.dead_max_messages
            arguments["x-overflow"] = "drop-head"
        if queue == HELD_DLRS.queue:
            arguments["x-max-length"] = self._policy.held_max_messages
            arguments["x-overflow"] = "reject-publish"
        return arguments

    async def _bind(self, scratch: "Scratch", binding: Binding) -> None:
        def bind(channel: AbstractChannel) -> Awaitable[object]:
            return channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)

        refusal = await scratch.ask(bind)
        if refusal is not None:
            self._report(f"binding of {binding.queue} to {binding.exchange}", refusal)

    def _report(self, what: str, refusal: BrokerRefused) -> None:
        """Once for each object."""
        if what in self._reported:
            return
        self._reported.add(what)
        self._counts.declared_otherwise += 1
        log.warning("Using %s as it is: %s", what, refusal)


class Scratch:
    """A channel to ask on, made again after each refusal."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._channel: AbstractChannel | None = None

    async def ask(self, request: Request) -> BrokerRefused | None:
        """What the broker has against it, or None. Raises BrokerFailed."""
        if self._channel is None:
            self._channel = await self.live.open_channel()
        try:
            await answered(request(self._channel), self.live.timeout_s)
        except BrokerRefused as refusal:
            self._channel = None
            return refusal
        return None

    async def close(self) -> None:
        if self._channel is None:
            return
        try:
            await self.live.close_channel(self._channel)
        except (BrokerFailed, BrokerRefused) as error:
            log.debug("closing a channel: %s", error)


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """A queue as a passive declare shows it."""

    ready: int
    """Messages that are neither delivered nor settled."""
    consumers: int


async def look(live: Live, queue: str) -> QueueSeen | None:
    """None when there is no such queue. Raises BrokerFailed, BrokerRefused."""
    channel = await live.open_channel()
    try:
        declared = await answered(channel.queue_declare(queue, passive=True), live.timeout_s)
    except BrokerRefused as refusal:
        if refusal.code != _NOT_FOUND:
            raise
        return None
    await live.close_channel(channel)
    return QueueSeen(declared.message_count or 0, declared.consumer_count or 0)


def _is_ours(queue: str) -> bool:
    return (
        queue.endswith(_DEAD)
        or queue.startswith(_ASIDE)
        or queue == HELD_DLRS.queue
        or queue in map(delay_queue, DELAY_STEPS_S)
    )


def _lonely(queue: str) -> Binding:
    """A queue that is reached through the default exchange only."""
    return Binding(queue=queue, exchange=DEFAULT_EXCHANGE, routing_key=queue)


def _major_version(live: Live) -> int:
    major = live.broker_version.partition(".")[0]
    return int(major) if major.isdecimal() else 0

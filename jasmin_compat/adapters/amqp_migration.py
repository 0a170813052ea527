"""Make a site's exchanges and queues as durable as the policy says, with what is in them.

An object cannot change its durability: each has to be deleted and declared anew (design D5). The
messages of a queue lie in `jasmin_compat.aside.<queue>` meanwhile; run again after a crash, it
goes on from there. Whatever publishes or consumes must be stopped.
"""

from collections.abc import Awaitable, Callable, Sequence

from aiormq.abc import AbstractChannel

from jasmin_compat.adapters.amqp import AmqpQueues
from jasmin_compat.adapters.amqp_link import BrokerRefused
from jasmin_compat.adapters.amqp_topology import Scratch, look
from jasmin_compat.ports import Binding
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import DEFAULT_EXCHANGE, aside_queue

Say = Callable[[str], None]
Move = Callable[[AmqpQueues, str, Callable[[QueueMessage], Sequence[QueueMessage]]], Awaitable[int]]
"""flows/queue_admin.move."""

_ATTEMPTS = 10
"""To empty a queue into which somebody still publishes."""


class CannotMigrate(Exception):
    """The text says why. Nothing is lost: what lies aside is put back when it is run again."""


class Migration:
    """One run of it. Its methods raise BrokerFailed and QueueError when the broker goes away."""

    def __init__(self, queues: AmqpQueues, scratch: Scratch, *, move: Move, say: Say) -> None:
        self._queues = queues
        self._scratch = scratch
        self._move = move
        self._say = say

    async def run(self, bindings: Sequence[Binding], *, force: bool) -> None:
        """`force` deletes an exchange to which others are bound: they have to bind again.

        Raises CannotMigrate.
        """
        await self._refuse_consumed(bindings)
        exchanges = dict.fromkeys(binding.exchange for binding in bindings)
        exchanges.pop(DEFAULT_EXCHANGE, None)  # the broker's own
        for exchange in exchanges:
            if await self._queues.topology.try_exchange(self._scratch, exchange) is not None:
                own = [
                    binding
                    for binding in bindings
                    if binding.exchange == exchange
                    and await look(self._scratch.live, binding.queue) is not None
                ]
                await self._make_anew(exchange, own, force=force)
        for binding in bindings:
            if await self._is_otherwise(binding.queue):
                await self._set_aside(binding.queue)
        for binding in bindings:
            await self._refill(binding)
        await self._queues.declare(bindings)

    async def _refuse_consumed(self, bindings: Sequence[Binding]) -> None:
        for binding in bindings:
            seen = await look(self._scratch.live, binding.queue)
            if seen is not None and seen.consumers:
                raise CannotMigrate(
                    f"{binding.queue} has {seen.consumers} consumers: stop all daemons first"
                )

    async def _make_anew(self, exchange: str, own: Sequence[Binding], *, force: bool) -> None:
        for binding in own:
            await self._unbind(binding)

        def delete(channel: AbstractChannel) -> Awaitable[object]:
            return channel.exchange_delete(exchange, if_unused=not force)

        refusal = await self._scratch.ask(delete)
        if refusal is not None:
            await self._queues.declare(own)
            raise CannotMigrate(
                f"exchange {exchange}: {refusal}. Others are bound to it: unbind them, or let "
                "them bind again afterwards (--force)"
            )
        refusal = await self._queues.topology.try_exchange(self._scratch, exchange)
        if refusal is not None:
            raise CannotMigrate(f"exchange {exchange}: {refusal}")
        self._say(f"exchange {exchange}: made anew")

    async def _is_otherwise(self, queue: str) -> bool:
        if await look(self._scratch.live, queue) is None:
            return False
        refusal = await self._queues.topology.try_queue(self._scratch, queue)
        if refusal is None:
            return False
        if "inequivalent arg 'durable'" in str(refusal) or "'quorum'" in str(refusal):
            return True
        self._say(f"queue {queue}: left as it is: {refusal}")
        return False

    async def _set_aside(self, queue: str) -> None:
        aside = aside_queue(queue)
        await self._queues.topology.try_queue(self._scratch, aside)

        def delete(channel: AbstractChannel) -> Awaitable[object]:
            return channel.queue_delete(queue, if_unused=True, if_empty=True)

        refusal: BrokerRefused | None = None
        for _ in range(_ATTEMPTS):
            await self._move(
                self._queues, queue, lambda message: [detours.straight_to(aside, message)]
            )
            refusal = await self._scratch.ask(delete)
            if refusal is None:
                return
        raise CannotMigrate(f"queue {queue} does not get empty: {refusal}")

    async def _refill(self, binding: Binding) -> None:
        """Through the first exchange, because consumers may go by the routing key; while nobody
        else is bound to a new one, nobody gets a copy."""
        aside = aside_queue(binding.queue)
        if await look(self._scratch.live, aside) is None:
            return
        await self._queues.topology.declare(self._scratch.live, [binding])

        def ways(message: QueueMessage) -> Sequence[QueueMessage]:
            straight = detours.straight_to(binding.queue, message)
            if binding.exchange == DEFAULT_EXCHANGE:  # what is held had another key first
                return [straight]
            return [detours.for_any_reader(binding.queue, message), straight]

        moved = await self._move(self._queues, aside, ways)
        await self._unbind(binding)
        await self._scratch.ask(lambda channel: channel.queue_delete(aside))
        self._say(f"queue {binding.queue}: made anew, with {moved} messages")

    async def _unbind(self, binding: Binding) -> None:
        if binding.exchange == DEFAULT_EXCHANGE:
            return

        def unbind(channel: AbstractChannel) -> Awaitable[object]:
            return channel.queue_unbind(binding.queue, binding.exchange, binding.routing_key)

        await self._scratch.ask(unbind)

"""Make a site's exchanges and queues as durable as the policy says, with what is in them.

An object cannot change its durability: each has to be deleted and declared anew (design D5). The
messages of a queue lie in `jasmin_compat.aside.<queue>` meanwhile, which survives a restart of the
broker. Killed at any moment and run again, it goes on from there: each message is in one of the two
queues, once (`amqp_moving`). Whatever publishes or consumes must be stopped.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiormq.abc import AbstractChannel
from typing_extensions import override

from jasmin_compat.adapters.amqp_link import BrokerRefused, Live
from jasmin_compat.adapters.amqp_moving import PERSISTENT, move_all
from jasmin_compat.adapters.amqp_policy import Durability
from jasmin_compat.adapters.amqp_topology import QueueSeen, Scratch, Topology, look
from jasmin_compat.ports import Binding
from jasmin_compat.wire.amqp_names import DEFAULT_EXCHANGE, aside_queue, outlives_broker

Say = Callable[[str], None]

_ROUNDS = 10
"""To empty a queue into which somebody still publishes."""
_SHORTLY_S, _LOOKS = 0.05, 100
_NOT_FOUND = 404
_NONE = QueueSeen(ready=0, consumers=0)
_REFUSAL = re.compile(r"inequivalent arg '([^']+)'.*received (.+?) but current is (.+?)'*\Z")


class CannotMigrate(Exception):
    """The text says why. Nothing is lost: what lies aside is put back when it is run again."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """How an object differs from what it is to be."""

    refusal: str
    """The broker's words."""

    def is_of_durability(self) -> bool:
        return "'durable'" in self.refusal or "'x-queue-type'" in self.refusal

    @override
    def __str__(self) -> str:
        found = _REFUSAL.search(self.refusal)
        if found is None:
            return self.refusal
        return f"{found[1]} is {found[3].strip(chr(39))}, wanted {found[2].strip(chr(39))}"


@dataclass(frozen=True, slots=True)
class QueueFound:
    """A queue before anything is done."""

    binding: Binding
    seen: QueueSeen | None
    """None: there is none."""
    aside: QueueSeen | None
    """What a run that was broken off left."""
    otherwise: Otherwise | None

    @property
    def is_to_change(self) -> bool:
        return self.otherwise is not None and self.otherwise.is_of_durability()

    @property
    def messages(self) -> int:
        return (self.seen or _NONE).ready + (self.aside or _NONE).ready

    @property
    def consumers(self) -> int:
        return (self.seen or _NONE).consumers + (self.aside or _NONE).consumers


@dataclass(frozen=True, slots=True)
class SiteFound:
    """What there is, and so what is to be done."""

    exchanges: dict[str, Otherwise | None]
    """Those there are."""
    queues: list[QueueFound]

    def lines(self) -> list[str]:
        """For people: everything, and what is to be done with it."""
        return [
            *(_exchange_line(name, otherwise) for name, otherwise in self.exchanges.items()),
            *(_queue_line(found) for found in self.queues),
        ]

    @property
    def is_as_wanted(self) -> bool:
        return not any(self.exchanges.values()) and not any(
            found.is_to_change or found.aside is not None for found in self.queues
        )


def _exchange_line(name: str, otherwise: Otherwise | None) -> str:
    if otherwise is None:
        return f"exchange {name}: as wanted"
    return f"exchange {name}: to be made anew ({otherwise}); what others bound, they bind again"


def _queue_line(found: QueueFound) -> str:
    name = f"queue {found.binding.queue}"
    if found.seen is None and found.aside is None:
        return f"{name}: to be declared"
    holds = f"{found.messages} messages, {found.consumers} consumers"
    if found.aside is not None:
        return f"{name}: to be finished; {found.aside.ready} lie aside; {holds}"
    if found.is_to_change:
        return f"{name}: to be made anew ({found.otherwise}); {holds}"
    if found.otherwise is not None:
        return f"{name}: left as it is ({found.otherwise}); {holds}"
    return f"{name}: as wanted; {holds}"


class Migration:
    """One run of it. Its methods raise BrokerFailed when the broker goes away."""

    def __init__(self, live: Live, topology: Topology, durability: Durability, *, say: Say) -> None:
        self._live = live
        self._scratch = Scratch(live)
        self._topology = topology
        self._mode = None if durability is Durability.JASMIN else PERSISTENT
        self._say = say

    async def look(self, bindings: Sequence[Binding], further: Sequence[str] = ()) -> SiteFound:
        """What there is; nothing is changed. `further` queues count only where they exist."""
        exchanges: dict[str, Otherwise | None] = {}
        for name in dict.fromkeys(binding.exchange for binding in bindings):
            if name != DEFAULT_EXCHANGE and await self._has_exchange(name):
                refusal = await self._topology.try_exchange(self._scratch, name)
                exchanges[name] = None if refusal is None else Otherwise(str(refusal))
        queues = [await self._find(binding) for binding in bindings]
        alone = [Binding(queue=q, exchange=DEFAULT_EXCHANGE, routing_key=q) for q in further]
        found = [await self._find(binding) for binding in alone]
        there = [one for one in found if one.seen is not None or one.aside is not None]
        return SiteFound(exchanges, [*queues, *there])

    async def run(self, site: SiteFound, *, force: bool) -> None:
        """`force` deletes an exchange to which others are bound: they have to bind again.

        Raises CannotMigrate.
        """
        for found in site.queues:
            if found.consumers:
                raise CannotMigrate(
                    f"{found.binding.queue} has {found.consumers} consumers: stop all daemons first"
                )
        bindings = [found.binding for found in site.queues]
        for name, otherwise in site.exchanges.items():
            if otherwise is not None:
                there = [q.binding for q in site.queues if q.seen is not None]
                await self._make_anew(name, [b for b in there if b.exchange == name], force=force)
        for found in site.queues:
            await self._renew(found)
        await self._topology.declare(self._live, bindings)

    # ------------------------------------------------------------ looking

    async def _has_exchange(self, name: str) -> bool:
        refusal = await self._scratch.ask(
            lambda channel: channel.exchange_declare(name, passive=True)
        )
        if refusal is not None and refusal.code != _NOT_FOUND:
            raise CannotMigrate(f"exchange {name}: {refusal}")
        return refusal is None

    async def _find(self, binding: Binding) -> QueueFound:
        try:
            seen = await look(self._live, binding.queue)
            aside = await look(self._live, aside_queue(binding.queue))
        except BrokerRefused as refusal:
            raise CannotMigrate(f"queue {binding.queue}: {refusal}") from refusal
        otherwise = None
        if seen is not None:  # else it would be declared
            refused = await self._topology.try_queue(self._scratch, binding.queue)
            otherwise = None if refused is None else Otherwise(str(refused))
        return QueueFound(binding, seen, aside, otherwise)

    # ------------------------------------------------------------ exchanges

    async def _make_anew(self, exchange: str, own: Sequence[Binding], *, force: bool) -> None:
        for binding in own:
            await self._scratch.ask(_unbinding(binding))

        def delete(channel: AbstractChannel) -> Awaitable[object]:
            return channel.exchange_delete(exchange, if_unused=not force)

        refusal = await self._scratch.ask(delete)
        if refusal is not None:
            await self._topology.declare(self._live, own)
            raise CannotMigrate(
                f"exchange {exchange}: {refusal}. Others are bound to it: unbind them, or let "
                "them bind again afterwards (--force)"
            )
        refusal = await self._topology.try_exchange(self._scratch, exchange)
        if refusal is not None:
            raise CannotMigrate(f"exchange {exchange}: {refusal}")
        self._say(f"exchange {exchange}: made anew")

    # ------------------------------------------------------------ queues

    async def _renew(self, found: QueueFound) -> None:
        queue = found.binding.queue
        if not found.is_to_change and found.aside is None:
            if found.otherwise is not None:
                self._say(f"queue {queue}: left as it is ({found.otherwise})")
            return
        if found.otherwise is not None and found.is_to_change:
            await self._set_aside(queue)
        await self._refill(queue)
        after = (await self._seen(queue)).ready
        self._say(f"queue {queue}: made anew, {found.messages} messages before, {after} after")
        if after != found.messages:
            raise CannotMigrate(
                f"queue {queue} had {found.messages} messages and has {after}: who publishes, or "
                "takes, while everything should be stopped?"
            )

    async def _set_aside(self, queue: str) -> None:
        aside = aside_queue(queue)
        await self._scratch.ask(lambda channel: channel.queue_declare(aside, durable=True))
        await self._move(queue, aside, PERSISTENT)
        await self._delete(queue)

    async def _refill(self, queue: str) -> None:
        """The queue is declared as it is to be; what others bound to it, they bind again."""
        aside = aside_queue(queue)
        refusal = await self._topology.try_queue(self._scratch, queue)
        if refusal is not None:
            raise CannotMigrate(f"queue {queue}: {refusal}")
        mode = PERSISTENT if outlives_broker(queue) else self._mode
        await self._move(aside, queue, mode)
        await self._delete(aside)

    async def _move(self, source: str, to: str, mode: int | None) -> None:
        """All there is, at last."""
        for _ in range(_ROUNDS):
            count = (await self._seen(source)).ready
            if not count:
                return
            try:
                await move_all(self._live, source, to, count=count, mode=mode)
            except BrokerRefused as refusal:
                raise CannotMigrate(f"{source} cannot be moved: {refusal}") from refusal
        raise CannotMigrate(f"queue {source} does not get empty: somebody publishes into it")

    async def _delete(self, queue: str) -> None:
        """Only while it is empty. RabbitMQ takes no conditions with a quorum queue."""
        is_quorum = await self._is_quorum(queue)

        def delete(channel: AbstractChannel) -> Awaitable[object]:
            return channel.queue_delete(queue, if_unused=not is_quorum, if_empty=not is_quorum)

        if not await self._is_idle(queue):
            raise CannotMigrate(f"queue {queue} is in use")
        refusal = await self._scratch.ask(delete)
        if refusal is not None:
            raise CannotMigrate(f"queue {queue}: {refusal}")

    async def _is_idle(self, queue: str) -> bool:
        """Empty, and nobody consumes it; the end of our own consumer may take a moment."""
        for _ in range(_LOOKS):
            if await self._seen(queue) == _NONE:
                return True
            await asyncio.sleep(_SHORTLY_S)
        return False

    async def _is_quorum(self, queue: str) -> bool:
        """By what the broker has against declaring it as a durable one of no kind."""
        refusal = await self._scratch.ask(
            lambda channel: channel.queue_declare(queue, durable=True)
        )
        return refusal is not None and "current is the value 'quorum'" in str(refusal)

    async def _seen(self, queue: str) -> QueueSeen:
        return await look(self._live, queue) or _NONE


def _unbinding(binding: Binding) -> Callable[[AbstractChannel], Awaitable[object]]:
    def unbind(channel: AbstractChannel) -> Awaitable[object]:
        return channel.queue_unbind(binding.queue, binding.exchange, binding.routing_key)

    return unbind

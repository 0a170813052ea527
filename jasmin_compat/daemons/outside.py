"""Open what a daemon reaches: the broker and the store, real or in memory, and callbacks."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jasmin_compat.adapters.amqp import open_amqp_queues
from jasmin_compat.adapters.http_calls import HttpCallsByAiohttp
from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.adapters.redis import open_redis_store
from jasmin_compat.adapters.redis_connect import ClusterRefused
from jasmin_compat.daemons.depths import Depths
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.policies import (
    amqp_policy,
    calls_policy,
    dlr_policy,
    memory_policy,
    redis_policy,
)
from jasmin_compat.gateway.messages import MsgId
from jasmin_compat.ports import BrokerAway, Clock, HttpCalls, Queues, Store, StoreAway, StoreCounts
from jasmin_compat.runtime.tasks import tasks_beside
from jasmin_compat.servers.health import NotReady, Ready
from jasmin_compat.servers.measures import Measured

ASK_AGAIN_S = 0.1
EMBEDDED = "in memory: accepted messages die with this process"


@asynccontextmanager
async def open_queues(frame: Frame, *, name: str) -> AsyncIterator[Queues]:
    """The broker, connected; `name` is shown by its tools.

    Waits for it as Jasmin does: nothing listens before. Raises: CannotStart, Stopping.
    """
    policy = amqp_policy(frame.settings, name=f"jasmin-compat {name}")
    try:
        async with open_amqp_queues(policy, clock=frame.clock, jitter=random.random) as queues:

            def check() -> Ready | NotReady:
                if not queues.is_connected:
                    return NotReady("not connected to RabbitMQ")
                if queues.counts.blocked:
                    return NotReady("RabbitMQ takes no messages: it is short of memory or disk")
                return Ready()

            frame.checks["broker"] = check
            frame.sources.append(lambda: [Measured(prefix="amqp", counts=queues.counts)])
            async with frame.stop.interrupts():
                await queues.wait_until_connected()
            frame.say.started("AMQP Broker")
            async with _depths(frame, queues):
                yield queues
            frame.say.disconnected("AMQP Broker")
    except ExceptionGroup as group:
        if (only := _all_of(BrokerAway, group)) is None:
            raise
        raise CannotStart("AMQP Broker", str(only)) from group


@asynccontextmanager
async def open_store(frame: Frame) -> AsyncIterator[Store]:
    """The store, connected. Waits for it as Jasmin does. Raises: CannotStart, Stopping."""
    policy, dlr = redis_policy(frame.settings), dlr_policy(frame.settings)
    try:
        async with open_redis_store(policy=policy, dlr=dlr, clock=frame.clock) as store:
            _watch_store(frame, store.counts)
            async with frame.stop.interrupts():
                await _until_it_answers(store, frame.clock)
            frame.say.started("RedisClient")
            yield store
            frame.say.stopped("RedisClient")
    except ExceptionGroup as group:
        if (only := _all_of(ClusterRefused, group)) is None:
            raise
        raise CannotStart("RedisClient", str(only)) from group


def _all_of(kind: type[Exception], group: ExceptionGroup) -> Exception | None:
    """The first error, when all of the group are of this kind.

    For `except*`: what is raised in one comes out in a group again before Python 3.11.4.
    """
    found, others = group.split(kind)
    return None if found is None or others is not None else found.exceptions[0]


async def _until_it_answers(store: Store, clock: Clock) -> None:
    while True:
        try:
            await store.sent(MsgId("-"))
        except StoreAway:  # it has said why
            await clock.sleep(ASK_AGAIN_S)
        else:
            return


def _watch_store(frame: Frame, counts: StoreCounts) -> None:
    def check() -> Ready | NotReady:
        if not counts.is_connected:
            return NotReady("not connected to Redis")
        if counts.refuses_writes:
            return NotReady("Redis takes no writes: no memory, no disk, or too few replicas")
        if counts.lacks_replicas:
            return NotReady("Redis has fewer replicas in step than wait_replicas")
        if counts.forgets_at_crash:
            return Ready("Redis has no append-only file: records are lost when it crashes")
        if counts.evicts_by_itself:
            return Ready("Redis evicts by itself: set maxmemory-policy noeviction")
        return Ready()

    frame.checks["store"] = check
    frame.sources.append(lambda: [Measured(prefix="dlr_store", counts=counts)])


@asynccontextmanager
async def open_embedded(frame: Frame) -> AsyncIterator[tuple[Queues, Store]]:
    """Broker and store in this process's memory, and said so."""
    queues = MemoryQueues(clock=frame.clock, policy=memory_policy(frame.settings))
    store = MemoryStore(policy=dlr_policy(frame.settings), clock=frame.clock)
    frame.checks["broker"] = lambda: Ready(EMBEDDED)
    frame.sources.append(
        lambda: [
            Measured(prefix="queues", counts=queues.counts),
            Measured(prefix="dlr_store", counts=store.counts),
        ]
    )
    frame.say.warning(f"Broker and store are {EMBEDDED}.")
    async with _depths(frame, queues):
        yield queues, store


@asynccontextmanager
async def _depths(frame: Frame, queues: Queues) -> AsyncIterator[None]:
    """Watched within it."""
    depths = Depths(
        queues,
        lambda: [name for names in frame.queues for name in names()],
        clock=frame.clock,
        every_s=frame.settings.health.depth_every_s,
    )
    frame.sources.append(depths.measured)
    async with tasks_beside() as tasks:
        watching = tasks.create_task(depths.watch(), name="depths of queues")
        try:
            yield
        finally:
            watching.cancel()


@asynccontextmanager
async def open_calls(frame: Frame) -> AsyncIterator[HttpCalls]:
    """Callbacks over kept connections."""
    calls = HttpCallsByAiohttp(calls_policy(frame.settings))
    frame.sources.append(lambda: [Measured(prefix="callbacks", counts=calls.counts)])
    try:
        yield calls
    finally:
        await calls.close()

"""The parts that look delivery reports up, and that make callbacks of them."""

import asyncio
import logging
from collections.abc import Callable

from jasmin_compat.daemons.frame import Frame
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import callback_policy, consume_policy, dlr_policy
from jasmin_compat.flows.consume import Source, consume, in_turn
from jasmin_compat.flows.dlr import look_up, sweep_expired
from jasmin_compat.flows.store_gate import mind_store
from jasmin_compat.flows.throw import ThrowPorts, throw
from jasmin_compat.gateway.messages import Verdict
from jasmin_compat.ports import HttpCalls, Queues, Store
from jasmin_compat.servers.measures import Measured
from jasmin_compat.wire import amqp_names
from jasmin_compat.wire.amqp_messages import QueueMessage


def lookup_part(frame: Frame, *, queues: Queues, store: Store) -> Part:
    """Consumes DLRLookup-<pid>, publishes dlr_thrower.*."""
    settings, policy, clock = frame.settings, dlr_policy(frame.settings), frame.clock
    pid = settings.dlr.pid
    source = Source(
        queue=amqp_names.lookup_binding(pid).queue,
        consumer_tag=amqp_names.lookup_tag(pid),
        prefetch=settings.dlr.prefetch,
        log=logging.getLogger("dlr"),
    )
    _measure(frame, source)

    async def handle(message: QueueMessage) -> Verdict:
        return await look_up(message, store=store, queues=queues, clock=clock, policy=policy)

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await queues.declare([amqp_names.lookup_binding(pid), amqp_names.DLR_THROWER])
        started()
        async with asyncio.TaskGroup() as tasks:
            sweeping = tasks.create_task(
                sweep_expired(store=store, queues=queues, clock=clock, policy=policy),
                name="expired DLR requests",
            )
            minding = tasks.create_task(mind_store(source.gate, store, clock), name="store gate")
            # A receipt right behind a final one of its id must find nothing any more.
            await consume(
                queues, source, in_turn(handle), stop=stop, policy=consume_policy(settings)
            )
            sweeping.cancel()
            minding.cancel()

    return Part("DLRLookup", run)


def thrower_part(frame: Frame, *, queues: Queues, calls: HttpCalls) -> Part:
    """Consumes dlr_thrower, calls the clients back; holds receipts for SMPP senders."""
    settings, policy = frame.settings, callback_policy(frame.settings)
    source = Source(
        queue=amqp_names.DLR_THROWER.queue,
        consumer_tag=amqp_names.DLR_THROWER_TAG,
        prefetch=settings.dlr_thrower.prefetch,
        log=logging.getLogger("jasmin-dlr-thrower"),
    )
    _measure(frame, source)
    frame.queues.append(lambda: [amqp_names.HELD_DLRS.queue])
    ports = ThrowPorts(calls=calls, clock=frame.clock, queues=queues)

    async def handle(message: QueueMessage) -> Verdict:
        return await throw(message, ports=ports, policy=policy)

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await queues.declare([amqp_names.DLR_THROWER, amqp_names.HELD_DLRS])
        started()
        await consume(queues, source, handle, stop=stop, policy=consume_policy(settings))

    return Part("DLRThrower", run)


def _measure(frame: Frame, source: Source) -> None:
    labels = {"queue": source.queue}
    frame.queues.append(lambda: [source.queue])
    frame.sources.append(lambda: [Measured(prefix="consumer", counts=source.counts, labels=labels)])

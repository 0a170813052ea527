"""The delay ladder: hold what waits in a rung until it is due, then let it go on (design D5).

Several processes may serve it. Nothing is held longer than its rung lasts, five minutes at most:
a broker closes a channel that holds a delivery for half an hour.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from jasmin_compat.adapters.amqp_link import log
from jasmin_compat.adapters.amqp_policy import AmqpCounts
from jasmin_compat.gateway.messages import Ack, Dead, Requeue, Verdict
from jasmin_compat.ports import Clock, Delivery, DeliveryLost, QueueError, Unroutable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable, shown
from jasmin_compat.wire.amqp_names import DELAY_STEPS_S, delay_queue

_TAG = "jasmin-compat-delays"
_PAUSE_S = 1.0
"""Before a message is put back that its queue's broker did not take."""


class DelayQueues(Protocol):
    """What of the adapter the ladder needs."""

    counts: AmqpCounts

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None: ...
    def consume(
        self, queue: str, *, consumer_tag: str, prefetch: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]: ...


async def serve_delays(queues: DelayQueues, clock: Clock, *, prefetch: int) -> None:
    """Serve all rungs until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for step_s in DELAY_STEPS_S:
            tasks.create_task(
                _serve_rung(queues, clock, step_s, prefetch), name=f"delays of {step_s} s"
            )


async def _serve_rung(queues: DelayQueues, clock: Clock, step_s: int, prefetch: int) -> None:
    consuming = queues.consume(delay_queue(step_s), consumer_tag=_TAG, prefetch=prefetch)
    async with asyncio.TaskGroup() as tasks, consuming as deliveries:
        async for delivery in deliveries:
            tasks.create_task(
                _hold(queues, clock, delivery, longest_s=step_s), name=f"delayed {step_s} s"
            )


async def _hold(queues: DelayQueues, clock: Clock, delivery: Delivery, *, longest_s: float) -> None:
    try:
        verdict = await _let_go(queues, clock, delivery.message, longest_s)
    except QueueError as error:
        log.debug("%s: %s", delivery.queue, error)
        await clock.sleep(_PAUSE_S)
        verdict = Requeue()
    try:
        await delivery.settle(verdict)
    except DeliveryLost:
        pass  # it comes again: a second copy of it may then be in its queue
    except QueueError as error:
        log.error("%s: %s", delivery.queue, error)


async def _let_go(
    queues: DelayQueues, clock: Clock, message: QueueMessage, longest_s: float
) -> Verdict:
    """When it is due, publish its copy. Raises QueueError: it was not taken."""
    try:
        delayed = detours.read_delayed(message)
    except Undecodable as error:
        log.error("[msgid:%s] in a delay queue: %s", message.shown_id, shown(str(error)))
        return Dead(str(error))
    # Not longer than the rung, whatever the header or another machine's clock says.
    wait_s = min(delayed.due - clock.unix(), longest_s)
    if wait_s > 0:
        await clock.sleep(wait_s)
    back = detours.out_of_ladder(message)
    now = clock.unix()
    if delayed.until > max(now, delayed.due):
        onwards = detours.delayed(back, to=delayed.to, now=now, until=delayed.until)
    else:
        onwards = detours.straight_to(delayed.to, back)
    try:
        await queues.publish(onwards)
    except Unroutable:
        reason = f"after its delay there was no queue {delayed.to}"
        await queues.publish(detours.dead(back, queue=delayed.to, reason=reason, now=now))
        queues.counts.dead[delayed.to] += 1
    queues.counts.ladder += 1
    return Ack()

"""When a connector's queue is consumed: while it can submit; else its head is looked at (D5)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from jasmin_compat.flows.consume import ConsumeCounts, ConsumePolicy, Source, consume
from jasmin_compat.flows.submit import SubmitPorts, Submits
from jasmin_compat.gateway.messages import Requeue, Verdict
from jasmin_compat.gateway.submission import (
    OVER_AGED,
    SubmitPolicy,
    age_s,
    ended_unsent,
    has_expired,
    is_over_aged,
)
from jasmin_compat.gateway.throughput import prefetch_for
from jasmin_compat.wire import log_lines
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_key, submit_tag
from jasmin_compat.wire.submit_messages import read_submit

JASMIN_RATE: Final = 1
"""submit_throughput of a connector that was given none: a surprise to most."""
LEAST_DELAY_S: Final = 1.0
"""Between looks, also where submit_retrial_delay_smppc_not_ready is 0: Jasmin spins then."""
LOOK_S: Final = 1.0
"""How long a look waits for the head of an empty queue."""

log: Final = logging.getLogger("jasmin-sm-listener")


class ConnectorQueue:
    """The consumer of `submit.sm.<cid>`."""

    def __init__(
        self,
        submits: Submits,
        ports: SubmitPorts,
        policy: SubmitPolicy,
        *,
        consume_policy: ConsumePolicy,
    ) -> None:
        self.counts = ConsumeCounts()
        self._submits = submits
        self._ports = ports
        self._policy = policy
        self._consume_policy = consume_policy
        self._cid = ports.link.cid
        self._looked_at = ""
        self._looks = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set and what is at work is drained."""
        connector = self._ports.connector()
        rate = connector.submit_throughput
        if rate == JASMIN_RATE:
            log.warning(
                "SMPPC [cid:%s] is limited to 1 message a second, Jasmin's default: "
                "submit_throughput says how many, 0 for no limit",
                self._cid,
            )
        source = Source(
            queue=submit_key(self._cid),
            consumer_tag=submit_tag(self._cid),
            prefetch=prefetch_for(connector.window, rate, self._policy.hold_s),
            log=log,
            counts=self.counts,
        )
        source.gate.close()
        async with asyncio.TaskGroup() as tasks:
            minding = tasks.create_task(self._mind_gate(source), name=f"gate of {self._cid}")
            leaving = tasks.create_task(self._leave_at(stop), name=f"end of {self._cid}")
            await self._consume(source, self._submits.submit_one, stop)
            minding.cancel()
            leaving.cancel()

    async def _leave_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._submits.leave()

    async def _mind_gate(self, source: Source) -> None:
        link = self._ports.link
        while True:
            source.gate.close()
            async with asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(self._look_while_waiting(), name=f"look {self._cid}")
                await link.wait_until_can_submit()
                looking.cancel()
            source.gate.open()
            await link.wait_until_cannot_submit()

    async def _look_while_waiting(self) -> None:
        while True:
            await self._look()
            delay_s = max(self._policy.not_ready_delay_s, LEAST_DELAY_S)
            await self._ports.clock.sleep(delay_s)

    async def _look(self) -> None:
        """End the messages at the head of the queue that have waited too long or are sent already,
        up to the first that may wait."""
        seen_enough = asyncio.Event()

        async def handle(message: QueueMessage) -> Verdict:
            if seen_enough.is_set():
                return Requeue()
            verdict = await self._judge(message)
            if isinstance(verdict, Requeue):
                seen_enough.set()
            return verdict

        async def look_no_longer() -> None:
            await self._ports.clock.sleep(LOOK_S)
            seen_enough.set()

        source = Source(
            queue=submit_key(self._cid),
            consumer_tag=f"{submit_tag(self._cid)}-look",
            prefetch=1,
            log=log,
            counts=self.counts,
        )
        async with asyncio.TaskGroup() as tasks:
            timer = tasks.create_task(look_no_longer(), name=f"end of look {self._cid}")
            await self._consume(source, handle, seen_enough)
            timer.cancel()

    async def _judge(self, message: QueueMessage) -> Verdict:
        """Raises: Undecodable, QueueError, StoreAway."""
        queued, now = read_submit(message), self._ports.clock.unix()
        over_aged = is_over_aged(queued, self._policy, now)
        if has_expired(queued, now) or (
            over_aged and await self._submits.has_outcome(message, queued)
        ):
            verdict = await self._submits.submit_one(message)  # which needs no bind for that
            if not isinstance(verdict, Requeue):
                return verdict
        lacks: log_lines.NotReady = "bound" if self._ports.link.is_connected() else "connected"
        self._looks = self._looks + 1 if self._looked_at == queued.msgid else 1
        self._looked_at = queued.msgid
        age = age_s(queued, now)
        if over_aged:
            line = log_lines.mt_over_aged(queued, lacks, attempt=self._looks, age_s=age)
            log.error("%s", line)
            self._submits.counts.over_aged += 1
            await self._submits.remember(queued)
            reason = f"over-aged {int(age)} seconds, connector not {lacks}"
            return await self._submits.end(queued, ended_unsent(queued, OVER_AGED, reason))
        line = log_lines.mt_requeued(
            queued, lacks, attempt=self._looks, delay_s=self._policy.not_ready_delay_s, age_s=age
        )
        log.error("%s", line)
        return Requeue()

    async def _consume(
        self,
        source: Source,
        handle: Callable[[QueueMessage], Awaitable[Verdict]],
        stop: asyncio.Event,
    ) -> None:
        await consume(self._ports.queues, source, handle, stop=stop, policy=self._consume_policy)

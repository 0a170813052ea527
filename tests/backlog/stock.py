"""Delivery reports as jasmind leaves them for the lookup: records in Redis, messages in its queue.

Written by our own adapters, because 30,000 through HTTP and an SMSC would take minutes.
"""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.adapters.redis import RedisStore, open_redis_store
from jasmin_compat.adapters.redis_connect import RedisPolicy
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import (
    ConnectorId,
    DlrLevel,
    HttpDlrRequest,
    MsgId,
    ReceiptArrived,
    SmppMsgId,
    SubmitReplied,
)
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.dlr_messages import write_lookup

WRITERS = 100

Report = tuple[str, int]
"""Message id and level: one callback."""


@dataclass(slots=True)
class Stock:
    """Open ways to the broker and to Redis; `due` has what was put there."""

    queues: AmqpQueues
    store: RedisStore
    due: set[Report] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def pile_up(self, count: int, urls: Sequence[str]) -> None:
        """Reports for these receivers in turn: answers of the SMSC and receipts alike."""
        numbers = itertools.islice(self._numbers, count)
        async with asyncio.TaskGroup() as writers:

            async def write() -> None:
                for n in numbers:
                    await self._put(n, urls[n % len(urls)])

            for _ in range(WRITERS):
                writers.create_task(write(), name="writer")

    async def _put(self, n: int, url: str) -> None:
        level: DlrLevel = 1 if n % 2 else 2
        request = HttpDlrRequest(
            msgid=MsgId(str(uuid.uuid4())),
            url=url,
            level=level,
            method="GET",
            cid=ConnectorId("backlog"),
            expiry_s=86_400,
        )
        smpp_msgid = SmppMsgId(f"B{n:07}")
        await self.store.remember(request)
        event: SubmitReplied | ReceiptArrived
        if level == 1:
            event = SubmitReplied(msgid=request.msgid, status="ESME_ROK", smpp_msgid=smpp_msgid)
        else:
            await self.store.map_smpp_msgids(request, [smpp_msgid])
            event = ReceiptArrived(
                smpp_msgid=smpp_msgid,
                cid=request.cid,
                pdu="deliver_sm",
                raw_id=smpp_msgid,
                stat="DELIVRD",
                **dict.fromkeys(("sub", "dlvrd", "err"), "001"),
                **dict.fromkeys(("submit_date", "done_date"), "2611240000"),
            )
        await self.queues.publish(write_lookup(event))
        self.due.add((request.msgid, level))


@asynccontextmanager
async def open_stock(*, amqp_port: int, vhost: str, redis_url: str) -> AsyncIterator[Stock]:
    clock = SystemClock()
    amqp = AmqpPolicy(port=amqp_port, vhost=vhost, delays=False)
    redis = RedisPolicy(url=redis_url)
    async with (
        open_amqp_queues(amqp, clock=clock, jitter=lambda: 0.5) as queues,
        open_redis_store(policy=redis, dlr=DlrPolicy(), clock=clock) as store,
    ):
        await queues.wait_until_connected()
        yield Stock(queues, store)

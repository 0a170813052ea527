"""The whole way from a connector's queue over real SMPP and back, while the SMSC misbehaves.

Every message ends with exactly one outcome, and what the SMSC got twice is accounted for.
"""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from jasmin_compat.flows.connector_queue import ConnectorQueue
from jasmin_compat.flows.consume import ConsumePolicy
from jasmin_compat.flows.mo import Inbound, InboundPorts
from jasmin_compat.flows.submit import SubmitPorts, Submits
from jasmin_compat.gateway.messages import MsgId, ReceiptArrived
from jasmin_compat.gateway.submission import Retry, SubmitPolicy
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.current import Current
from jasmin_compat.smpp_io.client import SmppClient
from jasmin_compat.smpp_io.server import Listener
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import Receipts, Refusal, SmscPlan
from jasmin_compat.wire.dlr_messages import read_lookup
from tests.builders import connector
from tests.flows.submitting import FlakyQueues, FlakyStore, message
from tests.flows.submitting import bench as memory_bench
from tests.smpp_io.peers import QUICK
from tests.waiting import until

MESSAGES = 200
POLICY = SubmitPolicy(retries={0x58: Retry(20, 0.05)}, unanswered_attempts=20)


@dataclass
class Site:
    """One connector, all its parts real but for broker and store."""

    queues: FlakyQueues
    store: FlakyStore
    client: SmppClient
    submits: Submits
    inbound: Inbound
    account: list[Any] = field(default_factory=list)

    def replies(self) -> Counter[str]:
        told = [read_lookup(m) for m in self.queues.published if m.routing_key.startswith("dlr.s")]
        return Counter(f"{event.msgid} {event.status}" for event in told)  # type: ignore[union-attr]

    def receipts(self) -> Counter[str]:
        told = [read_lookup(m) for m in self.queues.published if m.routing_key == "dlr.deliver_sm"]
        return Counter(event.raw_id for event in told if isinstance(event, ReceiptArrived))

    def submits_seen(self) -> Counter[str]:
        """By content."""
        return Counter(e["content_sha256"] for e in self.account if "submit" in e)


@asynccontextmanager
async def site(port: int, account: list[Any]) -> AsyncIterator[Site]:
    clock = SystemClock()
    keys = QUICK | {"port": port, "requeue_delay_s": 0.05, "window": 10}
    current = Current(connector(**keys))
    memory = await memory_bench()
    queues, store = memory.queues, memory.store
    queues._clock = clock
    ids = iter(range(10**6))
    inbound = Inbound(
        InboundPorts(
            store=store,
            connector=current,
            queues=queues,
            new_msgid=lambda _cid: MsgId(f"mo-{next(ids)}"),
            local_now=clock.local_now,
        ),
        log_privacy=False,
    )
    client = SmppClient(current, inbound, clock=clock, random=random.random)
    ports = SubmitPorts(
        link=client,
        connector=current,
        queues=queues,
        store=store,
        clock=clock,
        local_now=clock.local_now,
    )
    submits = Submits(ports, POLICY)
    queue = ConnectorQueue(submits, ports, POLICY, consume_policy=ConsumePolicy())
    stop_queue, stop_client = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        consuming = tasks.create_task(queue.run(stop_queue), name="queue")
        tasks.create_task(client.run(stop_client), name="client")
        yield Site(queues, store, client, submits, inbound, account)
        stop_queue.set()
        await consuming
        stop_client.set()


def smsc(plan: SmscPlan, account: list[Any]) -> Simulator:
    return Simulator(plan, random=Random(7), now=SystemClock().local_now, account=account.append)


async def publish_all(s: Site, parts: int = 1) -> None:
    for n in range(MESSAGES):
        texts = [f"message {n} part {part}" for part in range(parts)]
        created = SystemClock().local_now()
        submit = message(*texts, msgid=MsgId(f"m{n}"), receipt=True, created_at=created)
        await s.queues.publish(submit)


def all_accepted() -> Counter[str]:
    return Counter({f"m{n} ESME_ROK": 1 for n in range(MESSAGES)})


def duplicates(seen: Counter[str]) -> int:
    return sum(count - 1 for count in seen.values())


async def harass(listener: Listener, times: int) -> None:
    """Cut or unbind every connection now and then."""
    for n in range(times):
        await asyncio.sleep(0.08)
        if n % 2:
            listener.unbind()
        else:
            listener.drop()


# covers: W-MT-08 W-MT-09
async def test_through_resets_unbinds_throttling_and_silence_nothing_is_lost() -> None:
    account: list[Any] = []
    plan = SmscPlan(
        delay_s=0.003,
        refusals=(Refusal(0x58, every=7),),
        receipts=Receipts(delay_s=0.01),
        retry_s=0.05,
    )
    async with serving(smsc(plan, account)) as listener, site(listener.port, account) as s:
        await publish_all(s, parts=2)
        await harass(listener, 6)
        await until(lambda: s.replies() == all_accepted(), within_s=50)
        accepted = [e["message_id"] for e in account if e.get("message_id")]
        await until(lambda: set(s.receipts()) >= set(_asked(account)), within_s=20)
        counts = s.submits.counts
    contents = {
        hashlib.sha256(f"message {n} part {part}".encode()).hexdigest()
        for n in range(MESSAGES)
        for part in range(2)
    }
    accepted_by_content = Counter(e["content_sha256"] for e in account if e.get("message_id"))
    assert set(accepted_by_content) == contents
    assert counts.retried > 0
    assert counts.unanswered + counts.not_sent > 0
    assert duplicates(accepted_by_content) <= counts.unanswered * 2  # segments of two
    assert len(accepted) == sum(accepted_by_content.values())


def _asked(account: list[Any]) -> list[str]:
    return [e["message_id"] for e in account if e.get("message_id") and e["receipt_asked"]]


async def test_a_restart_of_the_smsc_is_survived() -> None:
    account: list[Any] = []
    plan = SmscPlan(delay_s=0.002, receipts=Receipts(when="never"))
    async with serving(smsc(plan, account)) as listener:
        port = listener.port
        running = site(port, account)
        s = await running.__aenter__()
        await publish_all(s)
        await until(lambda: len(account) >= 80)
    await asyncio.sleep(0.2)
    sent_before = len(account)
    assert sent_before < MESSAGES
    async with serving(smsc(plan, account), port=port):
        await until(lambda: s.replies() == all_accepted(), within_s=50)
        counts = s.submits.counts
        await running.__aexit__(None, None, None)
    assert duplicates(s.submits_seen()) <= counts.unanswered
    assert counts.accepted == MESSAGES


async def test_while_the_broker_refuses_outcomes_and_receipts_nothing_is_lost() -> None:
    account: list[Any] = []
    plan = SmscPlan(receipts=Receipts(delay_s=0), retry_s=0.02)
    async with serving(smsc(plan, account)) as listener, site(listener.port, account) as s:
        await publish_all(s)
        await until(lambda: s.submits.counts.accepted > 20)
        s.queues.is_blocked = True
        await asyncio.sleep(0.3)
        s.queues.is_blocked = False
        await until(lambda: s.replies() == all_accepted(), within_s=50)
        await until(lambda: len(s.receipts()) == MESSAGES, within_s=20)
        assert s.inbound.counts.refused_away > 0
    assert duplicates(s.submits_seen()) == 0

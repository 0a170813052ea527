"""Connectors and routes change under load: every message is sent once, and told of once.

Real SMPP; the broker in memory, and a real RabbitMQ.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from jasmin_compat.adapters.amqp import open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.daemons.connectors_part import Reach, connectors_part, make_fleet
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.flows.mt import MtPorts, accept_mt
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import Ack, ConnectorId, MsgId
from jasmin_compat.gateway.refusals import NoConnector
from jasmin_compat.gateway.site import Kind, Put, Site
from jasmin_compat.ports import Queues
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.current import Current
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import Receipts, SmscPlan
from jasmin_compat.wire.dlr_messages import read_lookup
from tests import builders
from tests.builders import CID, connector
from tests.daemons.frames import frame, running
from tests.fakes import FakeScripts, MemoryProfiles
from tests.services import RabbitMq
from tests.smpp_io.peers import QUICK
from tests.waiting import until

MESSAGES = 500
OTHER = ConnectorId("con2")
WITHIN_S = 60
CLOCK = SystemClock()


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.amqp)])
async def queues(request: pytest.FixtureRequest) -> AsyncIterator[Queues]:
    if request.param == "memory":
        yield MemoryQueues(clock=CLOCK)
        return
    server: RabbitMq = request.getfixturevalue("rabbitmq")
    vhost = f"changes{next(_VHOSTS)}"
    server.add_vhosts(vhost)
    policy = AmqpPolicy(port=server.port, vhost=vhost)
    async with open_amqp_queues(policy, clock=CLOCK, jitter=lambda: 0.5) as real:
        await real.wait_until_connected()
        yield real


_VHOSTS = itertools.count()


class Bench:
    """A gateway's connectors and their console, and an SMSC that keeps an account."""

    def __init__(self, queues: Queues, port: int, account: list[dict[str, Any]]) -> None:
        self.account = account
        self._port = port
        self._queues = queues
        self.store: MemoryStore
        self.admin: Administration
        self.current = Current[Site](builders.site(connectors={}))
        self._numbers = itertools.count()
        self.told: Counter[str] = Counter()
        """Outcomes of messages."""

    def connector(self, cid: ConnectorId = CID, **keys: Any) -> SmppConnector:
        return connector(cid, **(QUICK | {"port": self._port, "window": 10} | keys))

    async def put(self, cid: ConnectorId = CID, **keys: Any) -> None:
        made = self.connector(cid, **keys)
        await self.admin.change(lambda _: (Put(Kind.CONNECTOR, cid, made),))

    async def lead_to(self, cid: ConnectorId) -> None:
        route = builders.default_route(cid)
        await self.admin.change(lambda _: (Put(Kind.MT_ROUTE, 0, route),))
        await asyncio.sleep(0.005)

    async def send(self, count: int) -> None:
        ports = MtPorts(
            outlook=builders.outlook(),
            site=self.current,
            queues=self._queues,
            store=self.store,
            quotas=MemoryQuotas(),
            scripts=FakeScripts(),
            monotonic=time.monotonic,
            new_msgid=lambda _routable, _cid: MsgId(f"m{next(self._numbers)}"),
            local_now=CLOCK.local_now,
            new_bid=lambda: "bid",
        )
        for n in range(count):
            content = f"message {next(self._numbers)} {n}".encode()
            part = builders.submit_sm(short_message=content)
            await accept_mt(builders.routable(parts=(part,), content=content), ports)

    async def note_outcomes(self) -> None:
        queue = "DLRLookup-main"
        async with self._queues.consume(queue, consumer_tag="t", prefetch=100) as deliveries:
            async for delivery in deliveries:
                event = read_lookup(delivery.message)
                self.told[f"{event.msgid} {event.status}"] += 1  # type: ignore[union-attr]
                await delivery.settle(Ack())

    def submits(self) -> int:
        return len(self.account)

    def check(self, count: int) -> None:
        """Each message once at the SMSC, and once at the lookup."""
        seen = Counter(entry["content_sha256"] for entry in self.account)
        assert (len(seen), seen.total()) == (count, count)
        assert (len(self.told), self.told.total()) == (count, count)
        assert all(outcome.endswith(" ESME_ROK") for outcome in self.told)


@asynccontextmanager
async def bench(queues: Queues, folder: Path) -> AsyncIterator[Bench]:
    account: list[dict[str, Any]] = []
    plan = SmscPlan(delay_s=0.01, receipts=Receipts(when="never"))
    smsc = Simulator(plan, random=Random(1), now=CLOCK.local_now, account=account.append)
    async with serving(smsc) as listener, frame(folder) as of_test:
        b = Bench(queues, listener.port, account)
        b.store = MemoryStore(policy=dlr_policy(of_test.settings), clock=CLOCK)
        reach = Reach(
            site=b.current,
            queues=queues,
            store=b.store,
            ids=MsgIds(),
            quotas=MemoryQuotas(),
            scripts=FakeScripts(),
            lookup_pid="main",
        )
        fleet = make_fleet(of_test, reach)
        b.admin = Administration(
            b.current,
            AdminPorts(
                store=MemorySite(b.current()),
                profiles=MemoryProfiles(),
                connectors=fleet,
                quotas=MemoryQuotas(),
            ),
        )
        parts = [connectors_part(fleet, reach)]
        async with running(of_test, lambda: run_parts(of_test, parts)), asyncio.TaskGroup() as t:
            noting = t.create_task(b.note_outcomes())
            await b.put()
            yield b
            noting.cancel()


async def stop_and_start(b: Bench) -> None:
    await b.admin.stop(CID)
    before = b.submits()
    await asyncio.sleep(0.02)
    assert b.submits() == before  # nobody sends any more
    await b.admin.start(CID)


async def remove_and_add(b: Bench) -> None:
    await b.admin.change(builders.removal(CID))
    before = b.submits()
    await asyncio.sleep(0.02)
    assert b.submits() == before
    await b.put()
    await b.admin.start(CID)


async def update(b: Bench) -> None:
    await b.put(username=f"user{b.submits()}")


async def load(b: Bench) -> None:
    await b.admin.persist("p")
    await b.admin.load("p")


async def all_at_once(b: Bench) -> None:
    async with asyncio.TaskGroup() as tasks:
        for change in (
            b.admin.stop(CID),
            b.admin.change(builders.removal(CID)),
            b.put(),
            b.admin.start(CID),
        ):
            tasks.create_task(change)
    await b.put()
    await b.admin.start(CID)


# covers: SMPPC-28 W-MT-35 W-AMQP-10
@pytest.mark.parametrize("change", [stop_and_start, remove_and_add, update, load, all_at_once])
async def test_a_connector_changes_with_messages_in_flight_and_queued(
    queues: Queues, tmp_path: Path, change: Callable[[Bench], Awaitable[None]]
) -> None:
    async with asyncio.timeout(WITHIN_S), bench(queues, tmp_path) as b:
        await b.send(MESSAGES)
        await b.admin.start(CID)
        for part in range(1, 8):
            await until(lambda part=part: b.submits() >= part * 50)  # type: ignore[misc]
            await change(b)
        await until(lambda: b.told.total() >= MESSAGES, within_s=WITHIN_S)
        await b.admin.stop(CID)
        assert await queues.depth(f"submit.sm.{CID}") == 0
        b.check(MESSAGES)


# covers: SMPPC-32
async def test_an_idle_connector_changes_quickly(queues: Queues, tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), bench(queues, tmp_path) as b:
        for n in range(1, 21):
            await b.admin.start(CID)
            if n % 3 == 0:
                await until(lambda: b.admin.status(CID).session == "BOUND_TRX")
            await b.admin.stop(CID)
            status = b.admin.status(CID)
            assert (status.session, status.starts, status.stops) == ("NONE", n, n)


async def test_routes_change_under_load(queues: Queues, tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), bench(queues, tmp_path) as b:
        await b.put(OTHER)
        await b.admin.start(CID)
        await b.admin.start(OTHER)
        async with asyncio.TaskGroup() as tasks:
            senders = [tasks.create_task(b.send(MESSAGES // 5)) for _ in range(5)]
            while not all(sender.done() for sender in senders):
                await b.lead_to(OTHER)
                await b.lead_to(CID)
        await until(lambda: b.told.total() >= MESSAGES, within_s=WITHIN_S)
        b.check(MESSAGES)


async def test_a_message_for_a_connector_that_was_removed_is_refused(
    queues: Queues, tmp_path: Path
) -> None:
    async with bench(queues, tmp_path) as b:
        await b.admin.change(builders.removal(CID))
        with pytest.raises(NoConnector):
            await b.send(1)


async def test_keys_that_take_no_restart_change_what_runs(queues: Queues, tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), bench(queues, tmp_path) as b:
        await b.put(submit_throughput=0.01)
        await b.admin.start(CID)
        await b.send(20)
        await until(lambda: b.submits() == 1)
        await b.put(submit_throughput=0)
        await until(lambda: b.told.total() == 20, within_s=5)
        assert b.admin.status(CID).starts == 1
        b.check(20)

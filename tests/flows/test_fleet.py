"""Connectors run as the site says: one consumer each, whatever comes in which order."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from typing_extensions import override

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.flows.fleet import Fleet, FleetPolicy
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Drop, Kind, Put, Site, edit_to
from jasmin_compat.ports import Binding, BrokerAway, ConnectorStatus
from jasmin_compat.runtime.current import Current
from jasmin_compat.runtime.supervise import Backoff
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding
from tests import builders
from tests.builders import CID, connector
from tests.fakes import FakeClock, MemoryProfiles
from tests.waiting import LONG_S, until

OTHER = ConnectorId("con2")


class Harbour:
    """Counts what runs; connectors in it drain for as long as they are told."""

    def __init__(self) -> None:
        self.at_work: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.began_with: list[SmppConnector] = []
        self.told: list[SmppConnector] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.breaks = 0
        """So many times, when it is run."""

    def build(self, keys: Callable[[], SmppConnector]) -> "Boat":
        return Boat(self, keys)


class Boat:
    """fleet.RunningConnector."""

    def __init__(self, harbour: Harbour, keys: Callable[[], SmppConnector]) -> None:
        self._harbour = harbour
        self._keys = keys
        self.session = "OPEN"

    async def run(self, stop: asyncio.Event) -> None:
        harbour, cid = self._harbour, self._keys().cid
        harbour.at_work[cid] += 1
        harbour.most[cid] = max(harbour.most[cid], harbour.at_work[cid])
        harbour.began_with.append(self._keys())
        try:
            if harbour.breaks:
                harbour.breaks -= 1
                raise KeyError(cid)
            self.session = "BOUND_TRX"
            await stop.wait()
            self.session = "UNBIND_PENDING"
            await harbour.may_end.wait()
        finally:
            harbour.at_work[cid] -= 1

    def use_connector(self) -> None:
        self._harbour.told.append(self._keys())


class Bench:
    def __init__(
        self,
        policy: FleetPolicy | None = None,
        *,
        queues: MemoryQueues | None = None,
        **fields: Any,
    ) -> None:
        self.current = Current[Site](builders.site(**fields))
        self.harbour = Harbour()
        self.queues = queues or MemoryQueues(clock=FakeClock())
        self.fleet: Fleet[Boat] = Fleet(
            self.current,
            self.harbour.build,
            queues=self.queues,
            policy=policy or FleetPolicy(stop_s=LONG_S),
        )
        self.admin = Administration(
            self.current,
            AdminPorts(
                store=MemorySite(self.current()),
                profiles=MemoryProfiles(),
                connectors=self.fleet,
                quotas=MemoryQuotas(),
            ),
        )

    def is_at_work(self, cid: ConnectorId = CID) -> bool:
        return self.harbour.at_work[cid] == 1

    def counts(self, cid: ConnectorId = CID) -> tuple[int, int]:
        status = self.fleet.status(cid)
        return status.starts, status.stops

    async def update(self, **keys: Any) -> None:
        changed = connector(**keys)
        await self.admin.change(lambda _: (Put(Kind.CONNECTOR, CID, changed),))


@asynccontextmanager
async def running(b: Bench) -> AsyncIterator[None]:
    stop, started = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(2 * LONG_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(b.fleet.run(stop, started.set), name="fleet")
        await started.wait()
        yield
        stop.set()


STOPPED = ConnectorStatus(is_started=False, session="NONE", starts=0, stops=0)


async def test_those_run_that_the_site_starts_until_the_end() -> None:
    b = Bench(connectors={CID: connector(), OTHER: connector(OTHER)}, started={CID: True})
    async with running(b):
        await until(b.is_at_work)
        assert b.fleet.status(CID) == ConnectorStatus(
            is_started=True, session="BOUND_TRX", starts=1, stops=0
        )
        assert b.fleet.status(OTHER) == STOPPED
        assert list(b.fleet.running()) == [b.fleet.running_as(CID)]
        assert b.fleet.running_as(OTHER) is None
    assert not b.is_at_work()
    assert b.current().started == {CID: True}


async def test_a_stopped_connector_has_drained_when_stop_returns() -> None:
    b = Bench()
    async with running(b):
        await b.admin.start(CID)
        await until(b.is_at_work)
        b.harbour.may_end.clear()
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(b.admin.stop(CID))
            await until(lambda: b.fleet.status(CID).session == "UNBIND_PENDING")
            assert not b.fleet.status(CID).is_started
            assert not stopping.done()
            b.harbour.may_end.set()
        assert stopping.result()
        assert not b.is_at_work()
        assert b.fleet.status(CID) == ConnectorStatus(
            is_started=False, session="NONE", starts=1, stops=1
        )


async def test_one_that_does_not_drain_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    b = Bench(FleetPolicy(stop_s=0.05))
    async with running(b):
        await b.admin.start(CID)
        await until(b.is_at_work)
        b.harbour.may_end.clear()
        await b.admin.stop(CID)
        assert not b.is_at_work()
    assert f"SMPPC [cid:{CID}] has not drained in 0.05 s" in caplog.text


async def test_a_stop_goes_on_when_whoever_asked_for_it_is_gone() -> None:
    b = Bench(started={CID: True})
    async with running(b):
        await until(b.is_at_work)
        b.harbour.may_end.clear()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(b.admin.stop(CID))
            await until(lambda: not b.fleet.status(CID).is_started)
            asking.cancel()
        b.harbour.may_end.set()
        await until(lambda: b.counts() == (1, 1))
    assert b.current().started == {}


# covers: W-MT-35
async def test_whatever_comes_in_which_order_there_is_one_consumer_as_the_site_says() -> None:
    b = Bench()
    draw = random.Random(3)
    async with running(b):
        for _ in range(100):
            await _change_at_once(b, draw)
            await until(lambda: b.is_at_work() == (CID in b.current().started))
            assert not b.is_at_work() or _has_the_keys_of_the_site(b)
    assert b.harbour.most[CID] == 1
    assert len(b.harbour.began_with) > 50


async def _change_at_once(b: Bench, draw: random.Random) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(draw.randrange(1, 8)):
            tasks.create_task(_any_change(b, draw))
            await asyncio.sleep(0)


async def _any_change(b: Bench, draw: random.Random) -> None:
    match draw.randrange(7):
        case 0:
            await b.admin.stop(CID)
        case 1:
            await b.admin.change(builders.removal(CID))
        case 2:
            await b.update(port=draw.randrange(1, 60_000))
        case 3:
            await b.admin.change(lambda _: edit_to(builders.site(started={CID: True})))
        case _:
            await b.update()
            await b.admin.start(CID)


def _has_the_keys_of_the_site(b: Bench) -> bool:
    return b.harbour.began_with[-1].port == b.current().connectors[CID].port


# covers: W-MT-35
async def test_a_connector_added_again_waits_until_the_one_before_has_drained() -> None:
    b = Bench(started={CID: True})
    async with running(b):
        await until(b.is_at_work)
        b.harbour.may_end.clear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(b.admin.change(builders.removal(CID)))
            await until(lambda: b.fleet.status(CID).session == "UNBIND_PENDING")
            tasks.create_task(b.update(port=2776))
            await until(lambda: CID in b.current().connectors)
            tasks.create_task(b.admin.start(CID))
            await asyncio.sleep(0.02)
            assert len(b.harbour.began_with) == 1
            b.harbour.may_end.set()
        await until(lambda: len(b.harbour.began_with) == 2)
    assert b.harbour.began_with[1].port == 2776
    assert b.harbour.most[CID] == 1


# covers: SMPPC-27
@pytest.mark.parametrize(
    ("keys", "restarts"),
    [
        ({"host": "127.0.0.2"}, True),
        ({"port": 2776}, True),
        ({"username": "other"}, True),
        ({"password": "other"}, True),
        ({"system_type": "other"}, True),
        ({"submit_throughput": 100}, False),
        ({"window": 3}, True),
        ({"ssl": True, "bind_operation": "receiver"}, False),
        ({"log_level": 10}, False),
    ],
    ids=str,
)
async def test_a_running_connector_starts_again_only_for_keys_that_need_it(
    keys: dict[str, Any], restarts: bool
) -> None:
    b = Bench(started={CID: True})
    async with running(b):
        await until(b.is_at_work)
        await b.update(**keys)
        await until(b.is_at_work)
        assert b.counts() == ((2, 1) if restarts else (1, 0))
        assert (b.harbour.began_with if restarts else b.harbour.told)[-1] == connector(**keys)


# covers: W-MT-33
async def test_after_a_restart_other_keys_restart_nothing() -> None:
    b = Bench(started={CID: True})
    async with running(b):
        await until(b.is_at_work)
        await b.update(port=2776)
        await until(b.is_at_work)
        await b.update(port=2776, submit_throughput=100)
        assert b.counts() == (2, 1)


async def test_a_stopped_connector_is_not_started_by_an_update() -> None:
    b = Bench()
    async with running(b):
        await b.update(port=2776)
        assert b.fleet.status(CID) == STOPPED


async def test_load_starts_those_that_ran_and_counts_from_the_beginning() -> None:
    b = Bench(started={CID: True})
    async with running(b):
        await b.admin.persist("p")
        await b.update(port=2776)
        assert b.counts() == (2, 1)
        await b.admin.load("p")
        await until(b.is_at_work)
        assert b.counts() == (1, 0)
        assert b.harbour.began_with[-1] == connector()


async def test_a_queue_is_there_once_its_connector_is_and_stays_when_it_goes() -> None:
    b = Bench()
    async with running(b):
        assert _queues(b) == {f"submit.sm.{CID}"}
        await b.admin.change(lambda _: (Put(Kind.CONNECTOR, OTHER, connector(OTHER)),))
        assert _queues(b) == {f"submit.sm.{CID}", f"submit.sm.{OTHER}"}
        await b.admin.change(builders.removal(OTHER))
        assert f"submit.sm.{OTHER}" in _queues(b)
        assert b.fleet._berths.keys() == {CID}


def _queues(b: Bench) -> set[str]:
    return set(b.queues._queues)


async def test_a_connector_that_breaks_is_run_again_and_touches_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = FleetPolicy(stop_s=LONG_S, after_crash=Backoff(first_s=0.01))
    b = Bench(policy, connectors={CID: connector(), OTHER: connector(OTHER)})
    async with running(b):
        await b.admin.start(OTHER)
        await until(lambda: b.is_at_work(OTHER))
        b.harbour.breaks = 2
        await b.admin.start(CID)
        await until(lambda: b.fleet.status(CID).session == "BOUND_TRX")
        assert b.fleet.status(OTHER).session == "BOUND_TRX"
        assert b.counts() == (1, 0)
        assert [c.cid for c in b.harbour.began_with] == [OTHER, CID, CID, CID]
    assert caplog.text.count("broke; again in 0.0 s") == 2


async def test_one_that_ran_well_before_it_broke_waits_as_for_a_first_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backoff = Backoff(first_s=0.01, most_s=1000, steady_s=0)
    b = Bench(FleetPolicy(stop_s=LONG_S, after_crash=backoff))
    b.harbour.breaks = 20
    async with running(b):
        await b.admin.start(CID)
        await until(lambda: b.fleet.status(CID).session == "BOUND_TRX")
    assert caplog.text.count("broke; again in 0.0 s") == 20


async def test_one_that_waits_after_a_crash_stops_at_once() -> None:
    b = Bench(FleetPolicy(stop_s=LONG_S, after_crash=Backoff(first_s=1000, most_s=1000)))
    b.harbour.breaks = 1
    async with running(b):
        await b.admin.start(CID)
        await until(lambda: b.harbour.breaks == 0)
        await b.admin.stop(CID)
        assert b.counts() == (1, 1)


class Watched(MemoryQueues):
    """Remembers what it is to forget."""

    def __init__(self) -> None:
        super().__init__(clock=FakeClock())
        self.forgotten: list[str] = []
        self.is_away = False

    @override
    def forget(self, bindings: Sequence[Binding]) -> None:
        self.forgotten += [binding.queue for binding in bindings]

    @override
    async def depth(self, queue: str) -> int:
        if self.is_away:
            raise BrokerAway("just now")
        return await super().depth(queue)


# covers: W-AMQP-15
@pytest.mark.parametrize(
    ("messages", "is_away", "said"),
    [(2, False, "2 messages"), (0, False, None), (2, True, "its messages")],
)
async def test_what_a_removed_connector_leaves_is_said(
    messages: int, is_away: bool, said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    queues = Watched()
    b = Bench(queues=queues, started={CID: True})
    queue = submit_binding(CID).queue
    async with running(b):
        await until(b.is_at_work)
        for _ in range(messages):
            await queues.publish(QueueMessage(exchange="messaging", routing_key=queue, body=b"x"))
        queues.is_away = is_away
        await b.admin.change(lambda _: (Drop(Kind.CONNECTOR, CID),))
        assert queues.forgotten == [queue]
        queues.is_away = False
        assert await queues.depth(queue) == messages
        await b.admin.change(lambda _: (Put(Kind.CONNECTOR, CID, connector()),))
    where = f"stay in {queue} (jasmin-compat leftover {CID})"
    warnings = [r.getMessage() for r in caplog.records if "was removed" in r.getMessage()]
    assert warnings == ([] if said is None else [f"SMPPC [cid:{CID}] was removed: {said} {where}"])

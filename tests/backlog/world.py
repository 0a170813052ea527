"""A gateway of real processes whose callback receivers go away while reports wait for them."""

import asyncio
import contextlib
import itertools
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import aiohttp

from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from tests.backlog.stock import Report, Stock, open_stock
from tests.backlog.watch import Watch
from tests.faults.sink import Sink
from tests.faults.smsc import Smsc
from tests.faults.world import SUCCESS, site
from tests.services import RabbitMq, Redis
from tests.waiting import until

Manner = Literal["refuses", "hangs", "answers 500", "is well"]
MANNERS: tuple[Manner, ...] = ("refuses", "hangs", "answers 500")
"""Of a receiver that is away."""

LOOKUP, THROWER = "DLRLookup-main", "dlr_thrower"
DEAD = (f"{LOOKUP}.dead", f"{THROWER}.dead")
QUEUES = (
    *(LOOKUP, THROWER, *DEAD),
    *(f"jasmin_compat.delay.{step_s}" for step_s in (1, 2, 5, 10, 30, 60, 180, 300)),
)
WARM = 300
STARTED_WITHIN_S = 120
LOOK_S = 0.5
LOOKED_UP_WITHIN_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What waits, for whom, and how long."""

    manners: tuple[Manner, ...]
    """A receiver for each; the reports are for them in turn."""
    messages: int
    """Put into the lookup's queue before there is a lookup."""
    by_http: int
    """Further ones that come by HTTP, two reports each."""
    away_s: float
    """Once all is looked up, until the receivers are back."""
    healthy_per_s: float
    """Messages for another receiver, which is well, all the time."""
    drain_s: float
    """Bound of the time to deliver all, from the return."""
    thrower: Mapping[str, str] = field(default_factory=dict)
    """Keys of [dlr-thrower] that are not the defaults."""


@dataclass(slots=True)
class Healthy:
    """Level-1 reports for the receiver that is well: how late each was, by phase."""

    sink: Sink
    asked: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Message id → phase, and when it was accepted."""

    def untold(self) -> set[str]:
        return {msgid for msgid in self.asked if (msgid, 1) not in self.sink.acknowledged}

    def delays_s(self, phase: str) -> list[float]:
        """Ascending; a report that never came is as late as can be."""
        told = self.sink.acknowledged
        return sorted(
            (told[msgid, 1][0] - at if (msgid, 1) in told else float("inf"))
            for msgid, (when, at) in self.asked.items()
            if when == phase
        )


@dataclass(slots=True)
class World:
    """Everything of one run."""

    plan: Plan
    gateway: Gateway
    smsc: Smsc
    receivers: dict[Manner, Sink]
    healthy: Healthy
    stock: Stock
    watch: Watch
    http: aiohttp.ClientSession
    before_mb: dict[str, float] = field(default_factory=dict)
    after_mb: dict[str, float] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def run(self) -> None:
        """Pile up, look up, wait, deliver; the books are the attributes."""
        await self._until_piled_up()
        await asyncio.to_thread(self.gateway.start_daemon, "dlrlookupd")
        async with self._healthy_traffic():
            async with self.watch.phase("looked up"):
                await until(lambda: self._is_at_most(LOOKUP, 10), within_s=LOOKED_UP_WITHIN_S)
            async with self.watch.phase("receiver away"):
                await asyncio.sleep(self.plan.away_s)
            async with self.watch.phase("delivered"):
                for sink in self.receivers.values():
                    await come_back(sink)
                with contextlib.suppress(TimeoutError):  # lost() tells
                    await self._until_all_is_made()
        with contextlib.suppress(TimeoutError):
            await until(lambda: not self.healthy.untold(), within_s=STARTED_WITHIN_S)
        self.after_mb = self.watch.rss_mb()

    async def run_without_redis(self, redis: Redis) -> None:
        """The receivers are well; the lookup, when it is started, finds no Redis for so long."""
        await self._until_piled_up()
        await asyncio.to_thread(redis.stop)
        await asyncio.to_thread(self.gateway.start_daemon, "dlrlookupd")
        async with self.watch.phase("Redis away"):
            await asyncio.sleep(self.plan.away_s)
        async with self.watch.phase("delivered"):
            await asyncio.to_thread(redis.start)
            with contextlib.suppress(TimeoutError):
                await self._until_all_is_made()
        self.after_mb = self.watch.rss_mb()

    async def _until_piled_up(self) -> None:
        """The receivers go away, and then their reports gather where no lookup takes them."""
        await self._warm_up()
        self.before_mb = self.watch.rss_mb()
        await asyncio.to_thread(self.gateway.end_daemon, "dlrlookupd", signal.SIGTERM)
        for manner, sink in self.receivers.items():
            await go_away(sink, manner)
        async with self.watch.phase("lookup down"):
            await self._pile_up()

    async def _until_all_is_made(self) -> None:
        """Raises TimeoutError. Looks seldom: it takes the time of what it waits for."""
        async with asyncio.timeout(self.plan.drain_s):
            while self.lost():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)

    # ---- the books

    def made(self) -> dict[Report, list[float]]:
        return {
            report: times
            for sink in self.receivers.values()
            for report, times in sink.acknowledged.items()
        }

    def lost(self) -> set[Report]:
        return self.stock.due - self.made().keys()

    def twice(self) -> set[Report]:
        return {report for report, times in self.made().items() if len(times) > 1}

    def growth_mb(self) -> dict[str, float]:
        """Highest of all phases, over what it was before."""
        phases = self.watch.phases
        return {
            daemon: max(phase.peak_mb.get(daemon, 0.0) for phase in phases) - before
            for daemon, before in self.before_mb.items()
        }

    # ---- traffic

    async def _warm_up(self) -> None:
        """Messages of every level, so that all that is loaded once is loaded."""
        async with asyncio.TaskGroup() as tasks:
            sending = [tasks.create_task(self._send(self.healthy.sink, 3)) for _ in range(WARM)]
        wanted = {(task.result(), level) for task in sending for level in (1, 2)}
        sink = self.healthy.sink
        await until(lambda: wanted <= sink.acknowledged.keys(), within_s=STARTED_WITHIN_S)

    async def _pile_up(self) -> None:
        urls = [url_of(sink) for sink in self.receivers.values()]
        await self.stock.pile_up(self.plan.messages, urls)
        sinks = itertools.cycle(self.receivers.values())
        for sink in itertools.islice(sinks, self.plan.by_http):
            msgid = await self._send(sink, 3)
            self.stock.due |= {(msgid, 1), (msgid, 2)}
        wanted = self.plan.messages + 2 * self.plan.by_http
        await until(lambda: self._is_at_least(LOOKUP, wanted), within_s=STARTED_WITHIN_S)

    @contextlib.asynccontextmanager
    async def _healthy_traffic(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._send_healthy(tasks), name="healthy traffic")
            try:
                yield
            finally:
                sending.cancel()

    async def _send_healthy(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            tasks.create_task(self._ask_for_healthy(), name="healthy message")
            await asyncio.sleep(1 / self.plan.healthy_per_s)

    async def _ask_for_healthy(self) -> None:
        msgid = await self._send(self.healthy.sink, 1)
        self.healthy.asked[msgid] = self.watch.phases[-1].name, time.monotonic()

    async def _send(self, sink: Sink, level: int) -> str:
        """One message by HTTP; its id."""
        arguments = {
            "username": "fault",
            "password": "fault",
            "to": f"33{next(self._numbers):09d}",
            "content": "backlog",
            "dlr": "yes",
            "dlr-level": str(level),
            "dlr-method": "GET",
            "dlr-url": url_of(sink),
        }
        url = f"http://127.0.0.1:{self.gateway.http_port}/send"
        async with self.http.get(url, params=arguments) as answer:
            text = await answer.text()
        said = SUCCESS.match(text)
        assert said is not None, text
        return said[1]

    async def _is_at_least(self, queue: str, count: int) -> bool:
        return await self.stock.queues.depth(queue) >= count

    async def _is_at_most(self, queue: str, count: int) -> bool:
        return await self.stock.queues.depth(queue) <= count


def url_of(sink: Sink) -> str:
    return f"http://127.0.0.1:{sink.port}/dlr"


async def go_away(sink: Sink, manner: Manner) -> None:
    match manner:
        case "refuses":
            await sink.close()
        case "hangs":
            sink.mode = "hang"
        case "answers 500":
            sink.mode = "500"
        case "is well":
            pass


async def come_back(sink: Sink) -> None:
    """As one that was restarted."""
    await sink.close()
    sink.mode = "ack"
    await sink.open()


@contextlib.asynccontextmanager
async def open_world(plan: Plan, rabbitmq: RabbitMq, redis: Redis) -> AsyncIterator[World]:
    """Started and bound; everything is closed after."""
    smsc, sinks = Smsc(), [Sink() for _ in plan.manners]
    healthy = Sink()
    for peer in (smsc, healthy, *sinks):
        await peer.open()
    vhost = f"backlog{smsc.port}"
    await asyncio.to_thread(rabbitmq.add_vhosts, vhost)
    configured = replace(site(smsc.port), cfg={"dlr-thrower": plan.thrower})
    gateway = Gateway(Ours(), configured, amqp=(rabbitmq.port, vhost), redis=redis.port)
    ways = open_stock(amqp_port=rabbitmq.port, vhost=vhost, redis_url=redis.url)
    connections = aiohttp.TCPConnector(limit=50)
    try:
        await asyncio.to_thread(gateway.start)
        await until(lambda: smsc.sessions > 0, within_s=STARTED_WITHIN_S)
        async with ways as stock, aiohttp.ClientSession(connector=connections) as http:
            yield World(
                plan=plan,
                gateway=gateway,
                smsc=smsc,
                receivers=dict(zip(plan.manners, sinks, strict=True)),
                healthy=Healthy(healthy),
                stock=stock,
                watch=Watch(gateway.pids, QUEUES, stock.queues.depth),
                http=http,
            )
    finally:
        await asyncio.to_thread(gateway.stop)
        for peer in (smsc, healthy, *sinks):
            await peer.close()

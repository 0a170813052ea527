"""The SMPP client connectors that run here, kept as the site says (contract/smpp-client.md §1).

The site says which connectors run and with which keys; `settle` makes it so, one at a time for each
connector. So there are never two consumers of a queue, in whatever order changes come.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from jasmin_compat.gateway.connectors import SmppConnector, takes_restart
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import ConnectorStatus, QueueError, Queues
from jasmin_compat.runtime.supervise import Backoff
from jasmin_compat.wire.amqp_names import submit_binding

log: Final = logging.getLogger("jasmin-pb-client-mgmt")

_LOOK_S: Final = 2.0
"""For the broker to say what a removed connector leaves; the console waits meanwhile."""

STANDS: Final = "NONE"
"""The session of a connector that does not run."""


class RunningConnector(Protocol):
    """One connector from its start to its stop."""

    @property
    def session(self) -> str:
        """Its state, in Jasmin's word."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Bound, and its queue consumed, until `stop` is set and it has drained and unbound."""
        ...

    def use_connector(self) -> None:
        """Its keys have changed."""
        ...


R = TypeVar("R", bound=RunningConnector)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPolicy:
    """How long connectors may take."""

    stop_s: float = 25.0
    """To drain and unbind; then a connector is cut off, and what it has goes back to its queue."""
    after_crash: Backoff = field(default_factory=Backoff)


@dataclass(slots=True)
class _Run(Generic[R]):
    """A connector from its start to its stop, crashes survived."""

    started_with: SmppConnector
    connector: SmppConnector
    """Its keys now. They outlive its removal: it drains with them."""
    task: "asyncio.Task[None]" = field(init=False)
    running: R | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Berth(Generic[R]):
    """A connector's place here."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    settling: int = 0
    """Tasks that hold or await the turn."""
    run: _Run[R] | None = None
    starts: int = 0
    stops: int = 0
    is_declared: bool = False


class Fleet(Generic[R]):
    """ports.Connectors."""

    def __init__(
        self,
        site: Callable[[], Site],
        build: Callable[[Callable[[], SmppConnector]], R],
        *,
        queues: Queues,
        policy: FleetPolicy,
    ) -> None:
        """`build` is given what to ask for the connector's keys whenever they are used."""
        self._site = site
        self._build = build
        self._queues = queues
        self._policy = policy
        self._berths: dict[ConnectorId, _Berth[R]] = {}
        self._is_open = False
        self._tasks: asyncio.TaskGroup

    async def run(self, stop: asyncio.Event, started: Callable[[], None]) -> None:
        """Start what the site starts; at `stop`, stop everything that runs, the site unchanged."""
        cids = list(self._site().connectors)
        await self._queues.declare([submit_binding(cid) for cid in cids])
        async with asyncio.TaskGroup() as self._tasks:
            self._is_open = True
            for cid in cids:
                self._berths.setdefault(cid, _Berth()).is_declared = True
            await self.settle(cids)
            started()
            await stop.wait()
            self._is_open = False
            await self.settle(list(self._berths))

    # ------------------------------------------------------------ ports.Connectors

    async def settle(self, cids: Iterable[ConnectorId], *, anew: bool = False) -> None:
        settling = [
            self._tasks.create_task(self._settle(cid, anew=anew), name=f"settle {cid}")
            for cid in cids
        ]
        if settling:
            await asyncio.wait(settling)

    def status(self, cid: ConnectorId) -> ConnectorStatus:
        berth = self._berths.get(cid) or _Berth()
        run = berth.run
        running = run.running if run is not None else None
        return ConnectorStatus(
            is_started=run is not None and not run.stop.is_set(),
            session=running.session if running is not None else STANDS,
            starts=berth.starts,
            stops=berth.stops,
        )

    def running_as(self, cid: ConnectorId) -> R | None:
        """That connector, if it runs now."""
        berth = self._berths.get(cid)
        return berth.run.running if berth is not None and berth.run is not None else None

    def running(self) -> Iterator[R]:
        """Those that run now."""
        runs = (berth.run for berth in self._berths.values())
        return (run.running for run in runs if run is not None and run.running is not None)

    # ------------------------------------------------------------ one connector

    async def _settle(self, cid: ConnectorId, *, anew: bool) -> None:
        with self._berth(cid) as berth:
            async with berth.turn:
                if berth.run is not None and (anew or self._must_stop(cid, berth.run)):
                    await self._end(cid, berth, berth.run)
                if anew:
                    berth.starts = berth.stops = 0
                await self._declare(cid, berth)
                await self._leave(cid, berth)
                self._go_on(cid, berth)

    @contextlib.contextmanager
    def _berth(self, cid: ConnectorId) -> Iterator[_Berth[R]]:
        """Kept while somebody settles it, it runs, or the site knows it."""
        berth = self._berths.setdefault(cid, _Berth())
        berth.settling += 1
        try:
            yield berth
        finally:
            berth.settling -= 1
            if not berth.settling and berth.run is None and cid not in self._site().connectors:
                del self._berths[cid]

    def _wanted(self, cid: ConnectorId) -> SmppConnector | None:
        """Its keys if it is to run."""
        site = self._site()
        is_started = self._is_open and site.started.get(cid, False)
        return site.connectors.get(cid) if is_started else None

    def _must_stop(self, cid: ConnectorId, run: _Run[R]) -> bool:
        wanted = self._wanted(cid)
        return wanted is None or takes_restart(run.started_with, wanted)

    async def _declare(self, cid: ConnectorId, berth: _Berth[R]) -> None:
        """Once."""
        if not berth.is_declared and cid in self._site().connectors:
            await self._queues.declare([submit_binding(cid)])
            berth.is_declared = True

    async def _leave(self, cid: ConnectorId, berth: _Berth[R]) -> None:
        """Of a connector that was removed: its queue is nobody's care from now on (Q152)."""
        if not berth.is_declared or cid in self._site().connectors:
            return
        binding = submit_binding(cid)
        self._queues.forget([binding])
        berth.is_declared = False
        try:
            async with asyncio.timeout(_LOOK_S):
                count = await self._queues.depth(binding.queue)
        except (QueueError, TimeoutError):
            left = "its messages"
        else:
            left = f"{count} messages" if count else ""
        if left:
            log.warning(
                "SMPPC [cid:%s] was removed: %s stay in %s (jasmin-compat leftover %s)",
                *(cid, left, binding.queue, cid),
            )

    def _go_on(self, cid: ConnectorId, berth: _Berth[R]) -> None:
        """Start it, or tell it of its keys: asked for after every wait, they may have changed."""
        wanted = self._wanted(cid)
        if wanted is None:
            return  # whoever took it out of the site settles it after us
        if berth.run is not None:
            berth.run.connector = wanted
            if berth.run.running is not None:
                berth.run.running.use_connector()
            return
        berth.run = _Run(wanted, wanted)
        berth.starts += 1
        keeping = self._keep(cid, berth.run)
        berth.run.task = self._tasks.create_task(keeping, name=f"connector {cid}")

    async def _end(self, cid: ConnectorId, berth: _Berth[R], run: _Run[R]) -> None:
        run.stop.set()
        await asyncio.wait([run.task], timeout=self._policy.stop_s)
        if not run.task.done():
            log.error("SMPPC [cid:%s] has not drained in %g s", cid, self._policy.stop_s)
            run.task.cancel()
            await asyncio.wait([run.task])
        berth.run = None
        berth.stops += 1

    async def _keep(self, cid: ConnectorId, run: _Run[R]) -> None:
        """Run it until it is to stop; what breaks in it does not touch the others."""
        crashes = 0
        now = asyncio.get_running_loop().time
        while not run.stop.is_set():
            began = now()
            try:
                run.running = self._build(lambda: run.connector)
                await run.running.run(run.stop)
            except Exception:
                backoff = self._policy.after_crash
                crashes = 1 if now() - began >= backoff.steady_s else crashes + 1
                wait_s = backoff.wait_s(crashes, draw=1.0)
                log.exception("SMPPC [cid:%s] broke; again in %.1f s", cid, wait_s)
                await _within(wait_s, run.stop)


async def _within(seconds: float, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()

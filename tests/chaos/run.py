"""A chaos run: traffic, faults as planned, quiet, and then the books.

Phases: traffic alone until everything is warm; a quiet moment; traffic and faults; traffic ends,
everything is delivered; a quiet moment.
"""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from tests.chaos import books, plan
from tests.chaos.kinds import KINDS, ChaosWorld, Kind, Scene
from tests.chaos.redis_pair import RestlessPair
from tests.chaos.wire import Wire
from tests.faults.books import Row
from tests.faults.sink import Sink
from tests.faults.smsc import Smsc
from tests.faults.world import RECONNECTED_S, site
from tests.services import RabbitMq, free_port

QUIET_S = 3.0
SETTLED_WITHIN_S = 180.0
PROGRESS_S = 10.0
REFUSED_AFTER_S = 2.0
"""A sender may still be refused so long after a fault is over."""
DAEMONS = ("jasmind", "dlrlookupd", "dlrd")
BY_NAME = {kind.plan.name: kind for kind in KINDS}
GROWTH_BOUND = 24 * books.MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run."""

    seed: int
    rate_per_s: float
    minutes: float | None = None
    """Of faults; None: each kind once."""
    pace: plan.Pace = plan.LONG
    warm_s: float = 30.0

    @property
    def is_short(self) -> bool:
        return self.minutes is None


@contextlib.asynccontextmanager
async def open_chaos_world(rabbitmq: RabbitMq, options: Options) -> AsyncIterator[ChaosWorld]:
    """Peers, Redis and the gateway, all started."""
    smsc, sink, pair, wire = Smsc(), Sink(), RestlessPair(), Wire(rabbitmq.port)
    async with contextlib.AsyncExitStack() as opened:
        opened.callback(pair.close)
        await asyncio.to_thread(pair.start)
        for peer in (smsc, sink, wire):
            await peer.open()
            opened.push_async_callback(peer.close)
        vhost = f"chaos{smsc.port}"
        await asyncio.to_thread(rabbitmq.add_vhosts, vhost)
        wanted = site(smsc.port)
        cfg = {name: dict(keys) for name, keys in wanted.cfg.items()}
        cfg["amqp-broker"] |= {"connection_failure_retry_delay": "1", "heartbeat": "5"}
        cfg["smpp-client"] = {"window": "100"}  # an answer takes its time on a busy machine
        cfg["redis-client"] = {
            "sentinels": f"127.0.0.1:{pair.sentinel.port}",
            "wait_replicas": "1",
        }
        if options.is_short:
            cfg["dlr"] = {"receipt_retry_delays_s": "1,2,5"}
        gateway = Gateway(
            Ours(),
            replace(wanted, name="chaos", cfg=cfg),
            amqp=(wire.port, vhost),
            redis=free_port(),
        )
        world = ChaosWorld(
            gateway=gateway, smsc=smsc, sink=sink, rabbitmq=rabbitmq, redis=pair,
            pair=pair, wire=wire,
        )  # fmt: skip
        opened.push_async_callback(world.stop)
        await world.start()
        yield world


@dataclass(slots=True)
class Report:
    """What a run found."""

    options: Options
    faults: list[books.Happened] = field(default_factory=list)
    accepted: int = 0
    summary: str = ""
    twice: books.Twice = field(default_factory=books.Twice)
    memory: list[books.MemoryRow] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    """Each book that does not close."""

    def text(self) -> str:
        return "\n".join([f"seed {self.options.seed}", self.summary, "", *self._tables()])

    def rows(self) -> list[Row]:
        """What came twice, for the table of all tests."""
        name = f"chaos, seed {self.options.seed}"
        again = sorted(self.twice.by_cause.items()) or [((books.CALL, "", ""), 0)]
        return [
            Row(name, self.accepted, what, times, f"{fault}: {why}".strip(": "), 0)
            for (what, fault, why), times in again
        ]

    def _tables(self) -> Iterator[str]:
        seconds: dict[str, list[float]] = {}
        for fault in self.faults:
            seconds.setdefault(fault.name, []).append(fault.ended - RECONNECTED_S - fault.began)
        rows = sorted(
            (n, str(len(s)), f"{sum(s):.0f}", f"{max(s):.1f}") for n, s in seconds.items()
        )
        yield books.table(("fault", "times", "seconds", "longest"), rows)
        yield ""
        again = sorted(self.twice.by_cause.items())
        rows = [(what, str(times), name, why) for (what, name, why), times in again]
        yield books.table(("came twice", "times", "first possible fault", "cause"), rows)
        yield ""
        columns = ("RSS in MiB", "processes", "before", "peak", "own", "after", "grown")
        yield books.table(columns, [_in_mib(row) for row in self.memory])
        yield ""
        yield "\n".join(["open books:", *self.open]) if self.open else "every book is closed"


def _in_mib(row: books.MemoryRow) -> tuple[str, ...]:
    sizes = (row.before, row.peak, row.own, row.after, row.grown)
    return (row.name, str(row.processes), *(f"{size / books.MIB:.1f}" for size in sizes))


class Run:
    """One run in a world that has started."""

    def __init__(self, world: ChaosWorld, options: Options, say: Callable[[str], None]) -> None:
        self._world = world
        self._options = options
        self._say = say
        self._numbers = itertools.count()
        self._memory = books.Memory()
        self._faults: list[books.Happened] = []
        self._at_work: dict[str, float] = {}
        self._failed: list[str] = []
        self._unsettled: dict[str, str] = {}
        self._looked_at = 0
        self._began = time.monotonic()

    async def run(self) -> Report:
        options = self._options
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(each) for each in (self._watch_memory(), self._tell())]
            async with self._traffic():
                await asyncio.sleep(options.warm_s)
            await self._settle()
            before = await self._quiet()
            self._world.queues = await self._consumed_queues()
            async with self._traffic():
                await self._suffer()
                await asyncio.sleep(RECONNECTED_S)
            await self._settle()
            after = await self._quiet()
            for task in beside:
                task.cancel()
        return await self._report(before, after)

    # ------------------------------------------------------------ what happens

    @contextlib.asynccontextmanager
    async def _traffic(self) -> AsyncIterator[None]:
        is_over = asyncio.Event()
        numbers = itertools.takewhile(lambda _: not is_over.is_set(), self._numbers)
        async with asyncio.TaskGroup() as tasks:
            rate = self._options.rate_per_s
            tasks.create_task(self._world.send(numbers, rate_per_s=rate, behind_s=1.0))
            try:
                yield
            finally:
                is_over.set()

    async def _suffer(self) -> None:
        options = self._options
        kinds = [kind.plan for kind in KINDS]
        rounds = 1 if options.minutes is None else None
        end = time.monotonic() + 60 * (options.minutes or 1000)
        for step in plan.steps(options.seed, kinds, options.pace, rounds=rounds):
            if time.monotonic() + step.gap_s > end:
                return
            await asyncio.sleep(step.gap_s)
            async with asyncio.TaskGroup() as tasks:
                for planned in step.faults:
                    tasks.create_task(self._happen(BY_NAME[planned.name], planned))

    async def _happen(self, kind: Kind, planned: plan.Planned) -> None:
        await asyncio.sleep(planned.after_s)
        scene = Scene(
            world=self._world,
            lasts_s=planned.lasts_s,
            chance=random.Random(planned.draws),
            is_short=self._options.is_short,
        )
        began = self._at_work[planned.name] = time.monotonic()
        note = await kind.happen(scene)
        del self._at_work[planned.name]
        ended = time.monotonic()
        self._say(
            f"{began - self._began:6.1f}-{ended - self._began:.1f} {planned.name} {note}".rstrip()
        )
        self._faults.append(
            books.Happened(
                planned.name,
                began,
                ended + RECONNECTED_S,
                kind.submit_again,
                kind.call_again,
                leaves_unanswered=kind.leaves_unanswered,
                refuses=kind.refuses,
                note=note,
            )
        )

    async def _settle(self) -> None:
        """Until everything is told and every queue is empty, or the bound; the books say why."""
        end = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < end:
            if self._still_open() == 0 and not await self._depths():
                return
            await asyncio.sleep(0.5)

    async def _quiet(self) -> tuple[float, float]:
        began = time.monotonic()
        await asyncio.sleep(QUIET_S)
        return began, time.monotonic()

    # ------------------------------------------------------------ looking

    async def _watch_memory(self) -> None:
        while True:
            for name, pid in list(self._world.gateway.pids.items()):
                with contextlib.suppress(OSError):
                    self._memory.note(name, pid, time.monotonic(), books.resident(pid))
            await asyncio.sleep(1)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            self._say(self._progress())

    def _progress(self) -> str:
        sent = self._world.sent
        sizes = " ".join(
            f"{life.name} {life.samples[-1][1] / books.MIB:.0f}"
            for pid, life in self._memory.lives.items()
            if pid in self._world.gateway.pids.values()
        )
        return (
            f"{time.monotonic() - self._began:6.0f} s: accepted {len(sent.accepted)},"
            f" refused {len(sent.refused)}, unanswered {len(sent.unanswered)},"
            f" open {self._still_open()}; {sizes} MiB"
            + "".join(f"; {name}" for name in self._at_work)
        )

    def _still_open(self) -> int:
        """Messages whose way is not over, and receipts nobody has taken."""
        world = self._world
        fresh = itertools.islice(world.sent.accepted.items(), self._looked_at, None)
        self._unsettled.update(fresh)
        self._looked_at = len(world.sent.accepted)
        told = world.sink.acknowledged
        self._unsettled = {
            to: msgid
            for to, msgid in self._unsettled.items()
            if not (to in world.smsc.submits and (msgid, 1) in told and (msgid, 2) in told)
        }
        return len(self._unsettled) + world.smsc.receipts_due - len(world.smsc.receipts_taken)

    async def _depths(self) -> Mapping[str, int]:
        """Queues with messages in them, settled or not."""
        listing = await self._ctl("list_queues", "name", "messages")
        depths = {name: int(number) for name, number in listing}
        return {name: number for name, number in depths.items() if number}

    async def _consumed_queues(self) -> tuple[str, ...]:
        listing = await self._ctl("list_queues", "name", "consumers")
        first = ("submit.sm.", "DLRLookup-", "dlr_thrower")
        return tuple(sorted(n for n, number in listing if n.startswith(first) and int(number)))

    async def _ctl(self, command: str, *columns: str) -> list[list[str]]:
        vhost = self._world.gateway.vhost
        rabbitmq = self._world.rabbitmq
        text = await asyncio.to_thread(
            rabbitmq.ctl, command, "-p", vhost, "--no-table-headers", *columns
        )
        return [line.split("\t") for line in text.splitlines() if line.strip()]

    # ------------------------------------------------------------ books

    async def _report(self, before: tuple[float, float], after: tuple[float, float]) -> Report:
        world = self._world
        self._faults.sort(key=lambda fault: fault.began)
        report = Report(
            self._options,
            self._faults,
            len(world.sent.accepted),
            world.summary(),
            books.came_twice(self._faults, self._seen()),
            self._memory.rows(before, after),
        )
        report.open = [
            *_missing("accepted and never submitted", world.never_submitted()),
            *_missing("without callback of level 1", world.without_callback(1)),
            *_missing("without callback of level 2", world.without_callback(2)),
            *self._wrong_statuses(),
            *self._receipts(),
            *self._answers(),
            *_missing("came twice", [self._shown(each) for each in report.twice.unexplained]),
            *self._grown(report.memory),
            *[f"queue {n} holds {depth}" for n, depth in (await self._depths()).items()],
            *await asyncio.to_thread(self._records),
            *[f"not running: {d}" for d in DAEMONS if not world.gateway.runs(d)],
        ]
        return report

    def _seen(self) -> Iterator[books.Seen]:
        """Every submit_sm and callback. A message whose sender was told nothing was on its way at
        any time."""
        sent, told = self._world.sent, self._world.sink.acknowledged
        of_msgid = {msgid: to for to, msgid in sent.accepted.items()}
        for to, times in self._world.smsc.submits.items():
            answered = told.get((sent.accepted.get(to, ""), 1), [None])  # recorded before that
            yield books.Seen(books.SUBMIT, to, sent.asked_at[to], answered[0], times)
        for (msgid, level), times in told.items():
            asked_at = sent.asked_at[of_msgid[msgid]] if msgid in of_msgid else self._began
            yield books.Seen(books.CALL, f"{msgid} level {level}", asked_at, times[0], times)

    def _shown(self, seen: books.Seen) -> str:
        times = ", ".join(f"{t - self._began:.1f}" for t in seen.times)
        return (
            f"{seen.what} of {seen.whose}, asked for at {seen.asked_at - self._began:.1f}: {times}"
        )

    def _wrong_statuses(self) -> Iterator[str]:
        world = self._world
        for level, right in ((1, "ESME_ROK"), (2, "DELIVRD")):
            said = {
                world.sink.statuses.get((m, level), right) for m in world.sent.accepted.values()
            }
            if said > {right}:
                yield f"level {level} said {sorted(said)}"

    def _receipts(self) -> Iterator[str]:
        smsc = self._world.smsc
        missing = smsc.receipts_due - len(smsc.receipts_taken)
        if missing:
            yield f"{missing} receipts of the SMSC were not taken, {smsc.untaken} wait"

    def _answers(self) -> Iterator[str]:
        """A sender is refused, or hears nothing, only because of a fault."""
        sent = self._world.sent
        for said, whose in (("refused", sent.refused), ("unanswered", sent.unanswered)):
            allowed = [f for f in self._faults if _allows(f, said)]
            yield from _missing(
                f"{said} without a fault",
                [
                    f"{to} at {sent.asked_at[to] - self._began:.1f}"
                    for to, told_at in whose.items()
                    if not any(f.covers(sent.asked_at[to], told_at) for f in allowed)
                ],
            )

    def _grown(self, rows: list[books.MemoryRow]) -> Iterator[str]:
        for row in rows:
            if row.grown > GROWTH_BOUND:
                yield f"{row.name} has grown by {row.grown / books.MIB:.1f} MiB"

    def _records(self) -> Iterator[str]:
        """Of what has come to its end Redis holds nothing."""
        told = {msgid for msgid, level in self._world.sink.acknowledged if level == 2}
        with self._world.pair.client() as client:
            kept = [k for k in client.scan_iter("dlr:*", 1000) if k.removeprefix("dlr:") in told]
            mapped = [
                f"{key} of {msgid}"
                for key in client.scan_iter("queue-msgid:*", 1000)
                if (msgid := client.hget(key, "msgid")) in told
            ]
        return iter([*_missing("records of ended messages", kept), *_missing("mappings", mapped)])


def _allows(fault: books.Happened, said: str) -> bool:
    return fault.refuses if said == "refused" else fault.leaves_unanswered


def _missing(what: str, whose: list[str]) -> Iterator[str]:
    if whose:
        yield f"{len(whose)} {what}: {', '.join(whose[:5])}{' ...' if len(whose) > 5 else ''}"

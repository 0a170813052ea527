"""The books of a chaos run at its end: what happened, what came twice, and what stays open."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.chaos.books import CALL, SUBMIT, Happened, Seen, Twice, came_twice, table
from tests.chaos.memory import MIB, MemoryRow
from tests.chaos.world import ChaosWorld, Options
from tests.faults.books import Row
from tests.faults.world import RECONNECTED_S

DAEMONS = ("jasmind", "dlrlookupd", "dlrd")
GROWTH_BOUND = 16 * MIB
"""A process remembers the last 10,000 outcomes of a connector (4 MiB), and keeps of bursts what its
allocator does not give back; what it works on is bounded by prefetch. A leak of 100 octets a
message would be 17 MiB after 15 minutes at 200 a second."""
RIGHT = {1: "ESME_ROK", 2: "DELIVRD"}
SHOWN = 5


@dataclass(slots=True)
class Report:
    """What a run found."""

    options: Options
    faults: list[Happened]
    memory: list[MemoryRow]
    accepted: int = 0
    summary: str = ""
    twice: Twice = field(default_factory=Twice)
    open: list[str] = field(default_factory=list)
    """Each book that does not close."""

    def text(self) -> str:
        return "\n".join([f"seed {self.options.seed}", self.summary, *self._tables()])

    def rows(self) -> list[Row]:
        """What came twice, for the table of all tests."""
        name = f"chaos, seed {self.options.seed}"
        again = sorted(self.twice.by_cause.items()) or [((CALL, "", ""), 0)]
        return [
            Row(name, self.accepted, what, times, f"{fault}: {why}".strip(": "), 0)
            for (what, fault, why), times in again
        ]

    def _tables(self) -> Iterator[str]:
        seconds: dict[str, list[float]] = {}
        for fault in self.faults:
            seconds.setdefault(fault.name, []).append(fault.ended - RECONNECTED_S - fault.began)
        rows = [(n, str(len(s)), f"{sum(s):.0f}", f"{max(s):.1f}") for n, s in seconds.items()]
        yield "\n" + table(("fault", "times", "seconds", "longest"), sorted(rows))
        again = sorted(self.twice.by_cause.items())
        rows = [(what, str(times), name, why) for (what, name, why), times in again]
        yield "\n" + table(("came twice", "times", "first possible fault", "cause"), rows)
        columns = ("RSS in MiB", "processes", "before", "peak", "own", "after", "grown")
        yield "\n" + table(columns, [_in_mib(row) for row in self.memory])
        yield "\n" + (
            "\n".join(["open books:", *self.open]) if self.open else "every book is closed"
        )


def _in_mib(row: MemoryRow) -> tuple[str, ...]:
    sizes = (row.before, row.peak, row.own, row.after, row.grown)
    return (row.name, str(row.processes), *(f"{size / MIB:.1f}" for size in sizes))


async def close_books(
    world: ChaosWorld,
    options: Options,
    faults: Sequence[Happened],
    memory: list[MemoryRow],
    *,
    began: float,
) -> Report:
    """Times are shown since `began`."""
    faults = sorted(faults, key=lambda fault: fault.began)
    books = _Books(world, faults, began)
    report = Report(options, faults, memory, len(world.sent.accepted), world.summary())
    report.twice = came_twice(faults, books.seen())
    report.open = [
        *_some("accepted and never submitted", world.never_submitted()),
        *_some("without callback of level 1", world.without_callback(1)),
        *_some("without callback of level 2", world.without_callback(2)),
        *books.statuses(),
        *books.receipts(),
        *books.answers(),
        *_some("came twice", [books.shown(each) for each in report.twice.unexplained]),
        *[
            f"{m.name} has grown by {m.grown / MIB:.1f} MiB"
            for m in memory
            if m.grown > GROWTH_BOUND
        ],
        *[f"queue {name} holds {depth}" for name, depth in (await world.depths()).items()],
        *await asyncio.to_thread(books.records),
        *[f"{name} is not running" for name in DAEMONS if not world.gateway.runs(name)],
    ]
    return report


class _Books:
    """A world's books."""

    def __init__(self, world: ChaosWorld, faults: Sequence[Happened], began: float) -> None:
        self._world = world
        self._faults = faults
        self._began = began

    def seen(self) -> Iterator[Seen]:
        """Every submit_sm and callback. A message whose sender was told nothing may have been on
        its way at any time."""
        sent, told = self._world.sent, self._world.sink.acknowledged
        of_msgid = {msgid: to for to, msgid in sent.accepted.items()}
        for to, times in self._world.smsc.submits.items():
            answered = told.get((sent.accepted.get(to, ""), 1))  # recorded before that
            yield Seen(SUBMIT, to, sent.asked_at[to], answered[0] if answered else None, times)
        for (msgid, level), times in told.items():
            asked_at = sent.asked_at[of_msgid[msgid]] if msgid in of_msgid else self._began
            yield Seen(CALL, f"{msgid} level {level}", asked_at, times[0], times)

    def shown(self, seen: Seen) -> str:
        times = ", ".join(self._at(time) for time in seen.times)
        return f"{seen.what} of {seen.whose}, asked for at {self._at(seen.asked_at)}: {times}"

    def statuses(self) -> Iterator[str]:
        for level, right in RIGHT.items():
            keys = ((msgid, level) for msgid in self._world.sent.accepted.values())
            wrong = {self._world.sink.statuses.get(key, right) for key in keys} - {right}
            if wrong:
                yield f"callbacks of level {level} said {sorted(wrong)}"

    def receipts(self) -> Iterator[str]:
        smsc = self._world.smsc
        missing = smsc.receipts_due - len(smsc.receipts_taken)
        if missing:
            yield f"{missing} receipts of the SMSC were not taken, {smsc.untaken} wait"

    def answers(self) -> Iterator[str]:
        """A sender is refused, or hears nothing, only because of a fault."""
        sent = self._world.sent
        refusing = [fault for fault in self._faults if fault.refuses]
        silencing = [fault for fault in self._faults if fault.leaves_unanswered]
        yield from _some("refused without a fault", self._uncovered(sent.refused, refusing))
        yield from _some("unanswered without a fault", self._uncovered(sent.unanswered, silencing))

    def _uncovered(self, told: dict[str, float], faults: Sequence[Happened]) -> list[str]:
        asked_at = self._world.sent.asked_at
        return [
            f"{to} at {self._at(asked_at[to])}"
            for to, told_at in told.items()
            if not any(fault.covers(asked_at[to], told_at) for fault in faults)
        ]

    def records(self) -> list[str]:
        """Of what has come to its end Redis holds nothing."""
        told = {msgid for msgid, level in self._world.sink.acknowledged if level == 2}
        with self._world.pair.client() as client:
            requests = [k for k in client.scan_iter("dlr:*", 1000) if k.partition(":")[2] in told]
            mappings = [
                f"{key} of {msgid}"
                for key in client.scan_iter("queue-msgid:*", 1000)
                if (msgid := client.hget(key, "msgid")) in told
            ]
        return [
            *_some("requests of ended messages in Redis", requests),
            *_some("ids of ended messages in Redis", mappings),
        ]

    def _at(self, time: float) -> str:
        return f"{time - self._began:.1f}"


def _some(what: str, whose: list[str]) -> Iterator[str]:
    if whose:
        more = " ..." if len(whose) > SHOWN else ""
        yield f"{len(whose)} {what}: {'; '.join(whose[:SHOWN])}{more}"

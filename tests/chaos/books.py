"""The books of a chaos run: what came twice by cause, memory by process, and what stays open."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

SETTLED_S = 10.0
"""What was done so long before a fault is settled everywhere: acked, and recorded."""
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault, from before it began until everything was there again and had reconnected."""

    name: str
    began: float
    ended: float
    submit_again: str = ""
    call_again: str = ""
    leaves_unanswered: bool = False
    refuses: bool = True
    note: str = ""

    def covers(self, asked_at: float, told_at: float) -> bool:
        """A message was asked for and answered while it lasted, or in part."""
        return asked_at <= self.ended and told_at >= self.began

    def explains(self, seen: "Seen", again_at: float) -> bool:
        """Its message was on its way when the fault came, and it came again after that."""
        done_at = self.began if seen.done_at is None else seen.done_at
        is_on_its_way = seen.asked_at <= self.ended and done_at >= self.began - SETTLED_S
        return is_on_its_way and again_at >= self.began

    def why(self, what: str) -> str:
        return self.submit_again if what == SUBMIT else self.call_again


SUBMIT, CALL = "submit_sm", "callback"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that may come once, and how often it came."""

    what: str
    whose: str
    asked_at: float
    """Its message."""
    done_at: float | None
    """When something showed that this was behind it; None: nothing did."""
    times: Sequence[float]
    """When it came."""


@dataclass(slots=True)
class Twice:
    """What came again, by what it is and the first fault that may be the cause."""

    by_cause: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(what, name of the fault, why it may)."""
    unexplained: list[Seen] = field(default_factory=list)


def came_twice(faults: Sequence[Happened], things: Iterable[Seen]) -> Twice:
    """`faults` in the order they began."""
    twice = Twice()
    for seen in things:
        for again in seen.times[1:]:
            may = (f for f in faults if f.why(seen.what) and f.explains(seen, again))
            cause = next(may, None)
            if cause is None:
                twice.unexplained.append(seen)
            else:
                twice.by_cause[seen.what, cause.name, cause.why(seen.what)] += 1
    return twice


# ------------------------------------------------------------ memory


@dataclass(slots=True)
class Life:
    """One process, from its start to its end: RSS in octets, by time."""

    name: str
    began: float
    samples: list[tuple[float, int]] = field(default_factory=list)

    def between(self, began: float, ended: float) -> list[int]:
        return [octets for at, octets in self.samples if began <= at <= ended]


WARM_AFTER_S = 20.0
"""A process that began under load has loaded what it needs."""
WARM_FOR_S = 5.0


@dataclass(slots=True)
class Memory:
    """RSS of every process there was."""

    lives: dict[int, Life] = field(default_factory=dict)
    """By process id."""

    def note(self, name: str, pid: int, at: float, octets: int) -> None:
        self.lives.setdefault(pid, Life(name, at)).samples.append((at, octets))

    def rows(self, before: tuple[float, float], after: tuple[float, float]) -> list["MemoryRow"]:
        """Of each daemon; `before` and `after` are quiet moments."""
        lives = defaultdict(list)
        for life in self.lives.values():
            lives[life.name].append(life)
        return [_memory_row(name, lives[name], before, after) for name in sorted(lives)]


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One daemon, all its processes; octets."""

    name: str
    processes: int
    before: int
    """Of the first, in a quiet moment after it was warm."""
    peak: int
    """Of any."""
    own: int
    """Of the last: when it was warm itself; 0 if it never was."""
    after: int
    """Of the last, in a quiet moment at the end."""

    @property
    def grown(self) -> int:
        """Against what it was itself; a process that was never warm, against the first."""
        return self.after - (self.own or self.before)


def _memory_row(
    name: str, lives: list[Life], before: tuple[float, float], after: tuple[float, float]
) -> MemoryRow:
    first, last = lives[0], lives[-1]
    quiet = last.between(*before)  # the same process all the time
    warm = (last.began + WARM_AFTER_S, last.began + WARM_AFTER_S + WARM_FOR_S)
    was_warm = warm[1] < after[0]
    own = quiet or (last.between(*warm) if was_warm else [])
    return MemoryRow(
        name=name,
        processes=len(lives),
        before=_middle(first.between(*before)),
        peak=max(octets for life in lives for _, octets in life.samples),
        own=_middle(own),
        after=_middle(last.between(*after)),
    )


def _middle(octets: Sequence[int]) -> int:
    return int(median(octets)) if octets else 0


def resident(pid: int) -> int:
    """RSS in octets. Raises OSError: it has ended."""
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


# ------------------------------------------------------------ tables


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns; those of numbers to the right."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    to_the_right = [
        all(line[n].replace(".", "").isdigit() for line in lines[1:]) for n in range(len(head))
    ]
    return "\n".join(
        "  ".join(
            word.rjust(width) if right else word.ljust(width)
            for word, width, right in zip(line, widths, to_the_right, strict=True)
        ).rstrip()
        for line in lines
    )

"""Memory of the daemons of a chaos run, process by process."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

MIB = 1 << 20
WARM_AFTER_S = 20.0
"""A process that began under load has loaded what it needs."""
WARM_FOR_S = 5.0


@dataclass(slots=True)
class Life:
    """One process, from its start to its end: RSS in octets, by time."""

    name: str
    began: float
    samples: list[tuple[float, int]] = field(default_factory=list)

    def between(self, began: float, ended: float) -> list[int]:
        return [octets for at, octets in self.samples if began <= at <= ended]


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

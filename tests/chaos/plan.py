"""Which faults come, in which order, how long, after which gaps: all of it from one number."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How close faults come, and how long they last."""

    gap_s: tuple[float, float]
    lasts: float
    """Times what a kind of fault asks for."""
    pairs: float
    """Share of the faults that have another one at the same time."""


LONG = Pace(gap_s=(2.0, 6.0), lasts=1.0, pairs=0.3)
SHORT = Pace(gap_s=(0.3, 0.8), lasts=0.35, pairs=0.75)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the plan must know of a kind of fault."""

    name: str
    touches: str
    """Of two at the same time each touches something else."""
    lasts_s: tuple[float, float] = (2.0, 6.0)
    alone: bool = False
    """Never at the same time as another."""

    def goes_with(self, other: "Kind") -> bool:
        return self.touches != other.touches and not (self.alone or other.alone)


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault."""

    name: str
    after_s: float
    """Since its step began."""
    lasts_s: float
    draws: int
    """Seed of what it chooses by itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """A gap, then one fault or two; the next step begins when they are over."""

    gap_s: float
    faults: tuple[Planned, ...]


def steps(seed: int, kinds: Sequence[Kind], pace: Pace, *, rounds: int | None) -> Iterator[Step]:
    """Each round has each kind once, in an order of its own. None: for ever."""
    chance = random.Random(seed)
    done = 0
    while rounds is None or done < rounds:
        yield from _round(chance, kinds, pace)
        done += 1


def _round(chance: random.Random, kinds: Sequence[Kind], pace: Pace) -> Iterator[Step]:
    left = list(kinds)
    chance.shuffle(left)
    while left:
        chosen = [left.pop()]
        beside = [kind for kind in left if kind.goes_with(chosen[0])]
        if beside and chance.random() < pace.pairs:
            chosen.append(chance.choice(beside))
            left.remove(chosen[1])
        gap_s = chance.uniform(*pace.gap_s)
        yield Step(gap_s, tuple(_planned(chance, kind, pace, n) for n, kind in enumerate(chosen)))


def _planned(chance: random.Random, kind: Kind, pace: Pace, number: int) -> Planned:
    return Planned(
        name=kind.name,
        after_s=number * chance.uniform(0.0, 2.0) * pace.lasts,
        lasts_s=chance.uniform(*kind.lasts_s) * pace.lasts,
        draws=chance.getrandbits(32),
    )

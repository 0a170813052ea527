"""The plan of a chaos run: the same for the same seed, each kind in each round."""

from itertools import chain

import pytest

from tests.chaos.plan import LONG, SHORT, Kind, Pace, steps

KINDS = [Kind(f"k{n}", touches=f"t{n % 3}", alone=n == 5) for n in range(9)]
PACES = pytest.mark.parametrize("pace", [LONG, SHORT])


@PACES
def test_a_seed_says_everything(pace: Pace) -> None:
    once, again, other = (list(steps(seed, KINDS, pace, rounds=3)) for seed in (1, 1, 2))
    assert once == again != other


@PACES
def test_each_round_has_each_kind_once(pace: Pace) -> None:
    for seed in range(20):
        names = [fault.name for step in steps(seed, KINDS, pace, rounds=2) for fault in step.faults]
        assert sorted(names[:9]) == sorted(names[9:]) == sorted(kind.name for kind in KINDS)


@PACES
def test_two_at_the_same_time_touch_different_things(pace: Pace) -> None:
    touches = {kind.name: kind.touches for kind in KINDS}
    taken = chain.from_iterable(steps(seed, KINDS, pace, rounds=1) for seed in range(50))
    pairs = [step.faults for step in taken if len(step.faults) == 2]
    assert pairs
    assert all(touches[a.name] != touches[b.name] for a, b in pairs)
    assert not any("k5" in {a.name, b.name} for a, b in pairs)

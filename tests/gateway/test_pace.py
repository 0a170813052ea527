"""How fast a worker sends."""

import random

import pytest

from jasmin_compat.gateway.pace import Pace, PacePolicy


# covers: REST-17
def test_messages_keep_their_distance() -> None:
    pace = Pace(PacePolicy(per_s=4, smart=False))
    assert pace.wait_s(100) == 0
    pace.sent(100, took_s=0.01)
    assert pace.wait_s(100.1) == pytest.approx(0.15)
    assert pace.wait_s(101) == 0


def test_without_a_limit_nothing_waits() -> None:
    pace = Pace(PacePolicy(per_s=0))
    for took_s in (0.1, 5):
        pace.sent(100, took_s=took_s)
        assert pace.wait_s(100) == 0


def test_what_takes_longer_is_slowed_down_and_recovers() -> None:
    pace = Pace(PacePolicy(per_s=8))
    pace.sent(0, took_s=0.01)
    assert pace.per_s == 8
    pace.sent(1, took_s=0.5)
    assert pace.per_s == pytest.approx(7.2)
    pace.sent(2, took_s=0.5)
    assert pace.per_s == pytest.approx(8)


def test_it_never_comes_to_a_standstill() -> None:
    pace = Pace(PacePolicy(per_s=8))
    for n in range(100):
        pace.sent(n, took_s=n)
    assert pace.per_s == pytest.approx(0.8)


def test_chance_does_not_wear_the_rate_down() -> None:
    """Jasmin's rule would end below a tenth of a message a second here."""
    times = random.Random(7)
    pace = Pace(PacePolicy(per_s=8))
    for n in range(2000):
        pace.sent(n, took_s=times.uniform(0.001, 0.009))
    assert pace.per_s == 8

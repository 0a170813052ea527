"""Pacing: rates are kept, slow ones too."""

import pytest

from jasmin_compat.gateway.throughput import CATCH_UP_S, Pace, prefetch_for


def send_times(rate_per_s: float, count: int, *, late_s: float = 0.0) -> list[float]:
    """When `count` messages go that are all ready at 0, each wake-up `late_s` late."""
    now, pace, times = 0.0, Pace(), []
    for _ in range(count):
        wait_s = pace.wait_s(rate_per_s, now)
        now += wait_s + (late_s if wait_s else 0.0)
        times.append(now)
        pace = pace.after_one(rate_per_s, now)
    return times


# covers: W-MT-16
@pytest.mark.parametrize("rate_per_s", [0.01, 0.5, 1, 5, 1000])
def test_messages_go_at_the_rate(rate_per_s: float) -> None:
    times = send_times(rate_per_s, 11)
    assert times[0] == 0
    assert times[-1] == pytest.approx(10 / rate_per_s, rel=0.001, abs=CATCH_UP_S * 1.01)


def test_a_late_timer_costs_no_throughput() -> None:
    assert send_times(100, 1001, late_s=0.001)[-1] == pytest.approx(10, rel=0.01)


def test_a_pause_gives_no_credit_for_a_burst() -> None:
    pace = Pace().after_one(5, now=0.0).after_one(5, now=100.0)
    assert pace.wait_s(5, now=100.0) == pytest.approx(0.2 - CATCH_UP_S)


@pytest.mark.parametrize("rate_per_s", [0, -1, 0.0])
def test_no_rate_is_no_limit(rate_per_s: float) -> None:
    assert send_times(rate_per_s, 100) == [0.0] * 100


def test_a_limit_set_later_holds_from_the_last_message_on() -> None:
    assert Pace().after_one(0, now=5.0).wait_s(1, now=5.0) == 0
    assert Pace().after_one(1, now=5.0).wait_s(0, now=5.0) == 0


@pytest.mark.parametrize(
    ("window", "rate_per_s", "held"),
    [(10, 0, 10), (10, 1, 10), (100, 1, 60), (10, 0.05, 3), (10, 0.001, 1), (1, 1000, 1)],
)
def test_no_more_is_held_than_goes_out_within_a_minute(
    window: int, rate_per_s: float, held: int
) -> None:
    assert prefetch_for(window, rate_per_s, hold_s=60) == held

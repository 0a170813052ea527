"""Foreseen errors restart a part; others end the daemon."""

import logging
from collections.abc import Awaitable, Callable, Iterator

import pytest

from jasmin_compat.runtime.supervise import Backoff, Supervisor


class Gone(Exception):
    """Foreseen."""


class Slow(Exception):
    """Foreseen as well."""


class Waits:
    """A clock that notes what was slept; a part may let time pass."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def ending_with(outcomes: Iterator[Exception | None]) -> Callable[[], Awaitable[None]]:
    async def part() -> None:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome

    return part


def supervisor(clock: Waits) -> Supervisor:
    return Supervisor(log=logging.getLogger("test-supervise"), clock=clock, draw=lambda: 0.999_999)


async def test_waits_double_up_to_the_most_and_it_ends_when_the_part_returns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Waits()
    part = ending_with(iter([*[Gone("broker away")] * 7, None]))
    await supervisor(clock).keep("lookup", part, restart_on=(Gone,))
    assert [round(s) for s in clock.slept] == [1, 2, 4, 8, 16, 30, 30]
    assert caplog.messages[0] == "lookup: Gone: broker away; again in 1.0 s"
    assert len(caplog.messages) == 7


async def test_a_part_that_ran_steadily_begins_with_the_first_wait_again() -> None:
    clock = Waits()
    lives = iter([0.0, 0.0, 61.0, 0.0])

    async def part() -> None:
        clock.now += next(lives)
        if len(clock.slept) < 3:
            raise Gone

    await supervisor(clock).keep("lookup", part, restart_on=(Gone,))
    assert [round(s) for s in clock.slept] == [1, 2, 1]


async def test_a_group_of_foreseen_errors_restarts() -> None:
    clock = Waits()
    group = ExceptionGroup("tasks", [Gone("a"), ExceptionGroup("inner", [Slow("b"), Gone("a")])])
    await supervisor(clock).keep(
        "lookup", ending_with(iter([group, None])), restart_on=(Gone, Slow)
    )
    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    "error",
    [ValueError("a bug"), ExceptionGroup("tasks", [Gone(), ValueError("a bug")])],
    ids=["alone", "in a group"],
)
async def test_any_other_error_is_raised(error: Exception) -> None:
    clock = Waits()
    with pytest.raises(type(error)):
        await supervisor(clock).keep("lookup", ending_with(iter([error])), restart_on=(Gone,))
    assert clock.slept == []


@pytest.mark.parametrize(("draw", "wait_s"), [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0)])
def test_a_wait_is_drawn_between_half_and_all(draw: float, wait_s: float) -> None:
    assert Backoff().wait_s(3, draw) == wait_s


def test_a_very_long_outage_does_not_overflow() -> None:
    assert Backoff().wait_s(100_000, 1.0) == 30.0

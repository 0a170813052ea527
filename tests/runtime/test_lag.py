"""The loop's lag is what a sleep lasts too long."""

import asyncio

import pytest

from jasmin_compat.runtime.lag import LoopLag


class SlowClock:
    """Each sleep lasts as much longer as the next number says; then it is cancelled."""

    def __init__(self, *late_s: float) -> None:
        self._late_s = list(late_s)
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if not self._late_s:
            raise asyncio.CancelledError
        self._now += seconds + self._late_s.pop(0)


@pytest.mark.parametrize(
    ("late_s", "last_s", "worst_s"),
    [((0.0,), 0.0, 0.0), ((0.1, 2.0, 0.3), 0.3, 2.0), ((9.0, 0.1, 0.2, 0.1), 0.1, 0.2)],
    ids=["on time", "late once", "long ago"],
)
async def test_last_and_worst(late_s: tuple[float, ...], last_s: float, worst_s: float) -> None:
    lag = LoopLag(SlowClock(*late_s), every_s=0.5, over_s=1.5)
    with pytest.raises(asyncio.CancelledError):
        await lag.watch()
    assert lag.counts.lag_s == pytest.approx(last_s)
    assert lag.counts.worst_lag_s == pytest.approx(worst_s)

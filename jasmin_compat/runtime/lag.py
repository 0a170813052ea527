"""How late the event loop is: what a slow callback, a stuck disk or a full machine cost."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """As ports.Clock."""

    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


@dataclass(slots=True)
class LagCounts:
    """Numbers of the event loop."""

    lag_s: float = 0.0
    """Seconds the loop came late, last measured."""
    worst_lag_s: float = 0.0
    """The most of the last minute."""


class LoopLag:
    """Measures by sleeping: what a sleep lasts too long is the lag."""

    def __init__(self, clock: Clock, *, every_s: float = 0.5, over_s: float = 60.0) -> None:
        self.counts = LagCounts()
        self._clock = clock
        self._every_s = every_s
        self._recent: deque[float] = deque(maxlen=max(1, round(over_s / every_s)))

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            began = self._clock.monotonic()
            await self._clock.sleep(self._every_s)
            self._note(max(0.0, self._clock.monotonic() - began - self._every_s))

    def _note(self, lag_s: float) -> None:
        self._recent.append(lag_s)
        self.counts.lag_s = lag_s
        self.counts.worst_lag_s = max(self._recent)

"""Pacing of a connector: when the next message may go (contract/smpp-client.md §5, W-MT-16)."""

import math
from dataclasses import dataclass

CATCH_UP_S = 0.005
"""How much of a late wake-up is made good: timers are late by about a millisecond, and at 100
messages a second that would cost a tenth of the rate."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When the connector is free for another whole message, on the monotonic clock."""

    free_at: float = -math.inf

    def wait_s(self, rate_per_s: float, now: float) -> float:
        """Seconds until a message may go; 0 for a rate of 0 or less, which is no limit."""
        return max(0.0, self.free_at - now) if rate_per_s > 0 else 0.0

    def after_one(self, rate_per_s: float, now: float) -> "Pace":
        """The pace once a message has gone at `now`."""
        if rate_per_s <= 0:
            return self
        return Pace(max(self.free_at, now - CATCH_UP_S) + 1 / rate_per_s)


def prefetch_for(window: int, rate_per_s: float, hold_s: float) -> int:
    """Deliveries to hold at a time: the window, but no more than go out within `hold_s`.

    Brokers close a channel that keeps a delivery unsettled for long (RabbitMQ: 30 minutes).
    """
    if rate_per_s <= 0:
        return window
    return max(1, min(window, math.floor(rate_per_s * hold_s)))

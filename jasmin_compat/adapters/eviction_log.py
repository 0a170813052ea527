"""Says that the DLR store is at its limit: once a minute, however many requests it costs."""

import logging
from typing import Final

from jasmin_compat.ports import Clock, StoreCounts

EVERY_S: Final = 60.0

log = logging.getLogger("dlr")


class EvictionLog:
    """Told of each write; `counts` says what came of it."""

    def __init__(self, *, counts: StoreCounts, clock: Clock) -> None:
        self._counts = counts
        self._clock = clock
        self._said_at = -EVERY_S
        self._said = 0

    def look(self) -> None:
        evicted = self._counts.evicted - self._said
        now = self._clock.monotonic()
        if not evicted or now - self._said_at < EVERY_S:
            return
        log.warning(
            "DLR store at its limit (%d messages, %d octets): %d requests were forgotten before"
            " their receipt came",
            self._counts.records,
            self._counts.octets,
            evicted,
        )
        self._said_at, self._said = now, self._counts.evicted

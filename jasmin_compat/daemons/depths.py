"""How many messages wait in the queues of a daemon: asked for now and then, one after another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from jasmin_compat.ports import BrokerAway, Clock, Queues
from jasmin_compat.servers.measures import Measured

PAUSE_S: Final = 0.05
"""Between two questions, at least: with many queues a round takes longer, the broker bears it."""


@dataclass(slots=True)
class QueueCounts:
    """One queue."""

    ready: int = 0
    """Messages that wait in the queue now, as the broker said last."""


class Depths:
    """Of the queues that `names` gives, which may change."""

    def __init__(
        self,
        queues: Queues,
        names: Callable[[], Iterable[str]],
        *,
        clock: Clock,
        every_s: float,
    ) -> None:
        self._queues = queues
        self._names = names
        self._clock = clock
        self._every_s = every_s
        self._seen: dict[str, QueueCounts] = {}

    def measured(self) -> list[Measured]:
        """Without those whose depth nobody knows now."""
        return [
            Measured(prefix="queue", counts=counts, labels={"queue": name})
            for name, counts in self._seen.items()
        ]

    async def watch(self) -> None:
        """Ask until cancelled."""
        while True:
            names = list(dict.fromkeys(self._names()))
            self._seen = {name: seen for name, seen in self._seen.items() if name in names}
            for name in names:
                await self._ask(name)
                await self._clock.sleep(max(PAUSE_S, self._every_s / len(names)))
            if not names:
                await self._clock.sleep(self._every_s)

    async def _ask(self, name: str) -> None:
        try:
            self._seen[name] = QueueCounts(ready=await self._queues.depth(name))
        except BrokerAway:  # within its own bound
            self._seen.pop(name, None)

"""Waits for answers, each with its deadline, on a few timers for all of them.

What occurs several times for every message cannot have a timer of its own: asyncio.timeout costs
4.5 us, this a fifth of one.
"""

import asyncio
import math
from typing import Any, Final, TypeVar

TICKS_PER_S: Final = 20
"""A wait ends at the first tick after its deadline."""

T = TypeVar("T")


class Deadlines:
    """Made inside a running loop, whose clock the deadlines are of."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: dict[int, set[asyncio.Future[Any]]] = {}
        """What waits, by the tick at which it is given up."""

    async def wait(self, answer: "asyncio.Future[T]", deadline: float) -> T:
        """The result of the future; nobody else may wait for it.

        Raises:
            TimeoutError: there was none by the deadline; the future is done with this error.
        """
        tick = math.ceil(deadline * TICKS_PER_S)
        due = self._due.get(tick)
        if due is None:
            due = self._due[tick] = set()
            self._loop.call_at(tick / TICKS_PER_S, self._give_up, tick)
        due.add(answer)
        try:
            return await answer
        finally:
            due.discard(answer)

    def _give_up(self, tick: int) -> None:
        for answer in self._due.pop(tick):
            if not answer.done():
                answer.set_exception(TimeoutError())

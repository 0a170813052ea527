"""Waiting for what others do: by events, always within a bound."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")

WITHIN_S = 15.0
"""How long a scenario waits for a thing that must happen."""


class NeverHappened(AssertionError):
    """What a scenario waited for did not come in time."""


class Bell:
    """Wakes everybody who waits whenever something is recorded."""

    def __init__(self) -> None:
        self._rung: asyncio.Future[None] | None = None

    def ring(self) -> None:
        if self._rung is not None and not self._rung.done():
            self._rung.set_result(None)
        self._rung = None

    async def until(self, look: Callable[[], T], what: str, within_s: float = WITHIN_S) -> T:
        """Look at every ring until `look` gives something true, and return that.

        Raises:
            NeverHappened: it did not within `within_s`.
        """
        try:
            async with asyncio.timeout(within_s):
                while not (seen := look()):
                    await self._next_ring()
        except TimeoutError:
            raise NeverHappened(f"no {what} within {within_s} s") from None
        return seen

    async def _next_ring(self) -> None:
        if self._rung is None:
            self._rung = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._rung)

    async def stays(self, look: Callable[[], bool], what: str, for_s: float) -> None:
        """Look at every ring for `for_s` seconds; it must stay true.

        Raises:
            AssertionError: it did not.
        """
        try:
            broken = await self.until(lambda: not look(), what, for_s)
        except NeverHappened:
            return
        raise AssertionError(f"{what}: not so for {for_s} s ({broken})")


async def asked(ask: Callable[[], Awaitable[T]], what: str, within_s: float = WITHIN_S) -> T:
    """Ask again and again what rings no bell, until the answer is something true: that answer.

    Raises:
        NeverHappened: it stayed false.
    """
    try:
        async with asyncio.timeout(within_s):
            while not (answer := await ask()):  # noqa: ASYNC110 (no bell)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise NeverHappened(f"no {what} within {within_s} s") from None
    return answer


async def eventually(look: Callable[[], T], what: str, within_s: float = WITHIN_S) -> T:
    """The same for a look that blocks: at files, processes. Raises: NeverHappened."""
    return await asked(partial(asyncio.to_thread, look), what, within_s)

"""Waiting in tests: for a fact, within a bound."""

import asyncio
from collections.abc import Awaitable, Callable

LONG_S = 10.0
"""Longer than what is waited for ever takes: the test fails instead of hanging."""


async def until(fact: Callable[[], bool | Awaitable[bool]], *, within_s: float = LONG_S) -> None:
    """Return when the fact holds. Raises TimeoutError. For what cannot wake us; else use events."""
    async with asyncio.timeout(within_s):
        while not await _value(fact()):  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def is_running(pid: int | str) -> bool:
    """A zombie, whose new parent has not looked yet, is not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def _value(fact: bool | Awaitable[bool]) -> bool:
    return fact if isinstance(fact, bool) else await fact

"""Run a long-lived part again when it ends with an error that was foreseen; no other."""

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """As ports.Clock."""

    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits that double; each is drawn between half of it and all of it, so that restarts of
    many parts, or many processes, do not come at the same moment."""

    first_s: float = 1.0
    most_s: float = 30.0
    steady_s: float = 60.0
    """Having run this long, a part begins with the first wait again."""

    def wait_s(self, failures: int, draw: float) -> float:
        """Before restart number `failures`, from 1; `draw` is random in [0, 1)."""
        full: float = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return full * (0.5 + draw / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """Keeps parts of a daemon running."""

    log: logging.Logger
    clock: Clock
    backoff: Backoff = Backoff()
    draw: Callable[[], float] = random.random

    async def keep(
        self,
        name: str,
        part: Callable[[], Awaitable[None]],
        *,
        restart_on: tuple[type[Exception], ...],
    ) -> None:
        """Run `part` until it returns. Errors in `restart_on`, alone or in groups of nothing
        else, restart it after a wait; every other error is raised and ends the daemon.
        """
        failures = 0
        while True:
            began = self.clock.monotonic()
            reason = await _run(part, restart_on)
            if reason is None:
                return
            steady = self.clock.monotonic() - began >= self.backoff.steady_s
            failures = 1 if steady else failures + 1
            wait_s = self.backoff.wait_s(failures, self.draw())
            self.log.error("%s: %s; again in %.1f s", name, reason, wait_s)
            await self.clock.sleep(wait_s)


async def _run(
    part: Callable[[], Awaitable[None]], restart_on: tuple[type[Exception], ...]
) -> str | None:
    """None when the part returned, else what it foreseeably failed of."""
    try:
        await part()
    except ExceptionGroup as group:
        _foreseen, other = group.split(restart_on)
        if other is not None:
            raise
        return "; ".join(dict.fromkeys(_words(e) for e in leaves(group)))
    except restart_on as error:
        return _words(error)
    return None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def leaves(error: Exception) -> list[Exception]:
    """The errors of a group, groups in it opened; of any other error itself."""
    if isinstance(error, ExceptionGroup):
        return [leaf for part in error.exceptions for leaf in leaves(part)]
    return [error]

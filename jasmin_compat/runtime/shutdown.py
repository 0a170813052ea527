"""Signals: the first SIGTERM or SIGINT asks to stop, the second ends the process at once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

STOP = (signal.SIGTERM, signal.SIGINT)


class Stopping(Exception):
    """Something was given up because the daemon is to stop."""


class StopRequest:
    """Whether the daemon is to stop: asked once, never taken back."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._interruptible: set[asyncio.Timeout] = set()

    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()

    def set(self) -> None:
        self._event.set()
        for body in self._interruptible:
            body.reschedule(0)

    @asynccontextmanager
    async def interrupts(self) -> AsyncIterator[None]:
        """A stop ends what is within: for waits at start, such as for a broker that is away.

        Raises:
            Stopping: it did.
        """
        body = asyncio.timeout(0 if self.is_set() else None)
        try:
            async with body:
                self._interruptible.add(body)
                yield
        except TimeoutError:
            if body.expired():
                raise Stopping from None
            raise
        finally:
            self._interruptible.discard(body)


@contextmanager
def stop_on_signals(
    loop: asyncio.AbstractEventLoop,
    *,
    on_stop: Callable[[signal.Signals], None],
    on_hangup: Callable[[], None],
    exit_now: Callable[[int], object] = os._exit,
) -> Iterator[None]:
    """Within it, the first stop signal calls `on_stop` on the loop, SIGHUP calls `on_hangup`.

    The second stop signal calls `exit_now` with 128 plus its number (what a shell shows of a
    process killed by it), from a plain handler: a stuck loop does not hold it up.
    """
    before = {number: signal.getsignal(number) for number in (*STOP, signal.SIGHUP)}

    def hard(number: int, _frame: FrameType | None) -> None:
        exit_now(128 + number)

    def first(number: signal.Signals) -> None:
        for each in STOP:
            loop.remove_signal_handler(each)
            signal.signal(each, hard)
        on_stop(number)

    for number in STOP:
        loop.add_signal_handler(number, first, number)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    try:
        yield
    finally:
        for number in before:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])

"""Signals: the first SIGTERM or SIGINT asks to stop, the second ends the process at once."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP = (signal.SIGTERM, signal.SIGINT)


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

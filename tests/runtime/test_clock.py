"""The clocks agree with the machine's."""

import time

from jasmin_compat.ports import Clock
from jasmin_compat.runtime.clock import SystemClock


async def test_it_is_the_clock_of_the_ports() -> None:
    clock: Clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0)
    assert before <= clock.monotonic()
    assert abs(clock.unix() - time.time()) < 5


def test_local_now_is_naive_as_jasmin_writes_it() -> None:
    now = SystemClock().local_now()
    assert now.tzinfo is None
    assert abs(now.timestamp() - time.time()) < 5

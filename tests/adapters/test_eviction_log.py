"""The line that says what the budget costs."""

import pytest

from jasmin_compat.adapters.eviction_log import EVERY_S, EvictionLog
from jasmin_compat.ports import StoreCounts
from tests.fakes import FakeClock


def test_what_happened_in_a_minute_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    counts, clock = StoreCounts(records=5, octets=600), FakeClock()
    log = EvictionLog(counts=counts, clock=clock)
    log.look()
    assert caplog.messages == []
    for _ in range(10):
        counts.evicted += 1
        log.look()
    clock.advance(EVERY_S)
    log.look()
    clock.advance(EVERY_S)
    log.look()
    line = "DLR store at its limit (5 messages, 600 octets): {} requests were forgotten before"
    assert caplog.messages == [line.format(n) + " their receipt came" for n in (1, 9)]

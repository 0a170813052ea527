"""The numbers of `stats` are those of the parts, under Jasmin's names."""

from datetime import datetime

from jasmin_compat.daemons.console_stats import CountedStats
from jasmin_compat.servers.jcli.counted import HttpApiStats, SmppClientStats
from jasmin_compat.smpp_io.client import ConnectorCounts
from tests.builders import CID

AT = 1_700_000_000.0


# covers: JCLI-19
def test_a_connectors_numbers_and_times() -> None:
    counts = ConnectorCounts(
        connected_count=3, submit_sm_request_count=5, submit_sm_count=4, bound_at=AT
    )
    stats = CountedStats(send=None, connectors={CID: counts})
    assert stats.smpp_client(CID) == SmppClientStats(
        connected_count=3,
        submit_sm_request_count=5,
        submit_sm_count=4,
        bound_at=datetime.fromtimestamp(AT),  # noqa: DTZ006
    )


def test_of_what_was_not_counted_there_are_zeros() -> None:
    stats = CountedStats(send=None, connectors={})
    assert stats.smpp_client(CID) == SmppClientStats()
    assert stats.http_api() == HttpApiStats()

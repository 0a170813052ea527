"""The numbers of `stats` are those of the parts, and leave with whom they are of."""

from datetime import datetime
from typing import Any, cast

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.daemons.console_stats import CountedStats
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Clear, Drop, Edit, Kind, Put, Site, apply
from jasmin_compat.gateway.users import UserId
from jasmin_compat.runtime.current import Current
from jasmin_compat.servers.http.counts import HttpTally, HttpUserCounts
from jasmin_compat.servers.jcli.counted import HttpApiStats, SmppClientStats, UserOverHttp
from jasmin_compat.smpp_io.client import ConnectorCounts
from tests import builders
from tests.builders import CID, user
from tests.fakes import FakeClock, FakeScripts
from tests.http_client import ask, get
from tests.servers.http.api import running_api

BEGUN, LATER = 1_700_000_000.0, 1_700_000_060.0
UID = UserId("full")
GOOD = "/send?username=full&password=pwd&to=15550001&content=hello"


def local(unix: float) -> datetime:
    return datetime.fromtimestamp(unix)  # noqa: DTZ006


class Bench:
    """Statistics of a site that changes; no HTTP API, and what runs is said."""

    def __init__(self, site: Site) -> None:
        self.site = Current(site)
        self.clock = FakeClock(unix=BEGUN)
        self.running: dict[ConnectorId, ConnectorCounts] = {}
        self.counts: dict[ConnectorId, ConnectorCounts] = {}
        nowhere = cast(Any, None)
        self.stats = CountedStats(
            Reach(
                site=self.site,
                queues=nowhere,
                store=nowhere,
                ids=nowhere,
                quotas=MemoryQuotas(),
                scripts=FakeScripts(),
                lookup_pid="main",
                counts=self.counts,
            ),
            http=None,
            running=self.running.get,
            unix=self.clock.unix,
        )

    def change(self, *steps: Any) -> None:
        edit: Edit = steps
        self.site.swap(apply(self.site(), edit))
        self.stats.follow(edit, self.site())


# covers: JCLI-19
def test_a_connectors_numbers_and_times() -> None:
    bench = Bench(builders.site())
    bench.counts[CID].connected_count = 3
    bench.counts[CID].submit_sm_count = 4
    bench.counts[CID].bound_at = LATER
    shown = SmppClientStats(
        created_at=local(BEGUN), connected_count=3, submit_sm_count=4, bound_at=local(LATER)
    )
    assert bench.stats.smpp_client(CID) == shown
    bench.running[CID] = ConnectorCounts(last_sequence_number=7, last_request_at=LATER)
    shown = SmppClientStats(last_sequence_number=7, last_sequence_number_at=local(LATER))
    assert bench.stats.smpp_client(CID) == shown


# covers: W-CLI-08
def test_a_connectors_numbers_go_with_it() -> None:
    bench = Bench(builders.site())
    bench.counts[CID].connected_count = 3
    bench.clock.advance(60)
    bench.change(Put(Kind.CONNECTOR, CID, builders.connector(CID, port=9)))
    assert bench.stats.smpp_client(CID).connected_count == 3
    bench.change(Drop(Kind.CONNECTOR, CID))
    assert CID not in bench.counts
    bench.change(Put(Kind.CONNECTOR, CID, builders.connector(CID)))
    assert bench.stats.smpp_client(CID) == SmppClientStats(created_at=local(LATER))


def test_numbers_of_what_a_profile_keeps_stay_when_it_is_loaded() -> None:
    bench = Bench(builders.site())
    bench.counts[CID].connected_count = 3
    bench.change(Clear(Kind.CONNECTOR), Put(Kind.CONNECTOR, CID, builders.connector(CID)))
    assert bench.stats.smpp_client(CID).connected_count == 3
    bench.change(Clear(Kind.CONNECTOR))
    assert not bench.counts


# covers: JCLI-19
async def test_a_users_requests_and_those_of_the_api() -> None:
    async with running_api() as api:
        tally = api.api.resources.tally
        await ask(api.port, get(GOOD))
        await ask(api.port, get(GOOD.replace("to=", "nothing=")))
        await ask(api.port, get(GOOD.replace("pwd", "no")))
        stats = _over(api.site, tally)
        at = local(tally.counts.last_request_at or 0)
        assert stats.user_over_http(UID) == UserOverHttp(
            connects_count=1,
            last_activity_at=at,
            submit_sm_request_count=1,
            qos_last_submit_sm_at=at,
        )
        shown = stats.http_api()
        assert (shown.request_count, shown.auth_error_count, shown.success_count) == (3, 1, 1)
        assert shown.created_at == local(tally.counts.created_at or 0)


# covers: W-CFG-19
async def test_a_users_numbers_go_with_the_user() -> None:
    async with running_api() as api:
        await ask(api.port, get(GOOD))
        tally, stats = api.api.resources.tally, _over(api.site, api.api.resources.tally)
        edit: Edit = (Put(Kind.USER, UID, user("full", "other")),)
        stats.follow(edit, apply(api.site(), edit))
        assert tally.users[UID].connects_count == 1
        edit = (Drop(Kind.USER, UID),)
        stats.follow(edit, apply(api.site(), edit))
        assert not tally.users
        tally.users[UID] = HttpUserCounts()
        edit = (Clear(Kind.USER),)
        stats.follow(edit, apply(api.site(), edit))
        assert not tally.users


def _over(site: Current[Site], tally: HttpTally) -> CountedStats:
    bench = Bench(site())
    nowhere = cast(Any, None)
    reach = Reach(
        site=site,
        queues=nowhere,
        store=nowhere,
        ids=nowhere,
        quotas=MemoryQuotas(),
        scripts=FakeScripts(),
        lookup_pid="main",
    )
    return CountedStats(reach, http=tally, running=bench.running.get, unix=bench.clock.unix)


def test_of_what_was_not_counted_there_are_zeros() -> None:
    stats = Bench(Site()).stats
    assert stats.smpp_client(CID) == SmppClientStats()
    assert stats.http_api() == HttpApiStats()
    assert stats.user_over_http(UID) == UserOverHttp()
    assert stats.smpp_server().created_at == local(BEGUN)

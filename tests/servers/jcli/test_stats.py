"""`stats`: its tables with numbers in them."""

from datetime import datetime

from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.servers.jcli.counted import (
    BoundConnections,
    HttpApiStats,
    PeerIp,
    SmppClientStats,
    UserOverHttp,
    UserOverSmpp,
)
from jasmin_compat.servers.jcli.stats import stats_command
from tests.builders import connector, user
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, FixedStats, Typist

NOON = datetime(2026, 11, 23, 12, 0, 0)
SITE = apply(
    Site(), (Put(Kind.USER, "u1", user("u1")), Put(Kind.CONNECTOR, "con1", connector("con1")))
)
STATS = FixedStats(
    smpp_users={
        "u1": UserOverSmpp(
            bound_connections_count=BoundConnections(bind_receiver=1, bind_transceiver=2),
            bound_peer_ips=(
                PeerIp("192.0.2.1", "bind_receiver", NOON),
                PeerIp("192.0.2.2", "bind_transceiver", NOON),
            ),
            last_activity_at=NOON,
        )
    },
    http_users={"u1": UserOverHttp(connects_count=12)},
    connectors={"con1": SmppClientStats(connected_at=NOON, submit_sm_request_count=5)},
    api=HttpApiStats(created_at=NOON, request_count=3),
)


def _typist() -> Typist:
    return Typist(stats_command(FakeOffice(FakeAdministration(SITE), STATS).office()))


# covers: JCLI-19
async def test_users_are_summed_up_in_a_row() -> None:
    peers = (
        "192.0.2.1 (bind_receiver @ 2026-11-23 12:00:00); "
        "192.0.2.2 (bind_transceiver @ 2026-11-23 12:00:00)"
    )
    heading = "SMPP Peer IPs".ljust(len(peers))
    assert await _typist().types("stats --users") == (
        f"#User id    SMPP Bound connections    {heading}  SMPP L.A.            "
        "HTTP requests counter    HTTP L.A.\n"
        f"#u1         3                         {peers}  2026-11-23 12:00:00  "
        "12                       ND\nTotal users: 1\njcli : "
    )


# covers: JCLI-19
async def test_a_user_has_both_its_faces() -> None:
    shown = await _typist().types("stats --user u1")
    assert '{"bind_receiver": 1, "bind_transceiver": 2, "bind_transmitter": 0}\n' in shown
    assert "#connects_count            HTTP Api     12\n" in shown
    assert "#last_activity_at          HTTP Api     ND\n" in shown


async def test_a_connector_that_sent_nothing_has_no_sequence_number() -> None:
    shown = await _typist().types("stats --smppc con1")
    assert "#last_seqNum\n" in shown
    assert "#connected_at              2026-11-23 12:00:00\n" in shown


# covers: JCLI-19
async def test_connectors_are_summed_up_in_a_row() -> None:
    shown = await _typist().types("stats --smppcs")
    assert shown.splitlines()[1] == (
        "#con1            2026-11-23 12:00:00  ND          ND                 "
        "5/0        0/0         0           0"
    )
    assert "Total connectors: 1\n" in shown


async def test_what_is_not_there_has_no_statistics() -> None:
    assert await _typist().types("stats --user u9", "stats --smppc c9") == (
        "Unknown User: u9\njcli : Unknown connector: c9\njcli : "
    )

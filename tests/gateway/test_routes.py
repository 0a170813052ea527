"""Routes, and what connector and sender put into a message (contract/http-api.md §6, §9)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway.filters import (
    DestinationAddrFilter,
    Filter,
    GroupFilter,
    TagFilter,
    UserFilter,
)
from jasmin_compat.gateway.messages import ConnectorId, Overrides
from jasmin_compat.gateway.refusals import Malformed, NoBoundConnector, NoConnector, NoRoute
from jasmin_compat.gateway.routes import (
    Route,
    Selection,
    Target,
    choose_connector,
    mt_facts,
    overlay,
)
from jasmin_compat.gateway.search import Ask, search
from jasmin_compat.gateway.users import GroupId, UserId
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import Tlv
from tests import builders
from tests.builders import CID, NOW, outlook

CONNECTORS = {cid: builders.connector(cid) for cid in map(ConnectorId, ("con1", "con2", "con3"))}


def never(_cid: ConnectorId) -> bool:
    return False


def static(*filters: Filter) -> Route:
    return replace(builders.default_route(), selection="static", filters=filters)


def to(selection: Selection, *cids: str) -> Route:
    return Route(
        selection=selection, targets=tuple(Target("smppc", ConnectorId(cid)) for cid in cids)
    )


def found(routes: Mapping[int, Route], **fields: Any) -> int:
    """The order of the route a message takes."""
    facts = mt_facts(builders.routable(**fields), at=NOW)
    place = search(routes, facts)
    if place is None:
        raise NoRoute
    assert not isinstance(place, Ask)
    return place[0]


# covers: ROUTE-02 ROUTE-03
def test_the_highest_route_whose_filters_all_match_is_taken() -> None:
    to_1555 = DestinationAddrFilter("1555")
    routes = {
        40: static(to_1555, TagFilter("vip")),
        30: static(to_1555, UserFilter(UserId("other"))),
        20: static(to_1555, GroupFilter(GroupId("gmain"))),
        10: static(to_1555),
        0: builders.default_route(),
    }
    assert found(routes) == 20
    assert found(routes, tags=("vip",)) == 40
    assert found(routes, user=builders.user(gid=GroupId("other"))) == 10
    assert found(routes, parts=(builders.submit_sm(destination_addr=b"44"),)) == 0
    with pytest.raises(NoRoute):
        found({40: routes[40]})


def test_what_filters_see_of_a_message() -> None:
    part = builders.submit_sm(
        source_addr=b"", short_message=b"", tlvs=(Tlv(tlvs.MESSAGE_PAYLOAD, b"long"),)
    )
    facts = mt_facts(builders.routable(parts=(part, builders.submit_sm())), at=NOW)
    assert (facts.content, facts.source_addr, facts.at) == (b"long", None, NOW)
    sent = builders.routable(parts=(part,), source_addr_is_null=False)
    assert mt_facts(sent, at=NOW).source_addr == b""


# covers: ROUTE-05
def test_a_random_route_leads_where_chance_says() -> None:
    route = to("random", "con1", "con2")
    assert choose_connector(route, CONNECTORS, outlook(is_bound=never)).cid == "con2"
    with pytest.raises(NoConnector):
        choose_connector(to("random", "con1", "gone"), CONNECTORS, outlook())


# covers: ROUTE-06
def test_a_failover_route_leads_to_the_first_that_is_bound() -> None:
    route = to("failover", "gone", "con1", "con2", "con3")
    bound = outlook(is_bound=lambda cid: cid != "con1")
    assert choose_connector(route, CONNECTORS, bound).cid == "con2"
    with pytest.raises(NoBoundConnector):
        choose_connector(route, CONNECTORS, outlook(is_bound=never))


def test_a_default_route_takes_every_message() -> None:
    assert found({0: builders.default_route()}) == 0


# covers: HTTP-29
def test_without_routes_there_is_none() -> None:
    with pytest.raises(NoRoute):
        found({})


# covers: HTTP-27
def test_the_connector_need_not_be_bound() -> None:
    con1 = builders.connector()
    assert choose_connector(builders.default_route(), {CID: con1}, outlook(is_bound=never)) is con1


def test_a_connector_that_was_removed_is_named() -> None:
    with pytest.raises(NoConnector) as refused:
        choose_connector(builders.default_route("gone"), {}, outlook())
    assert refused.value.cid == "gone"


# covers: HTTP-50 SMPPC-22 SMPPC-23 SMPPC-35
def test_the_connector_decides_these_fields_and_no_others() -> None:
    con2 = builders.connector(
        source_addr_ton=5,
        source_addr_npi=0,
        dest_addr_ton=2,
        dest_addr_npi=8,
        protocol_id=3,
        replace_if_present_flag=1,
        sm_default_msg_id=7,
        service_type="CMT",
        source_addr="IGNORED",
        priority_flag=3,
        data_coding=8,
        validity_period="60",
    )
    part = builders.submit_sm()
    assert overlay(part, con2, Overrides(), now=NOW) == builders.submit_sm(
        source_addr_ton=5,
        source_addr_npi=0,
        dest_addr_ton=2,
        dest_addr_npi=8,
        protocol_id=3,
        replace_if_present_flag=1,
        sm_default_msg_id=7,
        service_type=b"CMT",
    )


# covers: HTTP-12 HTTP-13 HTTP-14
def test_what_the_sender_asked_for_goes_over_it() -> None:
    asked = Overrides(priority=2, schedule_delivery_time=b"000000000100000R", validity_minutes=60)
    part = overlay(builders.submit_sm(), builders.connector(), asked, now=NOW)
    assert part.priority_flag == 2
    assert part.schedule_delivery_time == b"000000000100000R"
    assert part.validity_period == b"261123145618100+"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Overrides(validity_minutes=99_999_999_999), "date value out of range"),
        (Overrides(schedule_delivery_time=b"261231235959049+"), "time difference must be 0-48"),
    ],
    ids=["validity", "schedule"],
)
def test_a_time_that_does_not_exist_is_refused(asked: Overrides, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        overlay(builders.submit_sm(), builders.connector(), asked, now=NOW)
    assert refused.value.reason == reason


def test_a_validity_beyond_any_integer_is_refused_too() -> None:
    with pytest.raises(Malformed):
        overlay(
            builders.submit_sm(),
            builders.connector(),
            Overrides(validity_minutes=10**400),
            now=NOW,
        )


# covers: INT-07
def test_what_a_script_locked_stays() -> None:
    part = builders.submit_sm(source_addr_ton=4, priority_flag=1)
    connector = builders.connector(source_addr_ton=5, dest_addr_ton=6)
    asked = Overrides(priority=3)
    locks = frozenset(("source_addr_ton", "priority_flag", "short_message"))
    laid = overlay(part, connector, asked, locks=locks, now=NOW)
    assert (laid.source_addr_ton, laid.dest_addr_ton, laid.priority_flag) == (4, 6, 1)
    assert overlay(part, connector, asked, now=NOW).source_addr_ton == 5

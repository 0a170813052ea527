"""Routes, and what connector and sender put into a message (contract/http-api.md §6, §9)."""

import pytest

from jasmin_compat.gateway.messages import Overrides
from jasmin_compat.gateway.refusals import Malformed, NoConnector, NoRoute
from jasmin_compat.gateway.routes import choose_connector, find_route, overlay
from tests import builders
from tests.builders import CID, NOW


def test_a_default_route_takes_every_message() -> None:
    assert find_route({0: builders.default_route()}) == builders.default_route()


# covers: HTTP-29
def test_without_routes_there_is_none() -> None:
    with pytest.raises(NoRoute):
        find_route({})


# covers: HTTP-27
def test_the_connector_need_not_be_bound() -> None:
    con1 = builders.connector()
    assert choose_connector(builders.default_route(), {CID: con1}) is con1


def test_a_connector_that_was_removed_is_named() -> None:
    with pytest.raises(NoConnector) as refused:
        choose_connector(builders.default_route("gone"), {})
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

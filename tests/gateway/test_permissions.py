"""What users may ask for, and with which values."""

from typing import Any

import pytest

from jasmin_compat.gateway.credentials import GRANTED, MtCredential, ValueFilters
from jasmin_compat.gateway.permissions import (
    authorize,
    authorize_send,
    filter_values,
    with_default_source,
)
from jasmin_compat.gateway.refusals import Malformed, NotAuthorized, ValueFiltered
from jasmin_compat.gateway.users import User
from tests import builders


def user_without(*names: str) -> User:
    return builders.user(mt=MtCredential(granted=GRANTED - set(names)))


def filtered(**filters: str) -> User:
    return builders.user(mt=MtCredential(value_filters=ValueFilters(**filters)))


# covers: CRED-01 CRED-02 CRED-03 CRED-04 CRED-05 CRED-06 CRED-07 CRED-08 LONG-10
@pytest.mark.parametrize(
    ("name", "argument", "reason"),
    [
        ("http_send", b"to", "Cannot send MT messages"),
        ("set_dlr_level", b"dlr-level", "Setting dlr level not authorized"),
        ("http_set_dlr_method", b"dlr-method", "Setting dlr method not authorized"),
        ("set_source_address", b"from", "Setting source address not authorized"),
        ("set_priority", b"priority", "Setting priority not authorized"),
        ("set_validity_period", b"validity-period", "Setting validity period not authorized"),
        ("set_hex_content", b"hex-content", "Setting hex content not authorized"),
        ("set_schedule_delivery_time", b"sdt", "Setting schedule delivery time not authorized"),
    ],
)
def test_what_is_not_granted_is_refused_when_asked_for(
    name: str, argument: bytes, reason: str
) -> None:
    arguments = {b"to": b"1", argument: b"1"}
    authorize_send(builders.user(), arguments, is_long=True)
    with pytest.raises(NotAuthorized) as refused:
        authorize_send(user_without(name), arguments, is_long=False)
    assert (refused.value.username, refused.value.reason) == ("full", reason)
    if name != "http_send":
        authorize_send(user_without(name), {b"to": b"1"}, is_long=False)


def test_long_content_is_refused_before_what_comes_after_it() -> None:
    user = user_without("http_long_content", "set_dlr_level")
    with pytest.raises(NotAuthorized, match="Long content not authorized"):
        authorize_send(user, {b"dlr-level": b"1"}, is_long=True)
    with pytest.raises(NotAuthorized, match="Setting dlr level"):
        authorize_send(user, {b"dlr-level": b"1"}, is_long=False)


# covers: HTTP-42 HTTP-45
def test_one_authorization_alone() -> None:
    authorize(builders.user(), "http_rate", "Cannot check rate")
    with pytest.raises(NotAuthorized, match="Cannot check rate"):
        authorize(user_without("http_rate"), "http_rate", "Cannot check rate")


# covers: CRED-10 CRED-11 CRED-12 CRED-13 CRED-14
@pytest.mark.parametrize(
    ("name", "argument", "pattern", "good", "bad"),
    [
        ("destination_address", b"to", "^33", b"336", b"446"),
        ("source_address", b"from", "^AB", b"ABC", b"XY"),
        ("priority", b"priority", "^[0-1]$", b"1", b"3"),
        ("validity_period", b"validity-period", "^1$", b"1", b"2"),
        ("content", b"content", "OK", b"OK go", b"no OK"),
        ("content", b"content", "\u00e9", b"\xc3\xa9", b"\xe9"),
    ],
)
def test_a_value_must_match_from_its_start(
    name: str, argument: bytes, pattern: str, good: bytes, bad: bytes
) -> None:
    user = filtered(**{name: pattern})
    filter_values(user, {argument: good})
    filter_values(user, {})
    with pytest.raises(ValueFiltered) as refused:
        filter_values(user, {argument: bad})
    assert refused.value.value_filter == name


def test_an_old_stores_broken_pattern_matches_nothing() -> None:
    with pytest.raises(ValueFiltered):
        filter_values(filtered(content="("), {b"content": b"("})


@pytest.mark.parametrize("value", [5, ["a"], None])
def test_no_pattern_can_be_tried_on_what_json_brings(value: Any) -> None:
    with pytest.raises(Malformed, match="expected string or bytes-like object, got"):
        filter_values(filtered(content="^a"), {b"content": value})
    filter_values(filtered(validity_period="^9$"), {b"validity-period": 5})


# covers: CRED-15
def test_the_users_own_sender_is_in_every_part() -> None:
    user = builders.user(mt=MtCredential(source_address="SUNHOTEL"))
    parts = (builders.submit_sm(), builders.submit_sm())
    given = with_default_source(builders.routable(user=user, parts=parts))
    assert [part.source_addr for part in given.parts] == [b"SUNHOTEL"] * 2
    assert not given.source_addr_is_null


def test_a_sender_that_came_stays() -> None:
    user = builders.user(mt=MtCredential(source_address="SUNHOTEL"))
    routable = builders.routable(user=user, source_addr_is_null=False)
    assert with_default_source(routable) is routable
    without = builders.routable()
    assert with_default_source(without) is without

"""When a filter matches (contract/routing.md §2)."""

from datetime import date, datetime, time
from typing import Any

import pytest

from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DateIntervalFilter,
    DestinationAddrFilter,
    Facts,
    Filter,
    GroupFilter,
    ShortMessageFilter,
    SourceAddrFilter,
    TagFilter,
    TimeIntervalFilter,
    TransparentFilter,
    UserFilter,
)
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.users import GroupId, UserId

NOON = datetime(2026, 11, 24, 12, 0)


def facts(**given: Any) -> Facts:
    values: dict[str, Any] = {
        "at": NOON,
        "source_addr": b"1616",
        "destination_addr": b"+15550001",
        "content": b"hello\xff",
        "tags": ("12", "vip"),
        "uid": UserId("u1"),
        "gid": GroupId("g1"),
        "cid": ConnectorId("con1"),
    }
    return Facts(**(values | given))


def match(asked: Filter, **given: Any) -> bool:
    return asked.matches(facts(**given))


def test_equal_filters_are_one() -> None:
    day = date(2026, 11, 24)
    assert {DateIntervalFilter(day, day), DateIntervalFilter(day, day), TagFilter("1")} == {
        DateIntervalFilter(day, day),
        TagFilter("1"),
    }


# covers: ROUTE-08 ROUTE-09 ROUTE-10 ROUTE-11 ROUTE-12 ROUTE-13 ROUTE-14 ROUTE-17
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (TransparentFilter(), True),
        (UserFilter(UserId("u1")), True),
        (UserFilter(UserId("u2")), False),
        (GroupFilter(GroupId("g1")), True),
        (GroupFilter(GroupId("g2")), False),
        (ConnectorFilter(ConnectorId("con1")), True),
        (ConnectorFilter(ConnectorId("con2")), False),
        (SourceAddrFilter("16"), True),
        (SourceAddrFilter("6"), False),
        (DestinationAddrFilter(r"\+1555"), True),
        (DestinationAddrFilter("^1"), False),
        (ShortMessageFilter("hello\ufffd$"), True),
        (ShortMessageFilter("ello"), False),
        (TagFilter("12"), True),
        (TagFilter("1"), False),
    ],
    ids=repr,
)
def test_a_filter_matches(asked: Filter, *, expected: bool) -> None:
    assert match(asked) is expected


# covers: ROUTE-15 ROUTE-16
@pytest.mark.parametrize(
    ("at", "in_days", "in_hours"),
    [
        (datetime(2026, 11, 22, 23, 59, 59), False, False),
        (datetime(2026, 11, 23, 8, 0, 0), True, True),
        (datetime(2026, 11, 24, 18, 0, 0), True, True),
        (datetime(2026, 11, 24, 18, 0, 0, 1), True, False),
        (datetime(2026, 11, 25, 7, 59, 59), False, False),
    ],
)
def test_intervals_include_both_ends(at: datetime, *, in_days: bool, in_hours: bool) -> None:
    days = DateIntervalFilter(date(2026, 11, 23), date(2026, 11, 24))
    hours = TimeIntervalFilter(time(8), time(18))
    assert (match(days, at=at), match(hours, at=at)) == (in_days, in_hours)


def test_an_interval_does_not_pass_midnight() -> None:
    assert not match(TimeIntervalFilter(time(22), time(6)), at=datetime(2026, 1, 1, 23))


def test_no_pattern_matches_a_source_that_is_not_there() -> None:
    assert not match(SourceAddrFilter(""), source_addr=None)
    assert match(SourceAddrFilter(""), source_addr=b"")

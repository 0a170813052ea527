"""Filters are values: routes hold copies, and equal ones are the same."""

from datetime import date

from jasmin_compat.gateway.filters import DateIntervalFilter, TagFilter


def test_equal_filters_are_one() -> None:
    day = date(2026, 11, 24)
    assert {DateIntervalFilter(day, day), DateIntervalFilter(day, day), TagFilter("1")} == {
        DateIntervalFilter(day, day),
        TagFilter("1"),
    }

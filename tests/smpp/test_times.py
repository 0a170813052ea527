"""SMPP times, with the reasons HTTP clients are shown (golden http_api: http-311 to 332)."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.times import (
    BadTime,
    RelativeTime,
    absolute_time,
    checked_time,
    format_time,
    parse_time,
)

QUARTERS = st.integers(-48, 48).map(lambda n: timezone(timedelta(minutes=15 * n)))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31), timezones=QUARTERS)
SPANS = st.builds(RelativeTime, *[st.integers(0, 99)] * 6)


# covers: HTTP-14 W-MT-28
@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 14, 56, 17, 777_000), b"261123145617700+"),
        (datetime(2026, 11, 23, 14, 56, 17, 999_999), b"261123145617900+"),  # Jasmin lost these
        (datetime(2028, 10, 18, 0, 35, 18), b"281018003518000+"),
    ],
    ids=["as recorded", "late in a second", "two years on"],
)
def test_a_moment_is_written_with_tenths_and_labelled_as_utc(moment: datetime, text: bytes) -> None:
    assert absolute_time(moment) == text


# covers: HTTP-13
@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (b"000000000100000R", b"000000000100000R"),
        (b"210000000000000R", b"210000000000000R"),
        (b"000013000000000R", b"000013000000000R"),
        (b"000000000100012R", b"000000000100000R"),
        (b"261231235959000+", b"261231235959000+"),
        (b"261231235959948-", b"261231235959948-"),
        (b"261231235959000-", b"261231235959000+"),
    ],
)
def test_a_time_that_exists_is_sent_as_jasmin_sends_it(text: bytes, sent: bytes) -> None:
    assert checked_time(text) == sent


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            b"991231235959900R",
            "SMPP v3.4 spec violation: tenths of second value is 9 instead of 0",
        ),
        (b"261331235959000+", "unconverted data remains: 959"),
        (b"260001000000000+", "time data '260001000000' does not match format '%y%m%d%H%M%S'"),
        (b"261231235959049+", "time difference must be 0-48"),
        (b"261231235959000+\n", "Invalid time length 17"),
        (b"260101000000000\xff", "Invalid offset indicator ÿ"),
        (b"2601010000 0000+", "time must be digits"),
    ],
    ids=["tenths of a span", "month 13", "month 0", "offset", "newline", "indicator", "space"],
)
def test_other_times_are_refused_with_jasmins_reason(text: bytes, reason: str) -> None:
    with pytest.raises(BadTime) as refused:
        checked_time(text)
    assert str(refused.value) == reason


@given(st.from_regex(rb"^\d{15}(\+|-|R)$"))
def test_whatever_passes_the_pattern_is_a_time_or_a_bad_time(text: bytes) -> None:
    with contextlib.suppress(BadTime):
        assert len(checked_time(text)) == 16


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2068, 12, 31)))
def test_what_is_written_is_a_time(moment: datetime) -> None:
    text = absolute_time(moment)
    assert checked_time(text) == text


@given(MOMENTS | SPANS)
def test_times_come_back_to_the_tenth(time: datetime | RelativeTime) -> None:
    text = format_time(time)

    assert len(text) == 16
    assert format_time(parse_time(text)) == text
    if isinstance(time, RelativeTime):
        assert parse_time(text) == time
    else:
        cut = time.replace(microsecond=time.microsecond // 100_000 * 100_000)
        assert parse_time(text) == cut


@pytest.mark.parametrize(
    ("hours", "minutes", "text"),
    [
        (14, 0, b"251231220000000+"),
        (0, 7, b"260101115300000+"),
        (-3, -30, b"260101120000014-"),
    ],
    ids=["beyond 12 hours", "no quarter", "west"],
)
def test_zones(hours: int, minutes: int, text: bytes) -> None:
    zone = timezone(timedelta(hours=hours, minutes=minutes))

    assert format_time(datetime(2026, 1, 1, 12, tzinfo=zone)) == text


def test_zones_end_where_the_text_does() -> None:
    assert parse_time(b"260101000000000+") == datetime(2026, 1, 1, tzinfo=UTC)


@given(st.binary(max_size=20))
def test_garbage_is_a_bad_time(text: bytes) -> None:
    with contextlib.suppress(BadTime):
        parse_time(text)

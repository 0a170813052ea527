"""SMPP times: 16 characters to values and back (SMPP 3.4 §7.1.1).

The reasons of BadTime are smpp.pdu's, word for word, since HTTP clients are shown them.
"""

from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

LENGTH: Final = 16
_QUARTER: Final = timedelta(minutes=15)
_MOST_QUARTERS: Final = 48
"""Of an hour, away from UTC."""


@dataclass(frozen=True, slots=True)
class RelativeTime:
    """A span from when the SMSC gets the message; each field 0 to 99."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0


class BadTime(Exception):
    """The text is no SMPP time, or no such moment or span exists."""


def parse_time(text: bytes) -> datetime | RelativeTime:
    """An aware datetime, or a span.

    Raises:
        BadTime: no such month, hour, offset, …
    """
    if len(text) != LENGTH:
        raise BadTime(f"Invalid time length {len(text)}")
    sign = text[15:]
    if sign not in (b"+", b"-", b"R"):
        raise BadTime(f"Invalid offset indicator {sign.decode('latin-1')}")
    if not text[:15].isdigit():
        raise BadTime("time must be digits")
    digits = text.decode("ascii")
    return _parse_span(digits) if sign == b"R" else _parse_moment(digits)


def _parse_span(text: str) -> RelativeTime:
    if text[12] != "0":
        raise BadTime(
            f"SMPP v3.4 spec violation: tenths of second value is {text[12]} instead of 0"
        )
    return RelativeTime(*(int(text[at : at + 2]) for at in range(0, 12, 2)))


def _parse_moment(text: str) -> datetime:
    quarters = int(text[13:15])
    if quarters > _MOST_QUARTERS:
        raise BadTime("time difference must be 0-48")
    try:
        moment = datetime.strptime(text[:12], "%y%m%d%H%M%S")  # noqa: DTZ007  its zone comes next
    except ValueError as error:
        raise BadTime(str(error)) from error
    east = quarters * _QUARTER if text[15] == "+" else -quarters * _QUARTER
    zone = timezone(east) if quarters else UTC
    return moment.replace(microsecond=int(text[12]) * 100_000, tzinfo=zone)


def format_time(time: datetime | RelativeTime) -> bytes:
    """The 16 characters; a datetime without a zone is labelled as UTC. Tenths are cut, not rounded
    up to ten: Jasmin loses one message in ten for that."""
    if isinstance(time, RelativeTime):
        return b"%02d%02d%02d%02d%02d%02d000R" % astuple(time)
    east = time.utcoffset() or timedelta()
    quarters, rest = divmod(abs(east), _QUARTER)
    if rest or quarters > _MOST_QUARTERS:
        return format_time(time.astimezone(UTC))
    sign = "-" if east < timedelta() else "+"
    return f"{time:%y%m%d%H%M%S}{time.microsecond // 100_000}{quarters:02}{sign}".encode("ascii")


def absolute_time(moment: datetime) -> bytes:
    """`YYMMDDhhmmsst00+`: the moment as its clock shows it, labelled as UTC, as Jasmin labels local
    time (W-MT-28: a client can see it, so it stays)."""
    return format_time(moment.replace(tzinfo=None))


def checked_time(text: bytes) -> bytes:
    """The text as Jasmin sends it on: `00-` as `00+`, and a relative time without its last digits.

    Raises:
        BadTime: no such month, hour, offset, …
    """
    return format_time(parse_time(text))

"""SMPP time texts (SMPP 3.4 §7.1.1): written for a moment, and checked for meaning."""

from datetime import datetime
from typing import Final

LENGTH: Final = 16
_MOST_QUARTERS: Final = 48
"""Of an hour, away from UTC."""


class BadTime(Exception):
    """The text has the form of an SMPP time, but no such moment or span exists."""


def absolute_time(moment: datetime) -> bytes:
    """`YYMMDDhhmmsst00+`: the moment as its clock shows it, labelled as UTC, as Jasmin labels local
    time (W-MT-28: a client can see it, so it stays)."""
    tenths = moment.microsecond // 100_000
    return f"{moment:%y%m%d%H%M%S}{tenths}00+".encode()


def checked_time(text: bytes) -> bytes:
    """The text as Jasmin sends it on: `00-` as `00+`, and a relative time without its last digits.

    The reasons of errors are smpp.pdu's, word for word, since HTTP clients are shown them.

    Raises:
        BadTime: no such month, hour, offset, …
    """
    if len(text) != LENGTH:
        raise BadTime(f"Invalid time length {len(text)}")
    moment, tenths, quarters, sign = text[:12], text[12:13], text[13:15], text[15:]
    if sign == b"R":
        if tenths != b"0":
            raise BadTime(
                f"SMPP v3.4 spec violation: tenths of second value is {int(tenths)} instead of 0"
            )
        return moment + b"000R"
    if int(quarters) > _MOST_QUARTERS:
        raise BadTime("time difference must be 0-48")
    try:
        datetime.strptime(moment.decode(), "%y%m%d%H%M%S")  # noqa: DTZ007  only whether it exists
    except ValueError as error:
        raise BadTime(str(error)) from error
    return moment + tenths + (b"00+" if quarters == b"00" else quarters + sign)

"""Typed reading of queue message headers, whoever wrote them.

A Jasmin writes a text that looks like a number as an integer, where the text came out of Redis
(contract/redis-keys.md §3); a client library gives octets for text that is not UTF-8.
"""

from collections.abc import Mapping
from datetime import datetime

from jasmin_compat.wire.amqp_messages import HeaderValue, Undecodable
from jasmin_compat.wire.amqp_names import FIRST, TRIES
from jasmin_compat.wire.field_tables import take_text

Headers = Mapping[str, HeaderValue]


def text(headers: Headers, name: str, default: str | None = None) -> str:
    """Raises Undecodable when it is missing and there is no default."""
    value = take_text(headers, name)
    match value:
        case None if default is not None:
            return default
        case None:
            raise Undecodable(f"header {name} is missing")
        case bytes():
            return value.decode("latin-1")
        case _:
            return str(value)


def flag(headers: Headers, name: str) -> bool:
    """Jasmin's 0 or 1; missing is 0."""
    return bool(headers.get(name, 0))


def moment(headers: Headers, name: str) -> datetime:
    """Raises Undecodable."""
    written = text(headers, name)
    try:
        return datetime.fromisoformat(written)
    except ValueError as error:
        raise Undecodable(f"header {name}: {error}") from error


def tries(headers: Headers) -> int:
    """Attempts before this one; 0 where nobody of ours had it yet."""
    written = text(headers, TRIES, "0")
    if not written.isascii() or not written.isdecimal() or len(written) > 9:
        raise Undecodable(f"header {TRIES} is no count")
    return int(written)


def first_tried_at(headers: Headers) -> float | None:
    """Unix seconds of the first attempt."""
    written = text(headers, FIRST, "")
    if not written:
        return None
    try:
        return float(written)
    except ValueError as error:
        raise Undecodable(f"header {FIRST} is no time") from error


def put_progress(
    headers: dict[str, HeaderValue], tries_before: int, first_at: float | None = None
) -> None:
    """What `tries` and `first_tried_at` read; nothing for a message on its first way."""
    if tries_before:
        headers[TRIES] = str(tries_before)
    if first_at is not None:
        headers[FIRST] = f"{first_at:.3f}"

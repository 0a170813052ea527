"""What a user may ask for, and with which values: contract/http-api.md §7.2-§7.4.

Names of arguments are those of the HTTP API, in octets, as its requests bring them.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from jasmin_compat.gateway.credentials import ANY_VALUE, GRANTED, ValueFilters
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.refusals import Malformed, NotAuthorized, ValueFiltered
from jasmin_compat.gateway.users import User

_LONG: Final = b""
"""Stands for the one thing that is not asked for by an argument: a message in parts."""


class _Authorization(NamedTuple):
    name: str
    asked_by: bytes
    reason: str


_OF_SEND: Final = (  # the order is the order of checks
    _Authorization("http_long_content", _LONG, "Long content not authorized"),
    _Authorization("set_dlr_level", b"dlr-level", "Setting dlr level not authorized"),
    _Authorization("http_set_dlr_method", b"dlr-method", "Setting dlr method not authorized"),
    _Authorization("set_source_address", b"from", "Setting source address not authorized"),
    _Authorization("set_priority", b"priority", "Setting priority not authorized"),
    _Authorization(
        "set_validity_period", b"validity-period", "Setting validity period not authorized"
    ),
    _Authorization("set_hex_content", b"hex-content", "Setting hex content not authorized"),
    _Authorization(
        "set_schedule_delivery_time", b"sdt", "Setting schedule delivery time not authorized"
    ),
)


class _Filtered(NamedTuple):
    argument: bytes
    value_filter: str
    lets_all_pass: str
    """The one pattern that is not tried."""


_FILTERED: Final = (
    _Filtered(b"to", "destination_address", ".*"),
    _Filtered(b"from", "source_address", ".*"),
    _Filtered(b"priority", "priority", "^[0-3]$"),
    _Filtered(b"validity-period", "validity_period", ".*"),
    _Filtered(b"content", "content", ".*"),
)


def authorize(user: User, name: str, reason: str) -> None:
    """Raises: NotAuthorized."""
    if name not in user.mt.granted:
        raise NotAuthorized(user.username, reason)


def authorize_send(user: User, arguments: Mapping[bytes, object], *, is_long: bool) -> None:
    """What a `/send` asks for; `is_long` when the message has several parts.

    Raises:
        NotAuthorized
    """
    granted = user.mt.granted
    if granted >= GRANTED:
        return
    authorize(user, "http_send", "Cannot send MT messages")
    for name, asked_by, reason in _OF_SEND:
        is_asked = is_long if asked_by == _LONG else asked_by in arguments
        if is_asked and name not in granted:
            raise NotAuthorized(user.username, reason)


def filter_values(user: User, arguments: Mapping[bytes, object]) -> None:
    """`content` is as it goes to the SMSC; a message in hexadecimal digits has no such filter.

    Raises:
        ValueFiltered
        Malformed: a value out of JSON that no pattern can be tried on, in Jasmin's words.
    """
    filters = user.mt.value_filters
    if filters is ANY_VALUE or filters == ANY_VALUE:
        return
    for argument, name, lets_all_pass in _FILTERED:
        if argument in arguments:
            pattern = getattr(filters, name)
            if pattern != lets_all_pass and not _matches(pattern, arguments[argument], name):
                raise ValueFiltered(user.username, name)


def _matches(pattern: str, value: object, name: str) -> bool:
    if not isinstance(value, bytes):
        if name == "validity_period" and isinstance(value, int):
            return True
        kind = type(value).__name__
        raise Malformed(f"expected string or bytes-like object, got '{kind}'")
    compiled = _compiled(pattern)
    return compiled is not None and compiled.match(value) is not None


@functools.lru_cache(maxsize=10_000)  # re's own cache holds 512
def _compiled(pattern: str) -> re.Pattern[bytes] | None:
    """None: what is no regular expression in octets, which only an old store can hold, matches
    nothing."""
    try:
        return re.compile(pattern.encode())
    except (re.error, UnicodeEncodeError, OverflowError, RecursionError):
        return None


assert {row.value_filter for row in _FILTERED} == set(ValueFilters.__dataclass_fields__)


def with_default_source(routable: MtRoutable) -> MtRoutable:
    """The user's own sender, in every part of a message that brings none."""
    source_address = routable.user.mt.source_address
    if source_address is None or not routable.source_addr_is_null:
        return routable
    octets = source_address.encode(errors="surrogateescape")
    return replace(
        routable,
        parts=tuple(replace(part, source_addr=octets) for part in routable.parts),
        source_addr_is_null=False,
    )

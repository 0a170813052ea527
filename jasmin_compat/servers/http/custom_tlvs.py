"""`custom_tlvs` of a request, in any of the shapes Jasmin takes (contract/http-api.md §12).

How a value is written that has no type is left to the rules of its connector.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jasmin_compat.gateway.custom_tlvs import (
    INTEGERS,
    TYPES,
    CustomTlv,
    Given,
    TlvUnwritable,
    custom_tlv,
)
from jasmin_compat.gateway.refusals import Malformed, Unsendable
from jasmin_compat.servers.http.params import Value

_MAX_TAG: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: object
    value: object
    kind: object = None
    length: object = None


def read_custom_tlvs(value: Value) -> tuple[CustomTlv, ...]:
    """Shapes that mean nothing are nothing, and an entry of an unknown type is not sent.

    Raises:
        Malformed: a tag that Jasmin reads, and is none.
        Unsendable: what cannot be written; Jasmin answers Success and loses the message in the
            connector (W-MT-25).
    """
    if isinstance(value, bytes):
        value = _json(value)
    return tuple(_tlv(entry) for entry in _entries(value) if _is_known(entry.kind))


def _json(octets: bytes) -> Value:
    try:
        value: Value = json.loads(octets.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value


def _entries(value: Value) -> Iterator[_Entry]:
    if isinstance(value, dict):
        for tag, octets in value.items():
            name, colon, kind = tag.partition(":")
            known = colon and _is_known(kind.strip())
            yield _Entry(name if known else tag, octets, kind.strip() if known else None)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                named = item.get("tag", item.get("0", 0))
                yield _Entry(named, item.get("value"), item.get("type"), item.get("length"))
            elif isinstance(item, list) and len(item) >= 4:
                yield _Entry(_unread(item[0]), item[3], item[2], item[1])
            elif isinstance(item, list) and len(item) >= 2:
                yield _Entry(item[0], item[-1], item[1] if len(item) == 3 else None)


def _unread(tag: object) -> int:
    """Of a list of four, which Jasmin passes on as it is, and loses with its message."""
    try:
        return _integer(tag)
    except Malformed as error:
        raise Unsendable("TLV tag is not a number.") from error


def _is_known(kind: object) -> bool:
    return kind is None or kind in TYPES


def _tlv(entry: _Entry) -> CustomTlv:
    tag = _integer(entry.tag)
    if not 0 <= tag <= _MAX_TAG:
        raise Unsendable(f"TLV tag {tag} is not between 0 and {_MAX_TAG}.")
    kind = None if entry.kind is None else str(entry.kind)
    length = entry.length if isinstance(entry.length, int) else None
    try:
        return custom_tlv(tag, _given(tag, entry.value, kind), kind, length)
    except TlvUnwritable as error:
        raise Unsendable(f"{error}.") from error


def _given(tag: int, value: object, kind: str | None) -> Given:
    """JSON's other numbers are whole ones for an integer, and text for a text."""
    if isinstance(value, bool | float):
        is_whole = kind in INTEGERS and math.isfinite(value)
        return int(value) if is_whole else str(value)
    if not isinstance(value, str | int):
        raise TlvUnwritable(f"TLV 0x{tag:04X} value is neither text nor a number")
    return value


def _integer(value: object) -> int:
    """A number, or its text, `0x…` or decimal."""
    try:
        if isinstance(value, str):
            text = value.strip()
            return int(text, 16 if text.lower().startswith("0x") else 10)
        return int(value)  # type: ignore[call-overload,no-any-return]  # TypeError is caught
    except (ValueError, TypeError, OverflowError) as error:
        raise Malformed(str(error)) from error

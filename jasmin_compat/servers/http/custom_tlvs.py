"""`custom_tlvs` of a request, in any of the shapes Jasmin takes (contract/http-api.md §12).

Types of a connector's own rules are not known here: a value without a type is text.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from jasmin_compat.gateway.refusals import Malformed
from jasmin_compat.servers.http.params import Value
from jasmin_compat.smpp.pdus import Tlv

_INTEGERS = {"Int1": ">B", "Int2": ">H", "Int4": ">I", "Int8": ">Q"}
_TEXTS = {"OctetString": b"", "COctetString": b"\0"}
_MAX_TAG = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: object
    value: object
    kind: object = None
    length: object = None


def read_custom_tlvs(value: Value) -> tuple[Tlv, ...]:
    """Shapes that mean nothing are nothing, and an entry of an unknown type is not sent.

    Raises:
        Malformed: a tag or value that cannot be written; Jasmin answers Success to most of these
            and loses the message in the connector.
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
                yield _Entry(item[0], item[3], item[2], item[1])
            elif isinstance(item, list) and len(item) >= 2:
                yield _Entry(item[0], item[-1], item[1] if len(item) == 3 else None)


def _is_known(kind: object) -> bool:
    return kind is None or (isinstance(kind, str) and (kind in _INTEGERS or kind in _TEXTS))


def _tlv(entry: _Entry) -> Tlv:
    tag = _integer(entry.tag)
    if not 0 <= tag <= _MAX_TAG:
        raise Malformed(f"TLV tag {tag} is not between 0 and {_MAX_TAG}")
    octets = _octets(entry)
    if isinstance(entry.length, int) and entry.kind not in _INTEGERS:
        octets = octets.ljust(min(entry.length, _MAX_TAG), b"\0")
    if len(octets) > _MAX_TAG:
        raise Malformed(f"TLV {tag:#06x} of {len(octets)} octets")
    return Tlv(tag, octets)


def _octets(entry: _Entry) -> bytes:
    if entry.kind in _INTEGERS:
        number = _integer(entry.value)
        try:
            return struct.pack(_INTEGERS[str(entry.kind)], number)
        except struct.error as error:
            raise Malformed(str(error)) from error
    if not isinstance(entry.value, str | int | float):
        raise Malformed(f"'{type(entry.value).__name__}' object has no attribute 'encode'")
    try:
        text = str(entry.value).encode()
    except UnicodeEncodeError as error:
        raise Malformed(str(error)) from error
    return text + _TEXTS.get(str(entry.kind), b"")


def _integer(value: object) -> int:
    """A number, or its text, `0x…` or decimal."""
    try:
        if isinstance(value, str):
            text = value.strip()
            return int(text, 16 if text.lower().startswith("0x") else 10)
        return int(value)  # type: ignore[call-overload,no-any-return]  # TypeError is caught
    except (ValueError, TypeError, OverflowError) as error:
        raise Malformed(str(error)) from error

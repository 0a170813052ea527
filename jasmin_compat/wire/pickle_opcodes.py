"""Pickles put together from opcodes, protocol 2, as Jasmin writes them (design D6).

Each function gives the opcodes that leave one value on the reader's stack. A dozen times cheaper
than pickling objects, and none of Jasmin's classes is needed. No memo: it would only save octets.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from jasmin_compat.smpp.times import RelativeTime
from jasmin_compat.wire.pdu_enums import Enumeration

PROTOCOL: Final = b"\x80\x02"
STOP: Final = b"."
NONE: Final = b"N"
EMPTY_LIST: Final = b"]"
EMPTY_OCTETS: Final = b"c__builtin__\nbytes\n)R"

_TUPLES = (b")", b"\x85", b"\x86", b"\x87")
_OCTETS = b"c_codecs\nencode\nX"
_LATIN1 = b"X\x06\0\0\0latin1\x86R"
_OCTETS_START = len(_OCTETS) + 4


def boolean(value: bool) -> bytes:
    return b"\x88" if value else b"\x89"


def integer(value: int) -> bytes:
    if 0 <= value < 0x100:
        return bytes((0x4B, value))
    if 0 <= value < 0x10000:
        return b"M" + value.to_bytes(2, "little")
    octets_ = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes((len(octets_),)) + octets_


def floating(value: float) -> bytes:
    return b"G" + struct.pack(">d", value)


def text(value: str) -> bytes:
    octets_ = value.encode("utf-8", "surrogatepass")
    return b"X" + len(octets_).to_bytes(4, "little") + octets_


def octets(value: bytes) -> bytes:
    """Protocol 2 has none: a call of `_codecs.encode` with the text of the same numbers."""
    if not value:
        return EMPTY_OCTETS
    latin1 = value if value.isascii() else value.decode("latin-1").encode()
    return _OCTETS + len(latin1).to_bytes(4, "little") + latin1 + _LATIN1


def read_octets(opcodes: bytes) -> bytes | None:
    """Undo `octets`; None for anything else."""
    if opcodes == EMPTY_OCTETS:
        return b""
    latin1 = opcodes[_OCTETS_START : -len(_LATIN1)]
    if opcodes != _OCTETS + len(latin1).to_bytes(4, "little") + latin1 + _LATIN1:
        return None
    try:
        return latin1 if latin1.isascii() else latin1.decode().encode("latin-1")
    except UnicodeError:
        return None


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode("ascii")


def tuple_of(*members: bytes) -> bytes:
    if len(members) < len(_TUPLES):
        return b"".join(members) + _TUPLES[len(members)]
    return b"(" + b"".join(members) + b"t"


def list_of(members: Iterable[bytes]) -> bytes:
    joined = b"".join(members)
    return b"](" + joined + b"e" if joined else EMPTY_LIST


def dict_of(items: Iterable[tuple[str, bytes]], kept: "Kept | None" = None) -> bytes:
    if kept is None:
        joined = b"".join(text(key) + value for key, value in items)
    else:
        joined = b"".join(kept(text(key)) + value for key, value in items)
    return b"}(" + joined + b"u" if joined else b"}"


def call(target: bytes, *arguments: bytes) -> bytes:
    return target + tuple_of(*arguments) + b"R"


def new(target: bytes, *arguments: bytes) -> bytes:
    """An object made by `__new__`: named tuples."""
    return target + tuple_of(*arguments) + b"\x81"


def instance(
    target: bytes, items: Iterable[tuple[str, bytes]], kept: "Kept | None" = None
) -> bytes:
    """An object made of its attributes."""
    return target + b")\x81" + dict_of(items, kept) + b"b"


class Kept:
    """Values a pickle makes once, in its `head`, and recalls by number: a fifth of the octets.

    Only of immutable ones: two accounts must not share a dict.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        """Each is the opcodes of one value; 256 of them at most."""
        numbers = {value: bytes((at,)) for at, value in enumerate(values)}
        self._recalls = {value: b"h" + number for value, number in numbers.items()}
        self.head = b"(" + b"".join(v + b"q" + number for v, number in numbers.items()) + b"1"

    def __call__(self, value: bytes) -> bytes:
        """Opcodes that recall the value; its own if it is not kept."""
        return self._recalls.get(value, value)


def pdu_type(class_name: str) -> bytes:
    return name("smpp.pdu.pdu_types", class_name)


def member(enumeration: Enumeration, code: int) -> bytes | None:
    """None for a code without a member."""
    position = enumeration.position_of(code)
    return None if position is None else call(pdu_type(enumeration.name), integer(position))


def named_member(enumeration: Enumeration, member_name: str) -> bytes:
    """Raises KeyError for a name without a member."""
    position = enumeration.position_of(enumeration.code_of(member_name))
    return call(pdu_type(enumeration.name), NONE if position is None else integer(position))


def members(enumeration: Enumeration, bits: int) -> bytes:
    """A set of the members whose code is in `bits`."""
    found = [member(enumeration, code) for code in enumeration.codes() if code & bits]
    return call(name("__builtin__", "set"), list_of(m for m in found if m is not None))


def moment(at: datetime) -> bytes:
    """A datetime: naive, or with the zone class of Jasmin's SMPP library. UTC counts as naive."""
    state = at.year.to_bytes(2) + bytes((at.month, at.day, at.hour, at.minute, at.second))
    arguments = [octets(state + at.microsecond.to_bytes(3))]
    if at.tzinfo is not None and at.tzinfo is not UTC:
        arguments.append(_zone(at.utcoffset() or timedelta()))
    return call(name("datetime", "datetime"), *arguments)


def day(on: date) -> bytes:
    state = on.year.to_bytes(2) + bytes((on.month, on.day))
    return call(name("datetime", "date"), octets(state))


def time_of_day(at: time) -> bytes:
    state = bytes((at.hour, at.minute, at.second)) + at.microsecond.to_bytes(3)
    return call(name("datetime", "time"), octets(state))


def _zone(offset: timedelta) -> bytes:
    parts = (offset.days, offset.seconds, offset.microseconds)
    return (
        call(name("smpp.pdu.smpp_time", "FixedOffset"))
        + dict_of(
            (
                (
                    "_FixedOffset__offset",
                    call(name("datetime", "timedelta"), *map(integer, parts)),
                ),
                ("_FixedOffset__name", NONE),
            )
        )
        + b"b"
    )


def span(of: RelativeTime) -> bytes:
    fields = (of.years, of.months, of.days, of.hours, of.minutes, of.seconds)
    return new(name("smpp.pdu.smpp_time", "SMPPRelativeTime"), *map(integer, fields))

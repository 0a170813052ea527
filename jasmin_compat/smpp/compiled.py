"""Turns a layout into Python that reads and writes it, once, at import.

The code below writes what a patient programmer would write by hand for each body, as dataclasses
itself does for `__init__`; values are built through their twins (twins.py).
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, assert_never

from jasmin_compat.smpp.errors import FieldHoldsNul, FieldOutOfRange, FieldTooLong
from jasmin_compat.smpp.layout import Counted, CString, Field, Octet, Repeated, Word
from jasmin_compat.smpp.pdus import Tlv
from jasmin_compat.smpp.twins import function, twin

Reader = Callable[[bytes, int], tuple[Any, int]]
"""(octets, position) → (value, position behind it).

ValueError or IndexError when the octets end too early.
"""
Writer = Callable[[Any], bytes]
Check = Callable[[Any], None]

_TLV_HEADER = struct.Struct(">HH")

# ---------------------------------------------------------------- optional parameters

_TlvTwin: Any = twin(Tlv)


def read_tlvs(octets: bytes, at: int) -> tuple[tuple[Tlv, ...], int]:
    """Every whole optional parameter from `at` on, and where the last of them ends."""
    found = []
    size = len(octets)
    while at + 4 <= size:
        tag, length = _TLV_HEADER.unpack_from(octets, at)
        end = at + 4 + length
        if end > size:
            break
        tlv = _TlvTwin()
        tlv.tag = tag
        tlv.value = octets[at + 4 : end]
        tlv.__class__ = Tlv
        found.append(tlv)
        at = end
    return tuple(found), at


def write_tlvs(tlvs: Iterable[Tlv]) -> bytes:
    octets = b""
    for tlv in tlvs:
        tag, value = tlv.tag, tlv.value
        if not 0 <= tag <= 0xFFFF:
            raise FieldOutOfRange("tag", tag, 0xFFFF)
        if len(value) > 0xFFFF:
            raise FieldTooLong(f"tlv 0x{tag:04x}", len(value), 0xFFFF)
        octets += _TLV_HEADER.pack(tag, len(value)) + value
    return octets


# ---------------------------------------------------------------- reading


def compile_reader(cls: type, layout: Sequence[Field], parts: Mapping[type, Reader]) -> Reader:
    """A function that reads `cls`, and its TLVs if it has any."""
    names: dict[str, Any] = {"Twin": twin(cls), "cls": cls, "read_tlvs": read_tlvs}
    names |= {
        f"read_{f.name}": _list_reader(f.of, parts) for f in layout if isinstance(f, Repeated)
    }
    lines = ["self = Twin()", "index = octets.index"]
    passed = 0  # octets behind `at`, known while the code is written: spares it an addition each
    for field in layout:
        if not isinstance(field, Octet) and passed:
            lines.append(f"at += {passed}")
            passed = 0
        lines += _reading(field, passed)
        passed += isinstance(field, Octet)
    lines.append(f"at += {passed}")
    if any(f.name == "tlvs" for f in fields(cls)):
        lines += ["if at < len(octets): self.tlvs, at = read_tlvs(octets, at)"]
        lines += ["else: self.tlvs = ()"]
    return function("octets, at", [*lines, "self.__class__ = cls", "return self, at"], names)


def _reading(field: Field, passed: int) -> list[str]:
    """The lines that read one field; all but an Octet leave `at` behind it."""
    name = field.name
    match field:
        case Octet():
            return [f"self.{name} = octets[at + {passed}]"]
        case Word():
            return [
                "end = at + 4",
                f"self.{name} = int.from_bytes(octets[at:end])",
                "if end > len(octets): raise IndexError",
                "at = end",
            ]
        case CString():
            return [  # most are empty, and looking is cheaper than searching
                f"if octets[at]: end = index(0, at); self.{name} = octets[at:end]; at = end + 1",
                f"else: self.{name} = b''; at += 1",
            ]
        case Counted():
            return [
                "end = at + 1 + octets[at]",
                f"self.{name} = octets[at + 1:end]",
                "if end > len(octets): raise IndexError",
                "at = end",
            ]
        case Repeated():
            return [f"self.{name}, at = read_{name}(octets, at)"]
        case _:
            assert_never(field)


def _list_reader(of: type | Mapping[int, type], parts: Mapping[type, Reader]) -> Reader:
    def read(octets: bytes, at: int) -> tuple[Any, int]:
        count = octets[at]
        at += 1
        items = []
        for _ in range(count):
            cls = of
            if not isinstance(cls, type):
                flag = octets[at]
                at += 1
                if flag not in cls:
                    raise UnknownFlag(flag)
                cls = cls[flag]
            item, at = parts[cls](octets, at)
            items.append(item)
        return tuple(items), at

    return read


class UnknownFlag(Exception):
    """A dest_flag that says neither SME address nor distribution list (§5.2.25)."""

    def __init__(self, flag: int) -> None:
        super().__init__(f"dest_flag {flag}")


# ---------------------------------------------------------------- writing


def compile_writer(cls: type, layout: Sequence[Field], parts: Mapping[type, Writer]) -> Writer:
    """A function that writes `cls` without its TLVs: one bytes format for all its fields."""
    names: dict[str, Any] = {"complain": _complainer(layout)}
    form, values, guards = "", [], []
    for field in layout:
        value = f"self.{field.name}"
        match field:
            case Octet():
                form += "%c"
                values.append(value)
            case Word():
                form += "%b"
                values.append(f"{value}.to_bytes(4)")
            case CString():
                form += "%b\\0"
                values.append(value)
                guards.append(f"0 in {value}")
            case Counted():
                form += "%c%b"
                values += [f"len({value})", value]
            case Repeated(name, of):
                names[f"write_{name}"] = _list_writer(name, of, parts)
                form += "%b"
                values.append(f"write_{name}({value})")
    lines = [f"if {' or '.join(guards)}: complain(self)"] if guards else []
    lines += [f'try: return b"{form}" % ({"".join(f"{value}, " for value in values)})']
    lines += ["except OverflowError: complain(self); raise"]
    return function("self", lines, names)


def _list_writer(name: str, of: type | Mapping[int, type], parts: Mapping[type, Writer]) -> Writer:
    flags = {} if isinstance(of, type) else {cls: bytes([flag]) for flag, cls in of.items()}

    def write(items: Sequence[Any]) -> bytes:
        if len(items) > 0xFF:
            raise FieldTooLong(name, len(items), 0xFF)
        octets = bytes([len(items)])
        for item in items:
            octets += flags.get(type(item), b"") + parts[type(item)](item)
        return octets

    return write


def _complainer(layout: Sequence[Field]) -> Check:
    """Finds the field that does not fit the wire, once the quick way has failed."""

    def complain(body: Any) -> None:
        for field in layout:
            value = getattr(body, field.name)
            match field:
                case Octet(name) if not 0 <= value <= 0xFF:
                    raise FieldOutOfRange(name, value, 0xFF)
                case Word(name) if not 0 <= value <= 0xFFFFFFFF:
                    raise FieldOutOfRange(name, value, 0xFFFFFFFF)
                case CString(name) if 0 in value:
                    raise FieldHoldsNul(name)
                case Counted(name) if len(value) > 0xFF:
                    raise FieldTooLong(name, len(value), 0xFF)

    return complain


def compile_check(layout: Sequence[Field]) -> Check:
    """A function that holds a body against the limits of its layout."""
    limited = [(f.name, f.limit) for f in layout if isinstance(f, CString | Counted) and f.limit]

    def complain(body: Any) -> None:
        for name, limit in limited:
            if len(getattr(body, name)) > limit:
                raise FieldTooLong(name, len(getattr(body, name)), limit)

    tests = " or ".join(f"len(self.{name}) > {limit}" for name, limit in limited)
    return function("self", [f"if {tests or False}: complain(self)"], {"complain": complain})

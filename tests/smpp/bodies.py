"""Strategies that make up PDUs of every command, within what the wire can carry."""

from dataclasses import fields

from hypothesis import strategies as st

from jasmin_compat.smpp.layout import BODIES, LAYOUT, PARTS, Counted, CString, Octet, Repeated, Word
from jasmin_compat.smpp.pdus import Body, Opaque, Pdu, Tlv

octet = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFFFFFF)
c_octets = st.binary(max_size=70).map(lambda octets: octets.replace(b"\0", b"\1"))
tlvs = st.lists(st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=4).map(
    tuple
)


def _value(field: object) -> st.SearchStrategy[object]:
    match field:
        case Octet():
            return octet
        case Word():
            return word
        case CString():
            return c_octets
        case Counted():
            return st.binary(max_size=255)
        case Repeated(_, of):
            kinds = [of] if isinstance(of, type) else list(of.values())
            return st.lists(st.one_of([values(kind) for kind in kinds]), max_size=6).map(tuple)
    raise AssertionError(field)


def values(cls: type) -> st.SearchStrategy[Body]:
    """Any value of a body class, or of a part of one."""
    rows = {field.name: _value(field) for field in (LAYOUT | PARTS)[cls]}
    if any(f.name == "tlvs" for f in fields(cls)):
        rows["tlvs"] = tlvs
    return st.builds(cls, **rows)


def _pdus(command_id: int) -> st.SearchStrategy[Pdu]:
    body = values(BODIES[command_id]) if command_id in BODIES else st.builds(Opaque, st.binary())
    return st.builds(Pdu, st.just(command_id), word, body, word)


pdus: st.SearchStrategy[Pdu] = st.one_of([_pdus(c) for c in [*BODIES, 0x111, 0x80000112]])

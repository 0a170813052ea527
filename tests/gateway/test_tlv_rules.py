"""Rules for custom TLVs: as they are typed and shown, and what they do to a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.custom_tlvs import TYPES, TlvRefused, TlvUnwritable, custom_tlv
from jasmin_compat.gateway.tlv_rules import (
    TlvMissing,
    TlvRule,
    TlvTooLong,
    by_rules,
    tlv_rules,
    tlv_rules_text,
    type_by_rules,
)
from jasmin_compat.smpp.pdus import Tlv

RULES = st.builds(
    TlvRule,
    st.integers(0, 0xFFFF),
    st.sampled_from(TYPES),
    st.none() | st.integers(1, 0xFFFF),
    st.booleans(),
)


@given(st.lists(RULES).map(tuple))
def test_what_is_shown_may_be_typed(rules: tuple[TlvRule, ...]) -> None:
    assert tlv_rules(tlv_rules_text(rules)) == rules


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (
            "0x3000,COctetString,10,required;0x3001,Int2,-",
            "0x3000,COctetString,10,required;0x3001,Int2,-,optional",
        ),
        ("5121,Int1,0x10,optional", "0x1401,Int1,16,optional"),
        ("0x1,OctetString,", "0x0001,OctetString,-,optional"),
        ("NONE", "none"),
    ],
)
def test_rules_are_shown_in_one_form(typed: str, shown: str) -> None:
    assert tlv_rules_text(tlv_rules(typed)) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "x",
        "0x3000,Foo,1",
        "zz,Int1,1",
        "0x3000,Int1,0",
        "0x3000,Int1,x",
        "0x3000,Int1,1,maybe",
        "0x10000,Int1,1",
        "0x3000,Int1,1;",
        "0x3000,Int1,1,required,x",
        "-1,Int1,1",
        "0x3000,Int1",
    ],
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # its text is not shown
        tlv_rules(typed)


REQUIRED = tlv_rules("0x3000,COctetString,10,required;0x3001,Int2,-")


# covers: SMPPC-30G
def test_types_left_open_are_those_of_the_rules() -> None:
    left_open = (custom_tlv(0x3000, "abc"), custom_tlv(0x3001, 513), custom_tlv(0x3002, 7))
    assert [tlv.value for tlv in by_rules(left_open, REQUIRED)] == [b"abc\0", b"\2\1", b"7"]
    kinds = [type_by_rules(tlv, REQUIRED) for tlv in left_open]
    assert kinds == ["COctetString", "Int2", "OctetString"]


def test_types_of_the_sender_and_octets_stay() -> None:
    typed = (custom_tlv(0x3000, "abc", "OctetString"), Tlv(0x3001, b"octets"), Tlv(0x0426, b"\1"))
    assert by_rules(typed, REQUIRED) == typed
    assert [type_by_rules(tlv, REQUIRED) for tlv in typed] == ["OctetString"] * 3
    assert by_rules(typed, ()) is typed


# covers: SMPPC-30G W-MT-05
@pytest.mark.parametrize(
    ("tlvs", "error", "reason"),
    [
        ((), TlvMissing, "missing required TLV 0x3000"),
        (
            (custom_tlv(0x3000, "ref-42-ref-42-ref"),),
            TlvTooLong,
            "TLV 0x3000 value length 18 exceeds configured max 10",
        ),
        (
            (Tlv(0x3000, bytes(11)),),
            TlvTooLong,
            "TLV 0x3000 value length 11 exceeds configured max 10",
        ),
        (
            (custom_tlv(0x3000, "a"), custom_tlv(0x3001, "b")),
            TlvUnwritable,
            "TLV 0x3001 value is not a number",
        ),
    ],
    ids=["missing", "too long", "octets too long", "no number"],
)
def test_what_breaks_a_rule_is_refused_in_jasmins_words(
    tlvs: tuple[Tlv, ...], error: type[TlvRefused], reason: str
) -> None:
    with pytest.raises(error) as refused:
        by_rules(tlvs, REQUIRED)
    assert str(refused.value) == reason

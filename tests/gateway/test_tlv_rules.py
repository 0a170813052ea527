"""Rules for custom TLVs, as they are typed and shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.tlv_rules import TYPES, TlvRule, tlv_rules, tlv_rules_text

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

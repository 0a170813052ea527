"""Values of TLVs, and their octets by type (contract/smpp-client.md §7)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.custom_tlvs import (
    TYPES,
    CustomTlv,
    Given,
    TlvRefused,
    TlvUnwritable,
    custom_tlv,
    octets_of,
)
from jasmin_compat.smpp.compiled import read_tlvs, write_tlvs
from jasmin_compat.smpp.pdus import Tlv

TAG = 0x1401


@pytest.mark.parametrize(
    ("value", "kind", "length", "octets"),
    [
        (5, "Int1", None, b"\5"),
        (" 0x0102 ", "Int2", None, b"\1\2"),
        ("007", "Int4", 9, b"\0\0\0\7"),
        (2**64 - 1, "Int8", None, b"\xff" * 8),
        ("ref", "OctetString", None, b"ref"),
        (b"\0\xff", "OctetString", 1, b"\0\xff"),
        (42, "OctetString", None, b"42"),
        ("ref", "COctetString", None, b"ref\0"),
        ("ref", "COctetString", 6, b"ref\0\0\0"),
        ("\u20ac", "OctetString", 0, b"\xe2\x82\xac"),
    ],
)
def test_a_value_is_written_by_its_type(
    value: Given, kind: str, length: int | None, octets: bytes
) -> None:
    assert octets_of(TAG, value, kind, length) == octets
    assert custom_tlv(TAG, value, kind, length).value == octets


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        (256, "Int1", "not an integer of 1 octets"),
        (-1, "Int8", "not an integer of 8 octets"),
        (b"5", "Int1", "not an integer"),
        ("five", "Int1", "not a number"),
        ("0x", "Int1", "not a number"),
        ("\ud800", "OctetString", "not text"),
        ("x" * 65_535, "COctetString", "65536 octets, at most 65535 fit"),
    ],
)
def test_what_does_not_fit_is_refused(value: Given, kind: str, reason: str) -> None:
    with pytest.raises(TlvUnwritable, match=f"^TLV 0x1401 .*{reason}"):
        octets_of(TAG, value, kind, None)


def test_without_a_type_it_is_text_until_a_rule_has_one() -> None:
    tlv = custom_tlv(TAG, 513)
    assert tlv == CustomTlv(TAG, b"513", 513, None, None)
    assert tlv.typed("Int2") == CustomTlv(TAG, b"\2\1", 513, None, None)


def test_a_type_of_the_sender_is_the_one() -> None:
    tlv = custom_tlv(TAG, 513, "OctetString")
    assert tlv.typed("Int2") == tlv


@given(
    st.integers(0, 0xFFFF),
    st.text(max_size=9) | st.integers() | st.binary(max_size=9),
    st.none() | st.sampled_from(TYPES),
    st.none() | st.integers(),
)
def test_any_value_is_sent_as_its_octets_or_refused_as_ours(
    tag: int, value: Given, kind: str | None, length: int | None
) -> None:
    with contextlib.suppress(TlvRefused):
        tlv = custom_tlv(tag, value, kind, length)
        assert read_tlvs(write_tlvs((tlv,)), 0)[0] == (Tlv(tag, tlv.value),)

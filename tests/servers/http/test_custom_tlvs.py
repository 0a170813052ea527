"""custom_tlvs in Jasmin's shapes (contract/http-api.md §12; golden http-114 to 134)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.custom_tlvs import CustomTlv
from jasmin_compat.gateway.refusals import Malformed, Unsendable
from jasmin_compat.servers.http.custom_tlvs import read_custom_tlvs
from jasmin_compat.servers.http.params import Value
from jasmin_compat.smpp.pdus import Tlv


def on_wire(tlvs: tuple[CustomTlv, ...]) -> tuple[Tlv, ...]:
    """As they are sent through a connector without rules."""
    return tuple(Tlv(tlv.tag, tlv.value) for tlv in tlvs)


# covers: HTTP-51G
@pytest.mark.parametrize(
    ("value", "tlvs"),
    [
        ([], ()),
        (None, ()),
        (5, ()),
        ([1, 2], ()),
        (b"", ()),
        (b"garbage", ()),
        (b"[" * 100_000, ()),
        ([[12288, None, "COctetString", "ref-42"]], (Tlv(0x3000, b"ref-42\0"),)),
        ([[5121, None, "Int2", 500]], (Tlv(0x1401, b"\x01\xf4"),)),
        ([[5121, None, None, "abcd"]], (Tlv(0x1401, b"abcd"),)),
        ([[5122, None, "OctetString", "0a0b0c"]], (Tlv(0x1402, b"0a0b0c"),)),
        (b'[[5121, null, "Int1", 7]]', (Tlv(0x1401, b"\x07"),)),
        ([[516, None, "Int2", 7]], (Tlv(0x0204, b"\x00\x07"),)),
        ([[5123, None, "Int8", 2**40]], (Tlv(0x1403, (2**40).to_bytes(8)),)),
        (
            [[5121, None, "Int1", 1], [5121, None, "Int4", 2]],
            (Tlv(0x1401, b"\x01"), Tlv(0x1401, b"\x00\x00\x00\x02")),
        ),
        ([[16383, 4, "OctetString", "beef"]], (Tlv(0x3FFF, b"beef"),)),
        ([[5121, None, "Foo", 1]], ()),
        ({"0x1401": "a", "5121": "b"}, (Tlv(0x1401, b"a"), Tlv(0x1401, b"b"))),
        ({"0x1400:Int8": 5}, (Tlv(0x1400, (5).to_bytes(8)),)),
        ([{"tag": "0x1401", "value": "v"}], (Tlv(0x1401, b"v"),)),
    ],
)
def test_each_shape_is_read_as_jasmin_reads_it(value: Value, tlvs: tuple[Tlv, ...]) -> None:
    assert on_wire(read_custom_tlvs(value)) == tlvs


# covers: W-MT-25
@pytest.mark.parametrize(
    ("value", "tlv"),
    [
        ([["0x1401", None, "Int1", 1]], Tlv(0x1401, b"\x01")),  # http-126: no answer ever
        ([{"tag": 5121, "type": "Int1", "value": 3}], Tlv(0x1401, b"\x03")),  # http-123: lost
        ([[5121, "Int1", 1]], Tlv(0x1401, b"\x01")),  # http-127: lost
        ([[5121, None, None, 513]], Tlv(0x1401, b"513")),
        ([[5121, None, "Int1", "0x0a"]], Tlv(0x1401, b"\x0a")),
        ([[5121, 4, "OctetString", "ab"]], Tlv(0x1401, b"ab\0\0")),
    ],
)
def test_what_jasmin_answers_with_success_and_loses_is_sent(value: Value, tlv: Tlv) -> None:
    assert on_wire(read_custom_tlvs(value)) == (tlv,)


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ([[5121, None, None, 513]], CustomTlv(5121, b"513", 513)),
        ({"5121:Int2": "513"}, CustomTlv(5121, b"\x02\x01", "513", "Int2")),
        ([[5121, 6, None, "ab"]], CustomTlv(5121, b"ab\0\0\0\0", "ab", None, 6)),
        ([[5121, None, "Int1", 7.0]], CustomTlv(5121, b"\7", 7, "Int1")),
        ([[5121, None, None, 1.5]], CustomTlv(5121, b"1.5", "1.5")),
        ([[5121, None, None, 1 << 64]], CustomTlv(5121, b"18446744073709551616", str(1 << 64))),
    ],
)
def test_what_was_given_is_kept_for_the_connectors_rules(value: Value, given: CustomTlv) -> None:
    assert read_custom_tlvs(value) == (given,)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": 1}, "invalid literal for int() with base 10: 'a'"),
        ([{"tag": float("inf")}], "cannot convert float infinity to integer"),
        ([[None, 5]], "argument must be a string, a bytes-like object or a real number, not"),
    ],
)
def test_what_is_no_tag_or_number_is_refused_in_jasmins_words(value: Value, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_custom_tlvs(value)
    assert reason in refused.value.reason


# covers: W-MT-25
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([["a", None, None, "x"]], "TLV tag is not a number."),
        ([[float("inf"), None, None, "x"]], "TLV tag is not a number."),
        ([[5121, None, "Int1", float("inf")]], "TLV 0x1401 value is not a number."),
        ([[70000, None, None, "x"]], "TLV tag 70000 is not between 0 and 65535."),
        ([[5121, None, "Int1", 256]], "TLV 0x1401 value is not an integer of 1 octets."),
        ([[5121, None, "Int1", "x"]], "TLV 0x1401 value is not a number."),
        ([[5121, None, None, None]], "TLV 0x1401 value is neither text nor a number."),
        ([[5121, None, None, "\ud800"]], "TLV 0x1401 value is not text."),
        ([[5121, None, None, "x" * 70_000]], "TLV 0x1401 has 70000 octets, at most 65535 fit."),
    ],
)
def test_what_cannot_be_written_is_refused(value: Value, reason: str) -> None:
    with pytest.raises(Unsendable) as refused:
        read_custom_tlvs(value)
    assert refused.value.reason == reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)


@given(JSON)
def test_any_json_is_read_or_refused_as_ours(value: Value) -> None:
    with contextlib.suppress(Malformed, Unsendable):
        read_custom_tlvs(value)

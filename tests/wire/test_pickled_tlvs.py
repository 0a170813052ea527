"""Optional parameters in pickles: every octet comes back, in Jasmin's order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.custom_tlvs import Given, custom_tlv
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import Tlv
from jasmin_compat.wire import pickle_opcodes, pickled_tlvs
from jasmin_compat.wire.jasmin_classes import CallbackNum, Subaddress
from jasmin_compat.wire.pickled_tlvs import DATA_SM, DELIVER_SM, SUBMIT_SM, BadTlv, read_tlvs
from jasmin_compat.wire.pickles import unpickle

KNOWN = st.sampled_from([SUBMIT_SM, DELIVER_SM, DATA_SM])
TAGS = st.sampled_from(sorted(tlvs.TABLE)) | st.integers(0, 0xFFFF)
TLVS = st.lists(
    st.builds(Tlv, TAGS, st.binary(max_size=6) | st.sampled_from([b"\0", b"\1", b"\0\0\0\1"])),
    max_size=6,
).map(tuple)


def written(parameters: tuple[Tlv, ...], known: tuple[int, ...]) -> tuple[Any, Any]:
    """Params and custom_tlvs as the unpickler leaves them."""
    custom, among_params = pickled_tlvs.write_tlvs(parameters, known)
    opcodes = pickle_opcodes.tuple_of(b"}(" + among_params + b"u", custom)
    params, custom_tlvs = unpickle(  # type: ignore[misc]
        pickle_opcodes.PROTOCOL + opcodes + pickle_opcodes.STOP
    )
    return params, custom_tlvs


@given(TLVS, KNOWN)
def test_all_come_back(parameters: tuple[Tlv, ...], known: tuple[int, ...]) -> None:
    params, custom = written(parameters, known)
    read = read_tlvs(params, custom, known)

    assert sorted(map(repr, read)) == sorted(map(repr, parameters))
    assert len(params) + len(custom) == len(parameters)


@pytest.mark.parametrize(
    ("tlv", "name", "value"),
    [
        (Tlv(0x0426, b"\1"), "more_messages_to_send", 1),
        (Tlv(0x020C, b"\1\2"), "sar_msg_ref_num", 258),
        (Tlv(0x0424, b"text"), "message_payload", b"text"),
        (Tlv(0x0381, b"\1\1\1" + b"123"), "callback_num", CallbackNum(1, 1, 1, b"123")),
        (Tlv(0x0202, b"\xa0ab"), "source_subaddress", Subaddress(0xA0, b"ab")),
        (Tlv(0x0201, b"\3"), "privacy_indicator", 3),
    ],
)
def test_known_ones_are_params(tlv: Tlv, name: str, value: object) -> None:
    assert written((tlv,), SUBMIT_SM) == ({name: value}, [])


def test_an_id_in_a_receipt_is_without_its_nul() -> None:
    assert written((Tlv(0x001E, b"7f\0"),), DELIVER_SM) == ({"receipted_message_id": b"7f"}, [])


@pytest.mark.parametrize(
    "tlv",
    [
        pytest.param(Tlv(0x1400, b"vend\0"), id="a vendor's"),
        pytest.param(Tlv(0x1204, b"\1"), id="one Jasmin has no codec for"),
        pytest.param(Tlv(0x0427, b"\2"), id="one Jasmin does not know in submit_sm"),
        pytest.param(Tlv(0x0019, b"\xff"), id="a value without a name"),
        pytest.param(Tlv(0x0204, b"\1"), id="a length of its own"),
        pytest.param(Tlv(0x0381, b"\1\1"), id="a callback number cut short"),
        pytest.param(Tlv(0x0381, b"\1\2\2"), id="a callback number of an odd plan"),
        pytest.param(Tlv(0x0202, b""), id="a subaddress of nothing"),
        pytest.param(Tlv(0x0202, b"\x01ab"), id="a subaddress of no type"),
    ],
)
def test_others_are_custom_tlvs_as_octets(tlv: Tlv) -> None:
    params, custom = written((tlv,), SUBMIT_SM)

    assert params == {}
    assert custom == [(tlv.tag, len(tlv.value), "OctetString", tlv.value)]


def test_of_a_tag_that_comes_twice_the_second_is_a_custom_tlv() -> None:
    twice = (Tlv(0x0424, b"a"), Tlv(0x0424, b"b"))

    assert written(twice, SUBMIT_SM) == (
        {"message_payload": b"a"},
        [(0x0424, 1, "OctetString", b"b")],
    )


# covers: LONG-05
def test_they_are_read_in_the_order_in_which_jasmin_sends_them() -> None:
    params = {"sar_total_segments": 2, "sar_segment_seqnum": 1, "sar_msg_ref_num": 5}

    assert [tlv.tag for tlv in read_tlvs(params, [], SUBMIT_SM)] == [0x020C, 0x020E, 0x020F]


@pytest.mark.parametrize(
    ("entry", "tlv"),
    [
        ((0x3000, None, "COctetString", "ref-42"), Tlv(0x3000, b"ref-42\0")),
        ([0x1400, None, None, "text"], Tlv(0x1400, b"text")),
        ((0x1400, 4, "OctetString", b"ab"), Tlv(0x1400, b"ab\0\0")),
        ((0x1400, 1, "OctetString", b"ab"), Tlv(0x1400, b"ab")),
        ((0x1400, None, "Int1", 5), Tlv(0x1400, b"\5")),
        ((0x1400, None, "Int2", "0x102"), Tlv(0x1400, b"\1\2")),
        ((0x1400, None, "Int4", "5"), Tlv(0x1400, b"\0\0\0\5")),
        ((0x1400, None, "Int8", 5), Tlv(0x1400, bytes(7) + b"\5")),
    ],
)
def test_custom_tlvs_of_clients_are_typed_as_jasmin_types_them(entry: object, tlv: Tlv) -> None:
    [read] = read_tlvs({}, [entry], SUBMIT_SM)
    assert Tlv(read.tag, read.value) == tlv


GIVEN = st.text(st.characters(codec="utf-8"), max_size=4) | st.integers(0, 255) | st.binary()


# covers: HTTP-51G
@given(
    tag=TAGS,
    value=GIVEN,
    kind=st.sampled_from((None, "OctetString", "COctetString")),
    length=st.none() | st.integers(0, 9),
)
def test_a_value_comes_back_as_its_sender_gave_it(
    tag: int, value: Given, kind: str | None, length: int | None
) -> None:
    tlv = custom_tlv(tag, value, kind, length)
    params, custom = written((tlv,), SUBMIT_SM)
    assert (params, custom) == ({}, [(tag, length, kind, value)])
    [read] = read_tlvs(params, custom, SUBMIT_SM)
    assert (read.tag, read.value) == (tlv.tag, tlv.value)
    if (kind, length) != ("OctetString", len(tlv.value)):
        assert read == tlv


@pytest.mark.parametrize(
    ("params", "custom"),
    [
        ({}, None),
        ({}, [5]),
        ({}, [(1, None, None)]),
        ({}, [("x", None, None, b"")]),
        ({}, [(0x10000, None, None, b"")]),
        ({}, [(1, None, None, None)]),
        ({}, [(1, None, "Int1", 256)]),
        ({}, [(1, None, "Int1", "five")]),
        ({}, [(1, None, "Float", 1)]),
        ({}, [(1, None, "OctetString", bytes(0x10000))]),
        ({"sar_total_segments": 256}, []),
        ({"sar_total_segments": "2"}, []),
        ({"privacy_indicator": "NOBODY"}, []),
        ({"message_payload": 5}, []),
        ({"callback_num": b"123"}, []),
        ({"callback_num": CallbackNum(1, 1, "ISDN", b"")}, []),
        ({"source_subaddress": b"123"}, []),
    ],
)
def test_what_has_no_octets_is_refused(params: dict[str, object], custom: object) -> None:
    with pytest.raises(BadTlv):
        read_tlvs(params, custom, SUBMIT_SM)


def test_what_a_pdu_does_not_know_and_what_is_none_is_left_out() -> None:
    assert read_tlvs({"message_state": 2, "message_payload": None, "x": 1}, [], SUBMIT_SM) == ()


def test_a_reserved_subaddress_type_and_missing_digits_are_read() -> None:
    params: dict[str, object] = {
        "source_subaddress": Subaddress("RESERVED", b"ab"),
        "callback_num": CallbackNum(0, 1, 1, None),
    }

    assert read_tlvs(params, [], SUBMIT_SM) == (Tlv(0x0381, b"\0\1\1"), Tlv(0x0202, b"\0ab"))

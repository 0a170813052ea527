"""PDUs to octets and back: every recorded one, every made-up one, and garbage."""

import contextlib
import gzip
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp import codec, commands, statuses
from jasmin_compat.smpp.codec import UnreadablePdu, check_limits, decode, encode, take_pdu
from jasmin_compat.smpp.errors import (
    BodyUnreadable,
    CannotEncode,
    FieldHoldsNul,
    FieldOutOfRange,
    FieldTooLong,
    FramingLost,
)
from jasmin_compat.smpp.pdus import (
    Bind,
    DataSm,
    DeliverSm,
    DistributionList,
    Empty,
    MessageIdResp,
    Opaque,
    Pdu,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    Tlv,
    UnsuccessfulSme,
)
from tests.smpp.bodies import pdus

GOLDEN = Path(__file__).parents[2] / "compat_tests/golden/pdus.json.gz"
RECORDED = {
    case["id"]: bytes.fromhex(case["hex"])
    for case in json.loads(gzip.decompress(GOLDEN.read_bytes()))["pdus"]
}
LOST_FRAMING = {"len_0", "len_15", "len_huge_0x7FFFFFFF", "len_1MiB_partial", "http_get_junk"}
UNREADABLE = {
    "mo_tlv_truncated_value": statuses.ESME_RINVOPTPARSTREAM,
    "mo_sm_length_lies_long": statuses.ESME_RINVMSGLEN,
    "cancel_sm": statuses.ESME_RINVMSGLEN,  # its sender forgot service_type
    "submit_multi": statuses.ESME_RINVMSGLEN,
    "deliver_header_only": statuses.ESME_RINVMSGLEN,
    "deliver_cut_after_addr": statuses.ESME_RINVMSGLEN,
    "deliver_cut_before_sm_length": statuses.ESME_RINVMSGLEN,
    "deliver_src_unterminated": statuses.ESME_RINVMSGLEN,
}
TAIL = b"\x00\x00\x00\x10\x00\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x2a"


def octets_of(taken: Pdu | UnreadablePdu) -> bytes:
    return encode(taken) if isinstance(taken, Pdu) else taken.octets


def test_the_recording_is_whole() -> None:
    assert len(RECORDED) == 207


@pytest.mark.parametrize("name", sorted(RECORDED.keys() - LOST_FRAMING))
def test_each_recorded_pdu_is_taken_whole_octet_by_octet_and_with_a_tail(name: str) -> None:
    octets = RECORDED[name]
    buffer = bytearray(octets + TAIL)
    taken = take_pdu(buffer)
    assert taken is not None
    assert octets_of(taken) == octets
    assert buffer == TAIL

    buffer = bytearray(octets)
    assert take_pdu(buffer) == taken
    assert buffer == b""

    step = 1 if len(octets) < 2000 else 97
    buffer = bytearray()
    for start in range(0, len(octets), step):
        assert take_pdu(buffer) is None
        buffer += octets[start : start + step]
    assert take_pdu(buffer) == taken


@pytest.mark.parametrize("name", sorted(RECORDED.keys() - LOST_FRAMING - UNREADABLE.keys()))
def test_each_readable_recorded_pdu_decodes(name: str) -> None:
    assert encode(decode(RECORDED[name])) == RECORDED[name]


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_a_request_that_cannot_be_read_says_what_to_answer(name: str) -> None:
    taken = take_pdu(bytearray(RECORDED[name]))
    assert isinstance(taken, UnreadablePdu)
    assert taken.answer_status == UNREADABLE[name]
    with pytest.raises(BodyUnreadable):
        decode(RECORDED[name])


@pytest.mark.parametrize("name", sorted(LOST_FRAMING))
def test_an_impossible_length_loses_the_framing(name: str) -> None:
    octets = RECORDED[name]
    with pytest.raises(FramingLost) as lost:
        take_pdu(bytearray(octets.ljust(16, b"\0")))
    assert lost.value.command_length == int.from_bytes(octets[:4])
    assert lost.value.sequence_number == int.from_bytes(octets[12:16])


@given(pdus)
def test_every_pdu_comes_back_as_it_went(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(pdus, st.binary(max_size=40))
def test_what_is_taken_off_a_stream_is_what_was_put_on_it(pdu: Pdu, tail: bytes) -> None:
    buffer = bytearray(encode(pdu) + tail)
    assert take_pdu(buffer) == pdu
    assert buffer == tail


@given(st.binary(max_size=200))
def test_garbage_raises_only_our_errors(octets: bytes) -> None:
    buffer = bytearray(octets)
    with contextlib.suppress(FramingLost):
        while take_pdu(buffer) is not None:
            pass


@given(st.sampled_from(sorted(codec.BODIES)), st.integers(0, 0xFFFFFFFF), st.binary(max_size=120))
def test_a_garbage_body_is_read_without_loss_or_refused_with_a_status(
    command_id: int, status: int, body: bytes
) -> None:
    octets = struct.pack(">IIII", 16 + len(body), command_id, status, 7) + body
    taken = take_pdu(bytearray(octets))
    assert taken is not None
    assert octets_of(taken) == octets
    assert taken.sequence_number == 7
    if commands.is_response(command_id):
        assert isinstance(taken, Pdu)


@given(pdus, st.data())
def test_a_pdu_with_one_octet_changed_never_breaks_the_reader(
    pdu: Pdu, data: st.DataObject
) -> None:
    octets = bytearray(encode(pdu))
    at = data.draw(st.integers(4, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    taken = take_pdu(bytearray(octets))
    assert taken is not None
    assert octets_of(taken) == octets


# ---------------------------------------------------------------- tolerance


def response(body: bytes, command_id: int = commands.SUBMIT_SM_RESP, status: int = 0) -> Pdu:
    return decode(struct.pack(">IIII", 16 + len(body), command_id, status, 1) + body)


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        pytest.param(b"id-1\0", b"id-1", id="as specified"),
        pytest.param(b"id-1", b"id-1", id="without NUL"),
        pytest.param(b"", b"", id="without body"),
        pytest.param(b"id-1\0xx", b"id-1", id="stray octets"),
        pytest.param(b"id-1\0\x04\x24\x00\x09x", b"id-1", id="cut parameter"),
    ],
)
def test_the_message_id_of_a_response_is_found_however_it_was_written(
    body: bytes, message_id: bytes
) -> None:
    pdu = response(body)
    assert codec.message_id_of(pdu.body) == message_id
    assert encode(pdu)[16:] == body


def test_a_body_without_message_id_has_none() -> None:
    assert codec.message_id_of(Empty()) == b""


# covers: W-CLI-05
@pytest.mark.parametrize("body", [b"", b"\0", b"abc\0"], ids=["no body", "empty", "message_id"])
def test_a_deliver_sm_resp_is_readable_with_any_body(body: bytes) -> None:
    pdu = response(body, commands.DELIVER_SM_RESP)
    assert encode(pdu)[16:] == body


# covers: W-CLI-04
@pytest.mark.parametrize("status", [0x09, 0x0400, 0x04FF, 0x1000, 0xFFFFFFFF])
def test_an_unknown_status_keeps_its_value(status: int) -> None:
    assert response(b"", status=status).command_status == status


def test_stray_octets_behind_a_request_are_kept_and_do_no_harm() -> None:
    pdu = Pdu(commands.DELIVER_SM, 1, DeliverSm(short_message=b"hi"), trailing=b"\1\2\3")
    assert decode(encode(pdu)) == pdu


# covers: W-SRV-14
def test_an_unknown_command_keeps_its_octets() -> None:
    pdu = Pdu(0x111, 1, Opaque(b"\0\1"))
    assert decode(encode(pdu)) == pdu


def test_a_destination_flag_nobody_knows_is_refused() -> None:
    octets = bytearray(
        encode(Pdu(commands.SUBMIT_MULTI, 1, SubmitMulti(destinations=(SmeAddress(),))))
    )
    octets[21] = 9
    taken = take_pdu(octets)
    assert isinstance(taken, UnreadablePdu)
    assert taken.answer_status == statuses.ESME_RINVDESTFLAG


def test_octets_that_are_not_one_pdu_are_refused() -> None:
    for octets in (b"", TAIL[:15], TAIL + b"x"):
        with pytest.raises(FramingLost):
            decode(octets)


# covers: W-SRV-01
def test_a_length_above_the_bound_is_refused_before_its_octets_come() -> None:
    header = struct.pack(">IIII", 1001, commands.DELIVER_SM, 0, 7)
    with pytest.raises(FramingLost):
        take_pdu(bytearray(header), 1000)
    assert take_pdu(bytearray(header), 1001) is None


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("body", "field", "limit"),
    [
        (Bind(system_id=b"x" * 16), "system_id", 15),
        (Bind(password=b"x" * 9), "password", 8),
        (Bind(system_type=b"x" * 13), "system_type", 12),
        (Bind(address_range=b"x" * 41), "address_range", 40),
        (SubmitSm(service_type=b"x" * 6), "service_type", 5),
        (SubmitSm(schedule_delivery_time=b"x" * 17), "schedule_delivery_time", 16),
        (SubmitSm(validity_period=b"x" * 17), "validity_period", 16),
        (SubmitSm(short_message=b"x" * 255), "short_message", 254),
        (MessageIdResp(message_id=b"x" * 65), "message_id", 64),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_over_its_limit_is_named(body: Bind, field: str, limit: int) -> None:
    with pytest.raises(FieldTooLong) as too_long:
        check_limits(body)
    assert too_long.value.field == field
    assert too_long.value.limit == limit
    assert field in str(too_long.value)
    assert str(limit) in str(too_long.value)


@given(pdus)
def test_limits_complain_only_of_what_is_too_long(pdu: Pdu) -> None:
    with contextlib.suppress(FieldTooLong):
        check_limits(pdu.body)


# covers: W-MT-07
def test_addresses_may_be_as_long_as_a_pdu_allows() -> None:
    body = SubmitSm(source_addr=b"1" * 200, destination_addr=b"2" * 200)
    check_limits(body)
    assert decode(encode(Pdu(commands.SUBMIT_SM, 1, body))).body == body


@pytest.mark.parametrize(
    ("pdu", "error", "field"),
    [
        (Pdu(4, 1, SubmitSm(source_addr=b"a\0b")), FieldHoldsNul, "source_addr"),
        (Pdu(4, 1, SubmitSm(data_coding=256)), FieldOutOfRange, "data_coding"),
        (Pdu(4, 1, SubmitSm(esm_class=-1)), FieldOutOfRange, "esm_class"),
        (Pdu(4, 1, SubmitSm(short_message=b"x" * 256)), FieldTooLong, "short_message"),
        (Pdu(4, 1, SubmitSm(tlvs=(Tlv(0x10000, b""),))), FieldOutOfRange, "tag"),
        (Pdu(4, 1, SubmitSm(tlvs=(Tlv(0x0424, bytes(65536)),))), FieldTooLong, "tlv 0x0424"),
        (Pdu(4, 1 << 32, SubmitSm()), FieldOutOfRange, "sequence_number"),
        (Pdu(4, 1, SubmitSm(), command_status=-1), FieldOutOfRange, "command_status"),
        (Pdu(1 << 32, 1, Empty()), FieldOutOfRange, "command_id"),
        (
            Pdu(0x21, 1, SubmitMulti(destinations=(DistributionList(dl_name=b"\0"),))),
            FieldHoldsNul,
            "dl_name",
        ),
        (
            Pdu(0x21, 1, SubmitMulti(destinations=(SmeAddress(),) * 256)),
            FieldTooLong,
            "destinations",
        ),
        (
            Pdu(
                0x80000021,
                1,
                SubmitMultiResp(unsuccessful=(UnsuccessfulSme(error_status_code=1 << 32),)),
            ),
            FieldOutOfRange,
            "error_status_code",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_wire_cannot_carry_is_named(
    pdu: Pdu, error: type[CannotEncode], field: str
) -> None:
    with pytest.raises(error) as refused:
        encode(pdu)
    assert refused.value.field == field


def test_data_coding_keeps_all_its_256_values() -> None:
    for data_coding in range(256):
        body = DataSm(data_coding=data_coding)
        assert decode(encode(Pdu(commands.DATA_SM, 1, body))).body == body

"""The table of optional parameters, and what its readers make of real-world values."""

import pytest
from aiosmpplib import state

from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.errors import FieldHoldsNul, FieldOutOfRange, FieldTooLong
from jasmin_compat.smpp.pdus import Tlv
from jasmin_compat.smpp.tlvs import TABLE, Kind

INTEGERS = [spec for spec in TABLE.values() if spec.kind is Kind.INTEGER]


def test_every_tag_of_an_independent_library_has_the_same_number() -> None:
    theirs = {
        value: name.lower()
        for name, value in vars(state).items()
        if name.isupper() and isinstance(value, int) and not name.startswith("DLR_ERROR")
    }
    assert {tag: spec.name for tag, spec in TABLE.items()} == theirs


def test_it_says_the_same_of_which_are_integers() -> None:
    ours = {spec.tag for spec in INTEGERS}
    assert ours == {tag for tag in TABLE if state.tag_data_type(tag) is int}


@pytest.mark.parametrize("spec", INTEGERS, ids=lambda spec: spec.name)
def test_integers_are_read_as_written(spec: tlvs.TlvSpec) -> None:
    limit = 256**spec.max_octets - 1
    for value in (0, 1, limit):
        tlv = tlvs.write_integer(spec.tag, value)
        assert len(tlv.value) == spec.max_octets
        assert tlvs.read_integer([tlv], spec.tag) == value
    for value in (-1, limit + 1):
        with pytest.raises(FieldOutOfRange):
            tlvs.write_integer(spec.tag, value)


@pytest.mark.parametrize(
    ("octets", "value"),
    [(b"", None), (b"\2", 2), (b"\0\0\0\2", 2), (b"\xff", 255)],
    ids=["empty", "one octet", "four octets", "unknown value"],
)
def test_an_integer_of_any_length_is_read(octets: bytes, value: int | None) -> None:
    assert tlvs.read_integer([Tlv(tlvs.MESSAGE_STATE, octets)], tlvs.MESSAGE_STATE) == value


@pytest.mark.parametrize("octets", [b"abc-1\0", b"abc-1", b"abc-1\0\0x"])
def test_a_c_octet_string_is_read_with_and_without_its_nul(octets: bytes) -> None:
    found = tlvs.read_c_octets([Tlv(tlvs.RECEIPTED_MESSAGE_ID, octets)], tlvs.RECEIPTED_MESSAGE_ID)
    assert found == b"abc-1"


def test_what_is_not_there_reads_as_none() -> None:
    assert tlvs.read_octets([], tlvs.MESSAGE_PAYLOAD) is None
    assert tlvs.read_integer([], tlvs.MESSAGE_STATE) is None
    assert tlvs.read_c_octets([], tlvs.RECEIPTED_MESSAGE_ID) is None


def test_of_a_repeated_tag_the_first_counts() -> None:
    assert tlvs.read_octets([Tlv(0x1400, b"a"), Tlv(0x1400, b"b")], 0x1400) == b"a"


def test_c_octets_are_held_against_the_table() -> None:
    tag = tlvs.RECEIPTED_MESSAGE_ID
    assert tlvs.write_c_octets(tag, b"x" * 64).value == b"x" * 64 + b"\0"
    with pytest.raises(FieldTooLong):
        tlvs.write_c_octets(tag, b"x" * 65)
    with pytest.raises(FieldHoldsNul):
        tlvs.write_c_octets(tag, b"a\0b")


def test_a_tag_has_a_name_or_shows_its_number() -> None:
    assert tlvs.name_of(tlvs.MESSAGE_PAYLOAD) == "message_payload"
    assert tlvs.name_of(0x1401) == "0x1401"

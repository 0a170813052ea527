"""The written-out code is the dataclass it stands for, only faster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.compiled import (
    compile_check,
    compile_reader,
    compile_writer,
    read_tlvs,
    write_tlvs,
)
from jasmin_compat.smpp.errors import FieldTooLong
from jasmin_compat.smpp.layout import LAYOUT
from jasmin_compat.smpp.pdus import DeliverSm, Outbind, Tlv
from tests.smpp.bodies import tlvs


def test_a_subclass_keeps_its_own_class() -> None:
    reader = compile_reader(DeliverSm, LAYOUT[DeliverSm], {})
    body, at = reader(bytes(17), 0)
    assert type(body) is DeliverSm
    assert body == DeliverSm()
    assert at == 17


def test_a_reader_reads_what_a_writer_wrote_from_anywhere_in_the_octets() -> None:
    body = Outbind(system_id=b"smsc", password=b"pw")
    octets = compile_writer(Outbind, LAYOUT[Outbind], {})(body)
    assert octets == b"smsc\0pw\0"
    assert compile_reader(Outbind, LAYOUT[Outbind], {})(b"....." + octets, 5) == (body, 13)


def test_a_check_knows_the_limits_of_its_layout() -> None:
    check = compile_check(LAYOUT[Outbind])
    check(Outbind(password=b"12345678"))
    with pytest.raises(FieldTooLong):
        check(Outbind(password=b"123456789"))


@given(tlvs, st.binary(max_size=3))
def test_parameters_are_read_up_to_the_last_whole_one(
    written: tuple[Tlv, ...], stray: bytes
) -> None:
    octets = write_tlvs(written)
    assert read_tlvs(octets + stray, 0) == (written, len(octets))


def test_a_parameter_longer_than_the_octets_is_left_where_it_is() -> None:
    assert read_tlvs(b"\x04\x24\x00\x09abc", 0) == ((), 0)

"""Fields of a pickled PDU: every value comes back, and Jasmin's other forms are read."""

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.wire import pdu_enums, pickle_opcodes
from jasmin_compat.wire import pickled_fields as forms
from jasmin_compat.wire.jasmin_classes import EsmClass, GsmMessage, Instance, RegisteredDelivery
from jasmin_compat.wire.pickled_fields import BadField
from jasmin_compat.wire.pickles import unpickle

TON = forms.member_reader(pdu_enums.ADDR_TON)
NPI = forms.member_reader(pdu_enums.ADDR_NPI)
PRIORITY = forms.member_reader(pdu_enums.PRIORITY_FLAG)
REPLACE = forms.member_reader(pdu_enums.REPLACE_IF_PRESENT_FLAG)


def unpickled(opcodes: bytes) -> object:
    return unpickle(pickle_opcodes.PROTOCOL + opcodes + pickle_opcodes.STOP)


@pytest.mark.parametrize(
    ("table", "read"),
    [
        pytest.param(forms.INTEGER, forms.read_integer, id="integer"),
        pytest.param(forms.PROTOCOL_ID_OF_HTTP, forms.read_integer, id="protocol_id of HTTP"),
        pytest.param(forms.ADDR_TON, TON, id="ton"),
        pytest.param(forms.ADDR_NPI, NPI, id="npi"),
        pytest.param(forms.ESM_CLASS, forms.read_esm_class, id="esm_class"),
        pytest.param(forms.PRIORITY_FLAG, PRIORITY, id="priority_flag"),
        pytest.param(forms.PRIORITY_FLAG_OF_HTTP, PRIORITY, id="priority_flag of HTTP"),
        pytest.param(
            forms.REGISTERED_DELIVERY, forms.read_registered_delivery, id="registered_delivery"
        ),
        pytest.param(forms.REPLACE_IF_PRESENT_FLAG, REPLACE, id="replace_if_present_flag"),
        pytest.param(forms.DATA_CODING, forms.read_data_coding, id="data_coding"),
    ],
)
def test_all_256_codes_come_back(table: tuple[bytes, ...], read: Callable[[object], int]) -> None:
    assert [read(unpickled(opcodes)) for opcodes in table] == list(range(256))
    assert len(set(table)) == 256


@pytest.mark.parametrize(
    ("table", "code", "value"),
    [
        (forms.ADDR_TON, 7, 7),
        (forms.ESM_CLASS, 0x43, EsmClass(3, 0, frozenset({0x40}))),
        (forms.ESM_CLASS, 0x0C, 0x0C),
        (forms.REGISTERED_DELIVERY, 0x1D, RegisteredDelivery(1, frozenset({4, 8}), True)),
        (forms.REGISTERED_DELIVERY, 0x03, 0x03),
        (forms.REGISTERED_DELIVERY, 0x20, 0x20),
        (forms.DATA_CODING, 8, Instance("DataCoding", {"scheme": 1, "schemeData": 8})),
        (
            forms.DATA_CODING,
            0xF5,
            Instance("DataCoding", {"scheme": 2, "schemeData": GsmMessage(4, 1)}),
        ),
        (forms.DATA_CODING, 0xFF, Instance("DataCoding", {"scheme": 0, "schemeData": 0xFF})),
        (forms.DATA_CODING, 0x0B, Instance("DataCoding", {"scheme": 0, "schemeData": 0x0B})),
        (forms.PRIORITY_FLAG_OF_HTTP, 2, "LEVEL_2"),
        (forms.PROTOCOL_ID_OF_HTTP, 0, None),
    ],
)
def test_codes_have_the_form_jasmin_gives_them(
    table: tuple[bytes, ...], code: int, value: object
) -> None:
    assert unpickled(table[code]) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"", None),
        (b"261231235959900+", datetime(2026, 12, 31, 23, 59, 59, 900_000)),
        (b"261231235959900-", b"261231235959900-"),
        (b"tomorrow", b"tomorrow"),
        (b"000000000100012R", b"000000000100012R"),
    ],
)
def test_times_are_moments_where_that_loses_nothing(text: bytes, value: object) -> None:
    assert unpickled(forms.write_time(text)) == value
    assert forms.read_time(value) == text


@given(st.binary(max_size=20) | st.from_regex(rb"\A\d{12}0\d\d[+\-R]\Z"))
def test_every_time_text_comes_back(text: bytes) -> None:
    assert forms.read_time(unpickled(forms.write_time(text))) == text


@given(st.binary())
def test_octets_or_nothing(value: bytes) -> None:
    assert forms.read_octets(unpickled(forms.write_octets_or_none(value))) == value


def test_values_a_script_or_the_console_left_are_read() -> None:
    assert forms.read_octets("Café") == "Café".encode()
    assert TON("NATIONAL") == TON("AddrTon.NATIONAL") == 2
    assert TON(None) == forms.read_esm_class(None) == forms.read_data_coding(None) == 0


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (forms.read_integer, 256),
        (forms.read_integer, -1),
        (forms.read_integer, "1"),
        (forms.read_octets, 1),
        (forms.read_time, 1),
        (TON, "CARRIER_PIGEON"),
        (TON, "AddrTon.256"),
        (TON, b"NATIONAL"),
        (forms.read_esm_class, EsmClass(3, 0, [0x40])),
        (forms.read_esm_class, EsmClass("3", 0, frozenset())),
        (forms.read_registered_delivery, RegisteredDelivery(1, None, False)),
        (forms.read_data_coding, Instance("DataCoding", {"schemeData": b"8"})),
    ],
)
def test_other_values_are_refused(read: Callable[[object], object], value: object) -> None:
    with pytest.raises(BadField):
        read(value)

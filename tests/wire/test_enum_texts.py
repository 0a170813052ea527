"""Enumeration texts as they stand in Redis and in AMQP headers."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.wire.enum_texts import (
    BadEnumText,
    addr_npi_text,
    addr_ton_text,
    read_addr_npi,
    read_addr_ton,
    read_receipt,
    receipt_text,
)

KINDS = [
    (addr_ton_text, read_addr_ton),
    (addr_npi_text, read_addr_npi),
    (receipt_text, read_receipt),
]


@pytest.mark.parametrize(("write", "read"), KINDS)
@given(value=st.integers(0, 255))
def test_every_octet_survives(
    write: Callable[[int], str], read: Callable[[str], int], value: int
) -> None:
    assert read(write(value)) == value


def test_the_texts_are_jasmins() -> None:
    # covers: W-DLR-14
    assert addr_ton_text(2) == "AddrTon.NATIONAL"
    assert addr_npi_text(6) == "AddrNpi.LAND_MOBILE"
    assert receipt_text(2).endswith(".SMSC_DELIVERY_RECEIPT_REQUESTED_FOR_FAILURE")


@pytest.mark.parametrize("read", [read for _, read in KINDS])
@given(text=st.text())
def test_anything_else_raises_our_error(read: Callable[[str], int], text: str) -> None:
    with pytest.raises(BadEnumText):
        read(text)


@pytest.mark.parametrize("text", ["AddrTon.", "AddrTon.NOSUCH", "AddrTon.1234", "NATIONAL"])
def test_near_misses_raise_it_too(text: str) -> None:
    with pytest.raises(BadEnumText):
        read_addr_ton(text)

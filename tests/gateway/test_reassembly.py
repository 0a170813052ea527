"""Segments that are joined, and those that are messages of their own."""

import pytest

from jasmin_compat.gateway.reassembly import segment_to_join
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.smpp.split import UDHI, Segment

SAR = (
    tlvs.write_integer(tlvs.SAR_MSG_REF_NUM, 700),
    tlvs.write_integer(tlvs.SAR_TOTAL_SEGMENTS, 2),
    tlvs.write_integer(tlvs.SAR_SEGMENT_SEQNUM, 1),
)


def with_header(header: str, **fields: int) -> DeliverSm:
    return DeliverSm(esm_class=UDHI, short_message=bytes.fromhex(header) + b"text", **fields)


@pytest.mark.parametrize(
    ("pdu", "segment"),
    [
        (with_header("050003070302"), Segment("udh8", 7, 3, 2)),
        (DeliverSm(short_message=b"text", tlvs=SAR), Segment("sar", 700, 2, 1)),
        (DataSm(tlvs=SAR), Segment("sar", 700, 2, 1)),
        (with_header("06080400070302"), None),
        (with_header("0a050415811581 0003070302".replace(" ", "")), None),
        (with_header("050003070101"), None),
        (with_header("050003070304"), None),
        (DeliverSm(short_message=bytes.fromhex("050003070302") + b"text"), None),
    ],
    ids=[
        "8-bit reference",
        "sar",
        "data_sm",
        "16-bit reference",
        "ports too",
        "one of one",
        "beyond the last",
        "no header",
    ],
)
def test_jasmins_kinds_are_joined(pdu: DeliverSm | DataSm, segment: Segment | None) -> None:
    assert segment_to_join(pdu) == segment


@pytest.mark.parametrize(("data_coding", "joined"), [(0xF1, True), (0xF2, False), (0xF6, False)])
def test_what_is_for_the_sim_is_not_joined(data_coding: int, joined: bool) -> None:
    content = bytes.fromhex("050003070302") + b"text"
    pdu = DeliverSm(esm_class=UDHI, data_coding=data_coding, short_message=content)
    assert (segment_to_join(pdu) is not None) is joined

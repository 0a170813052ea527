"""Segments that are joined, and those that are messages of their own."""

from dataclasses import replace

import pytest

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.reassembly import joined, name_of_whole, segment_to_join
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, Tlv
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
        (with_header("06080400070302"), Segment("udh16", 7, 3, 2)),
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
def test_segments_are_told_from_messages(pdu: DeliverSm | DataSm, segment: Segment | None) -> None:
    assert segment_to_join(pdu) == segment


@pytest.mark.parametrize(("data_coding", "joined"), [(0xF1, True), (0xF2, False), (0xF6, False)])
def test_what_is_for_the_sim_is_not_joined(data_coding: int, joined: bool) -> None:
    content = bytes.fromhex("050003070302") + b"text"
    pdu = DeliverSm(esm_class=UDHI, data_coding=data_coding, short_message=content)
    assert (segment_to_join(pdu) is not None) is joined


def test_the_whole_has_the_content_of_all_and_no_marks() -> None:
    parts = {n: DeliverSm(short_message=b"%d" % n, source_addr=b"336", tlvs=SAR) for n in (2, 1)}
    assert joined(parts) == DeliverSm(short_message=b"12", source_addr=b"336")


# covers: W-MO-19
@pytest.mark.parametrize("kind", [DeliverSm, DataSm])
def test_a_payload_is_joined_to_a_payload(kind: type[DeliverSm] | type[DataSm]) -> None:
    def payload(octets: bytes) -> Tlv:
        return Tlv(tlvs.MESSAGE_PAYLOAD, octets)

    head = bytes.fromhex("0500030703")
    parts = {
        n: kind(esm_class=UDHI | 4, tlvs=(payload(head + bytes((n,)) + b"%d" % n),))
        for n in (1, 2, 3)
    }
    assert joined(parts) == kind(esm_class=4, tlvs=(payload(b"123"),))


def test_a_message_is_named_by_all_that_tells_it_from_others() -> None:
    pdu = DeliverSm(source_addr=b"336", destination_addr=b"1234")
    segment = Segment("sar", 700, 2, 1)
    names = {
        name_of_whole(ConnectorId("con1"), pdu, segment),
        name_of_whole(ConnectorId("con2"), pdu, segment),
        name_of_whole(ConnectorId("con1"), replace(pdu, source_addr=b"337"), segment),
        name_of_whole(ConnectorId("con1"), replace(pdu, destination_addr=b"1"), segment),
        name_of_whole(ConnectorId("con1"), pdu, Segment("udh8", 700, 2, 1)),
        name_of_whole(ConnectorId("con1"), pdu, Segment("sar", 701, 2, 1)),
        name_of_whole(ConnectorId("con1"), pdu, Segment("sar", 700, 3, 1)),
    }
    assert len(names) == 7
    assert name_of_whole(ConnectorId("con1"), pdu, Segment("sar", 700, 2, 2)) in names

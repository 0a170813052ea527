"""Long messages from handsets, joined for those who take them whole (contract/mo.md §4)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, Tlv
from jasmin_compat.smpp.split import UDHI, Segment, content_of, segment_of, user_data

KEPT_S: Final = 300
"""How long segments wait for the others, since the last one came (listeners.py:446)."""

_HEADERS: Final = (b"\x05\x00\x03", b"\x06\x08\x04")
"""User data headers with a reference and nothing else; Jasmin knows the first (W-MO-09)."""
_CLASS_GROUP, _CLASS_2 = 0xF0, 2
"""data_coding 1111xx10: for the SIM, whatever its header says (TS 23.038 §4)."""
_MARKS = (tlvs.SAR_MSG_REF_NUM, tlvs.SAR_TOTAL_SEGMENTS, tlvs.SAR_SEGMENT_SEQNUM)


def segment_to_join(pdu: DeliverSm | DataSm) -> Segment | None:
    """The place of a segment that is joined with others; None where it is a message of its own.

    So is, as in Jasmin, one with more in its header, which would be lost.
    """
    segment = segment_of(pdu)
    if segment is None or segment.total < 2:
        return None
    return segment if segment.kind == "sar" or _has_plain_header(pdu) else None


def _has_plain_header(pdu: DeliverSm | DataSm) -> bool:
    is_class_2 = pdu.data_coding & 0xF0 == _CLASS_GROUP and pdu.data_coding & 0b11 == _CLASS_2
    return content_of(pdu).startswith(_HEADERS) and not is_class_2


def name_of_whole(cid: ConnectorId, pdu: DeliverSm | DataSm, segment: Segment) -> str:
    """The same for all segments of a message; Jasmin's lacks the sender (W-MO-08)."""
    ends = f"{pdu.source_addr.hex()}:{pdu.destination_addr.hex()}"
    return f"{cid}:{segment.kind}:{segment.reference}:{segment.total}:{ends}"


def joined(parts: Mapping[int, DeliverSm | DataSm]) -> DeliverSm | DataSm:
    """The first segment with the content of all, without the marks of a segment."""
    first = parts[1]
    content = b"".join(user_data(parts[number]) for number in sorted(parts))
    others = tuple(tlv for tlv in first.tlvs if tlv.tag not in (*_MARKS, tlvs.MESSAGE_PAYLOAD))
    esm_class = first.esm_class & ~UDHI
    if isinstance(first, DeliverSm) and first.short_message:
        return replace(first, esm_class=esm_class, short_message=content, tlvs=others)
    payload = Tlv(tlvs.MESSAGE_PAYLOAD, content)
    return replace(first, esm_class=esm_class, tlvs=(*others, payload))

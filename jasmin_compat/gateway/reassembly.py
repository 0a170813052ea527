"""Which long messages from handsets Jasmin joins (contract/mo.md §4.1, managers/listeners.py)."""

from typing import Final

from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.smpp.split import Segment, content_of, segment_of

_JOINED_HEADER: Final = b"\x05\x00\x03"
"""A user data header with an 8-bit reference and nothing else."""
_CLASS_GROUP, _CLASS_2 = 0xF0, 2
"""data_coding 1111xx10: for the SIM, whatever its header says (TS 23.038 §4)."""


def segment_to_join(pdu: DeliverSm | DataSm) -> Segment | None:
    """The place of a segment that is joined with others; None where it is a message of its own.

    So are, as in Jasmin, segments with a 16-bit reference or with more in their header.
    """
    segment = segment_of(pdu)
    if segment is None or segment.total < 2:
        return None
    return segment if segment.kind == "sar" or _has_joined_header(pdu) else None


def _has_joined_header(pdu: DeliverSm | DataSm) -> bool:
    is_class_2 = pdu.data_coding & 0xF0 == _CLASS_GROUP and pdu.data_coding & 0b11 == _CLASS_2
    return content_of(pdu).startswith(_JOINED_HEADER) and not is_class_2

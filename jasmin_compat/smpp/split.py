"""Long messages: cut into segments, and recognise the segments others cut.

Cutting is Jasmin's, octet for octet (contract/http-api.md §5). A user data header is TS 23.040
§9.2.3.24, the sar_* parameters are SMPP 3.4 §5.3.2.22-24.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import DataSm, SubmitSm, Tlv

UDHI: Final = 0x40
"""esm_class bit: the content begins with a user data header (SMPP 3.4 §5.2.12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongContent:
    """How long messages are cut; the defaults are Jasmin's."""

    method: Literal["udh", "sar", "none"] = "udh"
    """`none` cuts without telling the handset: any other word in Jasmin's setting."""
    max_parts: int = 5
    receipts: Literal["last", "all"] = "last"
    """Which parts ask for a receipt, where the message asks for one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Place of a segment in its message. References of one kind only, sender and recipient tell
    the messages apart."""

    kind: Literal["udh8", "udh16", "sar"]
    reference: int
    total: int
    number: int
    """1 to `total`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits, in octets; a character of GSM 03.38's extension takes two."""

    single: int
    segment: int


_SEPTETS = Limits(160, 153)  # one septet an octet
_OCTETS = Limits(140, 134)
_CODINGS_OF_OCTETS = frozenset((2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14))

_CONCATENATED_8 = 0x00
_CONCATENATED_16 = 0x08


def limits(data_coding: int) -> Limits:
    return _OCTETS if data_coding in _CODINGS_OF_OCTETS else _SEPTETS


def count_segments(octets: int, data_coding: int) -> int:
    """How many segments a content of so many octets needs, without any limit."""
    fits = limits(data_coding)
    return 1 if octets <= fits.single else -(-octets // fits.segment)


def split(
    template: SubmitSm, content: bytes, *, policy: LongContent, reference: int
) -> tuple[SubmitSm, ...]:
    """The message as one submit_sm or several; other fields are the template's.

    `reference` is 1 to 255 and stands only in several. Content beyond `max_parts` is cut off, as
    Jasmin does: `count_segments` tells beforehand.
    """
    total = count_segments(len(content), template.data_coding)
    if total == 1:
        return (replace(template, short_message=content),)
    step = limits(template.data_coding).segment
    total = min(total, policy.max_parts)
    return tuple(
        _part(
            template,
            content[step * (number - 1) : step * number],
            Segment("udh8", reference, total, number),
            policy,
        )
        for number in range(1, total + 1)
    )


def _part(template: SubmitSm, content: bytes, segment: Segment, policy: LongContent) -> SubmitSm:
    is_last = segment.number == segment.total
    esm_class = template.esm_class
    marks: tuple[Tlv, ...] = ()
    if policy.method == "udh":
        esm_class = UDHI
        content = bytes((5, 0, 3, segment.reference, segment.total, segment.number)) + content
        marks = (tlvs.write_integer(tlvs.MORE_MESSAGES_TO_SEND, 0 if is_last else 1),)
    elif policy.method == "sar":
        marks = (
            tlvs.write_integer(tlvs.SAR_MSG_REF_NUM, segment.reference),
            tlvs.write_integer(tlvs.SAR_TOTAL_SEGMENTS, segment.total),
            tlvs.write_integer(tlvs.SAR_SEGMENT_SEQNUM, segment.number),
        )
    asks = is_last or policy.receipts == "all"
    return replace(
        template,
        esm_class=esm_class,
        registered_delivery=template.registered_delivery if asks else 0,
        short_message=content,
        tlvs=(*marks, *template.tlvs),
    )


def content_of(pdu: SubmitSm | DataSm) -> bytes:
    """short_message, or else message_payload."""
    short = b"" if isinstance(pdu, DataSm) else pdu.short_message
    return short or tlvs.read_octets(pdu.tlvs, tlvs.MESSAGE_PAYLOAD) or b""


def user_data(pdu: SubmitSm | DataSm) -> bytes:
    """The content behind its user data header, if it has one."""
    content = content_of(pdu)
    return content[1 + content[0] :] if _has_header(pdu, content) else content


def segment_of(pdu: SubmitSm | DataSm) -> Segment | None:
    """Where in a message this is; None when it is whole, or its marks contradict themselves."""
    segment = _from_sar(pdu.tlvs) or _from_header(pdu)
    if segment is None or not 1 <= segment.number <= segment.total:
        return None
    return segment


def _from_sar(parameters: tuple[Tlv, ...]) -> Segment | None:
    reference = tlvs.read_integer(parameters, tlvs.SAR_MSG_REF_NUM)
    total = tlvs.read_integer(parameters, tlvs.SAR_TOTAL_SEGMENTS)
    number = tlvs.read_integer(parameters, tlvs.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None:
        return None
    return Segment("sar", reference, total, number)


def _has_header(pdu: SubmitSm | DataSm, content: bytes) -> bool:
    return bool(pdu.esm_class & UDHI and content and content[0] < len(content))


def _from_header(pdu: SubmitSm | DataSm) -> Segment | None:
    content = content_of(pdu)
    if not _has_header(pdu, content):
        return None
    at, end = 1, 1 + content[0]
    while at + 2 <= end:
        element, length = content[at], content[at + 1]
        value = content[at + 2 : min(at + 2 + length, end)]
        if element == _CONCATENATED_8 and len(value) == length == 3:
            return Segment("udh8", value[0], value[1], value[2])
        if element == _CONCATENATED_16 and len(value) == length == 4:
            return Segment("udh16", int.from_bytes(value[:2]), value[2], value[3])
        at += 2 + length
    return None

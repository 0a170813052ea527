"""Optional parameters in a pickled PDU (contract/amqp-topology.md §6.1, smpp.pdu3 0.6).

Jasmin keeps those it knows for the PDU by name among the params, and the rest as tuples (tag,
length, type, value) in custom_tlvs, as their sender gave them. What has no form among the params
(an enumeration value, a length or a tag Jasmin does not know, a tag that comes twice) goes to
custom_tlvs as octets: nothing is lost, and Jasmin too sends it on as it came.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from jasmin_compat.gateway.custom_tlvs import TYPES, CustomTlv, Given, TlvUnwritable, custom_tlv
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import Tlv
from jasmin_compat.wire import pdu_enums
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import CallbackNum, Subaddress
from jasmin_compat.wire.pdu_enums import Enumeration


class BadTlv(Exception):
    """A parameter in a pickle that has no octets."""


Writer = Callable[[bytes], bytes | None]
"""Octets to opcodes; None where Jasmin has no such value."""
Reader = Callable[[object], bytes]
"""Raises BadTlv."""
_Form = tuple[Writer, Reader]


def _integer(length: int) -> _Form:
    def write(value: bytes) -> bytes | None:
        return opcodes.integer(int.from_bytes(value)) if len(value) == length else None

    def read(value: object) -> bytes:
        return _number(value, length)

    return write, read


def _number(value: object, length: int) -> bytes:
    if not isinstance(value, int) or not 0 <= value < 1 << 8 * length:
        raise BadTlv(f"no integer of {length} octets")
    return value.to_bytes(length)


def _member(enumeration: Enumeration) -> _Form:
    def write(value: bytes) -> bytes | None:
        return opcodes.member(enumeration, value[0]) if len(value) == 1 else None

    def read(value: object) -> bytes:
        if isinstance(value, str):  # a script or the console may have left a name
            try:
                value = enumeration.from_text(value)
            except KeyError:
                raise BadTlv(f"{enumeration.name} has no such member") from None
        return _number(value, 1)

    return write, read


def _octets() -> _Form:
    return opcodes.octets, _as_octets


def _as_octets(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise BadTlv("no octets")
    return value


def _c_octets() -> _Form:
    def write(value: bytes) -> bytes | None:
        return opcodes.octets(value[:-1]) if value.find(b"\0") == len(value) - 1 >= 0 else None

    return write, lambda value: _as_octets(value) + b"\0"


def _callback_num() -> _Form:
    def write(value: bytes) -> bytes | None:
        if len(value) < 3:
            return None
        mode = opcodes.member(pdu_enums.CALLBACK_NUM_DIGIT_MODE, value[0])
        ton = opcodes.member(pdu_enums.ADDR_TON, value[1])
        npi = opcodes.member(pdu_enums.ADDR_NPI, value[2])
        if mode is None or ton is None or npi is None:
            return None
        target = opcodes.pdu_type("CallbackNum")
        return opcodes.new(target, mode, ton, npi, opcodes.octets(value[3:]))

    def read(value: object) -> bytes:
        if not isinstance(value, CallbackNum):
            raise BadTlv("no callback number")
        codes = b"".join(_number(code, 1) for code in value[:3])
        return codes + (b"" if value.digits is None else _as_octets(value.digits))

    return write, read


def _subaddress() -> _Form:
    def write(value: bytes) -> bytes | None:
        tag = opcodes.member(pdu_enums.SUBADDRESS_TYPE_TAG, value[0]) if value else None
        if tag is None:
            return None
        target = opcodes.pdu_type("Subaddress")
        return opcodes.new(target, tag, opcodes.octets(value[1:]))

    def read(value: object) -> bytes:
        if not isinstance(value, Subaddress):
            raise BadTlv("no subaddress")
        tag = 0 if value.type_tag == "RESERVED" else value.type_tag
        return _number(tag, 1) + _as_octets(value.value)

    return write, read


ENUMERATIONS: Final = {
    tlvs.DEST_ADDR_SUBUNIT: pdu_enums.ADDR_SUBUNIT,
    tlvs.SOURCE_ADDR_SUBUNIT: pdu_enums.ADDR_SUBUNIT,
    tlvs.DEST_NETWORK_TYPE: pdu_enums.NETWORK_TYPE,
    tlvs.SOURCE_NETWORK_TYPE: pdu_enums.NETWORK_TYPE,
    tlvs.DEST_BEARER_TYPE: pdu_enums.BEARER_TYPE,
    tlvs.SOURCE_BEARER_TYPE: pdu_enums.BEARER_TYPE,
    tlvs.PAYLOAD_TYPE: pdu_enums.PAYLOAD_TYPE,
    tlvs.PRIVACY_INDICATOR: pdu_enums.PRIVACY_INDICATOR,
    tlvs.LANGUAGE_INDICATOR: pdu_enums.LANGUAGE_INDICATOR,
    tlvs.DISPLAY_TIME: pdu_enums.DISPLAY_TIME,
    tlvs.MORE_MESSAGES_TO_SEND: pdu_enums.MORE_MESSAGES_TO_SEND,
    tlvs.MESSAGE_STATE: pdu_enums.MESSAGE_STATE,
}
"""By tag: parameters whose values are members."""

_FORMS: dict[int, _Form] = {
    tag: _member(enumeration) for tag, enumeration in ENUMERATIONS.items()
} | {
    tlvs.DEST_TELEMATICS_ID: _integer(2),
    tlvs.SOURCE_TELEMATICS_ID: _integer(2),
    tlvs.QOS_TIME_TO_LIVE: _integer(4),
    tlvs.RECEIPTED_MESSAGE_ID: _c_octets(),
    tlvs.SOURCE_SUBADDRESS: _subaddress(),
    tlvs.DEST_SUBADDRESS: _subaddress(),
    tlvs.USER_MESSAGE_REFERENCE: _integer(2),
    tlvs.USER_RESPONSE_CODE: _integer(1),
    tlvs.SOURCE_PORT: _integer(2),
    tlvs.DESTINATION_PORT: _integer(2),
    tlvs.SAR_MSG_REF_NUM: _integer(2),
    tlvs.SAR_TOTAL_SEGMENTS: _integer(1),
    tlvs.SAR_SEGMENT_SEQNUM: _integer(1),
    tlvs.NETWORK_ERROR_CODE: _octets(),
    tlvs.MESSAGE_PAYLOAD: _octets(),
    tlvs.CALLBACK_NUM: _callback_num(),
    tlvs.NUMBER_OF_MESSAGES: _integer(1),
    tlvs.SMS_SIGNAL: _octets(),
}

_SAR = (tlvs.SAR_MSG_REF_NUM, tlvs.SAR_TOTAL_SEGMENTS, tlvs.SAR_SEGMENT_SEQNUM)

SUBMIT_SM: Final = (
    *(tlvs.USER_MESSAGE_REFERENCE, tlvs.SOURCE_PORT, tlvs.SOURCE_ADDR_SUBUNIT),
    *(tlvs.DESTINATION_PORT, tlvs.DEST_ADDR_SUBUNIT, *_SAR, tlvs.MORE_MESSAGES_TO_SEND),
    *(tlvs.PAYLOAD_TYPE, tlvs.MESSAGE_PAYLOAD, tlvs.PRIVACY_INDICATOR, tlvs.CALLBACK_NUM),
    *(tlvs.SOURCE_SUBADDRESS, tlvs.DEST_SUBADDRESS, tlvs.USER_RESPONSE_CODE, tlvs.DISPLAY_TIME),
    *(tlvs.SMS_SIGNAL, tlvs.NUMBER_OF_MESSAGES, tlvs.LANGUAGE_INDICATOR),
)
"""The parameters Jasmin knows in a submit_sm, in the order in which it sends them."""
DELIVER_SM: Final = (
    *(tlvs.SOURCE_NETWORK_TYPE, tlvs.DEST_NETWORK_TYPE, tlvs.MORE_MESSAGES_TO_SEND),
    *(tlvs.USER_MESSAGE_REFERENCE, tlvs.SOURCE_PORT, tlvs.DESTINATION_PORT, *_SAR),
    *(tlvs.USER_RESPONSE_CODE, tlvs.PRIVACY_INDICATOR, tlvs.PAYLOAD_TYPE, tlvs.MESSAGE_PAYLOAD),
    *(tlvs.CALLBACK_NUM, tlvs.SOURCE_SUBADDRESS, tlvs.DEST_SUBADDRESS, tlvs.LANGUAGE_INDICATOR),
    *(tlvs.NETWORK_ERROR_CODE, tlvs.MESSAGE_STATE, tlvs.RECEIPTED_MESSAGE_ID),
)
DATA_SM: Final = (
    *(tlvs.SOURCE_PORT, tlvs.SOURCE_ADDR_SUBUNIT, tlvs.SOURCE_NETWORK_TYPE),
    *(tlvs.SOURCE_BEARER_TYPE, tlvs.SOURCE_TELEMATICS_ID, tlvs.DESTINATION_PORT),
    *(tlvs.DEST_ADDR_SUBUNIT, tlvs.DEST_NETWORK_TYPE, tlvs.DEST_BEARER_TYPE),
    *(tlvs.DEST_TELEMATICS_ID, *_SAR, tlvs.MORE_MESSAGES_TO_SEND, tlvs.QOS_TIME_TO_LIVE),
    *(tlvs.PAYLOAD_TYPE, tlvs.MESSAGE_PAYLOAD, tlvs.RECEIPTED_MESSAGE_ID, tlvs.MESSAGE_STATE),
    *(tlvs.NETWORK_ERROR_CODE, tlvs.USER_MESSAGE_REFERENCE, tlvs.PRIVACY_INDICATOR),
    *(tlvs.CALLBACK_NUM, tlvs.SOURCE_SUBADDRESS, tlvs.DEST_SUBADDRESS),
    *(tlvs.USER_RESPONSE_CODE, tlvs.DISPLAY_TIME, tlvs.SMS_SIGNAL, tlvs.NUMBER_OF_MESSAGES),
    tlvs.LANGUAGE_INDICATOR,
)

_MAX_OCTETS = 0xFFFF
_MAX_OCTETS_IN_ALL = 1 << 17
"""Of the parameters of a PDU. In a pickle an entry may stand half a million times in a list."""
_OCTETS_OF_ONE = 64
"""What an empty one counts."""


def is_custom(tlv: Tlv) -> bool:
    """Jasmin has no name for it."""
    return isinstance(tlv, CustomTlv) or tlv.tag not in _FORMS


def write_tlvs(parameters: Iterable[Tlv], known: Sequence[int]) -> tuple[bytes, bytes]:
    """Opcodes of custom_tlvs, and items to put among the params of a PDU that has `known`."""
    among_params: dict[int, bytes] = {}
    custom = []
    for tlv in parameters:
        is_given = isinstance(tlv, CustomTlv)
        form = None if is_given or tlv.tag not in known else _FORMS[tlv.tag][0](tlv.value)
        if form is None or tlv.tag in among_params:
            custom.append(_write_custom(tlv))
        else:
            among_params[tlv.tag] = opcodes.text(tlvs.name_of(tlv.tag)) + form
    return opcodes.list_of(custom), b"".join(among_params.values())


def _write_custom(tlv: Tlv) -> bytes:
    length: int | None = len(tlv.value)
    kind: str | None = "OctetString"
    given: Given = tlv.value
    if isinstance(tlv, CustomTlv):
        length, kind, given = tlv.length, tlv.type, tlv.given
    return opcodes.tuple_of(
        opcodes.integer(tlv.tag),
        opcodes.NONE if length is None else opcodes.integer(length),
        opcodes.NONE if kind is None else opcodes.text(kind),
        _write_given(given),
    )


def _write_given(given: Given) -> bytes:
    if isinstance(given, str):
        return opcodes.text(given)
    return opcodes.octets(given) if isinstance(given, bytes) else opcodes.integer(given)


def read_tlvs(
    params: Mapping[str, object], custom: object, known: Sequence[int]
) -> tuple[Tlv, ...]:
    """Undo `write_tlvs`, in the order in which Jasmin sends them. Names that the PDU does not
    know are left out, as Jasmin leaves them out.

    Raises:
        BadTlv: a parameter cannot be put into octets: Jasmin would drop the message.
    """
    if not isinstance(custom, list):
        raise BadTlv("custom_tlvs is not a list")
    return tuple(
        _within_bounds(itertools.chain(_read_known(params, known), map(_read_custom, custom)))
    )


def _read_known(params: Mapping[str, object], known: Sequence[int]) -> Iterator[Tlv]:
    for tag in known:
        value = params.get(tlvs.name_of(tag))
        if value is not None:
            yield Tlv(tag, _bounded(_FORMS[tag][1](value)))


def _within_bounds(parameters: Iterable[Tlv]) -> Iterator[Tlv]:
    left = _MAX_OCTETS_IN_ALL
    for tlv in parameters:
        left -= _OCTETS_OF_ONE + len(tlv.value)
        if left < 0:
            raise BadTlv("more parameters than a PDU can have")
        yield tlv


def _read_custom(entry: object) -> Tlv:
    """Jasmin's rules for tuples of an HTTP client or a script (contract/smpp-client.md §7)."""
    if not isinstance(entry, tuple | list) or len(entry) != 4:
        raise BadTlv("custom TLV is not a tuple of four")
    tag, length, kind, value = entry
    if not isinstance(tag, int) or not 0 <= tag <= _MAX_OCTETS:
        raise BadTlv("custom TLV without a tag")
    if kind is not None and kind not in TYPES:
        raise BadTlv("custom TLV of an unknown type")
    if kind == "OctetString" and isinstance(value, bytes) and length == len(value):
        return Tlv(tag, _bounded(value))
    if not isinstance(value, str | int | float | bytes):
        raise BadTlv("custom TLV without a value")
    given = str(value) if isinstance(value, float) else value
    try:
        return custom_tlv(tag, given, kind, length if isinstance(length, int) else None)
    except TlvUnwritable as error:
        raise BadTlv(str(error)) from error


def _bounded(octets: bytes) -> bytes:
    if len(octets) > _MAX_OCTETS:
        raise BadTlv(f"{len(octets)} octets")
    return octets

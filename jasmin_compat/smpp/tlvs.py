"""Optional parameters: the table of SMPP 3.4 §5.3.2, and typed access to their values.

Reading is lenient (a peer's odd length never costs the message), writing follows the table. Tags
the table lacks pass as octets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from jasmin_compat.smpp.errors import FieldHoldsNul, FieldOutOfRange, FieldTooLong
from jasmin_compat.smpp.pdus import Tlv

DEST_ADDR_SUBUNIT: Final = 0x0005
DEST_NETWORK_TYPE: Final = 0x0006
DEST_BEARER_TYPE: Final = 0x0007
DEST_TELEMATICS_ID: Final = 0x0008
SOURCE_ADDR_SUBUNIT: Final = 0x000D
SOURCE_NETWORK_TYPE: Final = 0x000E
SOURCE_BEARER_TYPE: Final = 0x000F
SOURCE_TELEMATICS_ID: Final = 0x0010
QOS_TIME_TO_LIVE: Final = 0x0017
PAYLOAD_TYPE: Final = 0x0019
ADDITIONAL_STATUS_INFO_TEXT: Final = 0x001D
RECEIPTED_MESSAGE_ID: Final = 0x001E
MS_MSG_WAIT_FACILITIES: Final = 0x0030
PRIVACY_INDICATOR: Final = 0x0201
SOURCE_SUBADDRESS: Final = 0x0202
DEST_SUBADDRESS: Final = 0x0203
USER_MESSAGE_REFERENCE: Final = 0x0204
USER_RESPONSE_CODE: Final = 0x0205
SOURCE_PORT: Final = 0x020A
DESTINATION_PORT: Final = 0x020B
SAR_MSG_REF_NUM: Final = 0x020C
LANGUAGE_INDICATOR: Final = 0x020D
SAR_TOTAL_SEGMENTS: Final = 0x020E
SAR_SEGMENT_SEQNUM: Final = 0x020F
SC_INTERFACE_VERSION: Final = 0x0210
CALLBACK_NUM_PRES_IND: Final = 0x0302
CALLBACK_NUM_ATAG: Final = 0x0303
NUMBER_OF_MESSAGES: Final = 0x0304
CALLBACK_NUM: Final = 0x0381
DPF_RESULT: Final = 0x0420
SET_DPF: Final = 0x0421
MS_AVAILABILITY_STATUS: Final = 0x0422
NETWORK_ERROR_CODE: Final = 0x0423
MESSAGE_PAYLOAD: Final = 0x0424
DELIVERY_FAILURE_REASON: Final = 0x0425
MORE_MESSAGES_TO_SEND: Final = 0x0426
MESSAGE_STATE: Final = 0x0427
USSD_SERVICE_OP: Final = 0x0501
DISPLAY_TIME: Final = 0x1201
SMS_SIGNAL: Final = 0x1203
MS_VALIDITY: Final = 0x1204
ALERT_ON_MESSAGE_DELIVERY: Final = 0x130C
ITS_REPLY_TYPE: Final = 0x1380
ITS_SESSION_INFO: Final = 0x1383

MAX_OCTETS: Final = 0xFFFF
"""What the length field of a TLV can say."""


class Kind(Enum):
    """How the octets of a value are to be read."""

    INTEGER = "integer"
    C_OCTETS = "C-octet string"
    """Ends with a NUL, which counts in the length."""
    OCTETS = "octet string"


@dataclass(frozen=True, slots=True)
class TlvSpec:
    """One row of the table; lengths in octets of the value, as they stand in the length field."""

    tag: int
    name: str
    kind: Kind
    min_octets: int
    max_octets: int


_INT, _C, _OCTETS = Kind.INTEGER, Kind.C_OCTETS, Kind.OCTETS

TABLE: Final[dict[int, TlvSpec]] = {
    spec.tag: spec
    for spec in (
        TlvSpec(DEST_ADDR_SUBUNIT, "dest_addr_subunit", _INT, 1, 1),
        TlvSpec(DEST_NETWORK_TYPE, "dest_network_type", _INT, 1, 1),
        TlvSpec(DEST_BEARER_TYPE, "dest_bearer_type", _INT, 1, 1),
        TlvSpec(DEST_TELEMATICS_ID, "dest_telematics_id", _INT, 2, 2),
        TlvSpec(SOURCE_ADDR_SUBUNIT, "source_addr_subunit", _INT, 1, 1),
        TlvSpec(SOURCE_NETWORK_TYPE, "source_network_type", _INT, 1, 1),
        TlvSpec(SOURCE_BEARER_TYPE, "source_bearer_type", _INT, 1, 1),
        TlvSpec(SOURCE_TELEMATICS_ID, "source_telematics_id", _INT, 1, 1),
        TlvSpec(QOS_TIME_TO_LIVE, "qos_time_to_live", _INT, 4, 4),
        TlvSpec(PAYLOAD_TYPE, "payload_type", _INT, 1, 1),
        TlvSpec(ADDITIONAL_STATUS_INFO_TEXT, "additional_status_info_text", _C, 1, 256),
        TlvSpec(RECEIPTED_MESSAGE_ID, "receipted_message_id", _C, 1, 65),
        TlvSpec(MS_MSG_WAIT_FACILITIES, "ms_msg_wait_facilities", _INT, 1, 1),
        TlvSpec(PRIVACY_INDICATOR, "privacy_indicator", _INT, 1, 1),
        TlvSpec(SOURCE_SUBADDRESS, "source_subaddress", _OCTETS, 2, 23),
        TlvSpec(DEST_SUBADDRESS, "dest_subaddress", _OCTETS, 2, 23),
        TlvSpec(USER_MESSAGE_REFERENCE, "user_message_reference", _INT, 2, 2),
        TlvSpec(USER_RESPONSE_CODE, "user_response_code", _INT, 1, 1),
        TlvSpec(SOURCE_PORT, "source_port", _INT, 2, 2),
        TlvSpec(DESTINATION_PORT, "destination_port", _INT, 2, 2),
        TlvSpec(SAR_MSG_REF_NUM, "sar_msg_ref_num", _INT, 2, 2),
        TlvSpec(LANGUAGE_INDICATOR, "language_indicator", _INT, 1, 1),
        TlvSpec(SAR_TOTAL_SEGMENTS, "sar_total_segments", _INT, 1, 1),
        TlvSpec(SAR_SEGMENT_SEQNUM, "sar_segment_seqnum", _INT, 1, 1),
        TlvSpec(SC_INTERFACE_VERSION, "sc_interface_version", _INT, 1, 1),
        TlvSpec(CALLBACK_NUM_PRES_IND, "callback_num_pres_ind", _INT, 1, 1),
        TlvSpec(CALLBACK_NUM_ATAG, "callback_num_atag", _OCTETS, 0, 65),
        TlvSpec(NUMBER_OF_MESSAGES, "number_of_messages", _INT, 1, 1),
        TlvSpec(CALLBACK_NUM, "callback_num", _OCTETS, 4, 19),
        TlvSpec(DPF_RESULT, "dpf_result", _INT, 1, 1),
        TlvSpec(SET_DPF, "set_dpf", _INT, 1, 1),
        TlvSpec(MS_AVAILABILITY_STATUS, "ms_availability_status", _INT, 1, 1),
        TlvSpec(NETWORK_ERROR_CODE, "network_error_code", _OCTETS, 3, 3),
        TlvSpec(MESSAGE_PAYLOAD, "message_payload", _OCTETS, 0, MAX_OCTETS),
        TlvSpec(DELIVERY_FAILURE_REASON, "delivery_failure_reason", _INT, 1, 1),
        TlvSpec(MORE_MESSAGES_TO_SEND, "more_messages_to_send", _INT, 1, 1),
        TlvSpec(MESSAGE_STATE, "message_state", _INT, 1, 1),
        TlvSpec(USSD_SERVICE_OP, "ussd_service_op", _OCTETS, 1, 1),
        TlvSpec(DISPLAY_TIME, "display_time", _INT, 1, 1),
        TlvSpec(SMS_SIGNAL, "sms_signal", _INT, 2, 2),
        TlvSpec(MS_VALIDITY, "ms_validity", _INT, 1, 1),
        TlvSpec(ALERT_ON_MESSAGE_DELIVERY, "alert_on_message_delivery", _OCTETS, 0, 0),
        TlvSpec(ITS_REPLY_TYPE, "its_reply_type", _INT, 1, 1),
        TlvSpec(ITS_SESSION_INFO, "its_session_info", _OCTETS, 2, 2),
    )
}


def name_of(tag: int) -> str:
    """The specification's name, or the tag in hexadecimal."""
    spec = TABLE.get(tag)
    return spec.name if spec is not None else f"0x{tag:04x}"


def read_octets(tlvs: Iterable[Tlv], tag: int) -> bytes | None:
    """The value as it stands; of a repeated tag the first."""
    for tlv in tlvs:
        if tlv.tag == tag:
            return tlv.value
    return None


def read_integer(tlvs: Iterable[Tlv], tag: int) -> int | None:
    """The value as an unsigned number of however many octets came; None when none did."""
    octets = read_octets(tlvs, tag)
    return int.from_bytes(octets) if octets else None


def read_c_octets(tlvs: Iterable[Tlv], tag: int) -> bytes | None:
    """The value up to its NUL, or whole where the sender forgot it."""
    octets = read_octets(tlvs, tag)
    return octets.partition(b"\0")[0] if octets is not None else None


def write_integer(tag: int, value: int) -> Tlv:
    """An INTEGER parameter, in the octets the table gives it.

    Raises:
        FieldOutOfRange: the number does not fit.
    """
    spec = TABLE[tag]
    limit = (1 << 8 * spec.max_octets) - 1
    if not 0 <= value <= limit:
        raise FieldOutOfRange(spec.name, value, limit)
    return Tlv(tag, value.to_bytes(spec.max_octets))


def write_c_octets(tag: int, value: bytes) -> Tlv:
    """A C_OCTETS parameter; the NUL is put behind `value`.

    Raises:
        FieldTooLong: more octets than the table allows.
        FieldHoldsNul: a NUL inside `value`.
    """
    spec = TABLE[tag]
    if len(value) >= spec.max_octets:
        raise FieldTooLong(spec.name, len(value), spec.max_octets - 1)
    if 0 in value:
        raise FieldHoldsNul(spec.name)
    return Tlv(tag, value + b"\0")

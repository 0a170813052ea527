"""The enumerations of Jasmin's SMPP library: their members in order, and SMPP's codes.

Pickles hold a member by its position from 1, or by its name; Redis and headers by `Class.NAME`
(contract/amqp-topology.md §6.2). Neither is the code that SMPP has on the wire.
"""

from collections.abc import Mapping
from typing import Final

from jasmin_compat.smpp.commands import NAMES as COMMAND_NAMES
from jasmin_compat.smpp.statuses import NAMES as STATUS_NAMES

_MOST_DIGITS = 3
"""Of a code without a name: an octet on the wire."""


class Enumeration:
    """One enumeration; immutable by custom."""

    __slots__ = ("_code_of_name", "_codes", "_name_of_code", "_position_of_code", "name")

    def __init__(self, name: str, codes: Mapping[str, int]) -> None:
        """`codes` by member name, in order of position."""
        self.name = name
        self._code_of_name = dict(codes)
        self._codes = tuple(codes.values())
        self._name_of_code = {code: member for member, code in codes.items()}
        self._position_of_code = {code: at + 1 for at, code in enumerate(self._codes)}

    def code_at(self, position: int) -> int:
        """Raises IndexError for a position without a member."""
        if position < 1:
            raise IndexError(position)
        return self._codes[position - 1]

    def code_of(self, member: str) -> int:
        """Raises KeyError for a name without a member."""
        return self._code_of_name[member]

    def position_of(self, code: int) -> int | None:
        """None for a code that no member has."""
        return self._position_of_code.get(code)

    def name_of(self, code: int) -> str | None:
        """None for a code that no member has."""
        return self._name_of_code.get(code)

    def codes(self) -> tuple[int, ...]:
        """In order of position."""
        return self._codes

    def to_text(self, code: int) -> str:
        """`AddrTon.NATIONAL`; a code without a name keeps its number, which Jasmin cannot read."""
        return f"{self.name}.{self._name_of_code.get(code, code)}"

    def from_text(self, text: str) -> int:
        """The code of `AddrTon.NATIONAL`, `NATIONAL` or `AddrTon.9`.

        Raises:
            KeyError: a name without a member.
        """
        name = text.removeprefix(f"{self.name}.")
        if name.isascii() and name.isdecimal() and len(name) <= _MOST_DIGITS:
            return int(name)
        return self._code_of_name[name]


def _counted(name: str, members: str, first: int = 0) -> Enumeration:
    return Enumeration(name, {member: first + at for at, member in enumerate(members.split())})


def _listed(name: str, **codes: int) -> Enumeration:
    return Enumeration(name, codes)


_COMMANDS = (
    *("generic_nack", "bind_receiver", "bind_receiver_resp", "bind_transmitter"),
    *("bind_transmitter_resp", "query_sm", "query_sm_resp", "submit_sm", "submit_sm_resp"),
    *("deliver_sm", "deliver_sm_resp", "unbind", "unbind_resp", "replace_sm", "replace_sm_resp"),
    *("cancel_sm", "cancel_sm_resp", "bind_transceiver", "bind_transceiver_resp", "outbind"),
    *("enquire_link", "enquire_link_resp", "submit_multi", "submit_multi_resp"),
    *("alert_notification", "data_sm", "data_sm_resp"),
)
_CODE_OF_COMMAND = {name: code for code, name in COMMAND_NAMES.items()}

COMMAND_ID: Final = Enumeration("CommandId", {name: _CODE_OF_COMMAND[name] for name in _COMMANDS})
COMMAND_STATUS: Final = Enumeration(
    "CommandStatus",
    {STATUS_NAMES[code]: code for code in sorted(STATUS_NAMES)}
    | {
        "RESERVEDSTATUS_SMPP_EXTENSION": -1,  # the library's own numbers for what it cannot name
        "RESERVEDSTATUS_VENDOR_SPECIFIC": -2,
        "RESERVEDSTATUS": -3,
        "RESERVEDSTATUS_UNKNOWN_STATUS": -4,
    },
)
ADDR_TON: Final = _counted(
    "AddrTon",
    "UNKNOWN INTERNATIONAL NATIONAL NETWORK_SPECIFIC SUBSCRIBER_NUMBER ALPHANUMERIC ABBREVIATED",
)
ADDR_NPI: Final = _listed(
    "AddrNpi",
    UNKNOWN=0,
    ISDN=1,
    DATA=3,
    TELEX=4,
    LAND_MOBILE=6,
    NATIONAL=8,
    PRIVATE=9,
    ERMES=10,
    INTERNET=14,
    WAP_CLIENT_ID=18,
)
PRIORITY_FLAG: Final = _counted("PriorityFlag", "LEVEL_0 LEVEL_1 LEVEL_2 LEVEL_3")
REPLACE_IF_PRESENT_FLAG: Final = _counted("ReplaceIfPresentFlag", "DO_NOT_REPLACE REPLACE")
ESM_CLASS_MODE: Final = _counted("EsmClassMode", "DEFAULT DATAGRAM FORWARD STORE_AND_FORWARD")
ESM_CLASS_TYPE: Final = _listed(
    "EsmClassType",
    DEFAULT=0,
    SMSC_DELIVERY_RECEIPT=0x04,
    DELIVERY_ACKNOWLEDGEMENT=0x08,
    MANUAL_ACKNOWLEDGMENT=0x10,
    CONVERSATION_ABORT=0x18,
    INTERMEDIATE_DELIVERY_NOTIFICATION=0x20,
)
ESM_CLASS_GSM_FEATURES: Final = _listed(
    "EsmClassGsmFeatures", UDHI_INDICATOR_SET=0x40, SET_REPLY_PATH=0x80
)
REGISTERED_DELIVERY_RECEIPT: Final = _counted(
    "RegisteredDeliveryReceipt",
    "NO_SMSC_DELIVERY_RECEIPT_REQUESTED SMSC_DELIVERY_RECEIPT_REQUESTED"
    " SMSC_DELIVERY_RECEIPT_REQUESTED_FOR_FAILURE",
)
REGISTERED_DELIVERY_ACKS: Final = _listed(
    "RegisteredDeliverySmeOriginatedAcks",
    SME_DELIVERY_ACK_REQUESTED=0x04,
    SME_MANUAL_ACK_REQUESTED=0x08,
)
DATA_CODING_SCHEME: Final = _counted("DataCodingScheme", "RAW DEFAULT GSM_MESSAGE_CLASS")
DATA_CODING_DEFAULT: Final = _listed(
    "DataCodingDefault",
    SMSC_DEFAULT_ALPHABET=0,
    IA5_ASCII=1,
    OCTET_UNSPECIFIED=2,
    LATIN_1=3,
    OCTET_UNSPECIFIED_COMMON=4,
    JIS=5,
    CYRILLIC=6,
    ISO_8859_8=7,
    UCS2=8,
    PICTOGRAM=9,
    ISO_2022_JP=10,
    EXTENDED_KANJI_JIS=13,
    KS_C_5601=14,
)
DATA_CODING_GSM_CODING: Final = _listed(
    "DataCodingGsmMsgCoding", DEFAULT_ALPHABET=0x00, DATA_8BIT=0x04
)
DATA_CODING_GSM_CLASS: Final = _counted(
    "DataCodingGsmMsgClass", "NO_MESSAGE_CLASS CLASS_1 CLASS_2 CLASS_3"
)
MESSAGE_STATE: Final = _counted(
    "MessageState",
    "ENROUTE DELIVERED EXPIRED DELETED UNDELIVERABLE ACCEPTED UNKNOWN REJECTED",
    first=1,
)
CALLBACK_NUM_DIGIT_MODE: Final = _counted("CallbackNumDigitModeIndicator", "TBCD ASCII")
SUBADDRESS_TYPE_TAG: Final = _listed(
    "SubaddressTypeTag", NSAP_EVEN=0x80, NSAP_ODD=0x88, USER_SPECIFIED=0xA0, RESERVED=0x00
)
ADDR_SUBUNIT: Final = _counted(
    "AddrSubunit", "UNKNOWN MS_DISPLAY MOBILE_EQUIPMENT SMART_CARD_1 EXTERNAL_UNIT_1"
)
NETWORK_TYPE: Final = _counted(
    "NetworkType", "UNKNOWN GSM TDMA CDMA PDC PHS IDEN AMPS PAGING_NETWORK"
)
BEARER_TYPE: Final = _counted(
    "BearerType",
    "UNKNOWN SMS CSD PACKET_DATA USSD CDPD DATATAC FLEX_REFLEX CELL_BROADCAST",
)
PAYLOAD_TYPE: Final = _counted("PayloadType", "DEFAULT WCMP")
PRIVACY_INDICATOR: Final = _counted(
    "PrivacyIndicator", "NOT_RESTRICTED RESTRICTED CONFIDENTIAL SECRET"
)
LANGUAGE_INDICATOR: Final = _counted(
    "LanguageIndicator", "UNSPECIFIED ENGLISH FRENCH SPANISH GERMAN PORTUGUESE"
)
DISPLAY_TIME: Final = _counted("DisplayTime", "TEMPORARY DEFAULT INVOKE")
MS_AVAILABILITY_STATUS: Final = _counted("MsAvailabilityStatus", "AVAILABLE DENIED UNAVAILABLE")
DELIVERY_FAILURE_REASON: Final = _counted(
    "DeliveryFailureReason",
    "DESTINATION_UNAVAILABLE DESTINATION_ADDRESS_INVALID PERMANENT_NETWORK_ERROR"
    " TEMPORARY_NETWORK_ERROR",
)
MORE_MESSAGES_TO_SEND: Final = _counted("MoreMessagesToSend", "NO_MORE_MESSAGES MORE_MESSAGES")

ALL: Final = tuple(found for found in globals().values() if isinstance(found, Enumeration))

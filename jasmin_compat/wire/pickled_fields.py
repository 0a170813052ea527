"""Fields of a pickled PDU: their opcodes, and what reading makes of them.

Every value survives (contract/amqp-topology.md §6.1). One that Jasmin has no class for (a TON of
9, an esm_class of a reserved type, a time that is none) is the plain integer or octets: Jasmin can
load that message, not send it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from jasmin_compat.smpp.times import BadTime, RelativeTime, format_time, parse_time
from jasmin_compat.wire import pdu_enums
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import EsmClass, GsmMessage, Instance, RegisteredDelivery
from jasmin_compat.wire.pdu_enums import Enumeration

MAX_OCTETS: Final = 1 << 12
"""Of a field; SMPP's are shorter, but a Jasmin queues more than it can send."""


class BadField(Exception):
    """A field in a pickle that is no value of its kind."""


# ---------------------------------------------------------------- writing: opcodes by code


def _esm_class(code: int) -> bytes | None:
    mode = opcodes.member(pdu_enums.ESM_CLASS_MODE, code & 0x03)
    kind = opcodes.member(pdu_enums.ESM_CLASS_TYPE, code & 0x3C)
    if mode is None or kind is None:
        return None
    features = opcodes.members(pdu_enums.ESM_CLASS_GSM_FEATURES, code)
    return opcodes.new(opcodes.pdu_type("EsmClass"), mode, kind, features)


def _registered_delivery(code: int) -> bytes | None:
    receipt = opcodes.member(pdu_enums.REGISTERED_DELIVERY_RECEIPT, code & 0x03)
    if receipt is None or code & 0xE0:
        return None
    acks = opcodes.members(pdu_enums.REGISTERED_DELIVERY_ACKS, code)
    intermediate = opcodes.boolean(bool(code & 0x10))
    return opcodes.new(opcodes.pdu_type("RegisteredDelivery"), receipt, acks, intermediate)


def _data_coding(code: int) -> bytes | None:
    data = opcodes.member(pdu_enums.DATA_CODING_DEFAULT, code)
    scheme = "DEFAULT"
    if data is None and code & 0xF8 == 0xF0:  # of 0xF8 Jasmin makes 0xF0; raw keeps it
        coding = opcodes.member(pdu_enums.DATA_CODING_GSM_CODING, code & 0x04)
        message_class = opcodes.member(pdu_enums.DATA_CODING_GSM_CLASS, code & 0x03)
        if coding is not None and message_class is not None:
            data = opcodes.new(opcodes.pdu_type("DataCodingGsmMsg"), coding, message_class)
            scheme = "GSM_MESSAGE_CLASS"
    if data is None:
        data, scheme = opcodes.integer(code), "RAW"
    schemes = pdu_enums.DATA_CODING_SCHEME
    member = opcodes.member(schemes, schemes.code_of(scheme))
    if member is None:
        return None
    attributes = (("scheme", member), ("schemeData", data))
    return opcodes.instance(opcodes.pdu_type("DataCoding"), attributes)


def _table(write: Callable[[int], bytes | None]) -> tuple[bytes, ...]:
    return tuple(write(code) or opcodes.integer(code) for code in range(256))


def _members(enumeration: Enumeration) -> tuple[bytes, ...]:
    return _table(lambda code: opcodes.member(enumeration, code))


INTEGER = _table(opcodes.integer)
ADDR_TON = _members(pdu_enums.ADDR_TON)
ADDR_NPI = _members(pdu_enums.ADDR_NPI)
ESM_CLASS = _table(_esm_class)
PRIORITY_FLAG = _members(pdu_enums.PRIORITY_FLAG)
REGISTERED_DELIVERY = _table(_registered_delivery)
REPLACE_IF_PRESENT_FLAG = _members(pdu_enums.REPLACE_IF_PRESENT_FLAG)
DATA_CODING = _table(_data_coding)

# A message of HTTP has None where nobody set anything, and the name of a priority that was asked.
PROTOCOL_ID_OF_HTTP = (opcodes.NONE, *INTEGER[1:])
PRIORITY_FLAG_OF_HTTP = (
    PRIORITY_FLAG[0],
    *(opcodes.text(f"LEVEL_{level}") for level in range(1, 4)),
    *PRIORITY_FLAG[4:],
)


def write_octets_or_none(value: bytes) -> bytes:
    return opcodes.octets(value) if value else opcodes.NONE


def write_time(text: bytes) -> bytes:
    """A datetime or a span; the octets themselves where it is neither, or not written so."""
    if not text:
        return opcodes.NONE
    try:
        time = parse_time(text)
    except BadTime:
        return opcodes.octets(text)
    if format_time(time) != text:  # "…00-", or a span with an offset
        return opcodes.octets(text)
    if isinstance(time, RelativeTime):
        return opcodes.span(time)
    return opcodes.moment(time.replace(tzinfo=None) if time.tzinfo is UTC else time)


# ---------------------------------------------------------------- reading


def read_integer(value: object) -> int:
    """Null is 0, as Jasmin sends it."""
    if value is None:
        return 0
    if not isinstance(value, int) or not 0 <= value < 256:
        raise BadField("not an octet")
    return value


def member_reader(enumeration: Enumeration) -> Callable[[object], int]:
    """A member is its code by now; the console and scripts leave names."""

    def read(value: object) -> int:
        if isinstance(value, str):
            try:
                value = enumeration.from_text(value)
            except KeyError:
                raise BadField(f"{enumeration.name} has no such member") from None
        return read_integer(value)

    return read


def read_octets(value: object) -> bytes:
    """Null is empty; a text is what a user's default or a script left."""
    if value is None:
        return b""
    if not isinstance(value, str | bytes):
        raise BadField("not octets")
    if len(value) > MAX_OCTETS:  # in a pickle a text may stand in each field of each part
        raise BadField(f"{len(value)} octets")
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def read_esm_class(value: object) -> int:
    if not isinstance(value, EsmClass):
        return read_integer(value)
    return read_integer(value.mode) | read_integer(value.type) | _bits(value.features)


def read_registered_delivery(value: object) -> int:
    if not isinstance(value, RegisteredDelivery):
        return read_integer(value)
    intermediate = 0x10 if value.intermediate else 0
    return read_integer(value.receipt) | _bits(value.acks) | intermediate


def _bits(features: object) -> int:
    if not isinstance(features, frozenset):
        raise BadField("not a set")
    bits = 0
    for feature in features:
        bits |= read_integer(feature)
    return bits


def read_data_coding(value: object) -> int:
    """HTTP's messages have the plain integer."""
    if not isinstance(value, Instance):
        return read_integer(value)
    data = value.state.get("schemeData")
    if isinstance(data, GsmMessage):
        return 0xF0 | read_integer(data.coding) | read_integer(data.message_class)
    return read_integer(data)


def read_time(value: object) -> bytes:
    if isinstance(value, datetime | RelativeTime):
        return format_time(value)
    return read_octets(value)

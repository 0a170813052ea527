"""Names a Jasmin pickle may hold, and what stands in for each (contract/amqp-topology.md §6).

The list is the security boundary of wire/pickles.py: every entry builds a plain value or an
`Instance`; none has an effect.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from jasmin_compat.smpp.times import RelativeTime
from jasmin_compat.wire import pdu_enums
from jasmin_compat.wire.pdu_enums import Enumeration


@dataclass(slots=True)
class Instance:
    """An object of one of Jasmin's classes: its attributes, unchecked."""

    name: str
    """Of the class, without its module."""
    state: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Global:
    """What a name in a pickle stands for."""

    make: Callable[..., object]
    enumeration: Enumeration | None = None


class EsmClass(NamedTuple):
    mode: object
    type: object
    features: object


class RegisteredDelivery(NamedTuple):
    receipt: object
    acks: object
    intermediate: object


class GsmMessage(NamedTuple):
    """schemeData of a data_coding of the 0xF0 group."""

    coding: object
    message_class: object


class CallbackNum(NamedTuple):
    digit_mode: object
    ton: object
    npi: object
    digits: object


class Subaddress(NamedTuple):
    type_tag: object
    value: object


class Pattern(NamedTuple):
    """A regular expression, not compiled: nobody here runs it."""

    pattern: object
    flags: object


def _encode(text: str, encoding: str) -> bytes:
    """What protocol 2 has for bytes."""
    if encoding != "latin1":
        raise ValueError("another encoding than latin1")
    return text.encode("latin-1")


def _set(members: list[object]) -> frozenset[object]:
    """Of codes only: hashing anything else could recurse without end."""
    if not all(isinstance(member, int) for member in members):
        raise TypeError("set of something else than enumeration members")
    return frozenset(members)


def _bytes() -> bytes:
    """What protocol 2 has for empty bytes."""
    return b""


def _getattr(owner: Global, name: str) -> int:
    """What some Pythons have for a member of an enumeration."""
    if owner.enumeration is None or not isinstance(name, str):  # to hash it may take for ever
        raise TypeError("getattr of something else than an enumeration's member")
    return owner.enumeration.code_of(name)


def _datetime(state: bytes, zone: Instance | None = None) -> datetime:
    if not isinstance(state, bytes) or len(state) != 10:
        raise TypeError("datetime of something else than its ten octets")
    day, hour, minute, second = state[3:7]
    moment = datetime(
        int.from_bytes(state[:2]),
        state[2] & 0x7F,  # the high bit is `fold`
        day,
        hour,
        minute,
        second,
        int.from_bytes(state[7:]),
        tzinfo=None if zone is None else _zone(zone),
    )
    if zone is not None:
        moment.astimezone(UTC)  # or it overflows where the time is needed
    return moment


def _zone(fixed_offset: Instance) -> tzinfo:
    offset = fixed_offset.state["_FixedOffset__offset"]
    if not isinstance(offset, timedelta):
        raise TypeError("zone without its offset")
    return timezone(offset)


def _relative_time(*fields: int) -> RelativeTime:
    """Two digits each."""
    if not all(isinstance(number, int) and 0 <= number < 100 for number in fields):
        raise TypeError("relative time of something else than numbers")
    return RelativeTime(*fields)


_FUNCTIONS: dict[tuple[str, str], Callable[..., object]] = {
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _bytes,
    ("__builtin__", "set"): _set,
    ("__builtin__", "getattr"): _getattr,
    ("builtins", "bytes"): _bytes,
    ("builtins", "set"): _set,
    ("builtins", "getattr"): _getattr,
    ("datetime", "datetime"): _datetime,
    ("datetime", "timedelta"): timedelta,
    ("re", "_compile"): Pattern,
    ("smpp.pdu.smpp_time", "SMPPRelativeTime"): _relative_time,
    ("smpp.pdu.pdu_types", "EsmClass"): EsmClass,
    ("smpp.pdu.pdu_types", "RegisteredDelivery"): RegisteredDelivery,
    ("smpp.pdu.pdu_types", "DataCodingGsmMsg"): GsmMessage,
    ("smpp.pdu.pdu_types", "CallbackNum"): CallbackNum,
    ("smpp.pdu.pdu_types", "Subaddress"): Subaddress,
}
_INSTANCES = (
    ("smpp.pdu.smpp_time", "FixedOffset"),
    ("smpp.pdu.pdu_types", "DataCoding"),
    ("smpp.pdu.operations", "SubmitSM"),
    ("smpp.pdu.operations", "SubmitSMResp"),
    ("smpp.pdu.operations", "DeliverSM"),
    ("smpp.pdu.operations", "DataSM"),
    ("jasmin.routing.Routables", "RoutableDeliverSm"),
    ("jasmin.routing.jasminApi", "Connector"),
    ("jasmin.routing.jasminApi", "HttpConnector"),
    ("jasmin.routing.jasminApi", "SmppServerSystemIdConnector"),
    ("jasmin.routing.jasminApi", "User"),
    ("jasmin.routing.jasminApi", "Group"),
    ("jasmin.routing.jasminApi", "MtMessagingCredential"),
    ("jasmin.routing.jasminApi", "SmppsCredential"),
    ("jasmin.routing.Bills", "SubmitSmBill"),
)


def _instance(name: str) -> Callable[[], Instance]:
    return lambda: Instance(name)


ALLOWED: dict[tuple[str, str], Global] = (
    {name: Global(make) for name, make in _FUNCTIONS.items()}
    | {name: Global(_instance(name[1])) for name in _INSTANCES}
    | {
        ("smpp.pdu.pdu_types", enumeration.name): Global(enumeration.code_at, enumeration)
        for enumeration in pdu_enums.ALL
    }
)
"""By module and name. Instances take no arguments, so a pickle can give them none."""

"""The names of Jasmin's SMPP library that scripts use: enumerations, PDUs, times.

Written for scripts that `import smpp.pdu.pdu_types`; what they leave behind is pickled by these
names and read back through the allow-list of wire/pickles.py.
"""

from collections import namedtuple
from collections.abc import Iterable
from datetime import timedelta, tzinfo
from enum import Enum
from typing import Any

from typing_extensions import override

from jasmin_compat.smpp import tlvs
from jasmin_compat.wire import pdu_enums, pickled_tlvs
from jasmin_compat.wire.pdu_enums import Enumeration

TYPES = "smpp.pdu.pdu_types"
OPERATIONS = "smpp.pdu.operations"
TIMES = "smpp.pdu.smpp_time"


def _enum(enumeration: Enumeration) -> type[Enum]:
    """Members numbered from 1, as they are pickled."""
    names = [str(enumeration.name_of(code)) for code in enumeration.codes()]
    functional: Any = Enum
    made: type[Enum] = functional(enumeration.name, names, module=TYPES)
    return made


ENUMS: dict[str, type[Enum]] = {each.name: _enum(each) for each in pdu_enums.ALL}
_OK = ENUMS["CommandStatus"]["ESME_ROK"]


class EsmClass(namedtuple("_EsmClass", "mode, type, gsmFeatures")):
    """Features may be left out, and are a set."""

    __slots__ = ()

    def __new__(cls, mode: Any, type: Any, gsmFeatures: Iterable[Any] = ()) -> "EsmClass":  # noqa: A002
        return super().__new__(cls, mode, type, set(gsmFeatures))


class RegisteredDelivery(
    namedtuple("_RegisteredDelivery", "receipt, smeOriginatedAcks, intermediateNotification")
):
    """All but the receipt may be left out."""

    __slots__ = ()

    def __new__(
        cls,
        receipt: Any,
        smeOriginatedAcks: Iterable[Any] = (),
        intermediateNotification: bool = False,
    ) -> "RegisteredDelivery":
        return super().__new__(cls, receipt, set(smeOriginatedAcks), intermediateNotification)


DataCodingGsmMsg = namedtuple("DataCodingGsmMsg", "msgCoding, msgClass", module=TYPES)
CallbackNum = namedtuple(
    "CallbackNum",
    "digitModeIndicator, ton, npi, digits",
    module=TYPES,
    defaults=(ENUMS["AddrTon"]["UNKNOWN"], ENUMS["AddrNpi"]["UNKNOWN"], None),
)
Subaddress = namedtuple("Subaddress", "typeTag, value", module=TYPES)
SMPPRelativeTime = namedtuple(
    "SMPPRelativeTime", "years, months, days, hours, minutes, seconds", module=TIMES
)


class DataCoding:
    """`scheme` says what `schemeData` is."""

    def __init__(self, scheme: Any = None, schemeData: Any = None) -> None:
        self.scheme = scheme or ENUMS["DataCodingScheme"]["DEFAULT"]
        self.schemeData = schemeData or ENUMS["DataCodingDefault"]["SMSC_DEFAULT_ALPHABET"]

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataCoding) and vars(self) == vars(other)

    @override
    def __hash__(self) -> int:
        return hash((self.scheme, self.schemeData))

    @override
    def __repr__(self) -> str:
        return f"DataCoding[scheme: {self.scheme}, schemeData: {self.schemeData}]"


class FixedOffset(tzinfo):
    """The zone of an absolute time."""

    def __init__(self, offset_min: int = 0, name: str = "") -> None:
        self.__offset = timedelta(minutes=offset_min)
        self.__name = name

    @override
    def utcoffset(self, _at: Any) -> timedelta:
        return self.__offset

    @override
    def tzname(self, _at: Any) -> str:
        return self.__name

    @override
    def dst(self, _at: Any) -> timedelta:
        return timedelta(0)


class PDU:
    """What scripts see of a PDU."""

    _command = ""
    mandatoryParams: tuple[str, ...] = ()
    optionalParams: tuple[str, ...] = ()

    def __init__(self, seqNum: int | None = None, status: Any = None, **params: Any) -> None:
        self.id = ENUMS["CommandId"][self._command]
        self.seqNum = seqNum
        self.status = status or _OK
        self.custom_tlvs: list[Any] = params.pop("custom_tlvs", [])
        self.params: dict[str, Any] = dict.fromkeys(self.mandatoryParams) | {
            name: value.encode() if isinstance(value, str) else value
            for name, value in params.items()
        }

    @override
    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # as Jasmin's: its params change

    @override
    def __repr__(self) -> str:
        params = "".join(f"\n{name}: {value}" for name, value in self.params.items())
        head = f"command: {self.id}, sequence_number: {self.seqNum}, status: {self.status}"
        return f"PDU [{head}{params}\n]"


class PDURequest(PDU):
    """A request."""


class PDUDataRequest(PDURequest):
    """A request that carries a message."""


_MESSAGE = (
    *("service_type", "source_addr_ton", "source_addr_npi", "source_addr", "dest_addr_ton"),
    *("dest_addr_npi", "destination_addr", "esm_class", "protocol_id", "priority_flag"),
    *("schedule_delivery_time", "validity_period", "registered_delivery"),
    *("replace_if_present_flag", "data_coding", "sm_default_msg_id", "short_message"),
)


def _tlv_names(known: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(tlvs.name_of(tag) for tag in known)


class SubmitSM(PDUDataRequest):
    """A message to a mobile; the next part of a long one is `nextPdu`."""

    _command = "submit_sm"
    mandatoryParams = _MESSAGE
    optionalParams = _tlv_names(pickled_tlvs.SUBMIT_SM)


class DeliverSM(PDUDataRequest):
    """A message from a mobile."""

    _command = "deliver_sm"
    mandatoryParams = _MESSAGE
    optionalParams = _tlv_names(pickled_tlvs.DELIVER_SM)


class DataSM(PDUDataRequest):
    """A message from a mobile, short form."""

    _command = "data_sm"
    mandatoryParams = (*_MESSAGE[:8], "registered_delivery", "data_coding")
    optionalParams = _tlv_names(pickled_tlvs.DATA_SM)


OF_TYPES = ENUMS | {
    made.__name__: made
    for made in (
        *(EsmClass, RegisteredDelivery, DataCoding, DataCodingGsmMsg, CallbackNum, Subaddress),
        *(PDU, PDURequest, PDUDataRequest),
    )
}
OF_OPERATIONS: dict[str, type] = {made.__name__: made for made in (SubmitSM, DeliverSM, DataSM)}
OF_TIMES: dict[str, type] = {made.__name__: made for made in (FixedOffset, SMPPRelativeTime)}
for module, names in ((TYPES, OF_TYPES), (OPERATIONS, OF_OPERATIONS), (TIMES, OF_TIMES)):
    for made in names.values():
        made.__module__ = module

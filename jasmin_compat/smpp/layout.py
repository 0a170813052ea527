"""Which field follows which in every body (SMPP 3.4 §4), and how many octets it may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import (
    AlertNotification,
    Bind,
    BindResp,
    CancelSm,
    DataSm,
    DeliverSm,
    DistributionList,
    Empty,
    MessageIdResp,
    Outbind,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    UnsuccessfulSme,
)


@dataclass(frozen=True, slots=True)
class Octet:
    """An unsigned integer of one octet."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """An unsigned integer of four octets."""

    name: str


@dataclass(frozen=True, slots=True)
class CString:
    """Octets up to a NUL; `limit` counts them without it, None is for as many as fit a PDU."""

    name: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """One octet of length, then so many octets."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """One octet of count, then so many of `of`; or of what the flag before each says."""

    name: str
    of: type | Mapping[int, type]


Field = Octet | Word | CString | Counted | Repeated

# Limits are the specification's and Jasmin's (contract/smpp-client.md §11), but for addresses:
# what an SMSC thinks of a long one is for the SMSC to say.

_SOURCE: Final = (
    Octet("source_addr_ton"),
    Octet("source_addr_npi"),
    CString("source_addr", None),
)
_DESTINATION: Final = (
    Octet("dest_addr_ton"),
    Octet("dest_addr_npi"),
    CString("destination_addr", None),
)
_MESSAGE: Final = (
    Octet("esm_class"),
    Octet("protocol_id"),
    Octet("priority_flag"),
    CString("schedule_delivery_time", 16),
    CString("validity_period", 16),
    Octet("registered_delivery"),
    Octet("replace_if_present_flag"),
    Octet("data_coding"),
    Octet("sm_default_msg_id"),
    Counted("short_message", 254),
)
_SERVICE_TYPE: Final = CString("service_type", 5)
_MESSAGE_ID: Final = CString("message_id", 64)
_SUBMIT: Final = (_SERVICE_TYPE, *_SOURCE, *_DESTINATION, *_MESSAGE)

LAYOUT: Final[dict[type, tuple[Field, ...]]] = {
    Bind: (
        CString("system_id", 15),
        CString("password", 8),
        CString("system_type", 12),
        Octet("interface_version"),
        Octet("addr_ton"),
        Octet("addr_npi"),
        CString("address_range", 40),
    ),
    BindResp: (CString("system_id", 15),),
    Outbind: (CString("system_id", 15), CString("password", 8)),
    SubmitSm: _SUBMIT,
    DeliverSm: _SUBMIT,
    MessageIdResp: (_MESSAGE_ID,),
    DataSm: (
        _SERVICE_TYPE,
        *_SOURCE,
        *_DESTINATION,
        Octet("esm_class"),
        Octet("registered_delivery"),
        Octet("data_coding"),
    ),
    SubmitMulti: (
        _SERVICE_TYPE,
        *_SOURCE,
        Repeated("destinations", {1: SmeAddress, 2: DistributionList}),
        *_MESSAGE,
    ),
    SubmitMultiResp: (_MESSAGE_ID, Repeated("unsuccessful", UnsuccessfulSme)),
    QuerySm: (_MESSAGE_ID, *_SOURCE),
    QuerySmResp: (
        _MESSAGE_ID,
        CString("final_date", 16),
        Octet("message_state"),
        Octet("error_code"),
    ),
    CancelSm: (_SERVICE_TYPE, _MESSAGE_ID, *_SOURCE, *_DESTINATION),
    ReplaceSm: (
        _MESSAGE_ID,
        *_SOURCE,
        CString("schedule_delivery_time", 16),
        CString("validity_period", 16),
        Octet("registered_delivery"),
        Octet("sm_default_msg_id"),
        Counted("short_message", 254),
    ),
    AlertNotification: (
        *_SOURCE,
        Octet("esme_addr_ton"),
        Octet("esme_addr_npi"),
        CString("esme_addr", None),
    ),
    Empty: (),
}

PARTS: Final[dict[type, tuple[Field, ...]]] = {
    SmeAddress: _DESTINATION,
    DistributionList: (CString("dl_name", 20),),
    UnsuccessfulSme: (*_DESTINATION, Word("error_status_code")),
}
"""What a Repeated field is made of."""

BODIES: Final[dict[int, type]] = {
    commands.BIND_RECEIVER: Bind,
    commands.BIND_RECEIVER_RESP: BindResp,
    commands.BIND_TRANSMITTER: Bind,
    commands.BIND_TRANSMITTER_RESP: BindResp,
    commands.BIND_TRANSCEIVER: Bind,
    commands.BIND_TRANSCEIVER_RESP: BindResp,
    commands.OUTBIND: Outbind,
    commands.UNBIND: Empty,
    commands.UNBIND_RESP: Empty,
    commands.GENERIC_NACK: Empty,
    commands.ENQUIRE_LINK: Empty,
    commands.ENQUIRE_LINK_RESP: Empty,
    commands.SUBMIT_SM: SubmitSm,
    commands.SUBMIT_SM_RESP: MessageIdResp,
    commands.SUBMIT_MULTI: SubmitMulti,
    commands.SUBMIT_MULTI_RESP: SubmitMultiResp,
    commands.DELIVER_SM: DeliverSm,
    commands.DELIVER_SM_RESP: MessageIdResp,
    commands.DATA_SM: DataSm,
    commands.DATA_SM_RESP: MessageIdResp,
    commands.QUERY_SM: QuerySm,
    commands.QUERY_SM_RESP: QuerySmResp,
    commands.CANCEL_SM: CancelSm,
    commands.CANCEL_SM_RESP: Empty,
    commands.REPLACE_SM: ReplaceSm,
    commands.REPLACE_SM_RESP: Empty,
    commands.ALERT_NOTIFICATION: AlertNotification,
}
"""The body a command carries; one that is not here keeps its octets (Opaque)."""

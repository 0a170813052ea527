"""PDU values: one class per command body, and the envelope around it (SMPP 3.4 §4, §5.2).

Field names are the specification's. Integers are what stood on the wire, never an enumeration, so
that a value nobody has heard of survives; octet strings carry no terminating NUL.
"""

from dataclasses import dataclass

from jasmin_compat.smpp.twins import quick_init


@dataclass(frozen=True, slots=True)
class Tlv:
    """An optional parameter as it stands on the wire (SMPP 3.4 §3.2.4.1)."""

    tag: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """bind_transmitter, bind_receiver, bind_transceiver (§4.1.1-§4.1.5): command_id says which."""

    system_id: bytes = b""
    password: bytes = b""
    system_type: bytes = b""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BindResp:
    """The three bind responses (§4.1.2-§4.1.6)."""

    system_id: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbind:
    """outbind (§4.1.7)."""

    system_id: bytes = b""
    password: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitSm:
    """submit_sm (§4.4.1). Times are SMPP time texts (§7.1.1), empty for null."""

    service_type: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes = b""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: bytes = b""
    validity_period: bytes = b""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverSm(SubmitSm):
    """deliver_sm (§4.6.1): the fields of submit_sm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageIdResp:
    """submit_sm_resp, deliver_sm_resp, data_sm_resp (§4.4.2, §4.6.2, §4.7.2)."""

    message_id: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSm:
    """data_sm (§4.7.1)."""

    service_type: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes = b""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmeAddress:
    """dest_flag 1 of submit_multi (§4.5.1.1)."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionList:
    """dest_flag 2 of submit_multi (§4.5.1.2)."""

    dl_name: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitMulti:
    """submit_multi (§4.5.1); number_of_dests is the length of `destinations`."""

    service_type: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    destinations: tuple[SmeAddress | DistributionList, ...] = ()
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: bytes = b""
    validity_period: bytes = b""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsuccessfulSme:
    """One refused destination of submit_multi_resp (§4.5.2.1)."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes = b""
    error_status_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitMultiResp:
    """submit_multi_resp (§4.5.2); no_unsuccess is the length of `unsuccessful`."""

    message_id: bytes = b""
    unsuccessful: tuple[UnsuccessfulSme, ...] = ()
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySm:
    """query_sm (§4.8.1)."""

    message_id: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySmResp:
    """query_sm_resp (§4.8.2)."""

    message_id: bytes = b""
    final_date: bytes = b""
    message_state: int = 0
    error_code: int = 0
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSm:
    """cancel_sm (§4.9.1)."""

    service_type: bytes = b""
    message_id: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceSm:
    """replace_sm (§4.10.1)."""

    message_id: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    schedule_delivery_time: bytes = b""
    validity_period: bytes = b""
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotification:
    """alert_notification (§4.12.1)."""

    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: bytes = b""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: bytes = b""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """Commands without mandatory parameters: unbind, enquire_link, generic_nack, … (§4.2)."""

    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True)
class Opaque:
    """A body kept as octets: an unknown command_id, or an error response that carries none."""

    octets: bytes = b""


Body = (
    Bind
    | BindResp
    | Outbind
    | SubmitSm
    | DeliverSm
    | MessageIdResp
    | DataSm
    | SubmitMulti
    | SubmitMultiResp
    | QuerySm
    | QuerySmResp
    | CancelSm
    | ReplaceSm
    | AlertNotification
    | Empty
    | Opaque
)


@dataclass(frozen=True, slots=True)
class Pdu:
    """A PDU: header (§3.2.1) and body. `trailing` holds octets behind the last whole parameter."""

    command_id: int
    sequence_number: int
    body: Body
    command_status: int = 0
    trailing: bytes = b""

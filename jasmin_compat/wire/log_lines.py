"""Lines of messages.log and http-api.log that programs of operators read.

Texts are Jasmin's (contract/logs-and-metrics.md §2.1, §2.3, §2.4, §4), values as its Python shows
them: octets as `b'…'`, members as `Class.NAME`. Each function gives the line behind time, level
and process.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from jasmin_compat.gateway.custom_tlvs import CustomTlv
from jasmin_compat.gateway.messages import (
    ConnectorId,
    MoReceived,
    MsgId,
    QueuedSubmit,
    ReceiptArrived,
)
from jasmin_compat.gateway.refusals import NotCharged, TooFast
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import DataSm, SubmitSm, Tlv
from jasmin_compat.smpp.split import content_of, user_data
from jasmin_compat.smpp.statuses import status_name
from jasmin_compat.smpp.times import BadTime, RelativeTime, parse_time
from jasmin_compat.wire.pdu_enums import PRIORITY_FLAG, REGISTERED_DELIVERY_RECEIPT
from jasmin_compat.wire.pickled_tlvs import ENUMERATIONS

DlrWord = Literal["No", "SMS-C", "Terminal", "All"]
"""What an HTTP client asked for: nothing, level 1, 2, 3 (or a DLR of no level)."""


# ---------------------------------------------------------------- messages


class Asked(NamedTuple):
    """Who asked for a message over HTTP, and for what."""

    uid: str
    dlr: DlrWord
    own_source: str | None = None
    """The account's, if the request names none: Jasmin shows it as the text it is."""


def mt_accepted(submit: QueuedSubmit, asked: Asked, *, content: bytes, log_privacy: bool) -> str:
    """In http-api.log, once for each request; `content` is the whole unsplit message."""
    first = submit.parts[0]
    addresses = _addresses(submit, first)
    if asked.own_source is not None:
        octets = asked.own_source.encode(errors="surrogateescape")
        addresses = addresses.replace(f"[from:{octets!r}]", f"[from:{asked.own_source}]")
    shown = _private(content) if log_privacy else repr(_printable(content))
    return (
        f"SMS-MT [uid:{asked.uid}] [cid:{submit.cid}] [msgid:{submit.msgid}]"
        f" [prio:{submit.priority}] [dlr:{asked.dlr}] {addresses} [content:{shown}]"
        f" [tlvs:{tlv_list(first.tlvs, log_privacy=log_privacy)}]"
    )


def mt_too_fast(refused: TooFast) -> str:
    """Beside the line of the refusal itself."""
    return (
        f"QoS: submit_sm_event is faster ({timedelta(seconds=refused.since_s)}) than fixed"
        f" throughput ({timedelta(seconds=refused.spacing_s)}), user:{refused.username},"
        " rejecting message."
    )


def mt_not_charged(refused: NotCharged) -> str:
    """The same."""
    return (
        f"Charging user {refused.username} failed, [bid:{refused.bid}]"
        f" [ttlamounts:{refused.amount}] SubmitSmPDU (x{refused.parts})"
    )


def mt_sent(
    submit: QueuedSubmit, sent: Sequence[SubmitSm], *, message_id: bytes, log_privacy: bool
) -> str:
    """The SMSC took it. `sent` are the parts as they went out."""
    last = sent[-1]
    content = b"".join(map(user_data, sent)) if len(sent) > 1 else content_of(last)
    return (
        f"SMS-MT [cid:{submit.cid}] [queue-msgid:{submit.msgid}] [smpp-msgid:{message_id!r}]"
        f" [status:CommandStatus.ESME_ROK] {_mt_fields(submit, last, content, log_privacy)}"
    )


def mt_refused(
    submit: QueuedSubmit,
    sent: Sequence[SubmitSm],
    *,
    command_status: int,
    is_retried: bool,
    log_privacy: bool,
) -> str:
    """The SMSC did not take it; shows the first part, header and all."""
    first = sent[0]
    return (
        f"SMS-MT [cid:{submit.cid}] [queue-msgid:{submit.msgid}]"
        f" [status:ERROR/CommandStatus.{status_name(command_status)}] [retry:{is_retried}]"
        f" {_mt_fields(submit, first, content_of(first), log_privacy)}"
    )


def _mt_fields(submit: QueuedSubmit, part: SubmitSm, content: bytes, log_privacy: bool) -> str:
    receipt = REGISTERED_DELIVERY_RECEIPT.to_text(part.registered_delivery & 0x03)
    validity = "none" if submit.expiration is None else str(submit.expiration)
    return (
        f"[prio:{submit.priority}] [dlr:{receipt}] [validity:{validity}]"
        f" {_addresses(submit, part)} [content:{_shown(content, log_privacy)}]"
        f" [tlvs:{tlv_list(part.tlvs, log_privacy=log_privacy)}]"
    )


def _addresses(submit: QueuedSubmit, part: SubmitSm) -> str:
    """A source that nobody set is None, unless the connector has put its own in."""
    is_null = submit.source_addr_is_null and not part.source_addr
    source = None if is_null else part.source_addr
    return f"[from:{source!r}] [to:{part.destination_addr!r}]"


def mo_received(mo: MoReceived, *, command_status: int = 0, log_privacy: bool) -> str:
    """A whole message of a subscriber; parts of one have no line."""
    pdu = mo.pdu
    priority = None if isinstance(pdu, DataSm) else PRIORITY_FLAG.to_text(pdu.priority_flag)
    validity = None if isinstance(pdu, DataSm) else _time(pdu.validity_period)
    return (
        f"SMS-MO [cid:{mo.cid}] [queue-msgid:{mo.msgid}]"
        f" [status:CommandStatus.{status_name(command_status)}] [prio:{priority}]"
        f" [validity:{validity}] [from:{pdu.source_addr!r}] [to:{pdu.destination_addr!r}]"
        f" [content:{_shown(content_of(pdu), log_privacy)}]"
    )


def receipt_matched(receipt: ReceiptArrived, *, log_privacy: bool) -> str:
    """A receipt whose message is known."""
    text = f"** {len(receipt.text)} byte content **" if log_privacy else repr(receipt.text)
    return (
        f"DLR [cid:{receipt.cid}] [smpp-msgid:{receipt.smpp_msgid}] [status:{receipt.stat}]"
        f" [submit date:{receipt.submit_date}] [done date:{receipt.done_date}]"
        f" [sub/dlvrd messages:{receipt.sub}/{receipt.dlvrd}] [err:{receipt.err}]"
        f" [content:{text}]"
    )


# ---------------------------------------------------------------- messages that are not sent

NotReady = Literal["connected", "bound"]
"""What the connector is not."""


def mt_requeued(
    submit: QueuedSubmit, lacks: NotReady, *, attempt: int, delay_s: float, age_s: float
) -> str:
    return (
        f"SMPPC [cid:{submit.cid}] is not {lacks}: Requeuing (#{attempt})"
        f" SubmitSmPDU[{submit.msgid}] with delay {_seconds(delay_s)} seconds,"
        f" aged {int(age_s)} seconds."
    )


def mt_over_aged(submit: QueuedSubmit, lacks: NotReady, *, attempt: int, age_s: float) -> str:
    return (
        f"SMPPC [cid:{submit.cid}] is not {lacks}: Discarding (#{attempt})"
        f" SubmitSmPDU[{submit.msgid}], over-aged {int(age_s)} seconds."
    )


def mt_expired(submit: QueuedSubmit) -> str:
    return f"Discarding expired message[{submit.msgid}]: expiration is {submit.expiration}"


def mt_timed_out(msgid: MsgId, cid: ConnectorId) -> str:
    return f"SubmitSmPDU[{msgid}] request timed out through [cid:{cid}], message requeued."


def mt_rejected(msgid: MsgId, cid: ConnectorId, reason: str) -> str:
    """It ends as a dead letter. Jasmin names any such end an unknown error, and shows a class."""
    return f"Rejecting SubmitSmPDU[{msgid}] through [cid:{cid}]: {reason}"


def mt_against_rules(msgid: MsgId, reason: str) -> str:
    """The connector's rules for TLVs."""
    return f"Rejecting SubmitSmPDU[{msgid}]: {reason}"


# ---------------------------------------------------------------- TLVs without a name


def tlv_given(msgid: MsgId, tlv: Tlv, *, log_privacy: bool) -> str:
    """As its sender wrote it."""
    kind = tlv.type or "not-specified" if isinstance(tlv, CustomTlv) else "OctetString"
    return (
        f"TLV [msgid:{msgid}] [tag:0x{tlv.tag:04X}] [caller_type:{kind}]"
        f" [value_preview:{_preview(tlv, log_privacy)}]"
    )


def tlv_resolved(msgid: MsgId, tlv: Tlv, kind: str) -> str:
    """How it is sent."""
    return f"TLV [msgid:{msgid}] [tag:0x{tlv.tag:04X}] [resolved_type:{kind}]"


def tlv_received(cid: ConnectorId, tlv: Tlv, *, log_privacy: bool) -> str:
    """From the SMSC: octets always."""
    return (
        f"TLV-RX [cid:{cid}] [tag:0x{tlv.tag:04X}] [type:OctetString]"
        f" [value_preview:{_preview(tlv, log_privacy)}]"
    )


def _preview(tlv: Tlv, log_privacy: bool) -> str:
    """Jasmin shows the value under privacy too."""
    if log_privacy:
        return _private(tlv.value)
    return repr(tlv.given if isinstance(tlv, CustomTlv) else tlv.value)[:60]


# ---------------------------------------------------------------- values

_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]+")


def _printable(content: bytes) -> bytes:
    return _UNPRINTABLE.sub(b".", content)


def _private(content: bytes) -> str:
    return f"** {len(content)} byte content **"


def _shown(content: bytes, log_privacy: bool) -> str:
    return _private(content) if log_privacy else repr(content)


def _seconds(value: float) -> str:
    """30, not 30.0: settings of whole seconds are integers in Jasmin."""
    return f"{value:g}"


def _time(text: bytes) -> str:
    """As Jasmin's Python shows it: None, a naive datetime, or its class of spans."""
    if not text:
        return "None"
    try:
        time = parse_time(text)
    except BadTime:
        return repr(text)
    if isinstance(time, RelativeTime):
        return repr(time).replace("RelativeTime", "SMPPRelativeTime")
    return str(_naive(time))


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None) if moment.tzinfo is UTC else moment


def tlv_list(parameters: Sequence[Tlv], *, log_privacy: bool) -> str:
    """`name:value,0x1400:value`, names alone under privacy, or `none`."""
    return ",".join(_tlv(tlv, log_privacy) for tlv in parameters) or "none"


def _tlv(tlv: Tlv, log_privacy: bool) -> str:
    spec = None if isinstance(tlv, CustomTlv) else tlvs.TABLE.get(tlv.tag)
    name = spec.name if spec is not None else f"0x{tlv.tag:04X}"
    return name if log_privacy else f"{name}:{_tlv_value(tlv, spec)}"


def _tlv_value(tlv: Tlv, spec: tlvs.TlvSpec | None) -> str:
    if isinstance(tlv, CustomTlv):
        return str(tlv.given)
    enumeration = ENUMERATIONS.get(tlv.tag)
    if enumeration is not None and len(tlv.value) == 1:
        return enumeration.to_text(tlv.value[0])
    if spec is not None and spec.kind is tlvs.Kind.INTEGER:
        return str(int.from_bytes(tlv.value))
    if spec is not None and spec.kind is tlvs.Kind.C_OCTETS:
        return repr(tlv.value.removesuffix(b"\0"))
    return repr(tlv.value)

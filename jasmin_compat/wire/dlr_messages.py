"""Messages on the way of a delivery report (contract/amqp-topology.md §3.3, §3.4).

To the lookup: the SMSC's answer, `dlr.submit_sm_resp`, and its receipt, `dlr.deliver_sm`. To the
thrower: a callback, `dlr_thrower.http`, and a receipt for an ESME, `dlr_thrower.smpps`.
"""

from typing import Literal, assert_never
from urllib.parse import quote, unquote

from jasmin_compat.gateway.messages import (
    CallbackMethod,
    ConnectorId,
    DlrCallback,
    HttpDlr,
    MsgId,
    ReceiptArrived,
    ReceiptPdu,
    SmppDlr,
    SmppMsgId,
    SubmitReplied,
)
from jasmin_compat.wire import headers as header
from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import (
    DLR_DELIVER_SM,
    DLR_SUBMIT_SM_RESP,
    DLR_THROWER_HTTP,
    DLR_THROWER_SMPPS,
    IDS,
    MESSAGING,
)
from jasmin_compat.wire.field_tables import put_text, put_url
from jasmin_compat.wire.pdu_enums import ADDR_NPI, ADDR_TON, Enumeration

# ---------------------------------------------------------------- to the lookup

_RESP = "submit_sm_resp"
_ROK = "ESME_ROK"
_RECEIPT_PDUS: dict[str, ReceiptPdu] = {"deliver_sm": "deliver_sm", "data_sm": "data_sm"}
_RECEIPT_FIELDS = {  # Jasmin's order
    "dlvrd": "dlr_dlvrd",
    "sub": "dlr_sub",
    "submit_date": "dlr_sdate",
    "done_date": "dlr_ddate",
    "err": "dlr_err",
    "text": "dlr_text",
    "raw_id": "dlr_id",
    "stat": "dlr_stat",
}


def write_lookup(event: SubmitReplied | ReceiptArrived) -> QueueMessage:
    match event:
        case SubmitReplied():
            return _write_replied(event)
        case ReceiptArrived():
            return _write_receipt(event)
        case _:
            assert_never(event)


def _write_replied(replied: SubmitReplied) -> QueueMessage:
    headers: dict[str, HeaderValue] = {"type": _RESP}
    if replied.smpp_msgid is not None or replied.status == _ROK:  # then Jasmin's lookup wants it
        put_text(headers, "smpp_msgid", replied.smpp_msgid or "")
    if replied.more_smpp_msgids:
        headers[IDS] = " ".join(quote(each, safe="") for each in replied.more_smpp_msgids)
    header.put_progress(headers, replied.tries)
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=DLR_SUBMIT_SM_RESP,
        body=replied.status.encode(),
        message_id=replied.msgid,
        headers=headers,
    )


def _write_receipt(receipt: ReceiptArrived) -> QueueMessage:
    headers: dict[str, HeaderValue] = {"type": receipt.pdu, "cid": receipt.cid}
    for attribute, name in _RECEIPT_FIELDS.items():
        put_text(headers, name, getattr(receipt, attribute))
    header.put_progress(headers, receipt.tries)
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=DLR_DELIVER_SM,
        body=receipt.stat.encode(),
        message_id=receipt.smpp_msgid,
        headers=headers,
    )


def read_lookup(message: QueueMessage) -> SubmitReplied | ReceiptArrived:
    """What we wrote, or a Jasmin.

    Raises:
        Undecodable: anything else.
    """
    kind = header.text(message.headers, "type")
    if kind == _RESP:
        return _read_replied(message)
    if kind in _RECEIPT_PDUS:
        return _read_receipt(message, _RECEIPT_PDUS[kind])
    raise Undecodable(f"type is {kind!r}")


def _read_replied(message: QueueMessage) -> SubmitReplied:
    if not message.message_id:
        raise Undecodable("no message-id")
    has_id = (
        "smpp_msgid" in message.headers
    )  # empty for an id of zeros (contract/redis-keys.md §2.3)
    more = header.text(message.headers, IDS, "").split()
    return SubmitReplied(
        msgid=MsgId(message.message_id),
        status=_body(message),
        smpp_msgid=SmppMsgId(header.text(message.headers, "smpp_msgid")) if has_id else None,
        more_smpp_msgids=tuple(SmppMsgId(unquote(each)) for each in more),
        tries=header.tries(message.headers),
    )


def _read_receipt(message: QueueMessage, pdu: ReceiptPdu) -> ReceiptArrived:
    headers = message.headers
    texts = {each: header.text(headers, name) for each, name in _RECEIPT_FIELDS.items()}
    return ReceiptArrived(
        smpp_msgid=SmppMsgId(message.message_id),
        cid=ConnectorId(header.text(headers, "cid")),
        pdu=pdu,
        tries=header.tries(headers),
        **texts,
    )


def _body(message: QueueMessage) -> str:
    try:
        return message.body.decode()
    except UnicodeDecodeError as error:
        raise Undecodable(f"body: {error}") from error


# ---------------------------------------------------------------- to the thrower

_METHODS: dict[str, CallbackMethod] = {"GET": "GET", "POST": "POST"}
_LEVELS: dict[int, Literal[1, 2]] = {1: 1, 2: 2}
_OF_RESPONSE = "99"
"""The err of a receipt made of a submit_sm_resp: an integer in Jasmin, unlike those of receipts."""


def write_callback(callback: DlrCallback) -> QueueMessage:
    match callback:
        case HttpDlr():
            key, headers = DLR_THROWER_HTTP, _http_headers(callback)
        case SmppDlr():
            key, headers = DLR_THROWER_SMPPS, _smpp_headers(callback)
        case _:
            assert_never(callback)
    header.put_progress(headers, callback.tries, callback.first_tried_at)
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=key,
        body=callback.msgid.encode(),
        message_id=callback.msgid,
        headers=headers,
    )


def _http_headers(dlr: HttpDlr) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {"try-count": 0}  # Jasmin never counts there
    put_url(headers, "url", dlr.url)
    headers["method"] = dlr.method
    put_text(headers, "message_status", dlr.message_status)
    headers["level"] = dlr.level
    for name in ("id_smsc", "sub", "dlvrd", "subdate", "donedate", "err", "connector", "text"):
        put_text(headers, name, getattr(dlr, name))
    return headers


def _smpp_headers(dlr: SmppDlr) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {"try-count": 0}
    put_text(headers, "message_status", dlr.message_status)
    if dlr.err == _OF_RESPONSE:
        headers["err"] = int(dlr.err)
    else:
        put_text(headers, "err", dlr.err)
    for name in ("system_id", "source_addr", "destination_addr", "sub_date"):
        put_text(headers, name, getattr(dlr, name))
    headers["source_addr_ton"] = ADDR_TON.to_text(dlr.source_addr_ton)
    headers["source_addr_npi"] = ADDR_NPI.to_text(dlr.source_addr_npi)
    headers["dest_addr_ton"] = ADDR_TON.to_text(dlr.dest_addr_ton)
    headers["dest_addr_npi"] = ADDR_NPI.to_text(dlr.dest_addr_npi)
    return headers


def read_callback(message: QueueMessage) -> DlrCallback:
    """What we wrote, or a Jasmin.

    Raises:
        Undecodable: anything else.
    """
    if not message.message_id:
        raise Undecodable("no message-id")
    match message.routing_key:
        case "dlr_thrower.http":
            return _read_http(message)
        case "dlr_thrower.smpps":
            return _read_smpp(message)
        case key:
            raise Undecodable(f"routing key is {key!r}")


def _read_http(message: QueueMessage) -> HttpDlr:
    headers = message.headers
    method = _METHODS.get(header.text(headers, "method"))
    written = headers.get("level")
    level = _LEVELS.get(written) if isinstance(written, int) else None
    if method is None or level is None:
        raise Undecodable("method is not GET or POST, or level not 1 or 2")
    optional = ("id_smsc", "sub", "dlvrd", "subdate", "donedate", "err", "text")
    return HttpDlr(
        msgid=MsgId(message.message_id),
        url=header.text(headers, "url"),
        method=method,
        message_status=header.text(headers, "message_status"),
        level=level,
        connector=header.text(headers, "connector"),
        tries=header.tries(headers),
        first_tried_at=header.first_tried_at(headers),
        **{name: header.text(headers, name, "") for name in optional},
    )


def _read_smpp(message: QueueMessage) -> SmppDlr:
    headers = message.headers
    return SmppDlr(
        msgid=MsgId(message.message_id),
        message_status=header.text(headers, "message_status"),
        err=header.text(headers, "err"),
        system_id=header.text(headers, "system_id"),
        source_addr=header.text(headers, "source_addr"),
        source_addr_ton=_member(headers, "source_addr_ton", ADDR_TON),
        source_addr_npi=_member(headers, "source_addr_npi", ADDR_NPI),
        destination_addr=header.text(headers, "destination_addr"),
        dest_addr_ton=_member(headers, "dest_addr_ton", ADDR_TON),
        dest_addr_npi=_member(headers, "dest_addr_npi", ADDR_NPI),
        sub_date=header.text(headers, "sub_date"),
        tries=header.tries(headers),
        first_tried_at=header.first_tried_at(headers),
    )


def _member(headers: header.Headers, name: str, enumeration: Enumeration) -> int:
    written = header.text(headers, name)
    try:
        return enumeration.from_text(written)
    except KeyError as error:
        raise Undecodable(f"header {name}: {written!r}") from error

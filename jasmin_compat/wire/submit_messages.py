"""Messages in `submit.sm.<cid>`, `submit.sm.resp.<cid>` (contract/amqp-topology.md §3.1, §3.7)."""

from datetime import datetime

from jasmin_compat.gateway.messages import ConnectorId, DlrRequest, MsgId, QueuedSubmit, Source
from jasmin_compat.wire import headers as header
from jasmin_compat.wire import pickled_pdus
from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import MESSAGING, REQUEST, submit_key, submit_resp_key
from jasmin_compat.wire.pickled_pdus import BadPdu, PickledSubmit
from jasmin_compat.wire.redis_records import BadRecord, read_request_text, request_text

_SOURCES: dict[str, Source] = {"httpapi": "httpapi", "smppsapi": "smppsapi"}
_PREFIX = submit_key("")


def write_submit(submit: QueuedSubmit) -> QueueMessage:
    headers: dict[str, HeaderValue] = {"source_connector": submit.source}
    if submit.bill is not None:
        headers["submit_sm_bill"] = submit.bill
    if submit.expiration is not None:
        headers["expiration"] = str(submit.expiration)
    headers["created_at"] = str(submit.created_at)
    header.put_progress(headers, submit.tries)
    if submit.request is not None:
        headers[REQUEST] = request_text(submit.request)
    pickled = PickledSubmit(submit.parts, submit.source_addr_is_null)
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=submit_key(submit.cid),
        body=pickled_pdus.write_submit(pickled, is_of_http=submit.source == "httpapi"),
        message_id=submit.msgid,
        headers=headers,
        reply_to=submit_resp_key(submit.cid),
        priority=submit.priority,
    )


def read_submit(message: QueueMessage) -> QueuedSubmit:
    """What we wrote, or a Jasmin.

    Raises:
        Undecodable: anything else.
    """
    headers = message.headers
    cid = message.routing_key.removeprefix(_PREFIX)
    if not message.message_id or cid == message.routing_key:
        raise Undecodable(f"no message-id, or no connector in {message.routing_key!r}")
    try:
        pickled = pickled_pdus.read_submit(message.body)
    except BadPdu as error:
        raise Undecodable(str(error)) from error
    return QueuedSubmit(
        msgid=MsgId(message.message_id),
        cid=ConnectorId(cid),
        parts=pickled.parts,
        source_addr_is_null=pickled.source_addr_is_null,
        source=_source(header.text(headers, "source_connector")),
        priority=message.priority or 0,
        created_at=header.moment(headers, "created_at"),
        bill=_bill(headers.get("submit_sm_bill")),
        expiration=header.moment(headers, "expiration") if "expiration" in headers else None,
        tries=header.tries(headers),
        request=_request(MsgId(message.message_id), header.text(headers, REQUEST, "")),
    )


def _source(written: str) -> Source:
    source = _SOURCES.get(written)
    if source is None:
        raise Undecodable(f"source_connector is {written!r}")
    return source


def _request(msgid: MsgId, written: str) -> DlrRequest | None:
    if not written:
        return None
    try:
        return read_request_text(msgid, written)
    except BadRecord as error:
        raise Undecodable(f"header {REQUEST}: {error}") from error


def _bill(value: HeaderValue | None) -> bytes | None:
    """A pickle is never UTF-8, so a client library gives its octets."""
    if value is not None and not isinstance(value, bytes):
        raise Undecodable("submit_sm_bill is no pickle")
    return value


def write_submit_resp(
    msgid: MsgId, cid: ConnectorId, *, command_status: int, message_id: bytes, now: datetime
) -> QueueMessage:
    """The copy of an answer for third parties (`publish_submit_sm_resp`); nobody here reads it.

    `now` is naive local time.
    """
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=submit_resp_key(cid),
        body=pickled_pdus.write_submit_resp(command_status, message_id, None),
        message_id=msgid,
        headers={"created_at": str(now)},
    )

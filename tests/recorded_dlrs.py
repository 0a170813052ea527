"""What the recordings show of delivery reports, in our words: tests replay them."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from jasmin_compat.gateway.messages import (
    ConnectorId,
    DlrCallback,
    DlrRequest,
    HttpDlr,
    MsgId,
    ReceiptArrived,
    SmppMsgId,
    SubmitReplied,
)
from jasmin_compat.wire.pdu_enums import ADDR_NPI, ADDR_TON
from jasmin_compat.wire.redis_records import pairs, read_request
from tests import golden

RECORDINGS = ("flows_http_mt_dlr", "flows_smpps_mt", "multipart_dlr", "flows_altconfig")
"""Of the last, what other settings of SMPP servers do not touch."""
CUT_SHORT = "200 messages (100 of 3 parts), level 3, no receipt ever"
"""A flow of which only the first queue messages were recorded."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One event of a flow, and the headers of the callback Jasmin published for it."""

    flow: str
    request: DlrRequest
    event: SubmitReplied | ReceiptArrived
    callback: dict[str, Any] | None


@functools.cache
def requests() -> dict[MsgId, DlrRequest]:
    """Every `dlr:` that was written, or lay there."""
    found = {}
    for recording in RECORDINGS:
        for key, fields in records_at_rest(recording, "dlr:").items():
            msgid = MsgId(key.removeprefix("dlr:"))
            found[msgid] = read_request(msgid, fields)
    for _, words in _commands('"HMSET" "dlr:'):
        msgid = MsgId(words[1].removeprefix("dlr:"))
        found[msgid] = read_request(msgid, pairs([word.encode() for word in words[2:]]))
    return found


@functools.cache
def mappings(recording: str) -> dict[SmppMsgId, MsgId]:
    """Every `queue-msgid:` that lay there."""
    return {
        SmppMsgId(key.removeprefix("queue-msgid:")): MsgId(fields[b"msgid"].decode())
        for key, fields in records_at_rest(recording, "queue-msgid:").items()
    }


def answers() -> Iterator[Recorded]:
    """Those to messages with a request."""
    for _, flow in _flows():
        for publish in _publishes(flow, "dlr.submit_sm_resp"):
            event = _answer(publish)
            request = requests().get(event.msgid)
            if request is not None and flow["name"] != CUT_SHORT:
                yield _recorded(flow, request, event)


def receipts() -> Iterator[Recorded]:
    """Those whose request was found and is known to us, in flows of one receipt each."""
    for recording, flow in _flows():
        arrived = _publishes(flow, "dlr.deliver_sm")
        if len(arrived) == 1 and _found_its_request(flow):
            event = _receipt(arrived[0])
            request = _request_of(mappings(recording)[event.smpp_msgid], recording)
            if request is not None:
                yield _recorded(flow, request, event)


def _request_of(msgid: MsgId, recording: str) -> DlrRequest | None:
    known = requests().get(msgid)
    if known is not None or recording != "flows_http_mt_dlr":
        return known
    # Of most receipt states only the flow of the receipt was recorded; their submits were alike.
    alike = (r for r in requests().values() if getattr(r, "url", "").endswith("/st"))
    return replace(next(alike), msgid=msgid)


def _recorded(
    flow: dict[str, Any], request: DlrRequest, event: SubmitReplied | ReceiptArrived
) -> Recorded:
    callback = _callback(flow, request.msgid)
    return Recorded(flow=flow["name"], request=request, event=event, callback=callback)


def records_at_rest(recording: str, prefix: str) -> dict[str, dict[bytes, bytes]]:
    """Fields of every record with such a key that ever lay in Redis after a flow."""
    return {
        record["key"]: {
            field.encode(): bytes.fromhex(value["hex"]) for field, value in record["fields"].items()
        }
        for _, flow in _flows((recording,))
        for record in flow.get("redis_after") or ()
        if "fields" in record and record["key"].startswith(prefix)
    }


def headers_of(callback: DlrCallback | None) -> dict[str, Any] | None:
    """As Jasmin's publish has them, less `try-count`."""
    if callback is None:
        return None
    ours = ["msgid", "tries", "first_tried_at"]
    headers = {n: getattr(callback, n) for n in callback.__slots__ if n not in ours}
    if isinstance(callback, HttpDlr):
        return headers
    for end in ("source_addr", "dest_addr"):
        headers[f"{end}_ton"] = ADDR_TON.to_text(headers[f"{end}_ton"])
        headers[f"{end}_npi"] = ADDR_NPI.to_text(headers[f"{end}_npi"])
    if callback.err == "99":
        headers["err"] = 99
    return headers


def _flows(recordings: tuple[str, ...] = RECORDINGS) -> Iterator[tuple[str, dict[str, Any]]]:
    for recording in recordings:
        for flow in golden.load(recording)["flows"]:
            if recording != "flows_altconfig" or flow["name"].startswith("sar:"):
                yield recording, flow


def _commands(start: str) -> Iterator[tuple[str, list[str]]]:
    for recording, flow in _flows():
        for command in flow.get("redis_commands") or ():
            if command.get("command", "").startswith(start):
                yield recording, command["command"][1:-1].split('" "')


def _publishes(flow: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [
        each
        for each in flow.get("amqp") or ()
        if each.get("event") == "publish" and each["routing_keys"] == [key]
    ]


def _found_its_request(flow: dict[str, Any]) -> bool:
    reads = [
        each["command"]
        for each in flow["redis_commands"]
        if each.get("command", "").startswith('"HGETALL"')
    ]
    return len(reads) == 2 and '"dlr:' in reads[1] and not _publishes(flow, "dlr.submit_sm_resp")


def _answer(publish: dict[str, Any]) -> SubmitReplied:
    id_ = publish["properties"]["headers"].get("smpp_msgid")
    return SubmitReplied(
        msgid=MsgId(publish["properties"]["message_id"]),
        status=bytes.fromhex(publish["body_hex"]).decode(),
        smpp_msgid=None if id_ is None else SmppMsgId(id_),
    )


def _receipt(publish: dict[str, Any]) -> ReceiptArrived:
    said = publish["properties"]["headers"]
    return ReceiptArrived(
        smpp_msgid=SmppMsgId(publish["properties"]["message_id"]),
        cid=ConnectorId(said["cid"]),
        pdu=said["type"],
        raw_id=said["dlr_id"],
        stat=said["dlr_stat"],
        sub=said["dlr_sub"],
        dlvrd=said["dlr_dlvrd"],
        submit_date=said["dlr_sdate"],
        done_date=said["dlr_ddate"],
        err=said["dlr_err"],
        text=said["dlr_text"],
    )


def _callback(flow: dict[str, Any], msgid: str) -> dict[str, Any] | None:
    for key in ("dlr_thrower.http", "dlr_thrower.smpps"):
        for publish in _publishes(flow, key):
            if publish["properties"]["message_id"] == msgid:
                headers = dict(publish["properties"]["headers"])
                del headers["try-count"]
                return headers
    return None

"""What `/send` puts on the broker and into the store, against golden flows_http_mt_dlr.

And, where long messages are cut by SAR, against flows_altconfig, to the octets of each submit_sm.
"""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from jasmin_compat.gateway.messages import HttpDlrRequest, MsgId, QueuedSubmit
from jasmin_compat.smpp.codec import encode
from jasmin_compat.smpp.commands import SUBMIT_SM
from jasmin_compat.smpp.pdus import Pdu, SubmitSm, Tlv
from jasmin_compat.smpp.split import LongContent
from jasmin_compat.smpp.tlvs import SAR_MSG_REF_NUM
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.submit_messages import read_submit
from tests import golden
from tests.http_client import ask, get
from tests.servers.http.api import running_api

SINK = "http://127.0.0.1:27780"
LONG = "a" * 400
REQUESTS: dict[str, dict[str, str]] = {  # as tools/cap_flows.py sends them
    "http mt: plain, no dlr": {},
    "http mt: priority 2 + validity + sdt + from": {
        "priority": "2",
        "validity-period": "60",
        "sdt": "000000000100000R",
        "from": "ACME",
    },
    "http mt: 3 parts": {"content": LONG},
    "http mt: custom_tlvs": {"custom_tlvs": '[[12288, null, "COctetString", "ref-42"]]'},
    **{
        f"http mt dlr: level {level} {method} (submit)": {
            "dlr": "yes",
            "dlr-level": level,
            "dlr-url": f"{SINK}/dlr{level}?keep=me",
            "dlr-method": method,
        }
        for level in "123"
        for method in ("GET", "POST")
    },
    "http mt dlr: yes but no dlr-url": {"dlr": "yes", "dlr-level": "3"},
}
LETTERS = "".join(chr(65 + n % 26) for n in range(1500))
SAR: dict[str, dict[str, str]] = {  # as tools/cap_altconfig.py sends them
    **{f"sar: http {n} chars": {"content": LETTERS[:n]} for n in (160, 161, 400, 1224, 1500)},
    "sar: http ucs2 200 chars": {"coding": "8", "hex-content": "0600" * 200},
    "sar: 3 parts level 3": {
        "content": LETTERS[:400],
        "dlr": "yes",
        "dlr-level": "3",
        "dlr-url": f"{SINK}/sar",
        "dlr-method": "POST",
    },
}
FLOWS = {
    flow["name"]: flow
    for recording in ("flows_http_mt_dlr", "flows_altconfig")
    for flow in golden.load(recording)["flows"]
}


def recorded(name: str) -> QueueMessage:
    """The submit of a flow."""
    event = next(
        e
        for e in FLOWS[name]["amqp"]
        if e["event"] == "publish" and e["routing_keys"] == ["submit.sm.con1"]
    )
    properties = event["properties"]
    headers = {
        name: bytes.fromhex(value["$bytes"]) if isinstance(value, dict) else value
        for name, value in properties["headers"].items()
    }
    return QueueMessage(
        exchange=event["exchange"],
        routing_key="submit.sm.con1",
        body=bytes.fromhex(event["body_hex"]),
        message_id=properties["message_id"],
        headers=headers,
        reply_to=properties["reply_to"],
        priority=properties["priority"],
    )


def comparable(queued: QueuedSubmit) -> QueuedSubmit:
    """Less id, time, bill (its id is new each time), references and absolute times."""
    return replace(
        queued,
        msgid=MsgId(""),
        created_at=queued.created_at.min,
        bill=None,
        parts=tuple(map(_comparable, queued.parts)),
    )


def _comparable(part: SubmitSm) -> SubmitSm:
    content = re.sub(rb"(?s)^\x05\x00\x03.", b"\x05\x00\x03R", part.short_message)
    validity = part.validity_period and b"<SMPPTIME>"
    return replace(part, short_message=content, validity_period=validity)


# covers: HTTP-01 HTTP-12 HTTP-13 HTTP-14 HTTP-15 HTTP-51G
@pytest.mark.parametrize("name", REQUESTS)
async def test_the_queue_message_is_as_recorded(name: str) -> None:
    asked = {"username": "full", "password": "pwd", "to": "15550001", "content": "hello"}
    async with running_api() as api:
        answer = await ask(api.port, get("/send?" + urlencode(asked | REQUESTS[name])))
    assert answer.status == 200
    [ours], theirs = api.queues.published, recorded(name)
    assert comparable(read_submit(ours)) == comparable(read_submit(theirs))
    for fieldname in ("exchange", "routing_key", "reply_to", "priority"):
        assert getattr(ours, fieldname) == getattr(theirs, fieldname)
    assert ours.headers.keys() == theirs.headers.keys()
    assert ours.headers["source_connector"] == "httpapi"
    assert ours.message_id in answer.body.decode()


# covers: LONG-05 LONG-07 LONG-11
@pytest.mark.parametrize("name", SAR)
async def test_what_is_cut_by_sar_is_queued_and_sent_as_recorded(name: str) -> None:
    asked = {"username": "full", "password": "pwd", "to": "15550001"}
    sar = LongContent(method="sar", max_parts=8)
    async with running_api(long_content=sar) as api:
        answer = await ask(api.port, get("/send?" + urlencode(asked | SAR[name])))
    assert answer.status == 200
    [ours] = api.queued
    theirs = read_submit(recorded(name))
    assert _by_one_reference(comparable(ours)) == _by_one_reference(comparable(theirs))
    octets = [encode(Pdu(SUBMIT_SM, 1, part)) for part in _by_one_reference(ours).parts]
    assert octets == [_as_sent(e["hex"]) for e in FLOWS[name]["smsc"] if _is_submit(e)]


def _is_submit(event: dict[str, Any]) -> bool:
    return bool(event["decoded"]["command_id"] == "submit_sm")


def _as_sent(digits: str) -> bytes:
    """Sequence number 1, segment reference 1."""
    octets = bytes.fromhex(digits)
    octets = octets[:12] + b"\0\0\0\1" + octets[16:]
    return re.sub(rb"(?s)\x02\x0c\x00\x02..(?=\x02\x0e)", b"\x02\x0c\x00\x02\x00\x01", octets)


def _by_one_reference(queued: QueuedSubmit) -> QueuedSubmit:
    one = Tlv(SAR_MSG_REF_NUM, b"\0\1")
    return replace(
        queued,
        parts=tuple(
            replace(p, tlvs=tuple(one if t.tag == one.tag else t for t in p.tlvs))
            for p in queued.parts
        ),
    )


# covers: W-DLR-01 W-DLR-02
@pytest.mark.parametrize("name", [name for name in REQUESTS if "(submit)" in name])
async def test_the_request_for_reports_is_as_recorded(name: str) -> None:
    written = _hash_written(FLOWS[name])
    asked = {"username": "full", "password": "pwd", "to": "15550001", "content": "hello"}
    async with running_api() as api:
        await ask(api.port, get("/send?" + urlencode(asked | REQUESTS[name])))
        request = await api.store.request(api.queued[0].msgid)
    assert isinstance(request, HttpDlrRequest)
    assert {
        "sc": "httpapi",
        "url": request.url,
        "level": str(request.level),
        "method": request.method,
        "connector": request.cid,
        "expiry": str(request.expiry_s),
    } == written


def _hash_written(flow: dict[str, Any]) -> dict[str, str]:
    """The fields of the HMSET on `dlr:`."""
    for command in flow["redis_commands"]:
        words = re.findall(r'"([^"]*)"', command["command"])
        if words[0].upper() == "HMSET" and words[1].startswith("dlr:"):
            return dict(zip(words[2::2], words[3::2], strict=True))
    raise AssertionError(flow["name"])

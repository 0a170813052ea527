"""What `/send` puts on the broker and into the store, against golden flows_http_mt_dlr."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from jasmin_compat.gateway.messages import HttpDlrRequest, MsgId, QueuedSubmit
from jasmin_compat.smpp.pdus import SubmitSm
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
FLOWS = {flow["name"]: flow for flow in golden.load("flows_http_mt_dlr")["flows"]}


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

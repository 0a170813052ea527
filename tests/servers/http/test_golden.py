"""Every recorded request of golden http_api against ours (design D12)."""

import re
from dataclasses import replace
from typing import Any

from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.sendable import with_rules
from jasmin_compat.gateway.users import UserId
from jasmin_compat.servers.jcli.commands import commands
from jasmin_compat.smpp.codec import encode
from jasmin_compat.smpp.commands import SUBMIT_SM
from jasmin_compat.smpp.pdus import Pdu
from jasmin_compat.smpp_io.client import ConnectorCounts
from jasmin_compat.wire.amqp_names import submit_binding
from jasmin_compat.wire.pickled_bills import read_bill
from tests import golden
from tests.http_client import HttpAnswer, ask
from tests.servers.http.api import RunningApi, running_api
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist

CASES = {case["id"]: case for case in golden.load("http_api")["cases"] if "id" in case}

MENDED = {
    "http-113": "a sender that is a number: Jasmin says Success and loses the message",
    "http-123": "a TLV entry with names and a type: the same",
    "http-126": "a TLV tag as text: Jasmin never answers",
    "http-127": "a TLV of three elements: Success, lost",
}
"""Answered as recorded (but for http-126); what is sent differs, since Jasmin sends nothing, or
something else (compat_tests/QUIRKS.md)."""
UNSENDABLE = {
    "http-128": "missing required TLV 0x3000.",
    "http-130": "TLV 0x3000 value length 18 exceeds configured max 10.",
    **dict.fromkeys(("http-178", "http-179"), "Destination address is longer than 20 octets."),
    **dict.fromkeys(("http-193", "http-194"), "Source address is longer than 20 octets."),
    "http-199": "Source address has a NUL octet.",
}
"""Jasmin says Success and loses it, or, for the NUL, sends another message: ours says 400, and
this."""
NO_ANSWER = {"http-126"}
UNQUEUED = {
    "http-381": "to a stopped connector",
    "http-476": "to a stopped connector",
    "http-458": "recorded with the next request",
    "http-459": "that of the one before",
}
"""Nothing to compare the PDU with."""
NO_ROUTE = ("http-038", "http-176", "http-374", "http-375", "http-378")
"""A SourceAddrFilter and no sender: Jasmin breaks on it (Q89)."""
LAST_METRICS = "http-478"
"""Counts what our answers are: four of NO_ROUTE came by /send."""


async def provisioned() -> tuple[Typist, FakeAdministration]:
    """The recording's site, typed into our console as it was typed into Jasmin's."""
    office = FakeOffice()
    typist = Typist(*commands(office.office()))
    for line in golden.load("http_api")["provisioning_jcli"]:
        await typist.types(line)
    return typist, office.admin


# covers: HTTP-01 HTTP-02 HTTP-03 HTTP-04 HTTP-05 HTTP-10 HTTP-12 HTTP-28 HTTP-35 HTTP-36 HTTP-37
# covers: HTTP-38 HTTP-39 HTTP-40 HTTP-49 HTTP-50 CRED-01 CRED-10 CRED-17 CRED-18 LONG-09 HTTP-32
async def test_every_request_is_answered_as_recorded_and_sends_what_was_sent() -> None:
    typist, admin = await provisioned()
    bindings = [submit_binding(cid) for cid in admin.site.connectors]
    differ: dict[str, str] = {}
    connected: dict[str, ConnectorCounts] = {}
    absent = ConnectorCounts()
    async with running_api(
        admin.site,
        bindings=tuple(bindings),
        is_bound=lambda cid: admin.status(cid).is_started and cid != "con3",
        connectors=lambda: {cid: connected.get(cid, absent) for cid in admin.site.connectors},
    ) as api:
        for case in golden.load("http_api")["cases"]:
            if "jcli" in case:
                await typist.types(*case["jcli"])
                api.site.swap(admin.site)
                continue
            api.queues.published.clear()
            connected = counted_in(case["response"].get("body_hex", ""))
            answer = await ask(api.port, bytes.fromhex(case["request_hex"]))
            await pay_the_answers(api)
            if why := difference(case, answer, api):
                differ[case["id"]] = why
    assert differ == {}
    assert len(CASES) == 478
    assert {*MENDED, *UNSENDABLE, *UNQUEUED, *NO_ROUTE} <= CASES.keys()


def counted_in(body_hex: str) -> dict[str, ConnectorCounts]:
    """What a recorded page of metrics says of the connectors, which are not here; what it says of
    the HTTP API is ours to count."""
    found: dict[str, ConnectorCounts] = {}
    page = bytes.fromhex(body_hex).decode("latin-1")
    line = re.compile(r'^smppc_(\w+)\{cid="(\w+)"\} (\d+)$', re.MULTILINE)
    for name, cid, number in line.findall(page):
        setattr(found.setdefault(cid, ConnectorCounts()), name, int(number))
    return found


async def pay_the_answers(api: RunningApi) -> None:
    """The SMSC takes each part, and what its answer costs is charged, as in the recording."""
    for queued in api.queued:
        assert queued.bill is not None
        bill = read_bill(queued.bill)
        amount = bill.at_response * len(queued.parts)
        if amount:
            user = api.site().users[UserId(bill.uid)]
            await api.quotas.charge(user, Charge(amount=amount, count=0, needed=amount))


def difference(case: dict[str, Any], answer: HttpAnswer, api: RunningApi) -> str:
    """Between the recording and ours; empty where there is none, or none but a quirk."""
    try:
        judge(case, answer, api)
    except AssertionError as error:
        return str(error)
    return ""


def judge(case: dict[str, Any], answer: HttpAnswer, api: RunningApi) -> None:
    """Raises: AssertionError."""
    if case["id"] in NO_ANSWER:
        assert answer.status == 200
    elif case["id"] in UNSENDABLE:
        body = f'Error "{UNSENDABLE[case["id"]]}"'.encode()
        assert (answer.status, answer.body, sent(api)) == (400, body, [])
        return
    elif case["id"] in NO_ROUTE:
        assert (answer.status, b"No route found" in answer.body) == (412, True)
    elif case["id"] == LAST_METRICS:
        page = bytes.fromhex(case["response"]["body_hex"]).decode()
        taken = 249 - len(UNSENDABLE)
        page = page.replace("route_error_count 6\n", "route_error_count 10\n")
        assert answer.body.decode() == page.replace(
            "success_count 249\n", f"success_count {taken}\n"
        )
    else:
        assert_same_answer(answer, case["response"])
    if case["id"] not in MENDED.keys() | UNQUEUED.keys():
        theirs = [
            comparable(bytes.fromhex(pdu["hex"]))
            for pdu in case["smsc"]
            if pdu["decoded"]["command_id"] == "submit_sm"
        ]
        assert [comparable(octets) for octets in sent(api)] == sorted_by_number(theirs)


def assert_same_answer(ours: HttpAnswer, recorded: dict[str, Any]) -> None:
    assert ours.status_line == recorded["status_line"]
    assert without_ids(ours.body) == without_ids(bytes.fromhex(recorded["body_hex"]))
    varies = ("Server", "Date")
    theirs = [(name, value) for name, value in recorded["headers"] if name not in varies]
    assert [(name, value) for name, value in ours.headers if name not in varies] == theirs


def without_ids(body: bytes) -> bytes:
    return re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"<UUID>", body)


def sent(api: RunningApi) -> list[bytes]:
    """The queued parts as the connector sends them."""
    octets = []
    for queued in api.queued:
        connector = api.site().connectors[queued.cid]
        null_sender = queued.source_addr_is_null and connector.source_addr is not None
        for part in queued.parts:
            sender = (connector.source_addr or "").encode() if null_sender else part.source_addr
            as_sent = with_rules(replace(part, source_addr=sender), connector)
            octets.append(encode(Pdu(SUBMIT_SM, 1, as_sent)))
    return octets


def comparable(octets: bytes) -> bytes:
    """Less sequence number, segment reference and absolute times in the present."""
    octets = octets[:12] + b"SEQ." + octets[16:]
    octets = re.sub(rb"(?s)\x05\x00\x03.(?=[\x02-\x05][\x01-\x05])", b"\x05\x00\x03R", octets)
    return re.sub(rb"\x002[678]\d{10}[0-9]00\+\x00(?=[\x00\x01])", b"\0<VALIDITY>\0", octets)


def sorted_by_number(parts: list[bytes]) -> list[bytes]:
    """Parts as they stand in the message: the recording has them as they arrived."""
    return sorted(parts, key=lambda octets: octets[octets.find(b"\x05\x00\x03R") + 5 :][:1])

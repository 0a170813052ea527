"""Every recorded request of golden http_api against ours (design D12), or the reason why not."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import Group, GroupId, User
from jasmin_compat.smpp.codec import encode
from jasmin_compat.smpp.commands import SUBMIT_SM
from jasmin_compat.smpp.pdus import Pdu
from tests import builders, golden
from tests.http_client import HttpAnswer, ask
from tests.servers.http.api import RunningApi, running_api

CASES = {case["id"]: case for case in golden.load("http_api")["cases"] if "id" in case}

LATER_GROUPS = {
    "metrics": "/metrics",
    "balance": "/balance",
    "rate": "/rate",
    "rate/route2": "/rate",
    "rate/route3": "/rate",
    "send/quota": "quotas and charging",
    "send/throughput": "throughput of users",
}
LATER_CASES = {
    **dict.fromkeys(
        ("http-176", "http-374", "http-375", "http-378"), "a SourceAddrFilter in the table"
    ),
    "http-131": "types from a connector's TLV rules",
    "http-384": "failover routes",
    **dict.fromkeys(
        (
            *("http-385", "http-386", "http-391", "http-393", "http-395", "http-397"),
            *("http-399", "http-401", "http-403", "http-405", "http-407", "http-408"),
        ),
        "authorizations",
    ),
    **dict.fromkeys(
        (
            *("http-410", "http-411", "http-413", "http-415", "http-418", "http-420"),
            *("http-423", "http-424", "http-426", "http-468"),
        ),
        "value filters",
    ),
    **dict.fromkeys(("http-429", "http-431"), "a user's default sender"),
    "http-474": "charging",
    "http-475": "/balance",
}
"""Not judged yet, and the feature of a later issue it needs."""
MENDED = {
    "http-113": "a sender that is a number: Jasmin says Success and loses the message",
    "http-123": "a TLV entry with names and a type: the same",
    "http-126": "a TLV tag as text: Jasmin never answers",
    "http-127": "a TLV of three elements: Success, lost",
    "http-128": "a TLV a connector wants is missing: Success, lost",
    "http-130": "a TLV longer than a connector wants: Success, lost",
    **dict.fromkeys(("http-178", "http-179"), "21 digits: Success, lost; ours ends with a status"),
    **dict.fromkeys(("http-193", "http-194"), "a sender of 21 octets: the same"),
    "http-199": "a NUL in the sender moves the following fields: ours ends with a status",
}
"""Answered as recorded (but for http-126); what is sent differs, since Jasmin sends nothing, or
something else (compat_tests/QUIRKS.md)."""
NO_ANSWER = {"http-126"}
UNQUEUED = {"http-381": "to a stopped connector", "http-476": "to a stopped connector"}
"""Accepted and not sent in the recording: nothing to compare the PDU with."""
ROUTES = {
    "http-380": {0: builders.default_route("con2")},
    **{key: {} for key in ("http-463", "http-464", "http-465", "http-466", "http-469")},
    "http-477": {0: builders.default_route("gone")},
}
"""Where the recording's table matters; the default route leads to con1 everywhere else."""
CON2 = builders.connector(
    ConnectorId("con2"),
    source_addr_ton=5,
    source_addr_npi=0,
    dest_addr_ton=2,
    dest_addr_npi=8,
    protocol_id=3,
    replace_if_present_flag=1,
    sm_default_msg_id=7,
    source_addr="IGNORED",
)


def users() -> list[User]:
    """Of the recording's provisioning, without their credentials."""
    typed = "\n".join(golden.load("http_api")["provisioning_jcli"])
    found = re.findall(r"uid (\S+)\ngid (\S+)\nusername (\S+)\npassword (\S+)", typed)
    return [
        builders.user(
            name,
            password,
            gid=GroupId(gid),
            enabled=uid != "udis",
        )
        for uid, gid, name, password in found
    ]


USERS = users()
SITE = builders.site(
    *USERS,
    groups={user.gid: Group(gid=user.gid, enabled=user.gid != "gdis") for user in USERS},
    connectors={builders.CID: builders.connector(), CON2.cid: CON2},
)


def site_for(case: str) -> Site:
    return replace(SITE, mt_routes=ROUTES.get(case, SITE.mt_routes))


JUDGED = [
    c for c in CASES.values() if c["group"] not in LATER_GROUPS and c["id"] not in LATER_CASES
]


@pytest.fixture
async def api() -> AsyncIterator[RunningApi]:
    async with running_api(SITE) as running:
        yield running


def test_every_case_is_judged_or_has_a_reason() -> None:
    assert len(CASES) == 478
    assert LATER_CASES.keys() | MENDED.keys() | UNQUEUED.keys() | ROUTES.keys() <= CASES.keys()
    assert len(JUDGED) == 361
    by_group = {c["group"] for c in CASES.values()}
    assert LATER_GROUPS.keys() <= by_group


# covers: HTTP-01 HTTP-02 HTTP-03 HTTP-04 HTTP-05 HTTP-10 HTTP-12 HTTP-28 HTTP-35 HTTP-36 HTTP-37
# covers: HTTP-38 HTTP-39 HTTP-40 HTTP-49 HTTP-50
@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case["id"])
async def test_the_answer_and_what_is_sent_are_as_recorded(
    case: dict[str, Any], api: RunningApi
) -> None:
    api.site.swap(site_for(case["id"]))
    answer = await ask(api.port, bytes.fromhex(case["request_hex"]))
    if case["id"] in NO_ANSWER:
        assert answer.status == 200
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
    theirs = {(name.lower(), value) for name, value in recorded["headers"]}
    assert ours.header_set() == {(n, v) for n, v in theirs if n not in ("server", "date")}


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
            pdu = Pdu(SUBMIT_SM, 1, replace(part, source_addr=sender))
            octets.append(encode(pdu))
    return octets


def comparable(octets: bytes) -> bytes:
    """Less sequence number, segment reference and absolute times in the present."""
    octets = octets[:12] + b"SEQ." + octets[16:]
    octets = re.sub(rb"(?s)\x05\x00\x03.(?=[\x02-\x05][\x01-\x05])", b"\x05\x00\x03R", octets)
    return re.sub(rb"\x002[678]\d{10}[0-9]00\+\x00(?=[\x00\x01])", b"\0<VALIDITY>\0", octets)


def sorted_by_number(parts: list[bytes]) -> list[bytes]:
    """Parts as they stand in the message: the recording has them as they arrived."""
    return sorted(parts, key=lambda octets: octets[octets.find(b"\x05\x00\x03R") + 5 :][:1])

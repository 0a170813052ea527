"""TLVs of clients, and a connector's rules for them (contract/http-api.md §12, smpp-client.md §7).

Of release 0.12: 0.11.0 passes TLVs on as they are given and knows no rules.
"""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from compat_tests import sites
from compat_tests.peers import http_client, smpp
from compat_tests.peers.console import logged_in
from compat_tests.peers.http_client import Response
from compat_tests.world import World, msgid_of

RULES = "0x3000,COctetString,10,required;0x3001,Int2,-"
REF, COUNT = 0x3000, 0x3001


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def ruled(routing: World) -> AsyncIterator[World]:
    """With a connector that has rules; messages with tag `ruled` go there, others to `one`."""
    if routing.target == "jasmin":
        pytest.skip("rules for TLVs came after 0.11.0")
    async with logged_in(routing.gateway.host, routing.processes.console_port) as at:
        await at.saves(
            *("smppccm -a", "cid ruled", "host 127.0.0.1", f"port {routing.smsc.port}"),
            *("username ruled", "password pw", "submit_throughput 0", f"custom_tlvs {RULES}"),
        )
        await at.asks("smppccm -1 ruled")
        await routing.smsc.is_bound("ruled")
        await at.saves("filter -a", "type TagFilter", "fid ruled", "tag ruled")
        await at.saves(
            *("mtrouter -a", "type StaticMTRoute", "order 10", "filters ruled"),
            *("connector smppc(ruled)", "rate 0.0"),
        )
        await at.saves("mtrouter -a", "type DefaultRoute", "connector smppc(one)", "rate 0.0")
        yield routing
        await at.asks("mtrouter -f")


async def post(
    world: World, number: str, tlvs: object = None, tags: str = "ruled", content: str = "hello"
) -> Response:
    """A POST of JSON."""
    arguments: dict[str, object] = {
        "username": sites.ALICE.username,
        "password": sites.ALICE.password,
        "to": number,
        "content": content,
        "tags": tags,
    }
    if tlvs is not None:
        arguments["custom_tlvs"] = tlvs
    body = json.dumps(arguments).encode()
    return await world.http(http_client.request("POST", "/send", body, "application/json"))


# covers: HTTP-51G
@pytest.mark.parametrize(
    ("tlvs", "on_wire"),
    [
        ({"0x1401:Int4": 5}, {0x1401: b"\0\0\0\5"}),
        ({"5121": 5, "0x1402:COctetString": "ab"}, {0x1401: b"5", 0x1402: b"ab\0"}),
        ([[0x1401, None, "Int2", "0x0102"]], {0x1401: b"\1\2"}),
        ([{"tag": "0x1401", "value": "v"}], {0x1401: b"v"}),
        ('[[5121, null, "Int1", 7]]', {0x1401: b"\7"}),
    ],
    ids=["object", "object without types", "list", "list of objects", "text"],
)
async def test_tlvs_of_any_shape_reach_the_smsc(
    ruled: World, number: str, tlvs: object, on_wire: dict[int, bytes]
) -> None:
    msgid_of(await post(ruled, number, tlvs, tags="free"))

    [submitted] = await ruled.smsc.got(number)
    assert submitted.pdu.tlvs == on_wire


# covers: SMPPC-30G
async def test_a_type_left_open_is_that_of_the_rule(ruled: World, number: str) -> None:
    msgid = msgid_of(
        await post(ruled, number, [[REF, None, None, "abc"], [COUNT, None, None, 513]])
    )

    [submitted] = await ruled.smsc.got(number)
    assert submitted.pdu.tlvs == {REF: b"abc\0", COUNT: b"\2\1"}
    line = await ruled.log_line("messages.log", f"TLV [msgid:{msgid}]", "[tag:0x3001]", "resolved")
    assert line.endswith("[resolved_type:Int2]")
    given = await ruled.log_line("messages.log", f"TLV [msgid:{msgid}]", "[tag:0x3000]", "caller")
    assert given.endswith("[caller_type:not-specified] [value_preview:'abc']")


# covers: W-MT-24
@pytest.mark.quirk("Q99")
async def test_every_part_of_a_long_message_has_them(ruled: World, number: str) -> None:
    msgid_of(await post(ruled, number, {"0x3000": "abc"}, content="x" * 161))

    one, two = await ruled.smsc.got(number, 2)
    more = smpp.MORE_MESSAGES_TO_SEND
    assert one.pdu.tlvs == {more: b"\1", REF: b"abc\0"}
    assert two.pdu.tlvs == {more: b"\0", REF: b"abc\0"}


# covers: SMPPC-30G W-MT-05
@pytest.mark.quirk("Q98")
@pytest.mark.parametrize(
    ("tlvs", "reason"),
    [
        (None, "missing required TLV 0x3000."),
        ({"0x3000": "x" * 10}, "TLV 0x3000 value length 11 exceeds configured max 10."),
        ({"0x3000": "a", "0x3001": "b"}, "TLV 0x3001 value is not a number."),
    ],
    ids=["missing", "too long", "no number"],
)
async def test_what_breaks_a_rule_is_refused_at_once(
    ruled: World, number: str, tlvs: object, reason: str
) -> None:
    response = await post(ruled, number, tlvs)

    assert (response.status, response.text) == (400, f'Error "{reason}"')
    msgid_of(await post(ruled, number, {"0x3000": "next"}))
    [submitted] = await ruled.smsc.got(number)
    assert submitted.pdu.tlvs == {REF: b"next\0"}

"""Every recorded request to `/`, `/ping` and `/send` that one default route can answer, again."""

import asyncio
import dataclasses
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest

from compat_tests.peers import smpp
from compat_tests.peers.smpp import Pdu
from compat_tests.peers.smsc import Submitted
from compat_tests.recordings import (
    HttpCase,
    comparable,
    comparable_response,
    comparable_submit,
    differences,
    http_cases,
)
from compat_tests.world import World

GROUPS = {
    *("root", "ping", "send/transport", "send/json", "send/args", "send/auth", "send/to"),
    *("send/from", "send/coding", "send/gsm", "send/hex", "send/long", "send/priority"),
    *("send/validity", "send/sdt", "send/dlr", "send/tags"),
}

BY_A_FILTER = {"http-088", "http-090", "http-091", "http-176", "http-374"}
"""Answered so by the filters of the recording's routing table, which is not here."""

RELEASE = "http-001"
"""Says the release: test_http_api has it."""

CASES = [
    case
    for case in http_cases()
    if case.group in GROUPS
    and case.number not in BY_A_FILTER | {RELEASE}
    and b"custom_tlvs" not in case.request  # not in 0.11.0
    and "con4" not in case.what  # the connector with custom TLV rules
]


def submits(world: World) -> list[Submitted]:
    """Those for the destinations of the recording: other scenarios use 336…."""
    return [s for s in world.smsc.submitted if not s.pdu["destination_addr"].startswith("336")]


A_NUMBER = "http-113"
"""A sender that is a JSON number."""
TOO_LONG = {
    **dict.fromkeys(("http-178", "http-179"), "Destination address is longer than 20 octets."),
    **dict.fromkeys(("http-193", "http-194"), "Source address is longer than 20 octets."),
}
WITH_NUL = {"http-199": "Source address has a NUL octet."}
"""It makes Jasmin's submit_sm another message."""


def as_asked_for(case: HttpCase) -> Pdu:
    """The plain submit_sm that a GET, or a POST of JSON, asks for."""
    head, _, body = case.request.decode().partition("\r\n\r\n")
    query = dict(parse_qsl(head.partition("?")[2].partition(" ")[0]))
    arguments = json.loads(body) if body else query
    numbers = {"source_addr_ton": 2, "source_addr_npi": 1, "dest_addr_ton": 1, "dest_addr_npi": 1}
    fields = {
        "source_addr": arguments.get("from", ""),
        "destination_addr": arguments["to"],
        "short_message": arguments["content"],
        "esm_class": 3,
        **numbers,
    }
    return smpp.parse(smpp.build("submit_sm", 1, 0, fields))


async def clear_of_the_fraction_that_jasmin_drops() -> None:
    """A validity that ends in the last 0.05 s of a second is accepted and dropped (Q19)."""
    fraction = time.time() % 1
    if fraction > 0.9:
        await asyncio.sleep(1.01 - fraction)


# covers: HTTP-01 HTTP-02 HTTP-03 HTTP-04 HTTP-05 HTTP-06 HTTP-07 HTTP-08 HTTP-09 HTTP-10 HTTP-11
# covers: HTTP-12 HTTP-13 HTTP-14 HTTP-15 HTTP-16 HTTP-18 HTTP-21 HTTP-22 HTTP-23 HTTP-24 HTTP-25
# covers: HTTP-26 HTTP-28 HTTP-35 HTTP-36 HTTP-37 HTTP-38 HTTP-40 HTTP-49 LONG-01 LONG-02 LONG-03
# covers: LONG-04 LONG-06 LONG-07
@pytest.mark.quirk("Q19", "Q22", "Q23")
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_recorded_request_is_answered_as_recorded(
    main: World, case: HttpCase, mended: Callable[[str], bool]
) -> None:
    if mended("Q22") and case.number == A_NUMBER:
        case = dataclasses.replace(case, submits=(as_asked_for(case),))
    if b"validity" in case.request and not mended("Q19"):
        await clear_of_the_fraction_that_jasmin_drops()
    before = len(submits(main))

    response = await main.http(case.request)

    why = {**(TOO_LONG if mended("Q22") else {}), **(WITH_NUL if mended("Q23") else {})}
    if case.number in why:
        assert (response.status, response.text) == (400, f'Error "{why[case.number]}"')
        return
    answer = case.answer
    expected = comparable(answer["status_line"], answer["headers"], answer["body_text"])
    assert differences(comparable_response(response), expected) == []
    await main.smsc.bell.until(
        lambda: len(submits(main)) - before >= len(case.submits), "submit_sm as recorded"
    )
    if response.status == 200 and not case.submits:
        await main.smsc.bell.stays(lambda: len(submits(main)) == before, "nothing sent", 0.15)
    live = [comparable_submit(s.pdu) for s in submits(main)[before:]]
    assert differences(live, [comparable_submit(pdu) for pdu in case.submits]) == []


@pytest.mark.quirk("Q23")
async def test_a_sender_with_a_nul_does_not_reach_another_destination(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    response = await main.send(**{"from": b"a\0b"}, to=number)

    if not mended("Q23"):
        assert response.status == 200
        [submitted] = await main.smsc.got("\x01\x01" + number)
        assert (submitted.pdu["source_addr"], submitted.pdu["dest_addr_ton"]) == ("a", ord("b"))
        return
    assert (response.status, response.text) == (400, 'Error "Source address has a NUL octet."')
    await main.accepted(to=number)
    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["source_addr"] == ""

"""Programs of third parties that listen on the broker: a logger and a biller (users.md §2.3).

They are written as seven published ones are, and run in the real Jasmin's environment, with txAMQP
and Jasmin's own classes; in `make test`, where that is not made, with smpp.pdu3 alone.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from compat_tests.peers.console import logged_in
from compat_tests.peers.sink import ACK, Reply
from compat_tests.peers.smsc import Answer
from compat_tests.peers.stranger import WITHOUT_JASMIN, Stranger, of_jasmin
from compat_tests.sites import ALICE
from compat_tests.targets.jasmin import AMQP_SPEC
from compat_tests.targets.site import GROUP, User
from compat_tests.world import World


@dataclass(frozen=True, slots=True)
class Seen:
    """A gateway, and who listens to it."""

    world: World
    logger: Stranger
    biller: Stranger
    splits_by_sar: bool


@pytest_asyncio.fixture(scope="module")
async def seen(listened: World, jasmin_home: Path | None) -> AsyncIterator[Seen]:
    """The logger's queue is durable on one site, and as transient as Jasmin's on the other."""
    gateway = listened.processes
    is_sar = gateway.site.name == "listened_sar"
    environment = WITHOUT_JASMIN if jasmin_home is None else of_jasmin(jasmin_home, AMQP_SPEC)
    logger, biller = Stranger("sms_logger", environment), Stranger("biller", environment)
    try:
        for stranger in (logger, biller):
            await stranger.open(gateway.amqp_port, gateway.vhost, durable=not is_sar)
        yield Seen(listened, logger, biller, is_sar)
    finally:
        await logger.close()
        await biller.close()


# ---------------------------------------------------------------- what they are to see

NONE = "RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED"
WANTED = "RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED"
HELLO = b"hello"


def part(octets: int, **more: Any) -> dict[str, Any]:
    mode = ["EsmClassMode.STORE_AND_FORWARD"]
    plain = {"receipt": NONE, "priority": "PriorityFlag.LEVEL_0"}
    return {"octets": octets, "esm_class": mode, **plain, **more}


def segments(seen: Seen, *octets: int) -> list[dict[str, Any]]:
    """Of a long message: the content of each part, counted without its UDH."""
    of, numbered = len(octets), list(enumerate(octets, 1))
    if seen.splits_by_sar:
        return [part(o, sar_total_segments=of, sar_segment_seqnum=at) for at, o in numbered]
    udh = {"esm_class": ["EsmClassMode.DEFAULT", "EsmClassGsmFeatures.UDHI_INDICATOR_SET"]}
    more = [{"more_messages_to_send": f"MoreMessagesToSend.{name}"} for name in MORE]
    return [part(6 + o, **udh, udh=[of, at], **more[at == of]) for at, o in numbered]


MORE = ("MORE_MESSAGES", "NO_MORE_MESSAGES")


def submit(seen: Seen, msgid: str, to: str, content: bytes = HELLO, **more: Any) -> dict[str, Any]:
    """The line of a submit_sm; what is not said is as an HTTP client without wishes has it."""
    bill = {
        "class": "jasmin.routing.Bills.SubmitSmBill",
        "uid": "alice",
        "username": "alice",
        "gid": "gmain",
        "counts": 0,
        "total": 0.0,
        "amounts": {"submit_sm": 0.0, "submit_sm_resp": 0.0},
    }
    plain = {
        "key": "submit.sm.con1",
        "id": msgid,
        "class": "smpp.pdu.operations.SubmitSM",
        "status": "CommandStatus.ESME_ROK",
        "source": "httpapi",
        "priority": 0,
        "reply_to": "submit.sm.resp.con1",
        "from": None,
        "to": to,
        "coding": 0,
        "content": content.hex(),
        "parts": [part(len(content))],
    }
    return {**plain, "bill": bill | more.pop("bill", {}), **more}


def response(msgid: str, message_id: str | None = None, status: str = "ROK") -> dict[str, Any]:
    line = {
        "key": "submit.sm.resp.con1",
        "id": msgid,
        "class": "smpp.pdu.operations.SubmitSMResp",
        "status": f"CommandStatus.ESME_{status}",
    }
    return line if message_id is None else line | {"message_id": message_id}


# ---------------------------------------------------------------- the traffic


@dataclass(frozen=True, slots=True)
class Kind:
    """What a client asks for, and what of it the logger has."""

    asked: dict[str, str]
    content: bytes
    shown: dict[str, Any]


KINDS = {
    "short": Kind({"from_": "1234"}, HELLO, {"from": "1234"}),
    "UCS2": Kind(
        {"coding": "8", "hex_content": "0041d83dde00"},
        "A\U0001f600".encode("utf-16-be"),
        {"coding": 8},
    ),
    "binary": Kind({"coding": "4", "hex_content": "00ff80"}, b"\0\xff\x80", {"coding": 4}),
    "Latin-1": Kind({"coding": "3", "hex_content": "e9e8"}, b"\xe9\xe8", {"coding": 3}),
    "GSM 03.38": Kind({"content": "@€"}, b"\0\x1be", {}),
    "urgent": Kind(
        {"priority": "2"}, HELLO, {"priority": 2, "parts": [part(5, priority="LEVEL_2")]}
    ),
}


# covers: AMQP-02 AMQP-01 SMPPC-29
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
async def test_a_message_and_its_answer_are_logged(seen: Seen, number: str, kind: Kind) -> None:
    seen.world.smsc.script(number, Answer(message_id="S1"))

    msgid = await seen.world.accepted(to=number, **kind.asked)

    await seen.logger.got(msgid, "submit.sm.resp.")
    assert seen.logger.of(msgid) == [
        submit(seen, msgid, number, kind.content, **kind.shown),
        response(msgid, "S1"),
    ]


# covers: AMQP-02 LONG-01
async def test_a_long_message_is_logged_with_its_parts(seen: Seen, number: str) -> None:
    content = "0123456789" * 40
    seen.world.smsc.script(number, *(Answer(message_id=f"S{at}") for at in (1, 2, 3)))

    msgid = await seen.world.accepted(to=number, content=content)

    await seen.logger.got(msgid, "submit.sm.resp.")
    parts = segments(seen, 153, 153, 94)
    assert seen.logger.of(msgid) == [
        submit(seen, msgid, number, content.encode(), parts=parts),
        response(msgid, "S3"),
    ]


# covers: SMPPC-29
async def test_a_refusal_is_logged(seen: Seen, number: str) -> None:
    seen.world.smsc.script(number, Answer(status=0x45))

    msgid = await seen.world.accepted(to=number)

    await seen.logger.got(msgid, "submit.sm.resp.")
    assert seen.logger.of(msgid) == [
        submit(seen, msgid, number),
        response(msgid, status="RSUBMITFAIL"),
    ]


# covers: SMPPC-29 SMPPC-15
@pytest.mark.quirk("Q158")
async def test_a_message_that_is_tried_again_is_logged_once(
    seen: Seen, number: str, mended: Callable[[str], bool]
) -> None:
    seen.world.smsc.script(number, Answer(status=0x58), Answer(status=0x58), Answer(message_id="S"))

    msgid = await seen.world.accepted(to=number)

    attempts = [] if mended("Q158") else [response(msgid, status="RTHROTTLED")] * 2
    await seen.logger.got(msgid, "submit.sm.resp.", len(attempts) + 1)
    assert seen.logger.of(msgid) == [
        submit(seen, msgid, number),
        *attempts,
        response(msgid, "S"),
    ]


# covers: AMQP-01 DLR-06
async def test_a_report_that_is_tried_again_is_logged_once(seen: Seen, number: str) -> None:
    world, path = seen.world, f"/{number}"
    world.smsc.script(number, Answer(message_id=number))
    world.sink.script(path, Reply(status=500), ACK)
    wish = {"dlr": "yes", "dlr_level": "3", "dlr_method": "GET", "dlr_url": world.sink.url(path)}

    msgid = await world.accepted(to=number, **wish)
    await world.sink.got(path, 2)
    world.sink.script(path, Reply(status=500), Reply(status=500), ACK)
    await world.smsc.receipt(number)

    await world.sink.got(path, 5)
    thrown = {"key": "dlr_thrower.http", "id": msgid, "body": msgid, "try-count": 0}
    thrown |= {"url": wish["dlr_url"], "method": "GET"}
    no_fields = dict.fromkeys(("id_smsc", "sub", "dlvrd", "subdate", "donedate", "err", "text"), "")
    fields = {"id_smsc": number, "sub": "001", "dlvrd": "001", "err": "000", "text": "hello"}
    fields |= {"subdate": "2611231200", "donedate": "2611231201"}
    lines = seen.logger.of(msgid, "dlr_thrower.")
    theirs = [{k: v for k, v in line.items() if not k.startswith("x-jc-")} for line in lines]
    assert theirs == [
        {**thrown, **no_fields, "level": 1, "message_status": "ESME_ROK", "connector": "con1"},
        {**thrown, **fields, "level": 2, "message_status": "DELIVRD", "connector": number},
    ]
    logged = [submit(seen, msgid, number, parts=[part(5, receipt=WANTED)]), response(msgid, number)]
    assert seen.logger.of(msgid, "submit.sm.") == logged


# covers: BILL-06 AMQP-01
async def test_the_biller_has_what_is_charged_at_the_answer(seen: Seen, number: str) -> None:
    world, uid = seen.world, f"b{number[-6:]}"
    quotas = ("balance 10", "sms_count 5", "early_percent 25")
    async with logged_in(world.gateway.host, world.processes.console_port) as at:
        await at.saves(
            *("user -a", f"uid {uid}", f"gid {GROUP}", f"username {uid}", "password pw"),
            *(f"mt_messaging_cred quota {quota}" for quota in quotas),
        )
        await at.saves("filter -a", f"fid f{uid}", "type userfilter", f"uid {uid}")
        await at.saves(
            *("mtrouter -a", "type staticmtroute", "order 10", f"filters f{uid}"),
            *("connector smppc(con1)", "rate 2"),
        )
    world.smsc.script(number, Answer(message_id="S"))

    msgid = await world.accepted(user=User(uid, "pw"), to=number)

    await seen.biller.bell.until(lambda: seen.biller.lines, "a bill")
    [bill] = seen.biller.lines
    key = f"bill_request.submit_sm_resp.{uid}"
    assert bill == {"key": key, "id": bill["id"], "body": bill["id"], "uid": uid, "amount": "1.5"}
    amounts = {"amounts": {"submit_sm": 0.5, "submit_sm_resp": 1.5}, "total": 2.0, "counts": 1}
    await seen.logger.got(msgid, "submit.sm.resp.")
    assert seen.logger.of(msgid) == [
        submit(seen, msgid, number, bill={"uid": uid, "username": uid, **amounts}),
        response(msgid, "S"),
    ]


# covers: W-BILL-08
@pytest.mark.quirk("Q27")
async def test_no_message_holds_the_digest_of_a_password(
    seen: Seen, number: str, mended: Callable[[str], bool]
) -> None:
    digest = hashlib.md5(ALICE.password.encode()).digest()
    as_text = digest.decode("latin-1").encode()  # as pickle protocol 2 has octets

    msgid = await seen.world.accepted(to=number)

    tap = seen.world.tap
    [tapped] = await tap.got(msgid, "submit.sm.con1")
    octets = [tapped.body, *(v for v in tapped.headers.values() if isinstance(v, bytes))]
    forms = (digest, as_text, digest.hex().encode(), base64.b64encode(digest))
    assert any(form in each for each in octets for form in forms) is not mended("Q27")


async def test_the_listeners_are_still_there_and_could_read_all(seen: Seen) -> None:
    """txAMQP leaves at the first header of a type it does not know."""
    assert seen.logger.is_connected
    assert seen.biller.is_connected
    assert [line for line in seen.logger.lines + seen.biller.lines if "error" in line] == []
    keys = Counter(line["id"] for line in seen.logger.of_key("submit.sm.con1"))
    assert keys
    assert set(keys.values()) == {1}

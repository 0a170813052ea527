"""From receipt to callback: ids, early receipts, unknown ones, records (contract/dlr.md §4-5)."""

import asyncio
from collections.abc import Callable

import pytest

from compat_tests.peers import smpp
from compat_tests.peers.smsc import Answer
from compat_tests.world import World

THROTTLED = 0x58
DAY_S = 86400


async def awaiting_receipt(world: World, to: str, path: str, level: str = "2") -> tuple[str, str]:
    """A message whose record is there; our id and the SMSC's."""
    url = world.sink.url(path)
    msgid = await world.accepted(to=to, dlr="yes", dlr_level=level, dlr_url=url, dlr_method="POST")
    [submitted] = await world.smsc.got(to)
    assert submitted.message_id is not None
    await world.tap.got(msgid, "dlr.submit_sm_resp")
    return msgid, submitted.message_id


# covers: DLR-12
async def test_a_receipt_that_comes_before_its_response_is_called_back(
    main: World, number: str
) -> None:
    main.smsc.script(number, Answer(message_id="EARLY1", after_s=0.5))
    url = main.sink.url("/early")

    msgid = await main.accepted(to=number, dlr="yes", dlr_level="2", dlr_url=url, dlr_method="POST")
    await main.smsc.got(number)
    response = await main.smsc.receipt("EARLY1")

    assert response.status == 0
    [call] = await main.sink.got("/early")
    assert (call.arguments["id"], call.arguments["message_status"]) == (msgid, "DELIVRD")


# covers: DLR-12
async def test_a_receipt_for_an_unknown_id_is_accepted_and_let_go(main: World) -> None:
    response = await main.smsc.receipt("NOBODYS1")

    assert response.status == 0
    await main.log_line("dlrlookupd-messages.log", "DLRMapNotFound", "NOBODYS1", "(retrials: 1/2)")
    await main.log_line("dlrlookupd-messages.log", "(final) DLRMapNotFound", "NOBODYS1")


# covers: DLR-13 DLR-14 W-DLR-02
@pytest.mark.quirk("Q4")
async def test_records_live_as_long_as_a_receipt_may_come(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    msgid, smpp_msgid = await awaiting_receipt(main, number, "/records", level="3")

    mapping = await main.record(f"queue-msgid:{smpp_msgid}")
    assert mapping == {"msgid": msgid, "connector_type": "httpapi"}
    request = await main.record(f"dlr:{msgid}")
    assert request == {
        "sc": "httpapi",
        "url": main.sink.url("/records"),
        "level": "3",
        "method": "POST",
        "connector": "con1",
        "expiry": str(DAY_S),
    }
    for key in (f"queue-msgid:{smpp_msgid}", f"dlr:{msgid}"):
        assert DAY_S - 30 <= await main.store.ttl(key) <= DAY_S + 300

    await main.smsc.receipt(smpp_msgid, "ACCEPTD")
    await main.sink.got("/records", 2)
    assert await main.store.exists(f"dlr:{msgid}") == 1, "ACCEPTD is not final"

    await main.smsc.receipt(smpp_msgid, "DELIVRD")
    await main.sink.got("/records", 3)
    await main.gone(f"dlr:{msgid}")
    if mended("Q4"):
        await main.gone(f"queue-msgid:{smpp_msgid}")
    else:
        assert await main.store.exists(f"queue-msgid:{smpp_msgid}") == 1


# covers: SMPPC-25 HTTP-50
async def test_the_connectors_dlr_expiry_bounds_the_records(other: World, number: str) -> None:
    other.smsc.script(number, Answer(message_id="4D2"))
    msgid, _ = await awaiting_receipt(other, number, "/expiry")

    assert (await other.record(f"dlr:{msgid}"))["expiry"] == "77"
    assert 40 <= await other.store.ttl(f"dlr:{msgid}") <= 77 + 300
    await other.record("queue-msgid:4D2")


# covers: DLR-01
async def test_level_1_leaves_no_record(main: World, number: str) -> None:
    msgid, smpp_msgid = await awaiting_receipt(main, number, "/level-1", level="1")

    await main.sink.got("/level-1")
    await main.gone(f"dlr:{msgid}")
    assert await main.store.exists(f"queue-msgid:{smpp_msgid}") == 0


# covers: SMPPC-24
async def test_with_dlr_msgid_1_a_decimal_receipt_finds_a_hexadecimal_id(
    other: World, number: str
) -> None:
    other.smsc.script(number, Answer(message_id="001a2b"))
    msgid, _ = await awaiting_receipt(other, number, "/base-1")
    await other.record("queue-msgid:1A2B")

    await other.smsc.receipt(str(0x1A2B))

    [call] = await other.sink.got("/base-1")
    assert (call.arguments["id"], call.arguments["id_smsc"]) == (msgid, "1A2B")


# covers: SMPPC-24
async def test_with_dlr_msgid_2_a_hexadecimal_receipt_finds_a_decimal_id(
    limits: World, number: str
) -> None:
    limits.smsc.script(number, Answer(message_id="0006699"))
    msgid, _ = await awaiting_receipt(limits, number, "/base-2")
    await limits.record("queue-msgid:6699")

    await limits.smsc.receipt("1a2b")

    [call] = await limits.sink.got("/base-2")
    assert (call.arguments["id"], call.arguments["id_smsc"]) == (msgid, "6699")


# covers: DLR-21
async def test_a_receipt_leaves_its_line_in_the_log(main: World, number: str) -> None:
    _, smpp_msgid = await awaiting_receipt(main, number, "/line")
    await main.record(f"queue-msgid:{smpp_msgid}")

    await main.smsc.receipt(smpp_msgid, "UNDELIV")

    line = await main.log_line("dlrlookupd-messages.log", "INFO", f"[smpp-msgid:{smpp_msgid}]")
    assert line.partition("DLR ")[2] == (
        f"[cid:con1] [smpp-msgid:{smpp_msgid}] [status:UNDELIV] [submit date:2611231200] "
        "[done date:2611231201] [sub/dlvrd messages:001/001] [err:000] [content:'hello']"
    )


# covers: W-DLR-18
@pytest.mark.quirk("Q5")
async def test_a_receipt_with_octets_that_are_no_utf8_is_accepted(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    _, smpp_msgid = await awaiting_receipt(main, number, "/latin")
    await main.record(f"queue-msgid:{smpp_msgid}")
    words = (
        f"id:{smpp_msgid} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 "
        "stat:DELIVRD err:000 text:caf"
    )

    response = await main.smsc.deliver(
        {"source_addr": number, "esm_class": 4, "short_message": words.encode() + b"\xe9!"}
    )

    assert response.status == 0
    [call] = await main.sink.got("/latin")
    assert call.arguments["message_status"] == "DELIVRD"
    assert call.arguments["text"] == ("café!" if mended("Q5") else "caf!")


# covers: DLR-02
async def test_of_several_receipts_each_is_called_back_until_a_final_one(
    main: World, number: str
) -> None:
    _, smpp_msgid = await awaiting_receipt(main, number, "/several")
    await main.record(f"queue-msgid:{smpp_msgid}")

    for count, state in enumerate(["ACCEPTD", "UNKNOWN", "ACCEPTD", "EXPIRED"], 1):
        await main.smsc.receipt(smpp_msgid, state, form="tlv" if count % 2 else "text")
        await main.sink.got("/several", count)
    await main.smsc.receipt(smpp_msgid, "DELIVRD")

    await main.log_line("dlrlookupd-messages.log", "(final) DLRMapNotFound", smpp_msgid)
    states = [call.arguments["message_status"] for call in main.sink.at("/several")]
    assert states == ["ACCEPTD", "UNKNOWN", "ACCEPTD", "EXPIRED"]


# covers: W-DLR-19 W-MT-26
@pytest.mark.quirk("Q6")
async def test_a_message_sent_at_the_second_attempt_is_reported_once(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    main.smsc.script(number, Answer(status=THROTTLED), Answer())
    url = main.sink.url("/second-attempt")

    msgid = await main.accepted(to=number, dlr="yes", dlr_level="3", dlr_url=url, dlr_method="GET")
    _, submitted = await main.smsc.got(number, 2)
    assert submitted.message_id is not None

    if mended("Q6"):
        await main.record(f"queue-msgid:{submitted.message_id}")
        await main.smsc.receipt(submitted.message_id)
        calls = await main.sink.got("/second-attempt", 2)
        expected = ["ESME_ROK", "DELIVRD"]
    else:
        await main.tap.got(msgid, "dlr.submit_sm_resp", 2)
        calls = await main.sink.got("/second-attempt")
        expected = ["ESME_RTHROTTLED"]
    assert [call.arguments["message_status"] for call in calls] == expected


# covers: DLR-18
async def test_at_level_2_a_refused_message_is_not_reported(main: World, number: str) -> None:
    main.smsc.script(number, Answer(status=0x0B))
    url = main.sink.url("/refused-2")

    msgid = await main.accepted(to=number, dlr="yes", dlr_level="2", dlr_url=url, dlr_method="GET")

    await main.tap.got(msgid, "dlr.submit_sm_resp")
    await main.sink.bell.stays(lambda: not main.sink.at("/refused-2"), "no callback", 1)
    assert await main.store.exists(f"dlr:{msgid}") == 1


# covers: SMPPC-34 DLR-08
async def test_a_receipt_in_data_sm_is_answered_and_called_back(main: World, number: str) -> None:
    _, smpp_msgid = await awaiting_receipt(main, number, "/data-sm")
    await main.record(f"queue-msgid:{smpp_msgid}")

    response = await main.smsc.receipt(smpp_msgid, "DELIVRD", form="data_sm")

    assert (response.name, response.status) == ("data_sm_resp", 0)
    [call] = await main.sink.got("/data-sm")
    assert call.arguments["sub"] == "ND"
    assert call.arguments["text"] == ""


# covers: DLR-08
async def test_what_the_tlvs_say_goes_before_the_text(main: World, number: str) -> None:
    _, smpp_msgid = await awaiting_receipt(main, number, "/tlv-first")
    await main.record(f"queue-msgid:{smpp_msgid}")

    await main.smsc.deliver(
        {"esm_class": 4, "short_message": "id:0 stat:DELIVRD err:007"},
        [
            (smpp.RECEIPTED_MESSAGE_ID, smpp_msgid.encode() + b"\0"),
            (smpp.MESSAGE_STATE, b"\5"),
        ],
    )

    [call] = await main.sink.got("/tlv-first")
    assert call.arguments["message_status"] == "UNDELIV"
    assert call.arguments["err"] == "007"


# covers: DLR-15
async def test_lookup_and_thrower_run_as_daemons_of_their_own(main: World, number: str) -> None:
    assert set(main.processes.pids) == {"jasmind", "dlrlookupd", "dlrd"}
    async with asyncio.timeout(15):
        await awaiting_receipt(main, number, "/daemons", level="1")
        await main.sink.got("/daemons")

"""Long messages: cutting, headers, references, one report (contract/http-api.md §5)."""

import pytest

from compat_tests.peers import smpp
from compat_tests.peers.smpp import Pdu
from compat_tests.recordings import comparable_submit
from compat_tests.world import World
from tests import golden

MAX_UDH_REFERENCE = 255


async def parts(world: World, to: str, count: int, **arguments: str | bytes) -> list[Pdu]:
    await world.accepted(to=to, **arguments)
    return [s.pdu for s in await world.smsc.got(to, count)]


# covers: LONG-01 LONG-04 LONG-06
async def test_161_septets_are_cut_at_153(main: World, number: str) -> None:
    one, two = await parts(main, number, 2, content="x" * 161)

    reference = one["short_message"][3:4]
    assert one["short_message"] == b"\x05\0\x03" + reference + b"\2\1" + b"x" * 153
    assert two["short_message"] == b"\x05\0\x03" + reference + b"\2\2" + b"x" * 8
    assert (one["esm_class"], two["esm_class"]) == (0x40, 0x40)
    assert one.tlvs == {smpp.MORE_MESSAGES_TO_SEND: b"\1"}
    assert two.tlvs == {smpp.MORE_MESSAGES_TO_SEND: b"\0"}


# covers: LONG-01
async def test_160_septets_are_one_message(main: World, number: str) -> None:
    [pdu] = await parts(main, number, 1, content="x" * 160)

    assert (pdu["short_message"], pdu["esm_class"], pdu.tlvs) == (b"x" * 160, 3, {})


# covers: LONG-02
async def test_141_octets_are_cut_at_134(main: World, number: str) -> None:
    one, two = await parts(main, number, 2, hex_content="41" * 141, coding="3")

    assert [len(pdu["short_message"]) for pdu in (one, two)] == [6 + 134, 6 + 7]


# covers: LONG-03
async def test_71_characters_of_ucs2_are_cut_at_67(main: World, number: str) -> None:
    content = ("ж" * 71).encode("utf-16-be")

    one, two = await parts(main, number, 2, content=content, coding="8")

    assert one["short_message"][6:] + two["short_message"][6:] == content
    assert len(one["short_message"]) == 6 + 134


# covers: LONG-07
async def test_beyond_five_parts_content_is_cut_off(main: World, number: str) -> None:
    pdus = await parts(main, number, 5, content="y" * (153 * 6))

    assert [pdu["short_message"][4:6] for pdu in pdus] == [bytes([5, n]) for n in range(1, 6)]
    await parts(main, number, 6, content="one more, to see that no sixth part came before it")
    assert len(main.smsc.submits(number)) == 6


# covers: LONG-11 DLR-03
async def test_only_the_last_part_asks_for_a_receipt(main: World, number: str) -> None:
    url = main.sink.url("/long-receipt")

    pdus = await parts(
        main, number, 3, content="z" * 400, dlr="yes", dlr_level="3", dlr_url=url, dlr_method="GET"
    )

    assert [pdu["registered_delivery"] for pdu in pdus] == [0, 0, 1]
    await main.sink.got("/long-receipt")
    last = main.smsc.submits(number)[-1]
    assert last.message_id is not None
    await main.record(f"queue-msgid:{last.message_id}")
    await main.smsc.receipt(last.message_id)
    one, two = await main.sink.got("/long-receipt", 2)
    assert [c.arguments["level"] for c in (one, two)] == ["1", "2"]
    assert two.arguments["id_smsc"] == last.message_id


# covers: LONG-12
async def test_a_long_message_is_one_line_in_the_log(main: World, number: str) -> None:
    content = "".join(f"{n:03}," for n in range(80))

    await parts(main, number, 3, content=content)

    line = await main.log_line("messages.log", "SMS-MT", f"b'{number}'")
    assert f"[content:b'{content}']" in line
    assert line.count("SMS-MT") == 1
    lines = main.gateway.log("messages.log").splitlines()
    assert len([x for x in lines if f"b'{number}'" in x]) == 1


# covers: LONG-08
async def test_the_reference_counts_from_1_to_255_and_again(main: World, number: str) -> None:
    for _ in range(MAX_UDH_REFERENCE + 1):
        await main.accepted(to=number, content="r" * 161)

    submits = await main.smsc.got(number, 2 * (MAX_UDH_REFERENCE + 1))
    headers = sorted((s.pdu["short_message"][5], n, s) for n, s in enumerate(submits))
    first, *following = [s.pdu["short_message"][3] for part, _, s in headers if part == 1]
    expected = [(first + n) % MAX_UDH_REFERENCE + 1 for n in range(MAX_UDH_REFERENCE)]
    assert following == expected


RECORDED_CONTENT = "".join(chr(65 + n % 26) for n in range(1500))
SAR = {
    "sar: http ucs2 200 chars": {"hex_content": "0600" * 200, "coding": "8"},
    **{
        f"sar: http {n} chars": {"content": RECORDED_CONTENT[:n]}
        for n in (160, 161, 400, 1224, 1500)
    },
}


# covers: LONG-05 LONG-07
@pytest.mark.parametrize("name", SAR)
async def test_with_sar_messages_are_cut_as_recorded(other: World, number: str, name: str) -> None:
    flows = golden.load("flows_altconfig")["flows"]
    [flow] = [f for f in flows if f["name"] == name]
    recorded = [smpp.parse(bytes.fromhex(e["hex"])) for e in flow["smsc"]]
    expected = [comparable_submit(pdu) for pdu in recorded if pdu.name == "submit_sm"]

    pdus = await parts(other, number, len(expected), **SAR[name])

    kept = ("esm_class", "data_coding", "registered_delivery", "short_message", "tlvs")
    live = [comparable_submit(pdu) for pdu in pdus]
    assert [[p[k] for k in kept] for p in live] == [[p[k] for k in kept] for p in expected]
    references = {pdu.tlvs.get(smpp.SAR_MSG_REF_NUM) for pdu in pdus}
    assert len(references) == 1

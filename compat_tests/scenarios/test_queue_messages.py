"""Queues and messages as a third party at the broker sees them (contract/amqp-topology.md)."""

from collections.abc import Callable

import pytest

from compat_tests.peers import broker, pickles
from compat_tests.peers.tap import Tapped
from compat_tests.world import World

SUBMIT_CLASSES = {
    "smpp.pdu.operations.SubmitSM",
    "smpp.pdu.pdu_types.CommandId",
    "smpp.pdu.pdu_types.CommandStatus",
    "smpp.pdu.pdu_types.AddrTon",
    "smpp.pdu.pdu_types.AddrNpi",
    "smpp.pdu.pdu_types.EsmClass",
    "smpp.pdu.pdu_types.EsmClassMode",
    "smpp.pdu.pdu_types.EsmClassType",
    "smpp.pdu.pdu_types.PriorityFlag",
    "smpp.pdu.pdu_types.RegisteredDelivery",
    "smpp.pdu.pdu_types.RegisteredDeliveryReceipt",
    "smpp.pdu.pdu_types.ReplaceIfPresentFlag",
}


# covers: AMQP-01 AMQP-02 W-BILL-08
@pytest.mark.quirk("Q27")
async def test_a_tap_sees_each_submit_with_its_headers_and_wire_types(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    msgid = await main.accepted(to=number)

    [tapped] = await main.tap.got(msgid, "submit.sm.con1")
    assert (tapped.exchange, tapped.routing_key) == ("messaging", "submit.sm.con1")
    kept = {k: v for k, v in tapped.properties.items() if k != "delivery_mode"}
    assert kept == {"priority": 0, "message_id": msgid, "reply_to": "submit.sm.resp.con1"}
    theirs = {k: t for k, t in tapped.wire_types.items() if not k.startswith("x-jc-")}
    assert theirs == {"source_connector": "S", "created_at": "S", "submit_sm_bill": "S"}
    assert tapped.headers["source_connector"] == "httpapi"
    assert tapped.pickle_protocol == 2
    assert tapped.globals() >= SUBMIT_CLASSES
    submit = pickles.show(tapped.body)
    assert submit["state"]["params"]["destination_addr"] == number.encode()
    assert submit["state"]["params"]["short_message"] == b"hello"
    shown = pickles.show(tapped.headers["submit_sm_bill"])
    assert shown["class"] == "jasmin.routing.Bills.SubmitSmBill"
    account = shown["state"]["user"]["state"]
    assert account["uid"] == "alice"
    assert (account["password"] == bytes(16)) == mended("Q27")


# covers: AMQP-02 HTTP-12
async def test_the_priority_of_a_message_is_the_one_asked_for(main: World, number: str) -> None:
    msgid = await main.accepted(to=number, priority="2")

    [tapped] = await main.tap.got(msgid, "submit.sm.con1")
    assert tapped.properties["priority"] == 2
    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["priority_flag"] == 2


# covers: AMQP-02
async def test_a_dlr_goes_through_the_queues_with_the_wire_types_of_jasmin(
    main: World, number: str
) -> None:
    url = main.sink.url("/tapped")
    msgid = await main.accepted(to=number, dlr="yes", dlr_level="3", dlr_url=url, dlr_method="POST")
    [submitted] = await main.smsc.got(number)
    smpp_msgid = submitted.message_id
    assert smpp_msgid is not None
    await main.record(f"queue-msgid:{smpp_msgid}")
    await main.smsc.receipt(smpp_msgid)
    await main.sink.got("/tapped", 2)

    [reply] = await main.tap.got(msgid, "dlr.submit_sm_resp")
    assert reply.body == b"ESME_ROK"
    assert reply.headers == {"type": "submit_sm_resp", "smpp_msgid": smpp_msgid}
    [receipt] = await main.tap.got(smpp_msgid, "dlr.deliver_sm")
    assert receipt.body == b"DELIVRD"
    assert receipt.headers["type"] == "deliver_sm"
    assert receipt.headers["cid"] == "con1"
    assert set(receipt.wire_types.values()) == {"S"}
    level_1, level_2 = await main.tap.got(msgid, "dlr_thrower.http", 2)
    for thrown, level in ((level_1, 1), (level_2, 2)):
        assert thrown.body == msgid.encode()
        assert (thrown.headers["level"], thrown.headers["try-count"]) == (level, 0)
        theirs = {k: t for k, t in thrown.wire_types.items() if not k.startswith("x-jc-")}
        assert {k for k, t in theirs.items() if t != "S"} == {"level", "try-count"}
        assert (theirs["level"], theirs["try-count"]) == ("I", "I")


# covers: SMPPC-29 AMQP-01
async def test_each_response_is_copied_for_who_listens(main: World, number: str) -> None:
    msgid = await main.accepted(to=number)

    [copy] = await main.tap.got(msgid, "submit.sm.resp.con1")
    assert copy.globals() >= {"smpp.pdu.operations.SubmitSMResp"}
    [submitted] = await main.smsc.got(number)
    assert submitted.message_id is not None
    response = pickles.show(copy.body)
    assert response["state"]["params"]["message_id"] == submitted.message_id.encode()


async def test_without_publish_submit_sm_resp_there_is_no_copy(other: World, number: str) -> None:
    msgid = await other.accepted(to=number)

    await other.tap.got(msgid, "dlr.submit_sm_resp")
    await other.tap.bell.stays(
        lambda: not other.tap.of(msgid, "submit.sm.resp."), "no copy of the response", 0.5
    )


# covers: OPS-07
async def test_the_queues_have_their_names_and_consumers(main: World) -> None:
    await broker.until_consumed(main.amqp_url, ["submit.sm.con1", "DLRLookup-main", "dlr_thrower"])


# covers: MO-11 W-MO-04 SMPPC-33
@pytest.mark.quirk("Q15")
@pytest.mark.parametrize("name", ["deliver_sm", "data_sm"])
async def test_a_message_from_a_handset_is_taken_and_queued(
    main: World, name: str, mended: Callable[[str], bool]
) -> None:
    waited = await broker.ready(main.amqp_url, "RouterPB_deliver_sm_all")
    seen = len(main.tap.messages)
    fields = {"source_addr": "33655", "destination_addr": "1000", "short_message": "from a handset"}
    if name == "data_sm":
        del fields["short_message"]

    response = await main.smsc.deliver(fields, name=name, system_id="con1")

    assert (response.name, response.status) == (f"{name}_resp", 0)
    tap = main.tap
    await tap.bell.until(
        lambda: [m for m in tap.messages[seen:] if m.routing_key == "deliver.sm.con1"], "an MO"
    )
    [tapped] = [m for m in tap.messages[seen:] if m.routing_key == "deliver.sm.con1"]
    theirs = {k: v for k, v in tapped.headers.items() if not k.startswith("x-jc-")}
    created_at = theirs.pop("created_at")
    assert created_at[:2] == "20"
    assert theirs == {
        "try-count": 0,
        "connector-id": "con1",
        "concatenated": 0,
        "will_be_concatenated": 0,
    }
    assert tapped.globals() >= {"jasmin.routing.Routables.RoutableDeliverSm"}
    if mended("Q15"):
        assert await broker.ready(main.amqp_url, "RouterPB_deliver_sm_all") == waited + 1
    else:
        await main.log_line("router.log", "No route matched this DeliverSmPDU", tapped.msgid)
        assert await broker.ready(main.amqp_url, "RouterPB_deliver_sm_all") == 0


# covers: MO-05
async def test_a_long_message_from_a_handset_is_queued_whole_beside_its_segments(
    main: World, number: str
) -> None:
    seen = len(main.tap.messages)

    def published() -> list[Tapped]:
        return [m for m in main.tap.messages[seen:] if m.routing_key == "deliver.sm.con1"]

    for part in (1, 2, 3):
        fields = {
            "source_addr": number,
            "destination_addr": number,
            "esm_class": 0x40,
            "short_message": bytes((5, 0, 3, 77, 3, part)) + b"part %d " % part,
        }
        response = await main.smsc.deliver(fields, system_id="con1")
        assert (response.name, response.status) == ("deliver_sm_resp", 0)

    await main.tap.bell.until(lambda: len(published()) >= 4, "three segments and the whole")
    flags = [(m.headers["concatenated"], m.headers["will_be_concatenated"]) for m in published()]
    assert flags == [(0, 1), (0, 1), (1, 0), (0, 1)]
    whole = pickles.show(published()[2].body)["state"]["pdu"]["state"]["params"]
    assert whole["short_message"] == b"part 1 part 2 part 3 "
    assert whole["destination_addr"] == number.encode()


# covers: AMQP-03
async def test_a_plug_in_makes_the_message_ids(plugged: World, number: str) -> None:
    """An installed package has an entry point `msgid` in the group `jasmin.content`."""
    url = plugged.sink.url("/plugged")
    answers = [
        await plugged.send(to=number, dlr="yes", dlr_level="1", dlr_url=url, dlr_method="POST")
        for _ in range(2)
    ]

    msgids = [f"submit_sm.alice.httpapi.con1.{n}" for n in range(2)]
    assert [answer.text for answer in answers] == [f'Success "{msgid}"' for msgid in msgids]
    for msgid in msgids:
        [queued] = await plugged.tap.got(msgid, "submit.sm.con1")
        assert queued.properties["message_id"] == msgid
    calls = await plugged.sink.got("/plugged", 2)
    assert sorted(call.arguments["id"] for call in calls) == msgids
    fields = {"source_addr": "1", "destination_addr": "2", "short_message": b"hello"}
    await plugged.smsc.deliver(fields, system_id="con1")
    assert await plugged.tap.got("deliver_sm.None.con1.None.2", "deliver.sm.con1")

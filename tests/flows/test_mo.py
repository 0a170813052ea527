"""What an SMSC delivers, and what it is told."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from jasmin_compat.flows.mo import Inbound, InboundPorts
from jasmin_compat.gateway.messages import MoReceived, MsgId, ReceiptArrived, SmppMsgId
from jasmin_compat.ports import BrokerAway, QueueError, QueueFull, Unpublishable, Unroutable
from jasmin_compat.runtime.current import Current
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.codec import decode
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, Tlv
from jasmin_compat.smpp.split import content_of
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import ROUTER_MO, lookup_binding
from jasmin_compat.wire.dlr_messages import read_lookup
from jasmin_compat.wire.mo_messages import read_mo
from tests import golden
from tests.builders import CID, connector
from tests.fakes import FakeClock
from tests.flows.submitting import FlakyQueues, FlakyStore, lines

AT = datetime(2026, 11, 23, 12, 0, 0)
TEXT = (
    b"id:00ab1 sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD "
    b"err:000 text:hello"
)
RECEIPT = DeliverSm(source_addr=b"336", short_message=TEXT, esm_class=4)
MESSAGE = DeliverSm(source_addr=b"336", destination_addr=b"1234", short_message=b"hello")


class Bench:
    def __init__(self, *, log_privacy: bool = False, **keys: Any) -> None:
        self.queues = FlakyQueues(FakeClock())
        self.store = FlakyStore(FakeClock())
        ids = iter(range(1, 100))
        ports = InboundPorts(
            connector=Current(connector(**keys)),
            queues=self.queues,
            store=self.store,
            new_msgid=lambda cid: MsgId(f"{cid}-{next(ids)}"),
            local_now=lambda: AT,
        )
        self.inbound = Inbound(ports, log_privacy=log_privacy)

    async def receive(self, pdu: DeliverSm | DataSm) -> int:
        return await self.inbound.receive(CID, pdu)


async def bench(**fields: Any) -> Bench:
    b = Bench(**fields)
    await b.queues.declare([ROUTER_MO, lookup_binding("main")])
    return b


async def test_a_receipt_goes_to_the_lookup(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    b = await bench()
    assert await b.receive(RECEIPT) == 0
    (told,) = b.queues.published
    assert told.routing_key == "dlr.deliver_sm"
    assert read_lookup(told) == ReceiptArrived(
        smpp_msgid=SmppMsgId("AB1"),
        cid=CID,
        pdu="deliver_sm",
        raw_id="00ab1",
        stat="DELIVRD",
        sub="001",
        dlvrd="001",
        submit_date="2611231200",
        done_date="2611231201",
        err="000",
        text="hello",
    )
    assert b.inbound.counts.receipts == 1
    assert lines(caplog) == []  # the lookup writes the DLR line


# covers: SMPPC-34
async def test_a_receipt_may_be_a_data_sm_of_tlvs_alone() -> None:
    b = await bench(dlr_msgid=1)  # which no data_sm minds
    data = DataSm(
        tlvs=(
            tlvs.write_c_octets(tlvs.RECEIPTED_MESSAGE_ID, b"12"),
            tlvs.write_integer(tlvs.MESSAGE_STATE, 5),
        )
    )
    assert await b.receive(data) == 0
    told = read_lookup(b.queues.published[0])
    assert isinstance(told, ReceiptArrived)
    assert (told.pdu, told.smpp_msgid, told.stat) == ("data_sm", "12", "UNDELIV")


# covers: SMPPC-24
@pytest.mark.parametrize(
    ("bases", "raw", "key"),
    [(0, b"26", "26"), (1, b"26", "1A"), (2, b"1a", "26"), (1, b"x1", "X1")],
)
async def test_a_receipts_id_is_coded_as_the_connector_says(
    bases: int, raw: bytes, key: str
) -> None:
    b = await bench(dlr_msgid=bases)
    await b.receive(DeliverSm(short_message=b"id:" + raw + b" stat:DELIVRD"))
    told = read_lookup(b.queues.published[0])
    assert isinstance(told, ReceiptArrived)
    assert (told.smpp_msgid, told.raw_id) == (key, raw.decode())


# covers: W-DLR-18
async def test_a_receipt_with_text_of_any_octets_is_taken() -> None:
    b = await bench()
    assert await b.receive(DeliverSm(short_message=TEXT + b"\xff\xe9\x00")) == 0


async def test_a_message_goes_to_the_router_and_is_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench()
    assert await b.receive(MESSAGE) == 0
    (sent,) = b.queues.published
    assert sent.routing_key == f"deliver.sm.{CID}"
    mo = read_mo(sent)
    assert (mo.msgid, mo.cid, mo.received_at) == ("con1-1", CID, AT)
    assert (mo.pdu.source_addr, mo.will_be_concatenated, mo.concatenated) == (b"336", False, False)
    assert await b.queues.depth("RouterPB_deliver_sm_all") == 1
    assert lines(caplog) == [
        f"INFO SMS-MO [cid:{CID}] [queue-msgid:con1-1] [status:CommandStatus.ESME_ROK] "
        "[prio:PriorityFlag.LEVEL_0] [validity:None] [from:b'336'] [to:b'1234'] "
        "[content:b'hello']"
    ]


async def test_the_content_is_not_logged_under_privacy(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    b = await bench(log_privacy=True)
    await b.receive(MESSAGE)
    assert "** 5 byte content **" in lines(caplog)[0]


@pytest.mark.parametrize(("privacy", "shown"), [(False, "b'abc'"), (True, "** 3 byte content **")])
async def test_tlvs_without_a_name_are_logged(
    caplog: pytest.LogCaptureFixture, *, privacy: bool, shown: str
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench(log_privacy=privacy)
    await b.receive(replace(MESSAGE, tlvs=(Tlv(0x0204, b"\0\1"), Tlv(0x1401, b"abc"))))
    fields = f"[cid:{CID}] [tag:0x1401] [type:OctetString] [value_preview:{shown}]"
    assert lines(caplog)[0] == f"INFO TLV-RX {fields}"


async def test_a_segment_is_kept_and_marked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    b = await bench()
    part = DeliverSm(esm_class=0x40, short_message=bytes.fromhex("050003070301") + b"hel")
    assert await b.receive(part) == 0
    assert read_mo(b.queues.published[0]).will_be_concatenated
    assert lines(caplog) == [
        "INFO DeliverSmContent[con1-1] is part of long msg of (3), will be enqueued after "
        "concatenation."
    ]


def recorded() -> list[Any]:
    flows = [flow for flow in golden.load("flows_mo")["flows"] if _published(flow)]
    return [pytest.param(flow, id=flow["name"]) for flow in flows]


def _published(flow: dict[str, Any]) -> list[MoReceived]:
    """What Jasmin's connector published."""
    return [
        read_mo(
            QueueMessage(
                exchange=event["exchange"],
                routing_key=event["routing_keys"][0],
                body=bytes.fromhex(event["body_hex"]),
                message_id=event["properties"]["message_id"],
                headers=event["properties"]["headers"],
            )
        )
        for event in flow["amqp"]
        if event.get("event") == "publish" and event["routing_keys"][0].startswith("deliver.sm.")
    ]


def _shown(mo: MoReceived) -> tuple[bool, bool, DeliverSm | DataSm]:
    return mo.concatenated, mo.will_be_concatenated, mo.pdu


JOINED_BY_US = {
    "mo http GET: long udh 3 reversed": b"part1-part2-part3-",
    "mo http GET: long sar 2 reversed": b"sar1-sar2-",
    "mo http GET: long udh same ref again": b"part1-part2-part3-",
    "mo http GET: udh 16bit ref": b"p1p2",
}
"""What Jasmin loses, or delivers in pieces with their headers (Q51)."""


# covers: W-MO-07 W-MO-08 W-MO-09
@pytest.mark.parametrize("flow", recorded())
async def test_recorded_messages_are_published_as_recorded(flow: dict[str, Any]) -> None:
    b = await bench()
    for octets in (bytes.fromhex(e["hex"]) for e in flow["smsc"] if e["dir"] == "smsc->gw"):
        pdu = decode(octets).body
        if isinstance(pdu, DeliverSm | DataSm):
            assert await b.receive(pdu) == 0
    ours = [_shown(read_mo(message)) for message in b.queues.published]
    if flow["name"] in JOINED_BY_US:
        [whole] = [pdu for is_whole, _, pdu in ours if is_whole]
        assert content_of(whole) == JOINED_BY_US[flow["name"]]
        return
    assert ours == [_shown(mo) for mo in _published(flow)]


def part(number: int, total: int = 2, sender: bytes = b"336", text: bytes = b"") -> DeliverSm:
    header = bytes((5, 0, 3, 7, total, number))
    content = header + (text or b"part%d " % number)
    return DeliverSm(
        source_addr=sender, destination_addr=b"1234", esm_class=0x40, short_message=content
    )


def wholes(b: Bench) -> list[bytes]:
    received = [read_mo(message) for message in b.queues.published]
    return [content_of(mo.pdu) for mo in received if mo.concatenated]


async def test_a_whole_message_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    b = await bench()
    await b.receive(part(1))
    caplog.set_level(logging.INFO)
    await b.receive(part(2))
    whole, segment = lines(caplog)
    assert "SMS-MO [cid:con1] [queue-msgid:con1-2]" in whole
    assert "[content:b'part1 part2 ']" in whole
    assert "DeliverSmContent[con1-3] is part of long msg of (2)" in segment
    assert (b.inbound.counts.messages, b.inbound.counts.joined) == (2, 1)


# covers: W-MO-08
async def test_senders_with_the_same_reference_are_told_apart() -> None:
    b = await bench()
    for sender in (b"336", b"337"):
        await b.receive(part(1, sender=sender, text=sender))
    for sender in (b"336", b"337"):
        await b.receive(part(2, sender=sender, text=b"!"))
    assert wholes(b) == [b"336!", b"337!"]


# covers: W-MO-08
async def test_a_reference_may_be_used_again_at_once() -> None:
    b = await bench()
    for text in (b"first ", b"second "):
        await b.receive(part(1, text=text))
        await b.receive(part(2, text=b"end"))
    assert wholes(b) == [b"first end", b"second end"]


# covers: W-MO-10 W-MO-11
async def test_without_the_store_the_smsc_is_to_send_the_segment_again() -> None:
    b = await bench()
    await b.receive(part(1))
    b.store.is_away = True
    assert await b.receive(part(2)) == 0x64
    assert (len(b.queues.published), b.inbound.counts.refused_away) == (1, 1)
    b.store.is_away = False
    assert await b.receive(part(2)) == 0
    assert wholes(b) == [b"part1 part2 "]


@pytest.mark.parametrize(("taken", "whole"), [(0, 1), (1, 1)], ids=["the whole", "the segment"])
async def test_what_the_broker_did_not_take_of_a_last_segment_comes_again(
    taken: int, whole: int
) -> None:
    b = await bench()
    await b.receive(part(1))
    b.queues.refuse_after = taken
    assert await b.receive(part(2)) == 0x64
    b.queues.refuse_after = None
    assert await b.receive(part(2)) == 0
    assert len(wholes(b)) == whole
    assert [read_mo(m).will_be_concatenated for m in b.queues.published].count(True) == 2


# covers: W-MO-01 W-AMQP-03
@pytest.mark.parametrize("pdu", [RECEIPT, MESSAGE], ids=["receipt", "message"])
@pytest.mark.parametrize(
    ("error", "status"),
    [(QueueFull("q"), 0x14), (BrokerAway("b"), 0x64), (Unroutable("k"), 0x64)],
    ids=lambda value: type(value).__name__,
)
async def test_what_the_broker_does_not_take_the_smsc_is_to_send_again(
    pdu: DeliverSm, error: QueueError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench()
    b.queues.refusals = [error]
    assert await b.receive(pdu) == status
    assert (b.queues.published, lines(caplog)) == ([], [])
    counts = b.inbound.counts
    assert (counts.refused_full, counts.refused_away) == (status == 0x14, status == 0x64)
    assert await b.receive(pdu) == 0


async def test_what_no_broker_would_take_the_smsc_is_not_to_send_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    b = await bench()
    b.queues.refusals = [Unpublishable("its headers are too long")]
    assert await b.receive(RECEIPT) == 0x65
    assert (b.inbound.counts.refused_for_good, b.inbound.counts.receipts) == (1, 0)
    assert caplog.messages == [
        f"[cid:{CID}] What the SMSC delivered cannot be queued: its headers are too long"
    ]
    assert await b.receive(RECEIPT) == 0


async def test_receipts_are_published_in_the_order_they_came() -> None:
    b = await bench()
    async with asyncio.TaskGroup() as tasks:
        for n in range(20):
            text = b"id:%d stat:DELIVRD" % (n + 1)
            tasks.create_task(b.receive(DeliverSm(short_message=text)), name=f"receipt {n}")
    assert [m.message_id for m in b.queues.published] == [str(n + 1) for n in range(20)]

"""The store away: messages with DLR wait for it, others go on, and nothing is sent twice for it."""

import asyncio
from datetime import timedelta
from typing import Any

from jasmin_compat.flows.sent_record import ASK_AGAIN_S
from jasmin_compat.gateway.messages import Ack, DlrRequest, MsgId, SmppMsgId
from jasmin_compat.ports import Answered, StoreAway
from jasmin_compat.smpp.statuses import ESME_RTHROTTLED
from tests import builders
from tests.flows.submitting import CREATED, Bench, bench, message, submitted
from tests.waiting import until


async def in_time(b: Bench, verdict: "asyncio.Task[Any]") -> None:
    """Let the clock run while the message waits for the store."""
    while not verdict.done():
        b.clock.advance(ASK_AGAIN_S)
        await asyncio.sleep(0)


# covers: W-DLR-20
async def test_without_the_store_a_message_without_dlr_goes_on() -> None:
    b = await bench()
    b.store.is_away = True
    assert await submitted(b) == Ack()
    assert await submitted(b, redelivered=True, msgid=MsgId("other")) == Ack()
    assert b.link.submitted == [b"hello"] * 2
    assert [status for _, status, _ in b.replies()] == ["ESME_ROK"] * 2
    assert b.store.counts.repeats_possible == 3  # one not recorded, one not asked and not recorded
    assert b.submits._record._unrecorded == {}


async def test_a_message_with_dlr_waits_for_the_store_to_come_back() -> None:
    b = await bench()
    await b.store.remember(builders.http_request())
    b.store.is_away = True
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(submitted(b, receipt=True), name="submit")
        await until(lambda: b.link.submitted == [b"hello"])
        b.clock.advance(1)
        await asyncio.sleep(0)
        b.store.is_away = False
        await in_time(b, task)
    assert task.result() == Ack()
    assert await b.store.find(SmppMsgId("ID-HELLO"), builders.CID) is not None


# covers: W-DLR-20
async def test_an_outcome_is_told_though_the_store_does_not_come_back_to_record_it() -> None:
    """It waits in the lookup's queue, before the receipts, and not behind what is still to be sent;
    and there it is, should we die."""
    b = await bench()
    b.store.is_away = True
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(submitted(b, receipt=True), name="submit")
        await until(lambda: b.link.submitted == [b"hello"])
        await in_time(b, task)
    assert task.result() == Ack()
    assert [status for _, status, _ in b.replies()] == ["ESME_ROK"]
    assert b.store.counts.repeats_possible == 1
    assert b.submits._record._unrecorded == {}


async def test_parts_sent_before_the_store_went_are_not_sent_again_when_it_is_back() -> None:
    b = await bench()
    b.store.is_away = True
    b.link.outcomes = [Answered(0, b"id-a"), Answered(ESME_RTHROTTLED, b"")]
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(raises_store_away(b, "a", "b"), name="submit")
        await until(lambda: b.link.submitted == [b"a", b"b"])
        await in_time(b, task)
        assert task.result()
    assert b.replies() == []
    b.store.is_away = False
    assert await submitted(b, "a", "b", receipt=True, tries=1) == Ack()  # the delayed copy
    assert b.link.submitted == [b"a", b"b", b"b"]
    assert [segment.index for recorded in b.store.recorded for segment in recorded] == [0, 1]
    assert b.submits._record._unrecorded == {}


async def raises_store_away(b: Bench, *texts: str, **fields: Any) -> bool:
    try:
        await submitted(b, *texts, receipt=True, **fields)
    except StoreAway:
        return True
    return False


async def test_while_the_store_is_away_no_further_message_with_dlr_is_sent() -> None:
    b = await bench()
    b.store.is_away = True
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(submitted(b, receipt=True), name="first")
        await in_time(b, first)
        second = tasks.create_task(raises_store_away(b, msgid=MsgId("second")), name="second")
        await in_time(b, second)
    assert second.result()
    assert b.link.submitted == [b"hello"]  # the first only


# ---------------------------------------------------------------- known to be away


async def test_a_store_known_to_be_away_holds_no_place_at_the_connector() -> None:
    b = await bench()
    b.store.is_away, b.store.counts.is_connected = True, False
    assert await raises_store_away(b)
    assert b.link.submitted == []


async def test_a_store_that_takes_no_writes_has_messages_with_dlr_wait() -> None:
    """It answers what it is asked: only so the message knows that it must wait."""
    b = await bench()
    b.store.counts.refuses_writes = True
    assert await raises_store_away(b)
    assert await submitted(b, msgid=MsgId("without")) == Ack()
    assert b.link.submitted == [b"hello"]
    b.store.counts.refuses_writes = False
    assert await submitted(b, receipt=True) == Ack()


# ---------------------------------------------------------------- requests that travel


def carried(**fields: Any) -> DlrRequest:
    return builders.http_request(**({"msgid": builders.MSGID, "expiry_s": 600} | fields))


async def test_a_request_that_travels_is_remembered_before_its_message_is_sent() -> None:
    b = await bench()
    b.clock.advance(90)  # in the queue: the request is as old as the message
    b.store.is_away, b.store.counts.is_connected = True, False
    assert await raises_store_away(b, request=carried())
    assert b.link.submitted == []
    b.store.is_away, b.store.counts.is_connected = False, True
    assert await submitted(b, receipt=True, request=carried()) == Ack()
    assert b.link.submitted == [b"hello"]
    found = await b.store.find(SmppMsgId("ID-HELLO"), builders.CID)
    assert found is not None
    assert found.request == carried(expiry_s=510)


async def test_a_request_whose_time_ran_out_ends_as_any_other_does() -> None:
    b = await bench()
    b.clock.advance(6000)
    assert await submitted(b, receipt=True, request=carried()) == Ack()
    assert await b.store.request(builders.MSGID) == carried(expiry_s=1)


async def test_a_request_that_travels_is_not_remembered_again_for_a_redelivery() -> None:
    """Its final receipt may have come: nothing would end the second record."""
    b = await bench()
    await submitted(b, receipt=True, request=carried())
    await b.store.forget(builders.MSGID)
    again = message(receipt=True, request=carried(), redelivered=True)
    assert await b.restarted().submit_one(again) == Ack()
    assert await b.store.request(builders.MSGID) is None
    assert b.link.submitted == [b"hello"]


async def test_what_is_not_sent_at_all_is_told_all_the_same() -> None:
    b = await bench()
    expired = CREATED - timedelta(seconds=1)
    assert await submitted(b, receipt=True, request=carried(), expiration=expired) == Ack()
    assert b.link.submitted == []
    assert await b.store.request(builders.MSGID) is not None

"""The store away: messages with DLR wait for it, others go on, and nothing is sent twice for it."""

import asyncio
from typing import Any

from jasmin_compat.flows.sent_record import ASK_AGAIN_S
from jasmin_compat.gateway.messages import Ack, MsgId, SmppMsgId
from jasmin_compat.ports import StoreAway
from tests import builders
from tests.flows.submitting import Bench, bench, submitted
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


async def test_what_was_sent_before_the_store_went_is_not_sent_again_when_it_is_back() -> None:
    b = await bench()
    b.store.is_away = True
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(raises_store_away(b), name="submit")
        await until(lambda: b.link.submitted == [b"hello"])
        await in_time(b, task)
        assert task.result()
    assert b.replies() == []
    b.store.is_away = False
    assert await submitted(b, receipt=True) == Ack()  # the delayed copy
    assert b.link.submitted == [b"hello"]
    assert b.store.recorded[-1][0].smpp_msgid == "ID-HELLO"
    assert b.submits._record._unrecorded == {}


async def raises_store_away(b: Bench, **fields: Any) -> bool:
    try:
        await submitted(b, receipt=True, **fields)
    except StoreAway:
        return True
    return False


async def test_while_the_store_is_away_no_further_message_with_dlr_is_sent() -> None:
    b = await bench()
    b.store.is_away = True
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(raises_store_away(b), name="first")
        await in_time(b, first)
        second = tasks.create_task(raises_store_away(b, msgid=MsgId("second")), name="second")
        await in_time(b, second)
    assert second.result()
    assert b.link.submitted == [b"hello"]  # the first only

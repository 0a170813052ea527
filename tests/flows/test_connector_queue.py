"""A connector's queue: consumed while bound, looked at while not, drained at the end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jasmin_compat.flows.connector_queue import ConnectorQueue
from jasmin_compat.flows.consume import ConsumePolicy
from jasmin_compat.gateway.messages import MsgId, Requeue, SmppMsgId
from jasmin_compat.gateway.submission import SubmitPolicy
from jasmin_compat.ports import Answered, SegmentSent
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_names import submit_key
from tests.builders import CID
from tests.flows.submitting import CREATED, Bench, bench, lines, message
from tests.waiting import LONG_S, until

QUEUE = submit_key(CID)


@asynccontextmanager
async def running(b: Bench) -> AsyncIterator[ConnectorQueue]:
    queue = ConnectorQueue(
        b.submits, b.ports, b.policy, consume_policy=ConsumePolicy(drain_s=LONG_S)
    )
    stop = asyncio.Event()
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(queue.run(stop), name="connector queue")
        yield queue
        stop.set()


async def publish(b: Bench, *names: str, **fields: Any) -> None:
    for name in names:
        await b.queues.publish(message(name, msgid=MsgId(name), **fields))


# covers: W-MT-06
async def test_messages_go_in_their_order_and_a_bad_one_is_kept() -> None:
    b = await bench(window=1)
    await publish(b, "a", "b")
    await b.queues.publish(replace(message("x", msgid=MsgId("bad")), body=b"garbage"))
    await publish(b, "c")
    async with running(b) as queue:
        await until(lambda: len(b.replies()) == 3)
        await until(lambda: queue.counts.dead == 1)
    assert b.link.submitted == [b"a", b"b", b"c"]
    assert await b.queues.depth(f"{QUEUE}.dead") == 1


# covers: W-AMQP-10
async def test_no_more_messages_are_at_work_than_the_window() -> None:
    b = await bench(window=3)
    b.link.hold = asyncio.Event()
    await publish(b, *"abcde")
    async with running(b):
        await until(lambda: len(b.link.submitted) == 3)
        await asyncio.sleep(0.02)
        assert len(b.link.submitted) == 3
        b.link.hold.set()
        await until(lambda: len(b.replies()) == 5)


# covers: SMPPC-20
async def test_messages_wait_for_the_connector_to_be_bound() -> None:
    b = await bench()
    b.link.lose()
    await publish(b, "a", "b", "c")
    async with running(b):
        await until(lambda: b.submits.counts.not_sent == 0)
        assert b.link.submitted == []
        b.link.bind()
        await until(lambda: len(b.replies()) == 3)
    assert b.link.submitted == [b"a", b"b", b"c"]


async def test_a_lost_connector_stops_taking_and_goes_on_when_it_is_back() -> None:
    b = await bench()
    await publish(b, "a")
    async with running(b) as queue:
        await until(lambda: len(b.replies()) == 1)
        b.link.lose()
        await publish(b, "b")
        await until(lambda: queue.counts.requeued >= 1)  # looked at
        await asyncio.sleep(0.05)
        assert queue.counts.requeued < 10  # nobody spins
        b.link.bind()
        await until(lambda: len(b.replies()) == 2)


# covers: SMPPC-19 W-MT-30
@pytest.mark.parametrize(("connected", "word"), [(True, "bound"), (False, "connected")])
async def test_the_head_is_looked_at_every_delay(
    connected: bool, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    b = await bench(SubmitPolicy(not_ready_delay_s=30))
    b.link.lose()
    b.link.connected = connected
    await publish(b, "a", "b")
    async with running(b):
        for look in (1, 2):
            await until(lambda look=look: len(lines(caplog)) == look)  # type: ignore[misc]
            await until(lambda: b.clock.sleeps_until(b.clock.monotonic() + 30))
            b.clock.advance(15)
            await asyncio.sleep(0.02)
            assert len(lines(caplog)) == look
            b.clock.advance(15)
    assert lines(caplog)[:2] == [
        f"ERROR SMPPC [cid:{CID}] is not {word}: Requeuing (#1) SubmitSmPDU[a] with delay 30 "
        "seconds, aged 0 seconds.",
        f"ERROR SMPPC [cid:{CID}] is not {word}: Requeuing (#2) SubmitSmPDU[a] with delay 30 "
        "seconds, aged 30 seconds.",
    ]


# covers: SMPPC-18 W-MT-02 W-MT-03
async def test_over_aged_messages_are_told_and_kept_and_the_rest_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    b = await bench(SubmitPolicy(max_age_not_ready_s=100))
    b.link.lose()
    b.clock.advance(86_400 + 50)  # a day and a bit, which Jasmin takes for a bit
    await publish(b, "a", "b")
    fresh = b.submits._ports.clock.unix()
    await publish(b, "c", created_at=_local(fresh))
    async with running(b) as queue:
        await until(lambda: len(b.replies()) == 2)
        await until(lambda: queue.counts.dead == 2)
        b.link.bind()
        await until(lambda: len(b.replies()) == 3)
    assert b.replies() == [
        ("a", "ESME_RSUBMITFAIL", None),
        ("b", "ESME_RSUBMITFAIL", None),
        ("c", "ESME_ROK", "ID-C"),
    ]
    assert b.link.submitted == [b"c"]
    assert await b.queues.depth(f"{QUEUE}.dead") == 2
    assert b.submits.counts.over_aged == 2
    text = "is not bound: Discarding (#1) SubmitSmPDU[a], over-aged 86450 seconds."
    assert f"ERROR SMPPC [cid:{CID}] {text}" in lines(caplog)


async def test_an_over_aged_message_that_was_sent_is_told_what_became_of_it() -> None:
    """Its process died before it told; the next one finds no bind, and the message too old."""
    b = await bench(SubmitPolicy(max_age_not_ready_s=100))
    b.link.lose()
    b.clock.advance(200)
    await b.store.record_sent(MsgId("a"), [segment_sent("A1")])
    async with b.queues.consume(QUEUE, consumer_tag="dead", prefetch=1) as deliveries:
        await publish(b, "a")
        await (await anext(deliveries)).settle(Requeue())
    async with running(b):
        await until(lambda: b.replies() == [("a", "ESME_ROK", "A1")])
    assert await b.queues.depth(QUEUE) == await b.queues.depth(f"{QUEUE}.dead") == 0


# covers: W-MT-04
async def test_an_expired_message_is_told_though_nobody_is_bound(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench()
    b.link.lose()
    past = CREATED - timedelta(seconds=1)
    await publish(b, "a", expiration=past)
    await publish(b, "b")
    async with running(b):
        await until(lambda: b.replies() == [("a", "ESME_RINVEXPIRY", None)])
        await until(lambda: len(lines(caplog)) == 2)
    assert lines(caplog)[0] == f"INFO Discarding expired message[a]: expiration is {past}"
    assert await b.queues.depth(QUEUE) == 1


async def test_what_was_sent_in_part_does_not_expire_but_gets_too_old() -> None:
    b = await bench(SubmitPolicy(max_age_not_ready_s=100))
    b.link.lose()
    await b.store.record_sent(MsgId("a"), [segment_sent("A1")])
    parts = message("one", "two", msgid=MsgId("a"), expiration=CREATED - timedelta(seconds=1))
    await b.queues.publish(detours.again(parts, "moved"))
    async with running(b):
        await until(lambda: b.clock.sleeps_until(30))
        assert b.replies() == []
        b.clock.advance(200)
        await until(lambda: b.replies() == [("a", "ESME_RSUBMITFAIL", None)])
    assert await b.queues.depth(f"{QUEUE}.dead") == 1


def segment_sent(smpp_msgid: str) -> SegmentSent:
    return SegmentSent(
        index=0, command_status=0, smpp_msgid=SmppMsgId(smpp_msgid), wants_receipt=False
    )


def _local(unix: float) -> Any:
    return datetime.fromtimestamp(unix)  # noqa: DTZ006 - as Jasmin writes it


async def test_an_old_message_is_sent_when_the_connector_is_bound() -> None:
    b = await bench(SubmitPolicy(max_age_not_ready_s=100))
    b.clock.advance(5000)
    await publish(b, "a")
    async with running(b):
        await until(lambda: b.replies() == [("a", "ESME_ROK", "ID-A")])


async def test_stop_drains_what_is_at_work() -> None:
    b = await bench()
    b.link.hold = asyncio.Event()
    await publish(b, "a")
    async with running(b):
        await until(lambda: b.link.submitted == [b"a"])
        asyncio.get_running_loop().call_later(0.02, b.link.hold.set)
    assert b.replies() == [("a", "ESME_ROK", "ID-A")]
    assert await b.queues.depth(QUEUE) == 0


async def test_stop_does_not_wait_for_the_pace() -> None:
    b = await bench(submit_throughput=0.1)
    await publish(b, "a", "b", "c")
    async with running(b):
        await until(lambda: len(b.replies()) == 1)
    assert b.link.submitted == [b"a"]
    assert await b.queues.depth(QUEUE) == 2


async def test_a_connector_that_is_not_bound_stops_at_once() -> None:
    b = await bench()
    b.link.lose()
    await publish(b, "a")
    async with running(b):
        pass
    assert await b.queues.depth(QUEUE) == 1


# covers: W-MT-12
async def test_throttled_messages_do_not_hold_the_window() -> None:
    b = await bench(window=1)
    refused = {b"a"}
    b.link.answer = lambda part: _refuse_once(part.short_message, refused)
    await publish(b, "a", "b")
    async with running(b):
        await until(lambda: b.replies() == [("b", "ESME_ROK", "B")])
        await b.clock.advance_to_sleeper(30)
        await until(lambda: len(b.replies()) == 2)
    assert b.replies()[1] == ("a", "ESME_ROK", "A")


def _refuse_once(content: bytes, refused: set[bytes]) -> Any:
    if content in refused:
        refused.discard(content)
        return Answered(0x58, b"")
    return Answered(0, content)


@pytest.mark.parametrize(("rate", "warned"), [(1, True), (2, False), (0, False)])
async def test_a_connector_with_jasmins_default_rate_says_so(
    rate: float, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench(submit_throughput=rate)
    async with running(b):
        pass
    assert any("is limited to 1 message a second" in line for line in lines(caplog)) == warned

"""Answers and receipts against a store: who is told, in which order, and what is left."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.flows.consume import Source, consume, in_turn
from jasmin_compat.flows.dlr import REPLY_LOOK_S, SWEEP_LIMIT, look_up, sweep_expired
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import (
    Ack,
    ConnectorId,
    Delay,
    DlrCallback,
    HttpDlr,
    MsgId,
    ReceiptArrived,
    SmppMsgId,
    SubmitReplied,
    Verdict,
)
from jasmin_compat.gateway.submission import SegmentSent
from jasmin_compat.ports import BrokerAway, Correlated, StoreAway, Unpublishable
from jasmin_compat.wire import amqp_names
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.dlr_messages import read_callback, write_lookup
from tests import recorded_dlrs
from tests.builders import CID, MSGID, http_request, receipt, smpp_request
from tests.fakes import FakeClock
from tests.waiting import until

M13 = SmppMsgId("M13")


class Desk:
    """A lookup with its store, and what it told."""

    def __init__(self, **fields: Any) -> None:
        self.policy = DlrPolicy(**fields)
        self.clock = FakeClock()
        self.store = MemoryStore(policy=self.policy, clock=self.clock)
        self.told: list[DlrCallback] = []
        self.broken: Exception | None = None

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        assert mandatory
        if self.broken is not None:
            raise self.broken
        self.told.append(read_callback(message))

    async def look_up(self, event: SubmitReplied | ReceiptArrived) -> Verdict:
        """By way of the queue message; time runs while it waits."""
        looking = asyncio.create_task(self.look_up_message(write_lookup(event)))
        while not looking.done():
            await asyncio.sleep(0)
            self.clock.advance(REPLY_LOOK_S)
        return await looking

    async def look_up_message(self, message: QueueMessage) -> Verdict:
        return await look_up(
            message, store=self.store, queues=self, clock=self.clock, policy=self.policy
        )

    def statuses(self) -> list[str]:
        return [callback.message_status for callback in self.told]

    async def sent(self, *, smpp_msgid: SmppMsgId = M13) -> None:
        """The connector got the answer; the lookup has not seen it yet."""
        segment = SegmentSent(index=0, command_status=0, smpp_msgid=smpp_msgid, wants_receipt=True)
        await self.store.record_sent(MSGID, [segment])


def replied(status: str = "ESME_ROK", **fields: Any) -> SubmitReplied:
    values: dict[str, Any] = {"smpp_msgid": M13 if status == "ESME_ROK" else None}
    return SubmitReplied(msgid=MSGID, status=status, **(values | fields))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def passing(clock: FakeClock, fact: Callable[[], bool], seconds: float = 0.5) -> Callable[[], bool]:
    """The fact, after some more time each time it is asked for."""

    def after_a_while() -> bool:
        clock.advance(seconds)
        return fact()

    return after_a_while


# ---------------------------------------------------------------- the two events


async def test_level_3_hears_of_the_answer_and_of_the_receipt(desk: Desk) -> None:
    # covers: DLR-01 DLR-02 DLR-03 DLR-13
    await desk.store.remember(http_request(level=3))
    assert await desk.look_up(replied()) == Ack()
    assert await desk.look_up(receipt()) == Ack()
    assert [(d.message_status, d.level) for d in desk.told if isinstance(d, HttpDlr)] == [
        ("ESME_ROK", 1),
        ("DELIVRD", 2),
    ]
    assert desk.store.counts.records == 0


async def test_nobody_is_told_who_did_not_ask(desk: Desk) -> None:
    assert await desk.look_up(replied()) == Ack()
    assert desk.told == []


async def test_level_1_is_over_with_the_answer(desk: Desk) -> None:
    await desk.store.remember(http_request(level=1))
    assert await desk.look_up(replied()) == Ack()
    assert desk.store.counts.records == 0
    assert isinstance(await desk.look_up(receipt()), Delay)
    assert desk.statuses() == ["ESME_ROK"]


# covers: DLR-11
async def test_an_answer_with_no_id_or_an_id_of_zeros_waits_for_its_receipt(desk: Desk) -> None:
    """As recorded of Jasmin: `queue-msgid:` is written, its suffix empty."""
    await desk.store.remember(http_request(level=3))
    assert await desk.look_up(replied(smpp_msgid=SmppMsgId(""))) == Ack()
    assert desk.statuses() == ["ESME_ROK"]
    found = await desk.store.find(SmppMsgId(""), CID)
    assert found is not None
    assert found.replied
    assert await desk.look_up(receipt(smpp_msgid=SmppMsgId(""), raw_id="0000")) == Ack()
    assert desk.statuses() == ["ESME_ROK", "DELIVRD"]
    assert desk.store.counts.records == 0


async def test_a_receipt_that_is_not_final_waits_for_the_next(desk: Desk) -> None:
    await desk.store.remember(http_request(level=2))
    await desk.look_up(replied())
    for stat in ("ACCEPTD", "ENROUTE", "UNKNOWN", "DELIVRD"):
        assert await desk.look_up(receipt(stat=stat)) == Ack()
    assert desk.statuses() == ["ACCEPTD", "UNKNOWN", "DELIVRD"]
    assert desk.store.counts.records == 0


async def test_receipts_of_all_segments_are_told_in_any_order(desk: Desk) -> None:
    """contract/dlr.md §8, design D8: 3, 1, 2."""
    ids = [SmppMsgId(f"M{number}") for number in (1, 2, 3)]
    await desk.store.remember(http_request(level=2))
    await desk.look_up(replied(smpp_msgid=ids[2], more_smpp_msgids=tuple(ids[:2])))
    for id_ in (ids[2], ids[0], ids[1]):
        assert await desk.look_up(receipt(smpp_msgid=id_)) == Ack()
    assert [d.id_smsc for d in desk.told if isinstance(d, HttpDlr)] == ["M3", "M1", "M2"]
    assert desk.store.counts.records == 0


async def test_the_recordings_are_told_of_alike(desk: Desk) -> None:
    """Every recorded answer and receipt with its request in the store."""
    # covers: DLR-08 DLR-09 DLR-10 DLR-17 DLR-18 DLR-20
    for recorded in [*recorded_dlrs.answers(), *recorded_dlrs.receipts()]:
        desk.told.clear()
        await desk.store.remember(recorded.request)
        if isinstance(recorded.event, ReceiptArrived):
            await desk.store.map_smpp_msgids(recorded.request, [recorded.event.smpp_msgid])
        assert await desk.look_up(recorded.event) == Ack()
        told = [recorded_dlrs.headers_of(callback) for callback in desk.told]
        assert told == ([] if recorded.callback is None else [recorded.callback]), recorded.flow
        await desk.store.forget(recorded.request.msgid)


@pytest.mark.parametrize("kind", ["", "submit_sm_resp", "deliver_sm"])
async def test_what_is_no_event_is_said_to_be_none(desk: Desk, kind: str) -> None:
    """The consumer keeps it in the dead-letter queue; Jasmin never settles it."""
    # covers: W-DLR-17
    message = QueueMessage(
        exchange="messaging", routing_key="dlr.x", body=b"", headers={"type": kind}
    )
    with pytest.raises(Undecodable):
        await desk.look_up_message(message)


# ---------------------------------------------------------------- order


async def test_a_receipt_before_its_mapping_comes_again(desk: Desk) -> None:
    # covers: DLR-12 W-DLR-01 W-DLR-03 W-DLR-09 W-DLR-23
    early, delays = receipt(), []
    for _ in range(3):
        verdict = await desk.look_up(early)
        assert isinstance(verdict, Delay)
        delays.append(verdict.delay_s)
        early = replace(early, tries=int(dict(verdict.headers)["x-jc-tries"]))
    assert delays == [2, 10, 30]
    await desk.store.remember(http_request(level=2))
    await desk.look_up(replied())
    assert await desk.look_up(early) == Ack()
    assert desk.statuses() == ["DELIVRD"]
    assert (desk.store.counts.early, desk.store.counts.matched) == (3, 1)


async def test_a_receipt_nobody_waits_for_ends_after_its_tries(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    assert await desk.look_up(receipt(tries=2, raw_id="m13")) == Delay(30, (("x-jc-tries", "3"),))
    assert await desk.look_up(receipt(tries=3, raw_id="m13")) == Ack()
    unknown = "DLRMapNotFound: Got a DLR for an unknown message id: m13 (coded:M13)"
    assert caplog.messages == [
        f"[msgid:M13] (retrials: 3/4) {unknown}",
        f"[msgid:M13] (final) {unknown}",
    ]
    assert desk.store.counts.unmatched == 1


async def test_at_level_3_the_answer_is_told_before_the_receipt(desk: Desk) -> None:
    await desk.store.remember(http_request(level=3))
    await desk.sent()
    early = receipt()
    verdict = await desk.look_up(early)
    assert verdict == Delay(2, (("x-jc-tries", "1"),))
    await desk.look_up(replied())
    await desk.look_up(replace(early, tries=1))
    assert desk.statuses() == ["ESME_ROK", "DELIVRD"]


async def test_an_answer_on_its_way_is_waited_for_in_place(desk: Desk) -> None:
    await desk.store.remember(http_request(level=3))
    await desk.sent()
    looking = asyncio.create_task(desk.look_up_message(write_lookup(receipt())))
    await until(lambda: desk.clock.sleeps_until(REPLY_LOOK_S))
    await desk.look_up_message(write_lookup(replied()))
    desk.clock.advance(REPLY_LOOK_S)
    assert await looking == Ack()
    assert desk.statuses() == ["ESME_ROK", "DELIVRD"]
    assert desk.store.counts.early == 0


async def test_at_level_2_the_receipt_needs_not_wait(desk: Desk) -> None:
    await desk.store.remember(http_request(level=2))
    await desk.sent()
    assert await desk.look_up(receipt()) == Ack()
    assert await desk.look_up(replied()) == Ack()
    assert desk.statuses() == ["DELIVRD"]
    assert await desk.store.request(MSGID) is None


async def test_a_receipt_is_told_even_if_the_answer_never_comes(desk: Desk) -> None:
    await desk.store.remember(http_request(level=3))
    await desk.sent()
    assert await desk.look_up(receipt(tries=3)) == Ack()
    await desk.look_up(replied())
    assert desk.statuses() == ["DELIVRD", "ESME_ROK"]
    assert await desk.store.request(MSGID) is None


# ---------------------------------------------------------------- twice, and not at all


async def test_running_twice_tells_twice_and_leaves_the_same(desk: Desk) -> None:
    await desk.store.remember(smpp_request())
    await desk.look_up(replied())
    await desk.look_up(replied())
    await desk.look_up(receipt(stat="ACCEPTD"))
    await desk.look_up(receipt(stat="ACCEPTD"))
    await desk.look_up(receipt())
    assert isinstance(await desk.look_up(receipt()), Delay)
    assert desk.statuses() == ["ACCEPTD", "ACCEPTD", "DELIVRD"]
    assert desk.store.counts.records == 0


@pytest.mark.parametrize("event", [replied(), receipt()], ids=["answer", "receipt"])
async def test_what_the_broker_did_not_take_is_still_to_be_told(
    desk: Desk, event: SubmitReplied | ReceiptArrived
) -> None:
    request = http_request(level=3)
    await desk.store.remember(request)
    await desk.store.map_smpp_msgids(request, [M13])
    desk.broken = BrokerAway()
    with pytest.raises(BrokerAway):
        await desk.look_up(event)
    desk.broken = None
    assert await desk.look_up(event) == Ack()
    assert len(desk.told) == 1


class AwayStore(MemoryStore):
    """Answers questions, takes nothing."""

    async def forget(self, msgid: MsgId) -> None:
        raise StoreAway

    async def finish_segment(self, msgid: MsgId, smpp_msgid: SmppMsgId) -> None:
        raise StoreAway


async def test_a_store_that_is_away_is_passed_on_to_the_consumer(desk: Desk) -> None:
    away = AwayStore(policy=desk.policy, clock=desk.clock)
    desk.store = away
    await away.remember(http_request(level=1))
    with pytest.raises(StoreAway):
        await desk.look_up(replied())
    assert desk.statuses() == ["ESME_ROK"]
    assert await away.request(MSGID) is not None


class ComesBack(MemoryStore):
    """Away until told otherwise."""

    is_away = True

    async def find(self, smpp_msgid: SmppMsgId, cid: ConnectorId) -> Correlated | None:
        if self.is_away:
            raise StoreAway
        return await super().find(smpp_msgid, cid)


async def test_a_receipt_outlives_an_outage_and_its_own_earliness() -> None:
    """Through real queues and the real consumer: store away, then no mapping yet, then told."""
    # covers: DLR-12 W-DLR-03 W-DLR-20
    clock, policy = FakeClock(), DlrPolicy()
    queues, store = MemoryQueues(clock=clock), ComesBack(policy=policy, clock=clock)
    lookups = Source(queue="DLRLookup-main", consumer_tag="DLRLookup-main", prefetch=10)
    await queues.declare([amqp_names.lookup_binding("main"), amqp_names.DLR_THROWER])
    await queues.publish(write_lookup(receipt()))
    stop = asyncio.Event()

    async def handle(message: QueueMessage) -> Verdict:
        return await look_up(message, store=store, queues=queues, clock=clock, policy=policy)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consume(queues, lookups, handle, stop=stop))
        await until(lambda: lookups.counts.store_away == 1)
        store.is_away = False
        await until(passing(clock, lambda: store.counts.early == 1))
        await store.remember(http_request(level=2))
        await store.map_smpp_msgids(http_request(level=2), [M13])
        await until(passing(clock, lambda: store.counts.matched == 1))
        stop.set()
    assert await queues.depth("dlr_thrower") == 1
    assert await queues.depth("DLRLookup-main") == 0
    assert store.counts.records == 0


class Slow(MemoryStore):
    """Changes take a moment."""

    async def finish_segment(self, msgid: MsgId, smpp_msgid: SmppMsgId) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await super().finish_segment(msgid, smpp_msgid)


async def test_of_two_final_receipts_at_once_the_first_is_told() -> None:
    # covers: DLR-02 DLR-13
    desk = Desk()
    desk.store = Slow(policy=desk.policy, clock=desk.clock)
    await desk.store.remember(http_request(level=2))
    await desk.look_up(replied())
    look_up_in_turn = in_turn(desk.look_up_message)
    async with asyncio.TaskGroup() as tasks:
        expired = tasks.create_task(look_up_in_turn(write_lookup(receipt(stat="EXPIRED"))))
        delivered = tasks.create_task(look_up_in_turn(write_lookup(receipt(stat="DELIVRD"))))
    assert desk.statuses() == ["EXPIRED"]
    assert (expired.result(), type(delivered.result())) == (Ack(), Delay)


# ---------------------------------------------------------------- log lines


@pytest.mark.parametrize(
    ("log_privacy", "content"), [(False, "'it is \\n é'"), (True, "** 9 byte content **")]
)
async def test_a_receipt_is_logged_as_jasmin_logs_it(
    caplog: pytest.LogCaptureFixture, log_privacy: bool, content: str
) -> None:
    # covers: DLR-21 OPS-01
    desk = Desk(log_privacy=log_privacy)
    await desk.store.remember(http_request(level=2))
    await desk.look_up(replied())
    with caplog.at_level(logging.INFO, "dlr"):
        await desk.look_up(receipt(text="it is \n é", err="001"))
    assert caplog.messages == [
        "DLR [cid:con1] [smpp-msgid:M13] [status:DELIVRD] [submit date:2611231200]"
        " [done date:2611231201] [sub/dlvrd messages:001/001] [err:001] [content:" + content + "]"
    ]


# ---------------------------------------------------------------- expiry


class Sweeping:
    """The sweep of a desk, until the test is through."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __aenter__(self) -> None:
        desk = self._desk
        self._task = asyncio.create_task(
            sweep_expired(store=desk.store, queues=desk, clock=desk.clock, policy=desk.policy)
        )

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


async def test_expired_requests_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(on_expiry="callback", max_records=2)
    near, far, other = (
        http_request(msgid=MsgId(f"m{expiry_s}"), expiry_s=expiry_s) for expiry_s in (60, 120, 90)
    )
    for request in (near, far, other):
        await desk.store.remember(request)
    with caplog.at_level(logging.INFO, "dlr"):
        async with Sweeping(desk):
            await until(passing(desk.clock, lambda: len(desk.told) == 3, 5))
            await until(passing(desk.clock, lambda: desk.clock.monotonic() > 1000, 20))
    assert [(d.msgid, d.message_status) for d in desk.told] == [
        ("m60", "UNKNOWN"),
        ("m90", "EXPIRED"),
        ("m120", "EXPIRED"),
    ]
    assert [line for line in caplog.messages if line.startswith("DLR request")] == [
        "DLR request [msgid:m60] ended: no room for it",
        "DLR request [msgid:m90] ended: no receipt within 90 s",
        "DLR request [msgid:m120] ended: no receipt within 120 s",
    ]


async def test_many_expired_requests_do_not_wait_for_the_next_round() -> None:
    desk = Desk(on_expiry="callback")
    count = 3 * SWEEP_LIMIT + 1
    for number in range(count):
        await desk.store.remember(http_request(msgid=MsgId(f"m{number}"), expiry_s=10))
    desk.clock.advance(11)
    async with Sweeping(desk):
        await until(lambda: len(desk.told) == count)


async def test_the_sweep_survives_a_broker_that_is_away() -> None:
    desk = Desk(on_expiry="callback")
    await desk.store.remember(http_request(expiry_s=10))
    desk.broken = BrokerAway()
    async with Sweeping(desk):
        await until(passing(desk.clock, lambda: desk.store.counts.expired == 1))
        desk.broken = None
        await until(passing(desk.clock, lambda: len(desk.told) == 1))
    assert desk.statuses() == ["EXPIRED"]


async def test_a_request_that_cannot_be_told_of_is_let_go(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A Jasmin wrote it; it would be given out again for ever."""
    desk = Desk(on_expiry="callback")
    await desk.store.remember(http_request(msgid=MsgId("m1"), expiry_s=10))
    desk.broken = Unpublishable("url too long")
    async with Sweeping(desk):
        await until(passing(desk.clock, lambda: desk.store.counts.records == 0))
    assert desk.told == []
    assert "DLR request [msgid:m1] ended and cannot be told: url too long" in caplog.messages

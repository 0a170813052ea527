"""Submits: what is sent, recorded, told and settled, and in which order (design D9)."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jasmin_compat.gateway.custom_tlvs import CustomTlv, custom_tlv
from jasmin_compat.gateway.messages import Ack, Dead, Delay, LateBill, MsgId, Requeue, SmppMsgId
from jasmin_compat.gateway.submission import Retry, SubmitPolicy
from jasmin_compat.ports import (
    Answered,
    BrokerAway,
    NotSent,
    SegmentSent,
    Unanswered,
    Unencodable,
)
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import AGAIN, CRASHES, TRIES, WAITS
from jasmin_compat.wire.bill_messages import read_late_bill
from jasmin_compat.wire.pickled_bills import PickledBill, write_bill
from tests import builders
from tests.builders import CID, MSGID
from tests.flows.submitting import AWAY, CREATED, Bench, bench, lines, message, submitted
from tests.waiting import until

THROTTLED = Answered(0x58, b"")
LOST = Unanswered("connection lost")


# ---------------------------------------------------------------- the ordinary way


async def test_a_message_is_sent_recorded_told_and_acked() -> None:
    b = await bench()
    order: list[str] = []
    b.store.record_sent = _noting(order, "record", b.store.record_sent)  # type: ignore[method-assign]
    b.queues.publish = _noting(order, "publish", b.queues.publish)  # type: ignore[method-assign]
    assert await submitted(b) == Ack()
    assert b.link.submitted == [b"hello"]
    assert order == ["record", "publish"]
    assert b.replies() == [(MSGID, "ESME_ROK", "ID-HELLO")]
    assert b.store.asked == 0  # a fresh message does not pay for asking
    assert b.submits.counts.accepted == 1


def _noting(order: list[str], word: str, call: Any) -> Any:
    async def noted(*args: Any, **keys: Any) -> Any:
        order.append(word)
        return await call(*args, **keys)

    return noted


# ---------------------------------------------------------------- late bills


def billed(at_response: float = 1.5) -> bytes:
    bill = PickledBill(bid="b" * 36, uid="full", at_submit=0.5, at_response=at_response)
    return write_bill(bill, builders.user())


def bills(b: Bench) -> list[LateBill]:
    return [read_late_bill(m) for m in b.queues.published if m.exchange == "billing"]


# covers: BILL-03 LONG-09
async def test_what_the_answer_costs_is_told_once_for_all_parts() -> None:
    b = await bench(SubmitPolicy(publish_submit_sm_resp=True))
    assert await submitted(b, "one", "two", "three", bill=billed()) == Ack()
    assert b.queues.keys() == [
        "dlr.submit_sm_resp",
        "bill_request.submit_sm_resp.full",
        "submit.sm.resp.con1",
    ]
    assert [(bill.uid, bill.amount) for bill in bills(b)] == [("full", 4.5)]
    assert await submitted(b, "one", "two", "three", bill=billed(), redelivered=True) == Ack()
    assert len(bills(b)) == 1


@pytest.mark.parametrize("answer", [Answered(0x0B, b""), THROTTLED])
async def test_what_the_smsc_does_not_take_is_not_billed(answer: Answered) -> None:
    b = await bench()
    b.link.outcomes = [answer]
    await submitted(b, bill=billed())
    assert bills(b) == []


async def test_a_message_without_anything_to_pay_is_not_billed() -> None:
    b = await bench()
    for msgid, bill in ((MSGID, None), (MsgId("other"), billed(0.0))):
        assert await b.submits.submit_one(message(msgid=msgid, bill=bill)) == Ack()
    assert bills(b) == []


async def test_a_bill_that_was_not_taken_is_published_later_and_nothing_else() -> None:
    b = await bench()
    b.queues.refuse_after = 1
    with pytest.raises(BrokerAway):
        await submitted(b, bill=billed())
    b.queues.refuse_after = None
    assert await submitted(b, bill=billed(), redelivered=True) == Ack()
    assert b.queues.keys() == ["dlr.submit_sm_resp", "bill_request.submit_sm_resp.full"]


async def test_a_process_that_died_before_it_was_settled_tells_the_same_bill() -> None:
    b = await bench()
    await submitted(b, bill=billed())
    assert await b.restarted().submit_one(message(bill=billed(), redelivered=True)) == Ack()
    first, again = bills(b)
    assert first == again
    assert b.link.submitted == [b"hello"]


async def test_a_bill_that_cannot_be_read_costs_the_message_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    b = await bench()
    assert await submitted(b, bill=b"\x80\x02N.") == Ack()
    assert (bills(b), b.submits.counts.unbilled) == ([], 1)
    assert f"ERROR [msgid:{MSGID}] Not charged: not a SubmitSmBill" in lines(caplog)


# ---------------------------------------------------------------- what is not sent


async def test_a_message_that_is_no_submit_is_undecodable() -> None:
    b = await bench()
    with pytest.raises(Undecodable):
        await b.submits.submit_one(replace(message(), body=b"garbage"))


# covers: SMPPC-21
async def test_the_connectors_source_address_is_put_in() -> None:
    b = await bench(source_addr="1234")
    sources: list[bytes] = []
    b.link.answer = lambda part: (sources.append(part.source_addr), Answered(0, b"1"))[1]
    await submitted(b, source_addr_is_null=True)
    assert sources == [b"1234"]


# covers: W-MT-17
async def test_a_long_message_is_told_once_with_the_id_its_receipt_will_have() -> None:
    b = await bench()
    assert await submitted(b, "a", "b", "c", receipt=True) == Ack()
    assert b.link.submitted == [b"a", b"b", b"c"]
    assert b.replies() == [(MSGID, "ESME_ROK", "ID-C")]
    assert [s.wants_receipt for s in b.store.recorded[0]] == [False, False, True]


# covers: SMPPC-29
async def test_a_copy_of_the_answer_is_published_when_asked_for() -> None:
    b = await bench(SubmitPolicy(publish_submit_sm_resp=True))
    assert await submitted(b) == Ack()
    assert b.queues.keys() == ["dlr.submit_sm_resp", f"submit.sm.resp.{CID}"]
    copy = b.queues.published[1]
    assert (copy.message_id, copy.headers["created_at"]) == (MSGID, str(CREATED))
    assert b"SubmitSMResp" in copy.body
    assert b"id-hello" in copy.body


# ---------------------------------------------------------------- refusals


# covers: SMPPC-15 W-MT-12 W-MT-26
async def test_a_throttled_message_waits_in_the_ladder_and_is_not_told() -> None:
    b = await bench()
    b.link.outcomes = [THROTTLED]
    assert await submitted(b) == Delay(30, ((TRIES, "1"),))
    assert b.replies() == []
    assert b.store.recorded == []
    assert b.submits.counts.retried == 1


# covers: SMPPC-16 W-MT-13
async def test_the_last_attempt_is_told_and_final() -> None:
    b = await bench(SubmitPolicy(retries={0x58: Retry(3, 1.5)}))
    b.link.outcomes = [THROTTLED] * 3
    assert await submitted(b) == Delay(1.5, ((TRIES, "1"),))
    assert await submitted(b, tries=1) == Delay(1.5, ((TRIES, "2"),))
    assert await submitted(b, tries=2) == Ack()
    assert b.replies() == [(MSGID, "ESME_RTHROTTLED", None)]
    assert b.submits.counts.refused == 1


# covers: W-MT-17
async def test_a_retry_sends_only_the_segments_that_were_not_accepted() -> None:
    b = await bench()
    b.link.outcomes = [Answered(0, b"a"), THROTTLED, Answered(0, b"c")]
    assert await submitted(b, "a", "b", "c", receipt=True) == Delay(30, ((TRIES, "1"),))
    b.submits = b.restarted()
    assert await submitted(b, "a", "b", "c", receipt=True, tries=1) == Ack()
    assert b.link.submitted == [b"a", b"b", b"c", b"b"]
    assert b.replies() == [(MSGID, "ESME_ROK", "C")]


async def test_one_refused_segment_ends_the_message_with_its_status() -> None:
    b = await bench()
    b.link.outcomes = [Answered(0, b"a"), Answered(0x0B, b""), Answered(0, b"c")]
    assert await submitted(b, "a", "b", "c") == Ack()
    assert b.replies() == [(MSGID, "ESME_RINVDSTADR", None)]


RULES = "0x3000,COctetString,5,required;0x3001,Int2,-"
REF = custom_tlv(0x3000, "ref")


# covers: SMPPC-30G W-MT-05
@pytest.mark.parametrize(
    ("tlvs", "status", "reason"),
    [
        ((), "ESME_RMISSINGOPTPARAM", "missing required TLV 0x3000"),
        (
            (custom_tlv(0x3000, "ref-42"),),
            "ESME_RINVPARLEN",
            "TLV 0x3000 value length 7 exceeds configured max 5",
        ),
        (
            (REF, custom_tlv(0x3001, "x")),
            "ESME_RINVOPTPARAMVAL",
            "TLV 0x3001 value is not a number",
        ),
    ],
)
async def test_what_breaks_a_tlv_rule_is_told_and_kept(
    caplog: pytest.LogCaptureFixture, tlvs: tuple[CustomTlv, ...], status: str, reason: str
) -> None:
    b = await bench(custom_tlvs=RULES)
    caplog.set_level(logging.INFO)
    assert await submitted(b, tlvs=tlvs) == Dead(reason)
    assert (b.link.submitted, b.submits.counts.dead) == ([], 1)
    assert b.replies() == [(MSGID, status, None)]
    assert lines(caplog)[-1] == f"ERROR Rejecting SubmitSmPDU[{MSGID}]: {reason}"


# covers: W-MT-24
async def test_types_left_open_are_the_connectors_in_every_part() -> None:
    b = await bench(custom_tlvs=RULES)
    sent: list[tuple[bytes, ...]] = []
    b.link.answer = lambda part: (
        sent.append(tuple(tlv.value for tlv in part.tlvs)),
        Answered(0, b"1"),
    )[1]
    assert await submitted(b, "a", "b", tlvs=(REF, custom_tlv(0x3001, 513))) == Ack()
    assert sent == [(b"ref\0", b"\2\1")] * 2


@pytest.mark.parametrize(
    ("privacy", "ref", "number"),
    [(False, "'ref'", "513"), (True, "** 3 byte content **", "** 2 byte content **")],
)
async def test_tlvs_without_a_name_are_logged(
    caplog: pytest.LogCaptureFixture, *, privacy: bool, ref: str, number: str
) -> None:
    b = await bench(SubmitPolicy(log_privacy=privacy), custom_tlvs=RULES)
    caplog.set_level(logging.INFO)
    await submitted(b, tlvs=(REF, custom_tlv(0x3001, 513, "Int2")))
    assert lines(caplog)[:4] == [
        f"INFO TLV [msgid:{MSGID}] [tag:0x3000] [caller_type:not-specified] [value_preview:{ref}]",
        f"INFO TLV [msgid:{MSGID}] [tag:0x3001] [caller_type:Int2] [value_preview:{number}]",
        f"INFO TLV [msgid:{MSGID}] [tag:0x3000] [resolved_type:COctetString]",
        f"INFO TLV [msgid:{MSGID}] [tag:0x3001] [resolved_type:Int2]",
    ]


# covers: W-MT-01 W-MT-07
async def test_what_cannot_be_encoded_is_told_and_kept_for_the_operator() -> None:
    b = await bench()
    b.link.outcomes = [Unencodable("service_type: too long", "service_type")]
    assert await submitted(b) == Dead("service_type: too long")
    assert b.replies() == [(MSGID, "ESME_RINVSERTYP", None)]


# covers: W-MT-04
async def test_an_expired_message_is_told_and_not_sent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    b = await bench()
    past = CREATED - timedelta(seconds=1)
    assert await submitted(b, expiration=past) == Ack()
    assert b.link.submitted == []
    assert b.replies() == [(MSGID, "ESME_RINVEXPIRY", None)]
    assert lines(caplog) == [f"INFO Discarding expired message[{MSGID}]: expiration is {past}"]
    assert b.submits.counts.expired == 1


# ---------------------------------------------------------------- no answer, not sent


# covers: SMPPC-17 W-MT-08 W-MT-09
async def test_a_message_without_an_answer_is_sent_again_after_the_requeue_delay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    b = await bench(requeue_delay_s=7)
    b.link.outcomes = [LOST]
    assert await submitted(b) == Delay(7, ((TRIES, "1"),))
    assert b.replies() == []
    assert b.submits.counts.unanswered == 1
    text = f"SubmitSmPDU[{MSGID}] request timed out through [cid:{CID}], message requeued."
    assert lines(caplog) == [f"ERROR {text}"]


# covers: W-MT-11
async def test_a_message_that_is_never_answered_ends() -> None:
    b = await bench(SubmitPolicy(unanswered_attempts=3))
    b.link.outcomes = [LOST]
    assert await submitted(b, tries=2) == Dead("no answer in 3 attempts: connection lost")
    assert b.replies() == [(MSGID, "ESME_RSUBMITFAIL", None)]


async def test_what_was_not_sent_goes_back_at_once_and_counts_no_attempt() -> None:
    b = await bench()
    b.link.lose()
    assert await submitted(b, tries=5) == Requeue()
    assert (b.replies(), b.submits.counts.not_sent) == ([], 1)


async def test_after_a_break_amid_a_long_message_only_the_rest_is_sent() -> None:
    b = await bench()
    b.link.outcomes = [Answered(0, b"a"), NotSent()]
    assert await submitted(b, "a", "b") == Requeue()
    b.submits = b.restarted()
    assert await submitted(b, "a", "b", redelivered=True) == Ack()
    assert b.link.submitted == [b"a", b"b", b"b"]


# ---------------------------------------------------------------- redeliveries


# covers: W-MT-31
async def test_what_was_recorded_is_not_sent_again_after_a_crash() -> None:
    b = await bench()
    segment = SegmentSent(index=0, command_status=0, smpp_msgid=SmppMsgId("X"), wants_receipt=False)
    await b.store.record_sent(MSGID, [segment])  # and then the process died
    assert await submitted(b, redelivered=True) == Ack()
    assert b.link.submitted == []
    assert b.replies() == [(MSGID, "ESME_ROK", "X")]


async def test_the_second_copy_of_a_publish_whose_confirm_was_lost_is_not_sent_again() -> None:
    """Also by the next process: nothing but the mark tells it from a fresh message."""
    b = await bench()
    assert await submitted(b) == Ack()
    copy = detours.again(message(), "published")
    assert await b.submits.submit_one(copy) == Ack()
    assert await b.restarted().submit_one(copy) == Ack()
    assert b.link.submitted == [b"hello"]


@pytest.mark.parametrize("mark", [AGAIN, TRIES, WAITS, CRASHES])
async def test_a_copy_of_what_was_sent_and_put_off_is_not_sent_again(mark: str) -> None:
    """Sent and recorded, the broker did not take its outcome, and the store went before it came
    again: the copy that was put off is fresh for the broker."""
    b = await bench()
    segment = SegmentSent(index=0, command_status=0, smpp_msgid=SmppMsgId("X"), wants_receipt=False)
    await b.store.record_sent(MSGID, [segment])
    copy = message()
    copy = replace(copy, headers={**copy.headers, mark: "1"})
    assert await b.submits.submit_one(copy) == Ack()
    assert b.link.submitted == []
    assert b.replies() == [(MSGID, "ESME_ROK", "X")]


async def test_what_was_not_recorded_is_sent_again_after_a_crash() -> None:
    b = await bench()
    assert await submitted(b, redelivered=True) == Ack()
    assert b.link.submitted == [b"hello"]


async def test_a_redelivery_waits_for_what_is_at_work_here() -> None:
    b = await bench()
    b.link.hold = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(submitted(b), name="first")
        await until(lambda: b.link.submitted == [b"hello"])
        again = tasks.create_task(submitted(b, redelivered=True), name="again")
        await asyncio.sleep(0)
        b.link.hold.set()
    assert (first.result(), again.result()) == (Ack(), Ack())
    assert b.link.submitted == [b"hello"]
    assert len(b.replies()) == 1
    assert b.submits.counts.finished_again == 1


async def test_a_message_settled_too_late_is_not_told_twice() -> None:
    b = await bench()
    b.link.outcomes = [Unencodable("x")]
    assert await submitted(b) == Dead("x")
    assert await submitted(b, redelivered=True) == Dead("x")
    assert len(b.replies()) == 1


async def test_a_dead_letter_that_was_put_back_is_tried_again_but_for_what_was_recorded() -> None:
    b = await bench(SubmitPolicy(unanswered_attempts=1))
    b.link.outcomes = [Answered(0, b"a"), LOST]
    assert isinstance(await submitted(b, "a", "b"), Dead)
    put_back = detours.again(message("a", "b"), "dead")
    assert await b.submits.submit_one(put_back) == Ack()
    assert b.link.submitted == [b"a", b"b", b"b"]
    assert [status for _, status, _ in b.replies()] == ["ESME_RSUBMITFAIL", "ESME_ROK"]
    assert await b.submits.submit_one(put_back) == Ack()
    assert len(b.replies()) == 2


async def test_no_more_finished_messages_are_remembered_than_are_told_to() -> None:
    b = await bench(SubmitPolicy(finished_kept=2))
    for name in ("a", "b", "c"):
        await submitted(b, msgid=MsgId(name))
    assert list(b.submits._finished) == ["b", "c"]


async def test_a_cancelled_submit_leaves_nothing_behind() -> None:
    b = await bench()
    b.link.hold = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(submitted(b), name="submit")
        await until(lambda: b.link.submitted == [b"hello"])
        task.cancel()
    assert b.submits._at_work == {}
    assert b.replies() == []


# ---------------------------------------------------------------- the broker away


# covers: W-AMQP-03
async def test_an_outcome_that_could_not_be_published_is_told_once_when_it_can() -> None:
    b = await bench()
    b.queues.refusals = [AWAY]
    with pytest.raises(BrokerAway):
        await submitted(b)
    assert b.replies() == []
    assert await submitted(b, redelivered=True) == Ack()
    assert b.link.submitted == [b"hello"]
    assert b.replies() == [(MSGID, "ESME_ROK", "ID-HELLO")]


async def test_a_copy_that_could_not_be_published_is_published_later_and_nothing_else() -> None:
    b = await bench(SubmitPolicy(publish_submit_sm_resp=True))
    publish = b.queues.publish

    async def lookup_only(given: QueueMessage, *, mandatory: bool = True) -> None:
        if not given.routing_key.startswith("dlr."):
            raise AWAY
        await publish(given, mandatory=mandatory)

    b.queues.publish = lookup_only  # type: ignore[method-assign]
    with pytest.raises(BrokerAway):
        await submitted(b)
    b.queues.publish = publish  # type: ignore[method-assign]
    assert await submitted(b, redelivered=True) == Ack()
    assert b.queues.keys() == ["dlr.submit_sm_resp", f"submit.sm.resp.{CID}"]


# ---------------------------------------------------------------- pace


# covers: SMPPC-13 W-MT-16
async def test_messages_go_at_the_connectors_rate_and_segments_count_as_one() -> None:
    b = await bench(submit_throughput=0.1)
    async with asyncio.TaskGroup() as tasks:
        for name in ("a", "b", "c"):
            tasks.create_task(submitted(b, name, name, msgid=MsgId(name)), name=name)
        await until(lambda: b.link.submitted == [b"a", b"a"])
        for count in (4, 6):
            await until(b.clock.is_waited_for)
            b.clock.advance(9)
            await asyncio.sleep(0.01)
            assert len(b.link.submitted) == count - 2
            b.clock.advance(1)
            await until(lambda count=count: len(b.link.submitted) == count)  # type: ignore[misc]


# covers: SMPPC-26
async def test_a_rate_that_is_lifted_holds_from_the_next_message_on() -> None:
    b = await bench(submit_throughput=0.1)
    await submitted(b, msgid=MsgId("a"))
    b.connector.swap(builders.connector(submit_throughput=0))
    await submitted(b, msgid=MsgId("b"))
    assert len(b.link.submitted) == 2


async def test_messages_that_waited_for_the_pace_in_vain_go_back() -> None:
    b = await bench(submit_throughput=0.1)
    await submitted(b, msgid=MsgId("a"))
    async with asyncio.TaskGroup() as tasks:
        waiting = [
            tasks.create_task(submitted(b, msgid=MsgId(name)), name=name) for name in ("b", "c")
        ]
        await until(b.clock.is_waited_for)
        b.link.lose()
        b.clock.advance(10)
    assert [task.result() for task in waiting] == [Requeue(), Requeue()]


# ---------------------------------------------------------------- messages.log


@pytest.mark.parametrize(
    ("policy", "shown"),
    [(SubmitPolicy(), "b'ab'"), (SubmitPolicy(log_privacy=True), "** 2 byte content **")],
    ids=["plain", "private"],
)
async def test_an_accepted_message_is_a_line(
    policy: SubmitPolicy, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench(policy)
    b.link.outcomes = [Answered(0, b"x1"), Answered(0, b"00ff")]
    await submitted(b, "a", "b")
    assert lines(caplog) == [
        f"INFO SMS-MT [cid:{CID}] [queue-msgid:{MSGID}] [smpp-msgid:b'00ff'] "
        "[status:CommandStatus.ESME_ROK] [prio:1] "
        "[dlr:RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED] [validity:none] "
        f"[from:b''] [to:b'15550001'] [content:{shown}] [tlvs:none]"
    ]


# covers: W-MT-34
async def test_a_connectors_own_logprivacy_hides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    b = await bench(log_privacy=True)
    await submitted(b)
    assert "[content:b'hello']" in lines(caplog)[0]


async def test_a_refused_message_is_a_line_that_says_whether_it_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    b = await bench(SubmitPolicy(retries={0x58: Retry(2, 1)}))
    b.link.outcomes = [THROTTLED, THROTTLED]
    await submitted(b)
    await submitted(b, tries=1)
    assert [line.partition(" [prio")[0].partition("[status")[2] for line in lines(caplog)] == [
        ":ERROR/CommandStatus.ESME_RTHROTTLED] [retry:True]",
        ":ERROR/CommandStatus.ESME_RTHROTTLED] [retry:False]",
    ]


async def test_what_cannot_be_encoded_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    b = await bench()
    b.link.outcomes = [Unencodable("service_type: too long", "service_type")]
    await submitted(b)
    text = f"Rejecting SubmitSmPDU[{MSGID}] through [cid:{CID}]: service_type: too long"
    assert lines(caplog) == [f"CRITICAL {text}"]

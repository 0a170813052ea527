"""One attempt of a delivery report, and what becomes of it (contract/dlr.md §6)."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.adapters.http_calls import HttpCallsByAiohttp
from jasmin_compat.adapters.memory_queues import MemoryPolicy, MemoryQueues
from jasmin_compat.flows.consume import Source, consume
from jasmin_compat.flows.throw import ThrowPorts, throw, throw_dlr_http
from jasmin_compat.gateway.callbacks import CallbackPolicy, HttpCall, HttpReply
from jasmin_compat.gateway.messages import Ack, Dead, Delay, HttpDlr, MsgId, Verdict
from jasmin_compat.ports import CallDenied, CallFailed, CallNotMade, ReceiverSilent
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import DLR_THROWER, HELD_DLRS
from jasmin_compat.wire.dlr_messages import write_callback
from tests import builders, golden
from tests.builders import MSGID
from tests.contracts.queue_contract import take
from tests.fakes import FakeClock
from tests.http_sink import Answer, Received, sink
from tests.waiting import until

POLICY = CallbackPolicy()
NOW = 1_790_000_000.0
SINCE = "1790000000.000"


class ScriptedCalls:
    """HttpCalls that answers from a list."""

    def __init__(self, *outcomes: HttpReply | Exception) -> None:
        self._outcomes = iter(outcomes)
        self.made: list[HttpCall] = []

    async def call(self, call: HttpCall) -> HttpReply:
        self.made.append(call)
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def ports(calls: ScriptedCalls | None = None, queues: MemoryQueues | None = None) -> ThrowPorts:
    clock = FakeClock(NOW)
    return ThrowPorts(
        calls=calls or ScriptedCalls(), clock=clock, queues=queues or MemoryQueues(clock=clock)
    )


async def thrown(dlr: HttpDlr, *outcomes: HttpReply | Exception) -> Verdict:
    return await throw_dlr_http(
        dlr, calls=ScriptedCalls(*outcomes), clock=FakeClock(NOW), policy=POLICY
    )


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "jasmin-dlr-thrower"
    ]


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-dlr-thrower")


async def test_an_acknowledged_report_is_done(caplog: pytest.LogCaptureFixture) -> None:
    assert await thrown(builders.http_dlr(), HttpReply(200, "ACK/Jasmin")) == Ack()
    assert lines(caplog) == [("INFO", f"Throwed DLR [msgid:{MSGID}] to http://127.0.0.1/dlr.")]


# covers: DLR-06 W-DLR-11 W-DLR-12 W-MO-17
async def test_a_failed_attempt_is_remembered_in_the_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    verdict = await thrown(builders.http_dlr(), HttpReply(500, ""))
    assert verdict == Delay(30.0, (("x-jc-tries", "1"), ("x-jc-first", SINCE)))
    assert lines(caplog) == [
        ("INFO", f"Throwed DLR [msgid:{MSGID}] to http://127.0.0.1/dlr."),
        (
            "ERROR",
            f"Throwing HTTP/DLR [msgid:{MSGID}] to (http://127.0.0.1/dlr): answered 500.",
        ),
    ]


async def test_later_attempts_go_on_counting_from_the_first() -> None:
    dlr = builders.http_dlr(tries=2, first_tried_at=NOW - 60)
    assert await thrown(dlr, CallFailed("refused")) == Delay(
        30.0, (("x-jc-tries", "3"), ("x-jc-first", "1789999940.000"))
    )


async def test_a_report_that_is_given_up_says_so(caplog: pytest.LogCaptureFixture) -> None:
    dlr = builders.http_dlr(tries=3, first_tried_at=NOW - 90)
    assert await thrown(dlr, HttpReply(404, "")) == Dead(
        "4 attempts in 90 s, the last: answered 404"
    )
    assert lines(caplog)[-1] == (
        "WARNING",
        f"Message try-count is 4 [msgid:{MSGID}]: purged from queue",
    )


async def test_nobody_there_is_no_throw(caplog: pytest.LogCaptureFixture) -> None:
    await thrown(builders.http_dlr(), CallFailed("no answer in 30 s"))
    assert [level for level, _ in lines(caplog)] == ["ERROR"]


async def test_a_call_without_a_slot_is_no_attempt(caplog: pytest.LogCaptureFixture) -> None:
    verdict = await thrown(builders.http_dlr(tries=1), CallNotMade("h"))
    assert verdict == Delay(10.0, (("x-jc-tries", "1"), ("x-jc-first", SINCE)))
    assert lines(caplog) == []


async def test_a_report_for_a_receiver_that_hangs_waits_as_long_again() -> None:
    verdict = await thrown(builders.http_dlr(tries=1), ReceiverSilent("h", 60.0))
    assert verdict == Delay(60.0, (("x-jc-tries", "1"), ("x-jc-first", SINCE)))


@pytest.mark.parametrize("url", ["http://", "ftp://127.0.0.1/"])
async def test_a_url_that_is_none_is_a_dead_end(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert await thrown(builders.http_dlr(url=url)) == Dead(f"{url}: not http, or no host")
    assert [level for level, _ in lines(caplog)] == ["ERROR"]


# covers: W-HTTP-02
async def test_an_address_that_is_denied_for_good_is_a_dead_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reason = "callbacks may not reach 127.0.0.1:8990"
    assert await thrown(builders.http_dlr(), CallDenied(reason)) == Dead(reason)
    assert lines(caplog) == [
        ("ERROR", f"Throwing HTTP/DLR [msgid:{MSGID}] to (http://127.0.0.1/dlr): {reason}.")
    ]


# covers: W-DLR-16
@pytest.mark.parametrize("age_s", [0, 60, 10 * 86_400])
async def test_a_receipt_for_an_esme_is_held_as_it_is(
    age_s: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Also what an earlier release had put off for so long that it would have been given up."""
    queues = MemoryQueues(clock=FakeClock(NOW))
    await queues.declare([HELD_DLRS])
    receipt = write_callback(builders.smpp_dlr(tries=9, first_tried_at=NOW - age_s))
    assert await throw(receipt, ports=ports(queues=queues), policy=POLICY) == Ack()
    async with queues.consume(HELD_DLRS.queue, consumer_tag="t", prefetch=1) as deliveries:
        assert (await take(deliveries)).message == receipt
    assert lines(caplog) == [("INFO", f"Holding SMPP/DLR [msgid:{MSGID}] to (esme1).")]


# covers: W-DLR-16
async def test_a_receipt_for_an_esme_that_is_not_taken_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    queues = MemoryQueues(clock=FakeClock(NOW), policy=MemoryPolicy(queue_max=1))
    await queues.declare([HELD_DLRS])
    receipt = write_callback(builders.smpp_dlr())
    assert await throw(receipt, ports=ports(queues=queues), policy=POLICY) == Ack()
    assert await throw(receipt, ports=ports(queues=queues), policy=POLICY) == Delay(
        300.0, (("x-jc-tries", "1"), ("x-jc-first", SINCE))
    )
    assert await queues.depth(HELD_DLRS.queue) == 1
    assert lines(caplog)[-1] == (
        "ERROR",
        f"Holding SMPP/DLR [msgid:{MSGID}] to (esme1): {HELD_DLRS.queue} holds 1 messages.",
    )


async def test_receipts_are_held_in_their_order() -> None:
    queues, stop = MemoryQueues(clock=FakeClock(NOW)), asyncio.Event()
    await queues.declare([DLR_THROWER, HELD_DLRS])
    msgids = [MsgId(f"m{number}") for number in range(100)]
    for msgid in msgids:
        await queues.publish(write_callback(builders.smpp_dlr(msgid=msgid)))
    source = Source(queue=DLR_THROWER.queue, consumer_tag="t", prefetch=50)

    async def handle(message: QueueMessage) -> Verdict:
        return await throw(message, ports=ports(queues=queues), policy=POLICY)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consume(queues, source, handle, stop=stop), name="thrower")
        await until(lambda: source.counts.acked == 100)
        stop.set()
    async with queues.consume(HELD_DLRS.queue, consumer_tag="t", prefetch=100) as deliveries:
        assert [(await take(deliveries)).message.message_id for _ in msgids] == msgids


# ---------------------------------------------------------------- from the queue


async def test_a_message_is_thrown_to_whom_it_is_for() -> None:
    calls = ScriptedCalls(HttpReply(200, "ACK/Jasmin"))
    queues = MemoryQueues(clock=FakeClock(NOW))
    await queues.declare([HELD_DLRS])
    for callback in (builders.http_dlr(), builders.smpp_dlr()):
        message = write_callback(callback)
        assert await throw(message, ports=ports(calls, queues), policy=POLICY) == Ack()
    assert len(calls.made) == await queues.depth(HELD_DLRS.queue) == 1


# covers: W-DLR-17
async def test_what_is_no_report_is_told() -> None:
    message = QueueMessage(exchange="messaging", routing_key="dlr_thrower.http", body=b"")
    with pytest.raises(Undecodable):
        await throw(message, ports=ports(), policy=POLICY)


# covers: DLR-06 W-DLR-11
async def test_both_levels_of_a_message_are_tried_until_each_is_acknowledged() -> None:
    """Through a queue: Jasmin's timers of one message cancel each other."""
    clock, replies = FakeClock(NOW), [HttpReply(500, ""), HttpReply(500, "")]
    calls = ScriptedCalls(*replies, HttpReply(200, "ACK/Jasmin"), HttpReply(200, "ACK/Jasmin"))
    queues, stop = MemoryQueues(clock=clock), asyncio.Event()
    await queues.declare([DLR_THROWER])
    await queues.publish(write_callback(builders.http_dlr(level=1)))
    await queues.publish(write_callback(builders.http_dlr(level=2)))
    source = Source(queue=DLR_THROWER.queue, consumer_tag="t", prefetch=1)

    async def handle(message: QueueMessage) -> Verdict:
        ports = ThrowPorts(calls=calls, clock=clock, queues=queues)
        return await throw(message, ports=ports, policy=POLICY)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consume(queues, source, handle, stop=stop), name="thrower")
        await until(lambda: source.counts.delayed == 2)
        await clock.advance_to_sleeper(30)
        await until(lambda: source.counts.acked == 2)
        stop.set()
    levels = [b"level=2" in (call.body or b"") for call in calls.made]
    assert levels == [False, True, False, True]


# ---------------------------------------------------------------- recordings


def recorded(name: str) -> list[tuple[HttpDlr, Received]]:
    """Each dlr_thrower.http message of a recording, and the first callback made of it."""
    return [
        (dlr, _received(callbacks[dlr.msgid, dlr.level]))
        for flow in golden.load(name)["flows"]
        for callbacks in [{_key(c): c for c in reversed(flow["http_callbacks"])}]
        for dlr in map(_dlr, _published(flow))
        if (dlr.msgid, dlr.level) in callbacks
    ]


def _published(flow: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        event["properties"]
        for event in flow["amqp"]
        if event["event"] == "publish" and event["routing_keys"] == ["dlr_thrower.http"]
    ]


def _key(callback: dict[str, str]) -> tuple[str, int]:
    fields = (callback["target"].partition("?")[2] + "&" + callback["body_text"]).split("&")
    values = dict(field.partition("=")[::2] for field in fields)
    return values.get("id", ""), int(values.get("level", 0))


def _dlr(properties: dict[str, Any]) -> HttpDlr:
    headers = properties["headers"]
    names = ("url", "method", "message_status", "level", "connector", "id_smsc", "sub", "dlvrd")
    more = ("subdate", "donedate", "err", "text")
    return HttpDlr(
        msgid=properties["message_id"],
        **{name: headers[name] for name in (*names, *more)},
    )


def _received(callback: dict[str, Any]) -> Received:
    return Received(
        callback["method"],
        callback["target"],
        tuple((name, value) for name, value in callback["headers"]),
        bytes.fromhex(callback["body_hex"]),
    )


def headers_of(received: Received) -> dict[str, str]:
    return {n: v for n, v in received.headers if n not in ("Connection", "Host")}


# covers: DLR-01 DLR-02 DLR-04 DLR-17 DLR-19 DLR-20
@pytest.mark.parametrize("name", ["flows_http_mt_dlr", "callbacks_and_retries"])
async def test_callbacks_are_as_recorded(name: str) -> None:
    pairs = recorded(name)
    assert len(pairs) >= 20
    calls = HttpCallsByAiohttp()
    async with sink() as receiver:
        for dlr, _ in pairs:
            here = replace(dlr, url=dlr.url.replace(":27780/", f":{receiver.port}/"))
            await throw_dlr_http(here, calls=calls, clock=FakeClock(), policy=POLICY)
        await calls.close()
    assert len(receiver.received) == len(pairs)
    for (_, theirs), ours in zip(pairs, receiver.received, strict=True):
        assert (ours.method, ours.target, ours.body) == (theirs.method, theirs.target, theirs.body)
        assert headers_of(ours) == headers_of(theirs)


def answers_recorded() -> list[object]:
    """What each answer of the recording led to: its kind, and how many attempts there were."""
    flow = golden.load("callbacks_and_retries")["flows"][0]
    attempts = flow["attempt_times_by_path"]
    return [
        pytest.param(answer, attempts["/dlr-" + answer["name"]]["attempts"], id=answer["name"])
        for answer in flow["answers"]
        if "delay" not in answer["opts"] and answer["name"] != "failthenok"
    ]


def _answer(recorded_: dict[str, Any], received: Received) -> Answer:
    if received.path == "/ack":
        return Answer()
    return Answer(
        status=recorded_["status"],
        body=recorded_["body"].encode("latin-1"),
        headers=tuple((name, value) for name, value in recorded_["opts"].get("headers", [])),
        drop=recorded_["opts"].get("drop", False),
    )


# covers: DLR-05 DLR-06 DLR-22
@pytest.mark.parametrize(("answer", "attempts"), answers_recorded())
async def test_answers_lead_to_as_many_attempts_as_recorded(
    answer: dict[str, Any], attempts: int
) -> None:
    flow = golden.load("callbacks_and_retries")["flows"][0]
    method = next(
        c["method"]
        for c in flow["http_callbacks"]
        if c["target"].startswith(f"/dlr-{answer['name']}")
    )
    calls, clock = HttpCallsByAiohttp(), FakeClock()
    async with sink(lambda r: _answer(answer, r)) as receiver:
        dlr = builders.http_dlr(url=receiver.url("/dlr"), method=method)
        verdict: Verdict = Delay(0)
        for tries in range(attempts):
            assert isinstance(verdict, Delay)
            tried = builders.http_dlr(url=dlr.url, method=method, tries=tries)
            verdict = await throw_dlr_http(tried, calls=calls, clock=clock, policy=POLICY)
            clock.advance(30)
        await calls.close()
    assert isinstance(verdict, Ack if attempts == 1 else Dead | Delay)
    assert sum(r.path == "/dlr" for r in receiver.received) == attempts
    is_hopeful = answer["name"] in ("c500", "c503", "drop")
    assert isinstance(verdict, Delay) is (is_hopeful and attempts == 4)

"""Batches: queued as a whole or said how far, sent at a pace, told of, and nothing lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest

from jasmin_compat.adapters.memory_queues import MemoryPolicy, MemoryQueues
from jasmin_compat.flows.batch import (
    BatchCounts,
    BatchSender,
    NotAllQueued,
    ReportPorts,
    SendPorts,
    Workers,
    queue_batch,
    report_one,
)
from jasmin_compat.flows.consume import ConsumePolicy, Source, consume
from jasmin_compat.gateway.batches import (
    Accepted,
    BatchMessage,
    BatchPolicy,
    Declined,
    Outcome,
    PutOff,
    report_of,
)
from jasmin_compat.gateway.callbacks import HttpCall, HttpReply
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Verdict
from jasmin_compat.gateway.pace import PacePolicy
from jasmin_compat.ports import BrokerAway, CallDenied, CallFailed, CallNotMade
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import BATCH_MESSAGES, BATCH_REPORTS, TRIES
from jasmin_compat.wire.batch_messages import (
    read_batch_report,
    write_batch_message,
    write_batch_report,
)
from tests import builders
from tests.fakes import FakeClock
from tests.waiting import until

SUCCESS = Accepted('Success "7c9f"')
NO_ROUTE = Declined('Error "No route found"')
AWAY = PutOff('Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"')


@dataclass
class Gate:
    """What answers in the place of `/send`."""

    outcomes: list[Outcome] = field(default_factory=list)
    sent: list[BatchMessage] = field(default_factory=list)

    async def __call__(self, message: BatchMessage) -> Outcome:
        self.sent.append(message)
        return self.outcomes.pop(0) if self.outcomes else SUCCESS


@dataclass
class World:
    """A sender, and what is around it."""

    sender: BatchSender
    gate: Gate
    queues: MemoryQueues
    clock: FakeClock

    async def reports(self) -> list[QueueMessage]:
        """All of the queue, taken out."""
        found: list[QueueMessage] = []
        name = BATCH_REPORTS.queue
        async with self.queues.consume(name, consumer_tag="t", prefetch=100) as deliveries:
            while await self.queues.depth(name):
                delivery = await anext(deliveries)
                found.append(delivery.message)
                await delivery.settle(Ack())
        return found


async def world(*outcomes: Outcome, workers: int = 1, per_s: float = 0, **policy: int) -> World:
    clock, gate = FakeClock(), Gate(list(outcomes))
    queues = MemoryQueues(clock=clock)
    await queues.declare([BATCH_MESSAGES, BATCH_REPORTS])
    ports = SendPorts(
        send=gate,
        workers=Workers(workers, PacePolicy(per_s=per_s, smart=False), clock),
        queues=queues,
        clock=clock,
    )
    return World(BatchSender(ports, policy=BatchPolicy(**policy)), gate, queues, clock)


async def handled(one: World, message: QueueMessage) -> None:
    assert await one.sender.handle(message) == Ack()


def told(**fields: object) -> QueueMessage:
    """A message whose sender wants to be told."""
    values = {"callback_url": "http://h/c", "errback_url": "http://h/e"}
    return write_batch_message(builders.batch_message(**(values | fields)))


def tried(message: QueueMessage, times: int) -> QueueMessage:
    return replace(message, headers={TRIES: str(times)})


# ---------------------------------------------------------------- queue


async def test_every_message_is_confirmed() -> None:
    one = await world()
    messages = [builders.batch_message(number=n) for n in range(1, 101)]
    await queue_batch(messages, queues=one.queues, at_once=7)
    assert await one.queues.depth("jasmin_compat.batch") == 100


async def test_a_broker_that_takes_no_more_is_told_with_how_many_it_took() -> None:
    queues = MemoryQueues(clock=FakeClock(), policy=MemoryPolicy(queue_max=3))
    await queues.declare([BATCH_MESSAGES])
    messages = [builders.batch_message(number=n) for n in range(1, 11)]
    with pytest.raises(NotAllQueued) as refused:
        await queue_batch(messages, queues=queues, at_once=2)
    assert refused.value.queued == await queues.depth("jasmin_compat.batch") == 3


# ---------------------------------------------------------------- send


# covers: REST-13
async def test_who_asked_is_told_what_became_of_it() -> None:
    one = await world(SUCCESS, NO_ROUTE)
    assert await one.sender.handle(told()) == Ack()
    assert await one.sender.handle(told(number=2)) == Ack()
    first, second = [read_batch_report(message) for message in await one.reports()]
    assert (first.url, first.status, first.text) == ("http://h/c", 1, 'Success "7c9f"')
    assert (second.url, second.status) == ("http://h/e", 0)
    assert second.text == 'HTTPAPI error: Error "No route found'
    assert one.sender.counts == BatchCounts(accepted=1, declined=1)


async def test_who_did_not_ask_is_told_nothing() -> None:
    one = await world(SUCCESS, NO_ROUTE)
    assert await one.sender.handle(told(callback_url="")) == Ack()
    assert await one.sender.handle(told(number=2, errback_url="")) == Ack()
    assert await one.reports() == []


# covers: REST-11
async def test_what_is_not_due_waits_in_the_ladder() -> None:
    one = await world()
    message = told(due=one.clock.unix() + 90)
    assert await one.sender.handle(message) == Delay(90)
    assert one.gate.sent == []
    one.clock.advance(90)
    assert await one.sender.handle(message) == Ack()
    assert len(one.gate.sent) == 1


# covers: W-REST-03
async def test_a_broker_that_was_away_is_tried_again_and_not_for_ever() -> None:
    one = await world(AWAY, AWAY, put_off_retries=1)
    assert await one.sender.handle(told()) == Delay(30, ((TRIES, "1"),))
    assert await one.reports() == []
    assert await one.sender.handle(tried(told(), 1)) == Ack()
    [report] = await one.reports()
    assert read_batch_report(report).status == 0
    assert one.sender.counts == BatchCounts(declined=1, put_off=1)


async def test_what_a_refusal_quotes_of_the_message_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = Declined("Error \"Invalid hex-content data: 'secret'\"")
    one = await world(refused)
    await handled(one, told())
    [report] = await one.reports()
    assert "secret" in read_batch_report(report).text
    assert caplog.messages == [
        f'[{builders.batch_message().batch_id}] Error "Invalid hex-content data'
    ]


async def test_a_message_whose_report_was_not_taken_is_neither_sent_nor_told_of_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = await world()
    publish = one.queues.publish

    async def refuse(_message: QueueMessage, *, mandatory: bool = True) -> None:
        raise BrokerAway(f"gone {mandatory}")

    monkeypatch.setattr(one.queues, "publish", refuse)
    with pytest.raises(BrokerAway):
        await one.sender.handle(told())
    monkeypatch.setattr(one.queues, "publish", publish)
    for _ in range(2):
        assert await one.sender.handle(told()) == Ack()
    assert len(one.gate.sent) == 1
    assert len(await one.reports()) == 1
    assert one.sender.counts.repeats_avoided == 2


async def test_a_redelivery_waits_for_the_one_at_work() -> None:
    one = await world(workers=2)
    async with asyncio.TaskGroup() as tasks:
        for n in range(2):
            tasks.create_task(handled(one, told()), name=f"delivery {n}")
    assert len(one.gate.sent) == 1


async def test_what_is_remembered_is_bounded() -> None:
    one = await world(finished_kept=2)
    for number in (1, 2, 3, 3, 1):
        await one.sender.handle(told(number=number))
    assert [message.number for message in one.gate.sent] == [1, 2, 3, 1]


# covers: REST-17 W-REST-06
async def test_a_worker_keeps_its_pace_and_holds_up_nobody_else() -> None:
    one = await world(workers=2, per_s=1)
    async with asyncio.TaskGroup() as tasks:
        for number in range(1, 6):
            tasks.create_task(handled(one, told(number=number)), name=f"{number}")
        await until(lambda: len(one.gate.sent) == 2)
        await one.clock.advance_to_sleeper(1)
        await until(lambda: len(one.gate.sent) == 4)
        await one.clock.advance_to_sleeper(1)
    assert len(one.gate.sent) == 5


async def test_a_worker_whose_message_broke_goes_on() -> None:
    one = await world()

    async def broken(_message: BatchMessage) -> Outcome:
        raise ZeroDivisionError

    ports = SendPorts(
        send=broken,
        workers=Workers(1, PacePolicy(), one.clock),
        queues=one.queues,
        clock=one.clock,
    )
    sender = BatchSender(ports, policy=BatchPolicy())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await sender.handle(told())


@contextlib.asynccontextmanager
async def consuming(one: World) -> AsyncIterator[Callable[[], int]]:
    """A consumer over the sender, as a gateway runs it; gives how many it has sent."""
    stop = asyncio.Event()
    source = Source(queue=BATCH_MESSAGES.queue, consumer_tag="t", prefetch=1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            consume(one.queues, source, one.sender.handle, stop=stop, policy=ConsumePolicy()),
            name="batch",
        )
        yield lambda: len(one.gate.sent)
        stop.set()


async def test_a_scheduled_message_comes_back_when_it_is_due() -> None:
    one = await world()
    await one.queues.publish(told(due=one.clock.unix() + 90))
    await one.queues.publish(told(number=2))
    async with consuming(one) as sent:
        await until(lambda: sent() == 1)
        assert one.gate.sent[0].number == 2
        await one.clock.advance_to_sleeper(90)
        await until(lambda: sent() == 2)


# ---------------------------------------------------------------- tell


@dataclass
class Calls:
    """A receiver, or none."""

    outcome: HttpReply | Exception
    made: list[HttpCall] = field(default_factory=list)

    async def call(self, call: HttpCall) -> HttpReply:
        self.made.append(call)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def queued_report(url: str = "http://h/c?a=b", tries: int = 0) -> QueueMessage:
    report = report_of(builders.batch_message(callback_url=url), SUCCESS)
    assert report is not None
    return tried(write_batch_report(report, message_id="B-1"), tries)


# covers: REST-13 W-REST-02 W-REST-05
@pytest.mark.parametrize(
    ("outcome", "tries", "verdict", "line"),
    [
        (HttpReply(200, ""), 0, Ack(), "succeeded."),
        (HttpReply(404, ""), 0, Ack(), "succeeded."),
        (HttpReply(502, ""), 0, Delay(30, ((TRIES, "1"),)), "failed: answered 502."),
        (CallFailed("refused"), 1, Delay(30, ((TRIES, "2"),)), "failed: refused."),
        (CallFailed("refused"), 3, Dead("4 attempts, the last: refused"), "failed: refused."),
        (CallDenied("denied"), 0, Dead("denied"), "failed: denied."),
        (CallNotMade("h"), 2, Delay(10), None),
    ],
)
async def test_one_call(
    outcome: HttpReply | Exception,
    tries: int,
    verdict: Verdict,
    line: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "jasmin-restapi")
    calls = Calls(outcome)
    ports = ReportPorts(calls=calls, counts=BatchCounts())
    assert (
        await report_one(queued_report(tries=tries), ports=ports, policy=BatchPolicy()) == verdict
    )
    batch_id = builders.batch_message().batch_id
    assert calls.made[0].url == (
        f"http://h/c?a=b&batchId={batch_id}&to=1&status=1&statusText=Success+%227c9f%22"
    )
    said = [] if line is None else [f"(Callback) of batch {batch_id} to http://h/c?a=b {line}"]
    assert caplog.messages == said


async def test_what_is_no_url_is_a_dead_letter() -> None:
    ports = ReportPorts(calls=Calls(HttpReply(200, "")), counts=BatchCounts())
    verdict = await report_one(queued_report("5"), ports=ports, policy=BatchPolicy())
    assert isinstance(verdict, Dead)
    assert ports.counts.report_failures == 1

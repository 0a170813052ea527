"""Consumers: each delivery settled once, whatever the handler does."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.flows.consume import ConsumePolicy, Gate, Handle, Source, consume, in_turn
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue, Verdict
from jasmin_compat.ports import (
    Binding,
    BrokerAway,
    Delivery,
    DeliveryLost,
    QueueError,
    Queues,
    StoreAway,
    Unpublishable,
    Unroutable,
)
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from tests.fakes import FakeClock
from tests.waiting import LONG_S, until

QUICK = ConsumePolicy(
    crash_delay_s=10, crash_tries=3, store_delay_s=5, broker_pause_s=0.01, drain_s=LONG_S
)


def message(body: bytes = b"b") -> QueueMessage:
    return QueueMessage(exchange="", routing_key="q", body=body, message_id="m1")


@dataclass
class Bench:
    """Memory queues, a source, and what the handler saw."""

    clock: FakeClock = field(default_factory=FakeClock)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    source: Source = field(default_factory=lambda: Source(queue="q", consumer_tag="t", prefetch=2))
    seen: list[bytes] = field(default_factory=list)
    seen_one: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.queues = MemoryQueues(clock=self.clock)

    def answering(self, *answers: Verdict | Exception) -> Handle:
        """A handler with these answers in turn, the last one for good."""
        left = list(answers)

        async def handle(taken: QueueMessage) -> Verdict:
            self.seen.append(taken.body)
            self.seen_one.set()
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return handle

    @asynccontextmanager
    async def consuming(
        self, handle: Handle, *, policy: ConsumePolicy = QUICK, queues: Queues | None = None
    ) -> AsyncIterator[None]:
        await self.queues.declare([Binding(queue="q", exchange="messaging", routing_key="k")])
        async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(
                consume(queues or self.queues, self.source, handle, stop=self.stop, policy=policy),
                name="consume",
            )
            yield
            self.stop.set()


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_an_acked_message_is_gone(bench: Bench) -> None:
    async with bench.consuming(bench.answering(Ack())):
        await bench.queues.publish(message())
        await until(lambda: bench.source.counts.acked == 1)
    assert bench.seen == [b"b"]
    assert await bench.queues.depth("q") == 0


async def test_requeue_and_delay_bring_it_again(bench: Bench) -> None:
    handle = bench.answering(Requeue(), Delay(30, (("x-jc-tries", "1"),)), Ack())
    async with bench.consuming(handle):
        await bench.queues.publish(message())
        await until(lambda: bench.source.counts.delayed == 1)
        assert len(bench.seen) == 2
        await bench.clock.advance_to_sleeper(30)
        await until(lambda: bench.source.counts.acked == 1)
    assert (len(bench.seen), bench.source.counts.requeued) == (3, 1)


# covers: W-MT-06 W-AMQP-13
async def test_a_handler_is_told_that_a_message_may_have_been_had_before(bench: Bench) -> None:
    told: list[bool] = []

    async def handle(taken: QueueMessage) -> Verdict:
        told.append(taken.redelivered)
        return Ack() if taken.redelivered else Requeue()

    async with bench.consuming(handle):
        await bench.queues.publish(message())
        await until(lambda: len(told) == 2)
    assert told == [False, True]


async def test_an_undecodable_message_is_dead_and_the_next_is_handled(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    handle = bench.answering(Undecodable("no pickle"), Ack())
    async with bench.consuming(handle):
        await bench.queues.publish(replace(message(b"bad"), message_id="m\n1"))
        await bench.queues.publish(message(b"good"))
        await until(lambda: bench.source.counts.acked == 1)
    assert (bench.source.counts.undecodable, bench.source.counts.dead) == (1, 1)
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        "[msgid:m\\n1] q: cannot be read: no pickle"
    ]
    assert await reason_of_first_letter(bench.queues) == "no pickle"


async def reason_of_first_letter(queues: Queues) -> str:
    async with (
        asyncio.timeout(LONG_S),
        queues.consume("q.dead", consumer_tag="t", prefetch=1) as letters,
    ):
        letter = await anext(letters)
        await letter.settle(Ack())
        return detours.why_dead(letter.message)[0]


# covers: W-MT-01
async def test_a_broken_handler_gets_the_message_again_and_then_it_is_dead(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        async with bench.consuming(bench.answering(ValueError("what?"))):
            await bench.queues.publish(message())
            for tries in (1, 2):
                await until(lambda n=tries: bench.source.counts.delayed == n)  # type: ignore[misc]
                await bench.clock.advance_to_sleeper(10)
            await until(lambda: bench.source.counts.dead == 1)
    assert len(bench.seen) == bench.source.counts.crashed == 3
    assert await reason_of_first_letter(bench.queues) == "ValueError: what?"
    lines = [(r.levelname, r.getMessage().splitlines()) for r in caplog.records]
    assert [(level, said[0], said[-1]) for level, said in lines] == [
        ("ERROR", "[msgid:m1] q", "builtins.ValueError")
    ] * 3
    assert "what?" not in caplog.text


async def test_without_the_store_a_message_waits_for_it(bench: Bench) -> None:
    async with bench.consuming(bench.answering(StoreAway(), StoreAway(), StoreAway(), Ack())):
        await bench.queues.publish(message())
        for tries, delay_s in ((1, 5), (2, 10), (3, 20)):
            await until(lambda n=tries: bench.source.counts.delayed == n)  # type: ignore[misc]
            await bench.clock.advance_to_sleeper(delay_s)
        await until(lambda: bench.source.counts.acked == 1)
    assert bench.source.counts.store_away == 3


async def test_a_long_wait_for_the_store_is_looked_at_once_a_minute(bench: Bench) -> None:
    async with bench.consuming(bench.answering(StoreAway(), Ack())):
        await bench.queues.publish(replace(message(), headers={"x-jc-waits": "99"}))
        await until(lambda: bench.source.counts.delayed == 1)
        await bench.clock.advance_to_sleeper(60)
        await until(lambda: bench.source.counts.acked == 1)


@pytest.mark.parametrize("error", [BrokerAway("away"), Unroutable("dlr_thrower.http")])
async def test_what_could_not_be_published_is_tried_again_after_a_pause(
    bench: Bench, error: QueueError
) -> None:
    async with bench.consuming(bench.answering(error, error, Ack())):
        await bench.queues.publish(message())
        await until(lambda: bench.source.counts.acked == 1)
    assert (bench.source.counts.broker_away, len(bench.seen)) == (2, 3)


async def test_what_can_never_be_published_is_a_dead_end(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench.consuming(bench.answering(Unpublishable("its url is too long"))):
        await bench.queues.publish(message())
        await until(lambda: bench.source.counts.dead == 1)
    assert await reason_of_first_letter(bench.queues) == "its url is too long"
    assert (bench.source.counts.unpublishable, len(bench.seen)) == (1, 1)
    assert caplog.messages == ["[msgid:m1] q: cannot go on: its url is too long"]


# covers: W-AMQP-09
async def test_no_more_than_prefetch_handlers_run_at_once(bench: Bench) -> None:
    go_on = asyncio.Event()
    most = 0

    async def slow(_: QueueMessage) -> Verdict:
        nonlocal most
        most = max(most, bench.source.counts.running)
        await go_on.wait()
        return Ack()

    async with bench.consuming(slow):
        for _ in range(10):
            await bench.queues.publish(message())
        await until(lambda: bench.source.counts.running == 2)
        go_on.set()
        await until(lambda: bench.source.counts.acked == 10)
    assert most == 2


async def test_messages_of_one_id_take_turns_and_others_pass(bench: Bench) -> None:
    go_on = asyncio.Event()
    begun: list[str] = []

    async def handle(taken: QueueMessage) -> Verdict:
        begun.append(taken.message_id + taken.body.decode())
        if taken.body == b"1":
            await go_on.wait()
        return Ack()

    bench.source = replace(bench.source, prefetch=10)
    async with bench.consuming(in_turn(handle)):
        for message_id, body in [("a", b"1"), ("a", b"2"), ("a", b"3"), ("b", b"4")]:
            await bench.queues.publish(replace(message(body), message_id=message_id))
        await until(lambda: bench.source.counts.acked == 1)
        assert begun == ["a1", "b4"]
        go_on.set()
        await until(lambda: bench.source.counts.acked == 4)
    assert begun == ["a1", "b4", "a2", "a3"]


async def test_one_that_fails_gives_the_turn_on(bench: Bench) -> None:
    answers = bench.answering(ValueError("what?"), Ack())
    async with bench.consuming(in_turn(answers)):
        await bench.queues.publish(message(b"1"))
        await bench.queues.publish(message(b"2"))
        await until(lambda: bench.source.counts.acked == 1)
    assert (bench.seen, bench.source.counts.delayed) == ([b"1", b"2"], 1)


async def test_stop_lets_the_handlers_finish(bench: Bench) -> None:
    go_on = asyncio.Event()

    async def slow(_: QueueMessage) -> Verdict:
        await go_on.wait()
        return Ack()

    async with bench.consuming(slow):
        for _ in range(3):
            await bench.queues.publish(message())
        await until(lambda: bench.source.counts.running == 2)
        bench.stop.set()
        await asyncio.sleep(0)
        go_on.set()
    assert bench.source.counts.acked == 2
    assert await bench.queues.depth("q") == 1


async def test_a_handler_past_the_deadline_is_cancelled_and_its_message_goes_back(
    bench: Bench,
) -> None:
    async def endless(_: QueueMessage) -> Verdict:
        await asyncio.Event().wait()
        return Ack()

    policy = ConsumePolicy(drain_s=0.01)
    async with bench.consuming(endless, policy=policy):
        await bench.queues.publish(message())
        await until(lambda: bench.source.counts.running == 1)
    assert bench.source.counts.requeued == 1
    assert await bench.queues.depth("q") == 1


async def test_cancelled_from_outside_nothing_is_lost(bench: Bench) -> None:
    started = asyncio.Event()

    async def endless(_: QueueMessage) -> Verdict:
        started.set()
        await asyncio.Event().wait()
        return Ack()

    await bench.queues.publish(message(), mandatory=False)
    await bench.queues.declare([Binding(queue="q", exchange="messaging", routing_key="k")])
    for _ in range(3):
        await bench.queues.publish(message())
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(
            consume(bench.queues, bench.source, endless, stop=bench.stop), name="consume"
        )
        await started.wait()
        task.cancel()
    assert await bench.queues.depth("q") == 3


async def test_a_closed_gate_stops_the_consumer_and_an_open_one_resumes_it(bench: Bench) -> None:
    async with bench.consuming(bench.answering(Ack())):
        await bench.queues.publish(message(b"1"))
        await until(lambda: bench.source.counts.acked == 1)
        bench.source.gate.close()
        await until(lambda: not bench.queues._queues["q"].wakes)
        await bench.queues.publish(message(b"2"))
        assert await bench.queues.depth("q") == 1
        bench.source.gate.open()
        await until(lambda: bench.source.counts.acked == 2)
    assert bench.seen == [b"1", b"2"]


async def test_a_closed_gate_lets_go_what_is_at_work(bench: Bench) -> None:
    go_on = asyncio.Event()

    async def slow(_: QueueMessage) -> Verdict:
        await go_on.wait()
        return Ack()

    async with bench.consuming(slow):
        await bench.queues.publish(message())
        await until(lambda: bench.source.counts.running == 1)
        bench.source.gate.close()
        await until(lambda: not bench.queues._queues["q"].wakes)
        go_on.set()
        await until(lambda: bench.source.counts.acked == 1)


async def test_a_gate_closed_at_the_start_and_a_stop_end_it(bench: Bench) -> None:
    bench.source.gate.close()
    async with bench.consuming(bench.answering(Ack())):
        await bench.queues.publish(message())
    assert bench.seen == []


async def test_a_gate_tells_both_sides() -> None:
    gate = Gate()
    async with asyncio.timeout(LONG_S):
        await gate.wait_open()
        gate.close()
        await gate.wait_closed()
        gate.open()
        await gate.wait_open()


class OneDelivery:
    """Queues of one delivery, whose settling fails as told."""

    def __init__(self, *errors: QueueError) -> None:
        self._errors = list(errors)
        self.queue = "q"
        self.message = message()
        self.redelivered = False
        self.tried = 0
        self._given = False

    async def declare(self, bindings: object) -> None: ...
    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None: ...
    async def depth(self, queue: str) -> int:
        return 0

    @asynccontextmanager
    async def consume(
        self, queue: str, *, consumer_tag: str, prefetch: int
    ) -> AsyncIterator[AsyncIterator[Delivery]]:
        yield self

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        if self._given:
            await asyncio.Event().wait()
        self._given = True
        return self

    async def settle(self, verdict: Verdict) -> None:
        self.tried += 1
        raise self._errors.pop(0)


@pytest.mark.parametrize(
    ("error", "counted"),
    [(DeliveryLost("q"), "lost"), (BrokerAway("away"), "broker_away")],
)
async def test_a_settling_that_fails_is_counted_and_over(
    bench: Bench, error: QueueError, counted: str
) -> None:
    queues = OneDelivery(error)
    async with bench.consuming(bench.answering(Dead("x")), queues=queues):
        await until(lambda: getattr(bench.source.counts, counted) == 1)
    assert queues.tried == 1
    assert bench.source.counts.dead == 0

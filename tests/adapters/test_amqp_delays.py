"""The delay ladder on a real RabbitMQ, with a clock that is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.gateway.messages import Ack, Delay
from jasmin_compat.ports import Binding
from jasmin_compat.wire import amqp_names, detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.contracts.queue_contract import depth_becomes, nothing_comes, take
from tests.fakes import FakeClock
from tests.services import RabbitMq
from tests.waiting import until

pytestmark = pytest.mark.amqp


class TellingClock(FakeClock):
    """Says how many sleep."""

    @property
    def sleepers(self) -> int:
        return len([1 for _, woken in self._sleepers if not woken.is_set()])


@asynccontextmanager
async def opened(rabbitmq: RabbitMq, clock: FakeClock) -> AsyncIterator[AmqpQueues]:
    # Without the sleep of the redeclaring, which would be a sleeper, too.
    policy = AmqpPolicy(port=rabbitmq.port)
    async with open_amqp_queues(policy, clock=clock, jitter=lambda: 0.5) as queues:
        await queues.wait_until_connected()
        yield queues


@pytest.fixture
def queue(request: pytest.FixtureRequest) -> str:
    return f"delays.{request.node.name}"


@pytest.fixture
def message(queue: str) -> QueueMessage:
    return QueueMessage(
        exchange="messaging", routing_key=queue, body=b"x", headers={"type": "t"}, priority=2
    )


async def bind(queues: AmqpQueues, queue: str) -> None:
    await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])


async def test_a_long_wait_goes_round_again(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    clock = TellingClock()
    async with opened(rabbitmq, clock) as queues:
        await bind(queues, queue)
        await queues.publish(message)
        idle = clock.sleepers
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Delay(700))
            for waited in (300, 300, 100):
                await until(lambda: clock.sleepers == idle + 1)
                assert await nothing_comes(deliveries)
                clock.advance(waited)
            again = await take(deliveries)
            assert again.message == message
            await again.settle(Ack())
        assert queues.counts.ladder == 3


async def test_others_pass_a_message_that_waits_longer(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    clock = TellingClock()
    async with opened(rabbitmq, clock) as queues:
        await bind(queues, queue)
        for body in (b"300", b"250"):
            await queues.publish(replace(message, body=body))
        idle = clock.sleepers
        async with queues.consume(queue, consumer_tag="t", prefetch=2) as deliveries:
            for _ in range(2):
                delivery = await take(deliveries)
                await delivery.settle(Delay(float(delivery.message.body)))
            await until(lambda: clock.sleepers == idle + 2)
            clock.advance(250)
            first = await take(deliveries)
            assert first.message.body == b"250"
            clock.advance(50)
            assert (await take(deliveries)).message.body == b"300"


async def test_a_message_whose_queue_is_gone_ends_among_its_dead(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    clock = FakeClock()
    async with opened(rabbitmq, clock) as queues:
        await queues.publish(
            detours.delayed(message, to=queue, now=clock.unix(), until=clock.unix())
        )
        await depth_becomes(queues, f"{queue}.dead", 1)
        async with queues.consume(f"{queue}.dead", consumer_tag="t", prefetch=1) as letters:
            letter = await take(letters)
            assert detours.why_dead(letter.message)[0] == (
                f"after its delay there was no queue {queue}"
            )
            assert detours.raised(letter.message) == message
            await letter.settle(Ack())
        assert queues.counts.dead == {queue: 1}


async def test_a_stray_message_in_the_ladder_is_dead(rabbitmq: RabbitMq, queue: str) -> None:
    async with opened(rabbitmq, FakeClock()) as queues:
        stray = QueueMessage(exchange="", routing_key="jasmin_compat.delay.2", body=b"stray")
        await queues.publish(stray)
        await depth_becomes(queues, "jasmin_compat.delay.2.dead", 1)
        async with queues.consume("jasmin_compat.delay.2.dead", consumer_tag="t", prefetch=1) as d:
            await (await take(d)).settle(Ack())


async def test_two_processes_share_the_ladder_and_lose_nothing(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    clock = FakeClock()
    async with opened(rabbitmq, clock) as one, opened(rabbitmq, clock) as two:
        await bind(one, queue)
        for n in range(40):
            await one.publish(
                detours.delayed(
                    replace(message, body=str(n).encode()),
                    to=queue,
                    now=clock.unix(),
                    until=clock.unix() + 5,
                )
            )
        clock.advance(5)
        await depth_becomes(two, queue, 40)
        assert one.counts.ladder + two.counts.ladder == 40


async def test_a_message_another_clock_wants_far_ahead_is_not_held_longer_than_its_rung(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    clock = TellingClock()
    async with opened(rabbitmq, clock) as queues:
        await bind(queues, queue)
        idle = clock.sleepers
        ahead = clock.unix() + 86400
        await queues.publish(detours.delayed(message, to=queue, now=ahead, until=ahead + 10))
        await until(lambda: clock.sleepers == idle + 1)
        clock.advance(10)
        await depth_becomes(queues, queue, 1)


# covers: W-MT-15
async def test_what_waits_survives_the_process(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    clock = TellingClock()
    async with opened(rabbitmq, clock) as queues:
        await bind(queues, queue)
        idle = clock.sleepers
        await queues.publish(
            detours.delayed(message, to=queue, now=clock.unix(), until=clock.unix() + 60)
        )
        await until(lambda: clock.sleepers == idle + 1)
    later = FakeClock(unix=clock.unix() + 60)
    async with opened(rabbitmq, later) as queues:
        await depth_becomes(queues, queue, 1)
        async with (
            asyncio.timeout(10),
            queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries,
        ):
            assert (await anext(deliveries)).message == message


async def test_a_message_that_would_go_round_for_ever_goes_round_once(
    rabbitmq: RabbitMq, message: QueueMessage, caplog: pytest.LogCaptureFixture
) -> None:
    """Its marks are off when it is let go, wherever they send it."""
    rung = amqp_names.delay_queue(1)
    marks = {amqp_names.TO: rung, amqp_names.DUE: "0", amqp_names.UNTIL: "0"}
    looping = replace(message, exchange="", routing_key=rung, message_id="m\n1", headers=marks)
    async with opened(rabbitmq, TellingClock()) as queues:
        await queues.publish(looping)
        await depth_becomes(queues, amqp_names.dead_queue(rung), 1)
        assert queues.counts.ladder == 1
        async with queues.consume(
            amqp_names.dead_queue(rung), consumer_tag="t", prefetch=1
        ) as letters:
            await (await take(letters)).settle(Ack())
    assert "[msgid:m\\n1] in a delay queue: not a delayed message" in caplog.text

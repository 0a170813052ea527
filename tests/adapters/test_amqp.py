"""The AMQP adapter against a real RabbitMQ: the contract of all adapters, and what is its own."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiormq
import pytest

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue
from jasmin_compat.ports import Binding, BrokerAway, DeliveryLost, Unroutable
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import dead_queue
from tests.adapters.test_amqp_frames import SHAPES, named, recorded
from tests.contracts.queue_contract import QueueContract, nothing_comes, take
from tests.services import RabbitMq, free_port
from tests.tcp_tap import TcpTap, tcp_tap
from tests.waiting import LONG_S, until

pytestmark = pytest.mark.amqp


@asynccontextmanager
async def opened(policy: AmqpPolicy) -> AsyncIterator[AmqpQueues]:
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        yield queues


class TestContract(QueueContract):
    @pytest.fixture
    async def queues(self, rabbitmq: RabbitMq) -> AsyncIterator[AmqpQueues]:
        async with opened(AmqpPolicy(port=rabbitmq.port)) as queues:
            yield queues


@pytest.fixture(scope="module")
def quorum_vhost(rabbitmq: RabbitMq) -> str:
    rabbitmq.add_vhosts("quorum")
    return "quorum"


@pytest.mark.process
class TestQuorumContract(QueueContract):
    """Quorum queues keep the contract, too."""

    requeued_keep_their_place = False

    @pytest.fixture
    async def queues(self, rabbitmq: RabbitMq, quorum_vhost: str) -> AsyncIterator[AmqpQueues]:
        policy = AmqpPolicy(port=rabbitmq.port, vhost=quorum_vhost, durability=Durability.QUORUM)
        async with opened(policy) as queues:
            yield queues


@pytest.fixture
def queue(request: pytest.FixtureRequest) -> str:
    return f"submit.sm.{request.node.name.replace('[', '.').rstrip(']')}"


@pytest.fixture
def message(queue: str) -> QueueMessage:
    return QueueMessage(exchange="messaging", routing_key=queue, body=b"body", message_id="m")


@pytest.fixture
async def queues(rabbitmq: RabbitMq, queue: str) -> AsyncIterator[AmqpQueues]:
    async with opened(AmqpPolicy(port=rabbitmq.port)) as queues:
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        yield queues


@pytest.fixture
async def third_party(rabbitmq: RabbitMq) -> AsyncIterator[aiormq.abc.AbstractChannel]:
    """A channel of another program."""
    connection = await aiormq.connect(rabbitmq.url)
    yield await connection.channel(publisher_confirms=False)
    await connection.close()


# -- on the wire


@pytest.fixture(scope="module")
def vhost_as_jasmin(rabbitmq: RabbitMq) -> str:
    """Where nobody declared durable exchanges."""
    rabbitmq.add_vhosts("as-jasmin")
    return "as-jasmin"


# covers: W-AMQP-12 W-AMQP-13
@pytest.mark.parametrize(
    "example", [e for e in SHAPES if e["method"] == "basic.publish"], ids=named
)
async def test_what_jasmin_publishes_we_write_octet_for_octet(
    rabbitmq: RabbitMq, vhost_as_jasmin: str, example: dict[str, Any]
) -> None:
    policy = AmqpPolicy(vhost=vhost_as_jasmin, durability=Durability.JASMIN)
    wanted = recorded(example)
    binding = Binding(queue="q", exchange=wanted.exchange, routing_key=wanted.routing_key)
    async with (
        tcp_tap(rabbitmq.port) as tap,
        opened(replace(policy, port=tap.port)) as queues,
        queues.consume("q", consumer_tag="t", prefetch=1) as deliveries,
    ):
        await queues.declare([binding])
        await queues.publish(wanted)
        delivery = await take(deliveries)
        assert delivery.message == wanted
        await delivery.settle(Ack())
    properties = bytes.fromhex(example["header_frame_hex"])
    assert frames.frame(frames.HEADER, 1, properties) + frames.frame(
        frames.BODY, 1, wanted.body
    ) in bytes(tap.sent)


async def test_a_message_of_a_third_party_is_read(
    queues: AmqpQueues, queue: str, third_party: aiormq.abc.AbstractChannel
) -> None:
    """Types that have no place among our headers are left out, an x-death array with them."""
    properties = aiormq.spec.Basic.Properties(
        content_type="text/plain",
        headers={"n": 1, "yes": True, "x-death": [{"count": 1}], "bytes": bytearray(b"\xff")},
        message_id="theirs",
        correlation_id="c",
    )
    await third_party.basic_publish(
        b"hello", exchange="messaging", routing_key=queue, properties=properties
    )
    async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
        taken = (await take(deliveries)).message
    assert taken.headers == {"n": 1, "yes": 1, "bytes": b"\xff"}
    assert (taken.message_id, taken.body) == ("theirs", b"hello")


# -- queues that are deleted


# covers: W-AMQP-05
async def test_a_deleted_queue_is_declared_again_by_the_publish_that_came_back(
    queues: AmqpQueues, queue: str, message: QueueMessage, third_party: aiormq.abc.AbstractChannel
) -> None:
    await third_party.queue_delete(queue)
    await asyncio.gather(*(queues.publish(message) for _ in range(20)))
    assert await queues.depth(queue) == 20
    assert (queues.counts.returned > 0, queues.counts.unroutable) == (True, 0)


async def test_what_nobody_declared_stays_unroutable(queues: AmqpQueues, queue: str) -> None:
    stray = QueueMessage(exchange="messaging", routing_key=f"{queue}.stray", body=b"")
    with pytest.raises(Unroutable):
        await queues.publish(stray)
    assert queues.counts.unroutable == 1


async def test_a_consumer_declares_its_deleted_queue_again(
    queues: AmqpQueues, queue: str, message: QueueMessage, third_party: aiormq.abc.AbstractChannel
) -> None:
    """A third party's queue on the same key would hide the loss from the publisher."""
    await third_party.queue_declare(f"tap.{queue}", auto_delete=True)
    await third_party.queue_bind(f"tap.{queue}", "messaging", queue)
    async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
        await queues.publish(message)
        held = await take(deliveries)
        await third_party.queue_delete(queue)

        async def consumed_again() -> bool:
            await queues.publish(message)  # what comes before, only the tap gets
            return not await nothing_comes(deliveries)

        await until(consumed_again)
        await held.settle(Ack())
    await third_party.queue_delete(f"tap.{queue}")


async def test_a_queue_lost_during_an_outage_is_there_before_anything_is_published(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage, third_party: aiormq.abc.AbstractChannel
) -> None:
    """A third party's queue on the same key would confirm what only it gets."""
    tap_queue = f"tap.{queue}"
    policy = AmqpPolicy(connection_loss_retry_delay=0.05, redeclare_s=3600)
    async with tcp_tap(rabbitmq.port) as tap, opened(replace(policy, port=tap.port)) as queues:
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        await third_party.queue_declare(tap_queue)
        await third_party.queue_bind(tap_queue, "messaging", queue)
        tap.freeze()  # what is said on new connections comes through when the queue is gone
        tap.cut()
        await until(lambda: not queues.is_connected)
        await third_party.queue_delete(queue)
        tap.thaw()
        await queues.publish(message)
        assert (await queues.depth(queue), await queues.depth(tap_queue)) == (1, 1)
    await third_party.queue_delete(tap_queue)


async def test_what_a_consumer_had_of_a_queue_that_was_deleted_is_not_lost(
    queues: AmqpQueues, queue: str, message: QueueMessage, third_party: aiormq.abc.AbstractChannel
) -> None:
    """An empty queue has messages, if they are at work: the broker forgets those with it."""

    async def is_there_again() -> bool:
        seen = await queues.look(queue)
        return seen is not None and seen.consumers == 1

    verdicts = {b"ack": Ack(), b"requeue": Requeue(), b"delay": Delay(0.1), b"dead": Dead("x")}
    async with queues.consume(queue, consumer_tag="t", prefetch=4) as deliveries:
        for body in verdicts:
            await queues.publish(replace(message, body=body))
        held = [await take(deliveries) for _ in verdicts]
        await third_party.queue_delete(queue, if_empty=True)
        await until(is_there_again)
        for delivery in held:
            await delivery.settle(verdicts[delivery.message.body])
        again = [await take(deliveries) for _ in range(2)]
        assert {each.message.body for each in again} == {b"requeue", b"delay"}
        assert {each.message.routing_key for each in again} == {queue}
        for delivery in again:
            await delivery.settle(Ack())
        assert await nothing_comes(deliveries)
    assert await queues.depth(dead_queue(queue)) == 1


# covers: W-MT-32
async def test_a_consumer_that_left_leaves_nothing_behind(
    queues: AmqpQueues, queue: str, message: QueueMessage
) -> None:
    async def consume_one() -> None:
        await queues.publish(message)
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Ack())

    await consume_one()
    await until(lambda: not any("leaving" in task.get_name() for task in asyncio.all_tasks()))
    tasks, channels = len(asyncio.all_tasks()), channels_of(queues)
    for _ in range(20):
        await consume_one()
    await until(lambda: (len(asyncio.all_tasks()), channels_of(queues)) == (tasks, channels))


def channels_of(queues: AmqpQueues) -> int:
    """Open on the connection that consumes."""
    live = queues._consuming.live
    assert live is not None
    return len(live.tap.channels)


async def test_a_deleted_queue_that_nobody_consumes_here_is_declared_again_in_time(
    rabbitmq: RabbitMq, queue: str, third_party: aiormq.abc.AbstractChannel
) -> None:
    async with opened(AmqpPolicy(port=rabbitmq.port, redeclare_s=0.05)) as queues:
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        await third_party.queue_delete(queue)
        message = QueueMessage(exchange="", routing_key=queue, body=b"")

        async def is_there() -> bool:
            await queues.publish(message, mandatory=False)
            return await queues.depth(queue) > 0

        await until(is_there)


# -- the broker away


# covers: W-AMQP-03 W-AMQP-04
async def test_a_publish_while_the_broker_is_away_fails_within_its_time(queue: str) -> None:
    policy = AmqpPolicy(port=free_port(), publish_timeout_s=0.2, waiting_publishes=3)
    async with opened(policy) as queues:
        message = QueueMessage(exchange="messaging", routing_key=queue, body=b"")
        began = asyncio.get_running_loop().time()
        outcomes = await asyncio.gather(
            *(queues.publish(message) for _ in range(5)), return_exceptions=True
        )
        assert 0.19 <= asyncio.get_running_loop().time() - began < 2
        assert [type(outcome) for outcome in outcomes] == [BrokerAway] * 5
        assert sum("publishes wait already" in str(outcome) for outcome in outcomes) == 2
        assert queues.counts.publish_failed == 5
        assert not queues.is_connected


async def test_a_publish_waits_for_the_broker_to_come(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    port = free_port()
    async with opened(AmqpPolicy(port=port)) as queues, asyncio.TaskGroup() as tasks:
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        publishing = tasks.create_task(queues.publish(message))
        await until(lambda: queues.counts.publish_waiting == 1)
        tap = TcpTap(rabbitmq.port)
        server = await asyncio.start_server(tap.serve, "127.0.0.1", port)
        await publishing
        assert await queues.depth(queue) == 1
        server.close()
        tap.cut()


async def test_a_frozen_broker_is_not_waited_for_longer(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage
) -> None:
    async with tcp_tap(rabbitmq.port) as tap:
        policy = AmqpPolicy(port=tap.port, publish_timeout_s=0.2, rpc_timeout_s=0.2)
        async with opened(policy) as queues:
            await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
            await queues.wait_until_connected()
            tap.freeze()
            with pytest.raises(BrokerAway):
                await queues.publish(message)
            with pytest.raises(BrokerAway):
                await queues.depth(queue)
            tap.thaw()


# covers: W-AMQP-01 W-AMQP-02 W-AMQP-08
async def test_connections_cut_under_load_lose_no_confirmed_message(
    rabbitmq: RabbitMq, queue: str
) -> None:
    confirmed: set[bytes] = set()
    seen: set[bytes] = set()
    lost = 0

    async def publish(n: int) -> None:
        body = str(n).encode()
        await queues.publish(QueueMessage(exchange="messaging", routing_key=queue, body=body))
        confirmed.add(body)

    async def consume() -> None:
        nonlocal lost
        async with queues.consume(queue, consumer_tag="t", prefetch=20) as deliveries:
            async for delivery in deliveries:
                seen.add(delivery.message.body)
                await asyncio.sleep(0)
                try:
                    await delivery.settle(Ack())
                except DeliveryLost:
                    lost += 1

    async with (
        asyncio.timeout(3 * LONG_S),
        tcp_tap(rabbitmq.port) as tap,
        opened(AmqpPolicy(port=tap.port, connection_loss_retry_delay=0.05)) as queues,
        asyncio.TaskGroup() as tasks,
    ):
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        consuming = tasks.create_task(consume())
        for batch in range(30):
            if batch % 5 == 4:
                tap.cut()
            await asyncio.gather(*(publish(100 * batch + n) for n in range(100)))
        await until(lambda: seen >= confirmed)
        consuming.cancel()
    assert len(confirmed) == 3000
    assert queues.counts.reconnects >= 6
    assert queues.counts.republished > 0
    assert queues.counts.lost == lost


# covers: W-AMQP-07
async def test_a_channel_closed_by_the_broker_is_opened_again(
    queues: AmqpQueues, queue: str, message: QueueMessage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "jasmin-amqp-factory")
    async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
        await queues.publish(message)
        held = await take(deliveries)
        held._channel.ack(99)  # type: ignore[attr-defined]  # a tag that never was: 406
        again = await take(deliveries)
        assert again.redelivered
        with pytest.raises(DeliveryLost):
            await held.settle(Ack())
        await again.settle(Ack())
    assert f"Consumer of {queue} ended: closed: PRECONDITION_FAILED" in caplog.text


# covers: W-AMQP-01 W-AMQP-02
async def test_connections_closed_by_an_operator_are_opened_again(
    rabbitmq: RabbitMq, queues: AmqpQueues, queue: str, message: QueueMessage
) -> None:
    async with queues.consume(queue, consumer_tag="t", prefetch=2) as deliveries:
        await queues.publish(message)
        held = await take(deliveries)
        await asyncio.to_thread(rabbitmq.ctl, "close_all_connections", "maintenance")
        await until(lambda: queues.counts.reconnects >= 2)
        again = await take(deliveries)
        assert again.redelivered
        await again.settle(Ack())
        with pytest.raises(DeliveryLost):
            await held.settle(Ack())
        await queues.publish(message)
        await (await take(deliveries)).settle(Ack())
    assert await queues.depth(queue) == 0


async def test_a_queue_that_is_somebody_elses_is_consumed_when_they_are_gone(
    rabbitmq: RabbitMq, queue: str, message: QueueMessage, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await aiormq.connect(rabbitmq.url)
    await (await connection.channel()).queue_declare(queue, exclusive=True)
    async with opened(AmqpPolicy(port=rabbitmq.port)) as queues:
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await until(lambda: f"Consumer of {queue} cannot be started" in caplog.text)
            await connection.close()
            await queues.publish(message)
            assert (await take(deliveries)).message == message


# covers: W-AMQP-07
async def test_a_publish_to_an_exchange_that_does_not_exist_fails_alone(
    queues: AmqpQueues, queue: str, message: QueueMessage
) -> None:
    nowhere = replace(message, exchange="no such exchange")
    outcomes = await asyncio.gather(
        queues.publish(nowhere), queues.publish(message), return_exceptions=True
    )
    assert isinstance(outcomes[0], BrokerAway)
    assert "no such exchange" in str(outcomes[0])
    await queues.publish(message)
    assert await queues.depth(queue) >= 1


async def test_exchanges_that_were_deleted_are_declared_again(
    rabbitmq: RabbitMq, third_party: aiormq.abc.AbstractChannel
) -> None:
    async with opened(AmqpPolicy(port=rabbitmq.port)) as queues:
        await queues.wait_until_connected()
        await queues.declare([Binding(queue="bills", exchange="billing", routing_key="b.*")])
        await third_party.exchange_delete("billing")
        await queues.publish(QueueMessage(exchange="billing", routing_key="b.1", body=b"1"))
        assert await queues.depth("bills") == 1
        await third_party.queue_delete("bills")
        await third_party.exchange_delete("billing")


@pytest.mark.parametrize(
    ("limit", "alarm", "all_clear"),
    [
        ("set_vm_memory_high_watermark", "0.0000001", "0.4"),
        ("set_disk_free_limit", str(10**16), "50MB"),
    ],
    ids=["memory", "disk"],
)
async def test_a_blocking_broker_is_refused_at_once_and_acks_still_pass(
    rabbitmq: RabbitMq,
    queues: AmqpQueues,
    queue: str,
    message: QueueMessage,
    limit: str,
    alarm: str,
    all_clear: str,
) -> None:
    for _ in range(5):
        await queues.publish(message)
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(rabbitmq.ctl, limit, alarm)
    try:
        began = loop.time()
        with pytest.raises(BrokerAway, match="blocked"):  # the first makes the broker say so
            await queues.publish(message)
        assert loop.time() - began < 1
        assert queues.counts.blocked
        began = loop.time()
        with pytest.raises(BrokerAway, match="blocked"):
            await queues.publish(message)
        assert loop.time() - began < 0.1
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            for _ in range(5):
                await (await take(deliveries)).settle(Ack())
    finally:
        await asyncio.to_thread(rabbitmq.ctl, limit, all_clear)
    await until(lambda: not queues.counts.blocked)
    await queues.publish(message)
    assert await queues.depth(queue) >= 1


# -- the end


async def test_what_was_acked_last_is_acked(rabbitmq: RabbitMq, queue: str) -> None:
    policy = AmqpPolicy(port=rabbitmq.port)
    async with opened(policy) as queues:
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        for body in (b"acked", b"requeued", b"held"):
            await queues.publish(QueueMessage(exchange="", routing_key=queue, body=body))
        async with queues.consume(queue, consumer_tag="t", prefetch=3) as deliveries:
            held = [await take(deliveries) for _ in range(3)]
            await held[0].settle(Ack())
            await held[1].settle(Requeue())
    async with (
        opened(policy) as queues,
        queues.consume(queue, consumer_tag="t", prefetch=3) as deliveries,
    ):
        assert {(await take(deliveries)).message.body for _ in range(2)} == {b"requeued", b"held"}
        assert await nothing_comes(deliveries)


async def test_an_error_of_the_one_who_opened_it_comes_out_as_it_is(rabbitmq: RabbitMq) -> None:
    async def fail() -> None:
        async with opened(AmqpPolicy(port=rabbitmq.port)) as queues:
            await queues.wait_until_connected()
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await fail()


async def test_without_retries_a_broker_that_is_away_ends_it() -> None:
    async def wait() -> None:
        policy = AmqpPolicy(port=free_port(), connection_failure_retry=False)
        async with opened(policy) as queues:
            await queues.wait_until_connected()

    with pytest.raises(ExceptionGroup) as ended:
        await wait()
    assert ended.group_contains(BrokerAway)


@pytest.mark.parametrize("has_started", [False, True])
async def test_a_consumer_that_is_cancelled_while_it_leaves_leaves_nothing_behind(
    rabbitmq: RabbitMq, has_started: bool
) -> None:
    """It would hold its prefetch for as long as we live, on one connection after the other."""
    queue = f"submit.sm.leaves.{has_started}"
    message = QueueMessage(exchange="messaging", routing_key=queue, body=b"", message_id="m")
    async with tcp_tap(rabbitmq.port) as tap, opened(AmqpPolicy(port=tap.port)) as queues:
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        await queues.wait_until_connected()
        await queues.publish(message)

        async def come_and_go() -> None:
            async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
                if has_started:
                    await take(deliveries)
                tap.freeze()
                await turns(20)  # it starts, and hears nothing

        going = asyncio.create_task(come_and_go())
        await until(lambda: not tap._flowing.is_set())
        await turns(50)  # it waits for the start to be over, or for the goodbye to be heard
        assert not going.done()
        going.cancel()
        await turns(1)
        tap.thaw()
        with pytest.raises(asyncio.CancelledError):
            await going

        async def is_left_alone() -> bool:
            seen = await queues.look(queue)
            return seen is not None and (seen.ready, seen.consumers) == (1, 0)

        await until(is_left_alone)
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Ack())


async def turns(number: int) -> None:
    """Let the others have their turns of the loop."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_cancelled_at_any_moment_it_ends(rabbitmq: RabbitMq, queue: str) -> None:
    async def run(queues: AmqpQueues) -> None:
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await anext(deliveries)

    for turns in (0, 1, 3, 10, 30, 100, 300):
        async with (
            asyncio.timeout(LONG_S),
            opened(AmqpPolicy(port=rabbitmq.port)) as queues,
            asyncio.TaskGroup() as tasks,
        ):
            task = tasks.create_task(run(queues))
            for _ in range(turns):
                await asyncio.sleep(0.0005)
            task.cancel()


async def test_closed_at_any_moment_it_ends(rabbitmq: RabbitMq) -> None:
    for turns in (0, 1, 3, 10, 30, 100, 300):
        async with asyncio.timeout(LONG_S), opened(AmqpPolicy(port=rabbitmq.port)):
            for _ in range(turns):
                await asyncio.sleep(0.0005)

"""RabbitMQ stopped, killed and started again under load, and a consumer slower than its queue."""

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.flows.consume import ConsumePolicy, Source, consume
from jasmin_compat.gateway.messages import Ack, Delay, Verdict
from jasmin_compat.ports import Binding, BrokerAway
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.services import RabbitMq
from tests.waiting import until

pytestmark = [pytest.mark.amqp, pytest.mark.fault]

RESUMED_WITHIN_S = 15.0
"""From the broker's return: the longest pause between attempts, with its jitter, and a little."""


@dataclass
class Load:
    """Publishes and consumes all the time, and keeps account of it."""

    queues: AmqpQueues
    queue: str
    confirmed: set[bytes] = field(default_factory=set)
    refused: int = 0
    longest_s: float = 0.0
    seen: dict[bytes, int] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    """Handlers wait for it: so some are at work when the broker goes."""

    def __post_init__(self) -> None:
        self.source = Source(queue=self.queue, consumer_tag="t", prefetch=50)

    async def publish(self, worker: int) -> None:
        loop = asyncio.get_running_loop()
        number = 0
        while not self.stop.is_set():
            number += 1
            body = f"{worker}.{number}".encode()
            began = loop.time()
            try:
                await self.queues.publish(
                    QueueMessage(exchange="messaging", routing_key=self.queue, body=body)
                )
                self.confirmed.add(body)
            except BrokerAway:
                self.refused += 1
            self.longest_s = max(self.longest_s, loop.time() - began)
            await asyncio.sleep(0.002)

    async def handle(self, message: QueueMessage) -> Verdict:
        """Every tenth message takes the ladder once."""
        self.seen[message.body] = self.seen.get(message.body, 0) + 1
        await self.go_on.wait()
        if message.body.endswith(b"0") and "x-jc-tries" not in message.headers:
            return Delay(1, (("x-jc-tries", "1"),))
        return Ack()

    async def consume(self, done: asyncio.Event) -> None:
        policy = ConsumePolicy(broker_pause_s=0.2)
        await consume(self.queues, self.source, self.handle, stop=done, policy=policy)


def orderly(server: RabbitMq) -> None:
    server.stop_app()


def orderly_again(server: RabbitMq) -> None:
    server.start_app()


def killed(server: RabbitMq) -> None:
    server.kill()


def started(server: RabbitMq) -> None:
    server.start()


# covers: W-AMQP-01 W-AMQP-02 W-AMQP-03 W-AMQP-05 W-AMQP-06 W-AMQP-08
@pytest.mark.parametrize(
    ("down", "up"),
    [(orderly, orderly_again), (killed, started)],
    ids=["stop_app and start_app", "kill -9 and start"],
)
@pytest.mark.timeout(300)
async def test_no_confirmed_message_is_lost_when_the_broker_goes_and_comes(
    rabbitmq: RabbitMq, down: Callable[[RabbitMq], None], up: Callable[[RabbitMq], None]
) -> None:
    policy = AmqpPolicy(port=rabbitmq.port)
    queue = f"submit.sm.fault-{down.__name__}"
    done = asyncio.Event()
    async with (
        open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues,
        asyncio.TaskGroup() as tasks,
    ):
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        load = Load(queues, queue)
        consuming = tasks.create_task(load.consume(done))
        publishing = [tasks.create_task(load.publish(n)) for n in range(20)]
        for _ in range(2):
            load.go_on.set()
            before = len(load.seen)
            await until(lambda n=before: len(load.seen) > n + 500, within_s=30)  # type: ignore[misc]
            load.go_on.clear()
            await until(lambda: load.source.counts.running > 0)
            await asyncio.to_thread(down, rabbitmq)
            await until(lambda: queues.counts.connected == 0)
            load.go_on.set()
            refused = load.refused
            await until(lambda n=refused: load.refused >= n + 20, within_s=30)  # type: ignore[misc]
            await asyncio.to_thread(up, rabbitmq)
            await until(lambda: queues.is_connected, within_s=RESUMED_WITHIN_S)
            seen = len(load.seen)
            await until(lambda n=seen: len(load.seen) > n, within_s=2)  # type: ignore[misc]
        load.stop.set()
        await asyncio.wait(publishing)
        await until(lambda: load.seen.keys() >= load.confirmed, within_s=30)
        await until(lambda: load.source.counts.running == 0)
        delayed = {body for body in load.confirmed if body.endswith(b"0")}
        await until(lambda: all(load.seen[body] >= 2 for body in delayed), within_s=30)
        done.set()
        await asyncio.wait([consuming])
        assert await queues.depth(f"{queue}.dead") == 0
        assert load.longest_s < policy.publish_timeout_s + 1
        counts = queues.counts
    assert len(load.confirmed) > 1000
    assert counts.reconnects >= 4
    assert counts.lost >= load.source.counts.lost > 0  # the ladder loses some, too
    repeated = sum(n - 1 - (body in delayed) for body, n in load.seen.items())
    outcome = (
        f"confirmed {len(load.confirmed)}, lost 0, refused {load.refused}; handled again "
        f"{repeated}; published again {counts.republished}; could not be settled {counts.lost}"
    )
    sys.stdout.write(outcome + "\n")


# covers: W-AMQP-09
@pytest.mark.timeout(300)
async def test_a_slow_consumer_of_a_long_queue_takes_bounded_memory(rabbitmq: RabbitMq) -> None:
    policy = AmqpPolicy(port=rabbitmq.port, publish_timeout_s=60)
    queue, count, prefetch = "submit.sm.long", 30_000, 100
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        message = QueueMessage(exchange="", routing_key=queue, body=bytes(1024))
        left = iter(range(count))

        async def publish() -> None:
            for _ in left:
                await queues.publish(message)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(200):
                tasks.create_task(publish())
        go_on, stop = asyncio.Event(), asyncio.Event()

        async def slow(_: QueueMessage) -> Verdict:
            await go_on.wait()
            return Ack()

        source = Source(queue=queue, consumer_tag="t", prefetch=prefetch)
        gc.collect()
        tasks_before = len(asyncio.all_tasks())
        tracemalloc.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(consume(queues, source, slow, stop=stop))
            await until(lambda: source.counts.running == prefetch)
            await asyncio.sleep(0.5)  # whatever else would come has come
            octets, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert len(asyncio.all_tasks()) - tasks_before <= prefetch + 10
            assert octets < 2 * 1024 * 1024
            assert await queues.depth(queue) == count - prefetch
            go_on.set()
            await until(lambda: source.counts.acked == count, within_s=60)
            stop.set()

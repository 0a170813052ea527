"""CPU per message of the AMQP adapter and of bare aio-pika, in the same run.

    python -m benchmarks.amqp_cpu [--messages 5000] [--rounds 3] [--no-uvloop]

Starts a RabbitMQ of its own (tests/services.py). For each window: publish persistent messages of
1 KiB with that many waiting for their confirm at once, then consume them with that prefetch and
ack each. Prints microseconds of this process's CPU per message (median of the rounds) and the
rate; the broker's CPU is not counted.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

import aio_pika
import uvloop

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.flows.consume import Source, consume
from jasmin_compat.gateway.messages import Ack, Verdict
from jasmin_compat.ports import Binding
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.services import RabbitMq

WINDOWS = (1, 10, 100)
BODY = bytes(1024)
HEADERS = {"source_connector": "httpapi", "created_at": "2026-11-23 13:58:35.284394"}


async def many(count: int, window: int, one: Callable[[], Awaitable[object]]) -> None:
    left = iter(range(count))

    async def some() -> None:
        for _ in left:
            await one()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(window):
            tasks.create_task(some())


async def ours(queues: AmqpQueues, queue: str, count: int, window: int) -> tuple[float, ...]:
    message = QueueMessage(
        exchange="messaging",
        routing_key=queue,
        body=BODY,
        message_id="2ae3dca0-d578-433f-8596-f0b775be86c9",
        headers=HEADERS,
        reply_to="submit.sm.resp.c",
        priority=1,
    )
    publishing = await cpu_us(many(count, window, lambda: queues.publish(message)), count)
    left = count

    async def take_all() -> None:
        nonlocal left
        async with queues.consume(queue, consumer_tag="t", prefetch=window) as deliveries:
            async for delivery in deliveries:
                await delivery.settle(Ack())
                left -= 1
                if not left:
                    return

    consuming = await cpu_us(take_all(), count)
    await many(count, 100, lambda: queues.publish(message))
    stop = asyncio.Event()
    left = count

    async def handle(_: QueueMessage) -> Verdict:
        nonlocal left
        left -= 1
        if not left:
            stop.set()
        return Ack()

    source = Source(queue=queue, consumer_tag="t", prefetch=window)
    flow = await cpu_us(consume(queues, source, handle, stop=stop), count)
    return *publishing, *consuming, *flow


async def pika(
    connection: aio_pika.abc.AbstractConnection, queue: str, count: int, window: int
) -> tuple[float, ...]:
    channel = await connection.channel(publisher_confirms=True)
    exchange = await channel.get_exchange("messaging")
    source = await channel.get_queue(queue)

    async def publish() -> None:
        message = aio_pika.Message(
            BODY,
            headers=dict(HEADERS),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id="2ae3dca0-d578-433f-8596-f0b775be86c9",
            reply_to="submit.sm.resp.c",
            priority=1,
        )
        await exchange.publish(message, queue)

    publishing = await cpu_us(many(count, window, publish), count)
    left = count
    done = asyncio.Event()

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        nonlocal left
        await message.ack()
        left -= 1
        if not left:
            done.set()

    async def take_all() -> None:
        await channel.set_qos(prefetch_count=window)
        tag = await source.consume(take)
        await done.wait()
        await source.cancel(tag)

    consuming = await cpu_us(take_all(), count)
    await channel.close()
    return *publishing, *consuming


async def cpu_us(work: Awaitable[object], count: int) -> tuple[float, float]:
    """Microseconds of CPU per message, messages per second."""
    cpu, wall = time.process_time(), time.perf_counter()
    await work
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / count * 1e6, count / wall


Results = dict[tuple[str, int, str], list[tuple[float, float]]]
"""CPU and rate of each round, by what was done, window, and who did it."""


async def measure(port: int, count: int, rounds: int) -> None:
    policy = AmqpPolicy(port=port, publish_timeout_s=60)
    queue = "submit.sm.bench"
    results: Results = {}
    async with (
        open_amqp_queues(policy, clock=SystemClock(), jitter=random.random) as queues,
        await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/") as connection,
    ):
        await queues.wait_until_connected()
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        for window in WINDOWS * rounds:
            keep(results, window, "adapter", await ours(queues, queue, count, window))
            keep(results, window, "aio-pika", await pika(connection, queue, count, window))
    print(f"{'':14} {'window':>6} {'':9} {'CPU us':>8} {'msg/s':>8}")
    for (kind, window, name), figures in sorted(results.items()):
        us = statistics.median(f[0] for f in figures)
        rate = statistics.median(f[1] for f in figures)
        print(f"{kind:14} {window:6} {name:9} {us:8.1f} {rate:8.0f}")


def keep(results: Results, window: int, name: str, figures: tuple[float, ...]) -> None:
    for kind, n in zip(
        ("publish", "consume", "flows/consume"), range(0, len(figures), 2), strict=False
    ):
        results.setdefault((kind, window, name), []).append((figures[n], figures[n + 1]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-uvloop", action="store_true")
    args = parser.parse_args()
    server = RabbitMq()
    server.start()
    try:
        runner = asyncio.run if args.no_uvloop else uvloop.run
        runner(measure(server.port, args.messages, args.rounds))
    finally:
        server.close()


if __name__ == "__main__":
    main()

"""A consumer's deliveries, without a broker; those of a real one are in test_amqp.py."""

import asyncio

import pytest

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_consuming import Consumer, Wanted
from jasmin_compat.adapters.amqp_link import Link
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy
from jasmin_compat.adapters.amqp_topology import Topology
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.adapters.consume_bench import Bench, Outlet
from tests.contracts.queue_contract import nothing_comes, take

MESSAGE = QueueMessage(exchange="messaging", routing_key="submit.sm.c", body=b"b", message_id="m")
HEADER = frames.content_header(MESSAGE, persistent=True)


class NobodysLink:
    """Prepares nothing: its link is never run."""

    async def prepare(self, live: object) -> None: ...
    def blocked(self, reason: str | None) -> None: ...


def consumer(outlet: Outlet) -> Consumer:
    policy = AmqpPolicy()
    counts = AmqpCounts()
    link = Link(policy, counts, NobodysLink(), purpose="consuming", jitter=lambda: 0.5)
    wanted = Wanted(queue="submit.sm.c", consumer_tag="t", prefetch=1)
    return Consumer(wanted, link, Topology(policy, counts), outlet)


def delivered(tag: int, *, redelivered: bool = False) -> frames.Delivered:
    return frames.Delivered(tag, redelivered, "messaging", "submit.sm.c")


async def test_deliveries_come_in_order_to_who_waits_and_who_comes_later() -> None:
    bench, outlet = Bench(), Outlet()
    deliveries = consumer(outlet)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(take(deliveries))
        await asyncio.sleep(0)
        deliveries.take(bench.channel, delivered(1), HEADER, b"first")
        deliveries.take(bench.channel, delivered(2, redelivered=True), HEADER, b"second")
    assert waiting.result().message.body == b"first"
    second = await take(deliveries)
    assert (second.message.body, second.redelivered) == (b"second", True)
    assert (outlet.counts.deliveries, outlet.counts.redelivered) == (2, 1)


async def test_a_message_without_readable_headers_comes_bare(
    caplog: pytest.LogCaptureFixture,
) -> None:
    deliveries = consumer(Outlet())
    deliveries.take(Bench().channel, delivered(1), HEADER[:-2], b"body")
    message = (await take(deliveries)).message
    assert message == QueueMessage(
        exchange="messaging", routing_key="submit.sm.c", body=b"body", message_id="", headers={}
    )
    assert "a message without readable headers" in caplog.text


async def test_another_consumers_lost_channel_takes_nothing_away() -> None:
    bench = Bench()
    deliveries = consumer(Outlet())
    deliveries.take(bench.channel, delivered(1), HEADER, b"kept")
    deliveries.lost(Bench().channel)
    assert (await take(deliveries)).message.body == b"kept"
    assert await nothing_comes(deliveries)


async def test_one_that_never_started_leaves_at_once() -> None:
    never = consumer(Outlet())
    async with asyncio.timeout(5):
        await never.leave()
        await never.close_when_idle()
        await never.break_off()

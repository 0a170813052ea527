"""A consumer stands still while the store is away, and goes on by itself."""

import asyncio

import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.flows.consume import Source, consume
from jasmin_compat.flows.store_gate import LOOK_S, mind_store
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import Ack, Verdict
from jasmin_compat.wire import amqp_names
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.fakes import FakeClock
from tests.waiting import until


@pytest.mark.parametrize(
    ("field", "value"),
    [("is_connected", False), ("refuses_writes", True), ("lacks_replicas", True)],
)
async def test_messages_stay_in_their_queue_in_their_order(field: str, value: bool) -> None:
    # covers: W-DLR-20
    clock, seen = FakeClock(), list[str]()
    queues, store = MemoryQueues(clock=clock), MemoryStore(policy=DlrPolicy(), clock=clock)
    binding = amqp_names.lookup_binding("main")
    source = Source(queue=binding.queue, consumer_tag=binding.queue, prefetch=10)
    await queues.declare([binding])
    stop = asyncio.Event()

    async def handle(message: QueueMessage) -> Verdict:
        seen.append(message.message_id)
        return Ack()

    async with asyncio.TaskGroup() as tasks:
        setattr(store.counts, field, value)
        minding = tasks.create_task(mind_store(source.gate, store, clock))
        await until(clock.is_waited_for)
        consuming = tasks.create_task(consume(queues, source, handle, stop=stop))
        for number in range(50):
            await queues.publish(
                QueueMessage(
                    exchange=binding.exchange,
                    routing_key="dlr.deliver_sm",
                    body=b"",
                    message_id=str(number),
                )
            )
        for _ in range(4):
            await clock.advance_to_sleeper(LOOK_S)
        assert (seen, await queues.depth(binding.queue)) == ([], 50)
        setattr(store.counts, field, not value)
        await clock.advance_to_sleeper(LOOK_S)
        await until(lambda: len(seen) == 50)
        stop.set()
        await consuming
        minding.cancel()
    assert seen == [str(number) for number in range(50)]

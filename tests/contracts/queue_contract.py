"""What every adapter of the Queues port promises; subclassed with a `queues` fixture."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue
from jasmin_compat.ports import Binding, Delivery, DeliveryLost, Queues, Unpublishable, Unroutable
from jasmin_compat.wire import amqp_names, detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.field_tables import MAX_TABLE_OCTETS
from tests.waiting import LONG_S, until

SHORT_S = 0.15
"""Long enough to see that nothing comes."""

_numbers = itertools.count()


async def take(deliveries: AsyncIterator[Delivery], within_s: float = LONG_S) -> Delivery:
    async with asyncio.timeout(within_s):
        return await anext(deliveries)


async def nothing_comes(deliveries: AsyncIterator[Delivery]) -> bool:
    try:
        await take(deliveries, SHORT_S)
    except TimeoutError:
        return True
    return False


async def depth_becomes(queues: Queues, queue: str, depth: int) -> None:
    async def is_so() -> bool:
        return await queues.depth(queue) == depth

    await until(is_so)


class QueueContract:
    requeued_keep_their_place = True
    """Not so in quorum queues: there they go to the end."""

    @pytest.fixture
    def word(self) -> str:
        """A word for names, new in each test."""
        return f"w{next(_numbers)}"

    @pytest.fixture
    async def queue(self, queues: Queues, word: str) -> str:
        """A declared queue bound to `messaging` with `submit.sm.<word>`."""
        name = f"submit.sm.{word}"
        await queues.declare([Binding(queue=name, exchange="messaging", routing_key=name)])
        return name

    @staticmethod
    def message(queue: str, body: bytes = b"body") -> QueueMessage:
        return QueueMessage(
            exchange="messaging",
            routing_key=queue,
            body=body,
            message_id="2ae3dca0-d578-433f-8596-f0b775be86c9",
            headers={"source_connector": "httpapi", "try-count": 0, "bill": b"\x80\x02N."},
            reply_to="submit.sm.resp.c",
            priority=1,
        )

    # covers: W-AMQP-05 W-AMQP-12
    async def test_a_message_arrives_as_it_was_published(self, queues: Queues, queue: str) -> None:
        sent = replace(
            self.message(queue), headers={"text": "ready %", "n": 2**31 - 1, "b": b"\xff"}
        )
        await queues.publish(sent)
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            delivery = await take(deliveries)
            assert (delivery.queue, delivery.message) == (queue, sent)
            assert not delivery.redelivered
            await delivery.settle(Ack())
            assert await nothing_comes(deliveries)

    async def test_an_empty_and_a_large_body_arrive(self, queues: Queues, queue: str) -> None:
        large = bytes(range(256)) * 2000
        for body in (b"", large):
            await queues.publish(self.message(queue, body))
        async with queues.consume(queue, consumer_tag="t", prefetch=2) as deliveries:
            for body in (b"", large):
                delivery = await take(deliveries)
                assert delivery.message.body == body
                await delivery.settle(Ack())

    async def test_messages_arrive_in_order(self, queues: Queues, queue: str) -> None:
        bodies = [str(n).encode() for n in range(50)]
        for body in bodies:
            await queues.publish(self.message(queue, body))
        async with queues.consume(queue, consumer_tag="t", prefetch=7) as deliveries:
            for body in bodies:
                delivery = await take(deliveries)
                assert delivery.message.body == body
                await delivery.settle(Ack())

    # covers: W-AMQP-20
    async def test_messages_arrive_in_order_whatever_their_priority(
        self, queues: Queues, queue: str
    ) -> None:
        """Jasmin publishes 0 to 4, into queues that know no priority (Q153)."""
        priorities = (0, 3, 1, 4, 2)
        for priority in priorities:
            await queues.publish(replace(self.message(queue), priority=priority))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            for priority in priorities:
                delivery = await take(deliveries)
                assert delivery.message.priority == priority
                await delivery.settle(Ack())

    async def test_a_star_matches_exactly_one_word(self, queues: Queues, word: str) -> None:
        name = f"all-{word}"
        await queues.declare([Binding(queue=name, exchange="messaging", routing_key=f"{word}.*")])
        await queues.publish(replace(self.message(f"{word}.a"), body=b"one"))
        for key in (word, f"{word}.a.b"):
            with pytest.raises(Unroutable):
                await queues.publish(self.message(key))
        assert await queues.depth(name) == 1

    async def test_every_bound_queue_gets_its_copy(self, queues: Queues, queue: str) -> None:
        tap = f"tap-{queue}"
        await queues.declare([Binding(queue=tap, exchange="messaging", routing_key=queue)])
        await queues.publish(self.message(queue))
        assert [await queues.depth(q) for q in (queue, tap)] == [1, 1]

    async def test_the_default_exchange_leads_to_one_queue(
        self, queues: Queues, queue: str
    ) -> None:
        await queues.publish(QueueMessage(exchange="", routing_key=queue, body=b"x"))
        assert await queues.depth(queue) == 1

    # covers: W-AMQP-05
    async def test_nobody_takes_it(self, queues: Queues, queue: str) -> None:
        stray = self.message(f"{queue}.stray")
        with pytest.raises(Unroutable):
            await queues.publish(stray)
        await queues.publish(stray, mandatory=False)
        await queues.publish(self.message(queue))
        assert await queues.depth(queue) == 1

    @pytest.mark.parametrize(
        "fields",
        [{"message_id": "x" * 256}, {"headers": {"url": "x" * MAX_TABLE_OCTETS}}],
        ids=["message-id", "headers"],
    )
    async def test_what_no_broker_takes_is_refused_and_others_pass(
        self, queues: Queues, queue: str, fields: dict[str, Any]
    ) -> None:
        with pytest.raises(Unpublishable):
            await queues.publish(replace(self.message(queue), **fields))
        await queues.publish(self.message(queue))
        assert await queues.depth(queue) == 1

    async def test_declaring_twice_changes_nothing(self, queues: Queues, queue: str) -> None:
        await queues.publish(self.message(queue))
        await queues.declare([Binding(queue=queue, exchange="messaging", routing_key=queue)])
        assert await queues.depth(queue) == 1

    # covers: W-AMQP-09 W-AMQP-10
    async def test_no_more_than_prefetch_are_unsettled(self, queues: Queues, queue: str) -> None:
        for n in range(5):
            await queues.publish(self.message(queue, str(n).encode()))
        async with queues.consume(queue, consumer_tag="t", prefetch=3) as deliveries:
            held = [await take(deliveries) for _ in range(3)]
            assert await nothing_comes(deliveries)
            await held[1].settle(Ack())
            assert (await take(deliveries)).message.body == b"3"
            assert await nothing_comes(deliveries)

    async def test_two_consumers_share_the_work(self, queues: Queues, queue: str) -> None:
        async with (
            queues.consume(queue, consumer_tag="t", prefetch=1) as one,
            queues.consume(queue, consumer_tag="t", prefetch=1) as two,
        ):
            for n in range(2):
                await queues.publish(self.message(queue, str(n).encode()))
            bodies = {(await take(one)).message.body, (await take(two)).message.body}
            assert bodies == {b"0", b"1"}

    async def test_a_waiting_consumer_gets_what_comes_later(
        self, queues: Queues, queue: str
    ) -> None:
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(take(deliveries), name="waiting")
                await asyncio.sleep(0)
                await queues.publish(self.message(queue))
            assert waiting.result().message.body == b"body"

    async def test_requeue_brings_it_back_at_once(self, queues: Queues, queue: str) -> None:
        await queues.publish(self.message(queue))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Requeue())
            again = await take(deliveries)
            assert again.redelivered
            assert again.message == self.message(queue)
            await again.settle(Ack())
            assert await nothing_comes(deliveries)

    async def test_requeued_messages_come_again(self, queues: Queues, queue: str) -> None:
        for n in range(4):
            await queues.publish(self.message(queue, str(n).encode()))
        async with queues.consume(queue, consumer_tag="t", prefetch=2) as deliveries:
            held = [await take(deliveries) for _ in range(2)]
            for delivery in held:
                await delivery.settle(Requeue())
            bodies = []
            for _ in range(4):
                delivery = await take(deliveries)
                bodies.append(delivery.message.body)
                await delivery.settle(Ack())
        assert sorted(bodies) == [b"0", b"1", b"2", b"3"]
        if self.requeued_keep_their_place:
            assert bodies == sorted(bodies)

    async def test_settled_messages_do_not_come_again(self, queues: Queues, queue: str) -> None:
        for n in range(20):
            await queues.publish(self.message(queue, str(n).encode()))
        async with queues.consume(queue, consumer_tag="t", prefetch=20) as deliveries:
            held = [await take(deliveries) for _ in range(20)]
            for delivery in held[::2] + held[1::4]:  # out of order, and with gaps
                await delivery.settle(Ack())
            for delivery in held[3::4]:
                await delivery.settle(Requeue())
            left = {held[n].message.body for n in range(3, 20, 4)}
            again = [await take(deliveries) for _ in left]
            assert {d.message.body for d in again} == left
            for delivery in again:
                await delivery.settle(Ack())
        await depth_becomes(queues, queue, 0)

    async def test_a_delivery_is_settled_once(self, queues: Queues, queue: str) -> None:
        await queues.publish(self.message(queue))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            delivery = await take(deliveries)
            await delivery.settle(Ack())
            with pytest.raises(AssertionError):
                await delivery.settle(Ack())

    # covers: W-AMQP-08
    async def test_a_delayed_message_comes_back_when_it_is_due(
        self, queues: Queues, queue: str
    ) -> None:
        await queues.publish(self.message(queue))
        loop = asyncio.get_running_loop()
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            delivery = await take(deliveries)
            put_off_at = loop.time()
            await delivery.settle(Delay(0.4, (("x-jc-tries", "1"),)))
            assert await nothing_comes(deliveries)
            again = await take(deliveries)
            assert 0.39 <= loop.time() - put_off_at < 3
            sent = self.message(queue)
            assert again.message == replace(sent, headers={**sent.headers, "x-jc-tries": "1"})
            await again.settle(Delay(0.01, (("x-jc-tries", "2"),)))
            third = await take(deliveries)
            assert third.message.headers == {**sent.headers, "x-jc-tries": "2"}
            await third.settle(Ack())
            assert await nothing_comes(deliveries)

    async def test_a_delayed_message_lets_others_pass(self, queues: Queues, queue: str) -> None:
        for body in (b"a", b"b"):
            await queues.publish(self.message(queue, body))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Delay(0.3))
            second = await take(deliveries)
            assert second.message.body == b"b"
            await second.settle(Ack())
            assert (await take(deliveries)).message.body == b"a"

    async def test_nobody_else_sees_a_delayed_message_twice(
        self, queues: Queues, queue: str
    ) -> None:
        tap = f"tap-{queue}"
        await queues.declare([Binding(queue=tap, exchange="messaging", routing_key=queue)])
        await queues.publish(self.message(queue))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Delay(0.01))
            await take(deliveries)
            assert await queues.depth(tap) == 1

    # covers: W-MT-06
    async def test_a_dead_message_is_kept_with_its_reason(self, queues: Queues, queue: str) -> None:
        await queues.publish(self.message(queue))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            await (await take(deliveries)).settle(Dead("not a pickle"))
            assert await nothing_comes(deliveries)
        letters = amqp_names.dead_queue(queue)
        await depth_becomes(queues, letters, 1)
        async with queues.consume(letters, consumer_tag="t", prefetch=1) as deliveries:
            letter = await take(deliveries)
            assert detours.why_dead(letter.message)[0] == "not a pickle"
            assert detours.raised(letter.message) == self.message(queue)
            await letter.settle(Ack())

    async def test_a_message_sent_straight_to_a_queue_looks_as_published(
        self, queues: Queues, queue: str
    ) -> None:
        sent = replace(self.message("dlr.submit_sm_resp"), exchange="messaging")
        await queues.publish(detours.straight_to(queue, sent))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            assert (await take(deliveries)).message == sent

    async def test_what_was_not_taken_is_for_the_next_consumer(
        self, queues: Queues, queue: str
    ) -> None:
        for n in range(3):
            await queues.publish(self.message(queue, str(n).encode()))
        async with queues.consume(queue, consumer_tag="t", prefetch=3) as deliveries:
            first = await take(deliveries)
        async with queues.consume(queue, consumer_tag="t", prefetch=3) as deliveries:
            rest = [await take(deliveries) for _ in range(2)]
            assert {d.message.body for d in rest} == {b"1", b"2"}
            assert await nothing_comes(deliveries)
            await first.settle(Ack())  # handed out before its consumer was left: still ours
            for delivery in rest:
                await delivery.settle(Ack())
            assert await nothing_comes(deliveries)

    async def test_a_late_requeue_after_leaving_brings_it_back(
        self, queues: Queues, queue: str
    ) -> None:
        await queues.publish(self.message(queue))
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            held = await take(deliveries)
        await held.settle(Requeue())
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            assert (await take(deliveries)).redelivered

    async def test_a_consumer_that_breaks_gives_everything_back(
        self, queues: Queues, queue: str
    ) -> None:
        for n in range(3):
            await queues.publish(self.message(queue, str(n).encode()))
        held: list[Delivery] = []

        async def take_two_and_break() -> None:
            async with queues.consume(queue, consumer_tag="t", prefetch=2) as deliveries:
                held.extend([await take(deliveries) for _ in range(2)])
                raise KeyError

        with pytest.raises(KeyError):
            await take_two_and_break()
        for delivery in held:
            with pytest.raises(DeliveryLost):
                await delivery.settle(Ack())
        async with queues.consume(queue, consumer_tag="t", prefetch=3) as deliveries:
            bodies = {(await take(deliveries)).message.body for _ in range(3)}
            assert bodies == {b"0", b"1", b"2"}

    async def test_giving_up_waiting_loses_no_message(self, queues: Queues, queue: str) -> None:
        async with queues.consume(queue, consumer_tag="t", prefetch=1) as deliveries:
            assert await nothing_comes(deliveries)
            await queues.publish(self.message(queue))
            assert (await take(deliveries)).message.body == b"body"

    async def test_an_unknown_queue_is_empty(self, queues: Queues, word: str) -> None:
        assert await queues.depth(f"no-{word}") == 0

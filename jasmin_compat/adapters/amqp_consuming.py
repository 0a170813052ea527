"""Consuming a queue: deliveries within the prefetch, from one connection after the other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NoReturn

from aiormq.abc import AbstractChannel, DeliveredMessage

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_consume_channel import ConsumeChannel
from jasmin_compat.adapters.amqp_delivery import AmqpDelivery, Outlet
from jasmin_compat.adapters.amqp_link import (
    BrokerFailed,
    BrokerRefused,
    Link,
    Live,
    answered,
    log,
    why_closed,
)
from jasmin_compat.adapters.amqp_topology import Topology
from jasmin_compat.gateway.messages import Requeue
from jasmin_compat.ports import Delivery, QueueError
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage

_AGAIN_S = 1.0
"""Before a consumer is started again that the broker refused or cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to consume."""

    queue: str
    consumer_tag: str
    prefetch: int


_Started = tuple[Live, AbstractChannel, ConsumeChannel]


class Consumer:
    """Deliveries of one queue, across reconnects; one task may iterate over it."""

    def __init__(self, wanted: Wanted, link: Link, topology: Topology, outlet: Outlet) -> None:
        assert wanted.prefetch > 0
        self._wanted = wanted
        self._link = link
        self._topology = topology
        self._outlet = outlet
        self._buffer: deque[AmqpDelivery] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._started: _Started | None = None
        self.starting = asyncio.Lock()
        """Held while a channel is made: deliveries may come before that is over."""

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        while not self._buffer:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return self._buffer.popleft()

    async def run(self) -> NoReturn:
        """Keep consuming, on one connection after the other."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                live = await self._link.wait_up()
                began = asyncio.get_running_loop().time()
                ended = await self._one_channel(live)
                if live.tap.lost.done():
                    continue  # of that the link says enough
                log.error("Consumer of %s %s", self._wanted.queue, ended)
                tasks.create_task(self._done_with(self._started), name="consumer that ended")
                self._started = None
                lasted_s = asyncio.get_running_loop().time() - began
                await asyncio.sleep(max(0.0, _AGAIN_S - lasted_s))

    async def _one_channel(self, live: Live) -> str:
        """From its start until no more comes on it; why."""
        try:
            async with self.starting:
                channel = await self._start(live)
            await channel.ended.wait()
        except (BrokerFailed, BrokerRefused) as error:
            return f"cannot be started: {error}"
        return f"ended: {channel.why}"

    async def leave(self) -> None:
        """Take no more: what nobody was given goes back, what was given can still be settled."""
        if self._started is not None:
            live, amqp_channel, channel = self._started
            try:
                cancelling = amqp_channel.basic_cancel(self._wanted.consumer_tag)
                await answered(cancelling, live.timeout_s)
            except (BrokerFailed, BrokerRefused) as error:
                channel.lose(str(error))
        while self._buffer:
            try:
                await self._buffer.popleft().settle(Requeue())
            except QueueError as error:
                log.debug("%s: %s", self._wanted.queue, error)

    async def close_when_idle(self) -> None:
        """After `leave`: the channel goes when all that was given is settled."""
        await self._done_with(self._started)

    async def break_off(self) -> None:
        """Take no more, and give everything back."""
        if self._started is not None:
            self._started[2].lose("the consumer broke off")
            await self._done_with(self._started)

    # -- for ConsumeChannel (amqp_consume_channel.ChannelOwner)

    def take(
        self, channel: ConsumeChannel, delivered: frames.Delivered, header: bytes, body: bytes
    ) -> None:
        place = delivered.exchange, delivered.routing_key
        try:
            message = frames.read_message(*place, header, body)
        except frames.BrokenFrame as error:
            # Without its headers no flow can read it: it ends among the dead letters.
            log.error("%s: a message without readable headers: %s", self._wanted.queue, error)
            message = QueueMessage(exchange=place[0], routing_key=place[1], body=body)
        self._outlet.counts.deliveries += 1
        self._outlet.counts.redelivered += delivered.redelivered
        self._buffer.append(
            AmqpDelivery(
                self._outlet,
                channel,
                delivered,
                queue=self._wanted.queue,
                message=detours.as_published(message),
            )
        )
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def lost(self, channel: ConsumeChannel) -> None:
        """What nobody was given comes again."""
        kept = [delivery for delivery in self._buffer if not delivery.came_on(channel)]
        self._buffer.clear()
        self._buffer.extend(kept)

    async def _start(self, live: Live) -> ConsumeChannel:
        """Raises BrokerFailed, BrokerRefused."""
        wanted = self._wanted
        await self._topology.declare(live, self._topology.of_queue(wanted.queue))
        amqp_channel = await live.open_channel()
        channel = ConsumeChannel(live.tap, amqp_channel.number, self)
        live.tap.channels[amqp_channel.number] = channel
        amqp_channel.closing.add_done_callback(lambda closed: channel.lose(why_closed(closed)))
        amqp_channel.on_consumer_cancel_callbacks.add(
            lambda _: channel.cancel("cancelled by the broker")
        )
        self._started = started = live, amqp_channel, channel
        try:
            qos = amqp_channel.basic_qos(prefetch_count=wanted.prefetch)
            await answered(qos, live.timeout_s)
            consuming = amqp_channel.basic_consume(
                wanted.queue, _left_to_the_tap, consumer_tag=wanted.consumer_tag
            )
            await answered(consuming, live.timeout_s)
        except BaseException:
            channel.lose("not started")
            await self._done_with(started)
            raise
        return channel

    async def _done_with(self, started: _Started | None) -> None:
        """The channel goes when all that was given is settled, if it still can be."""
        if started is None:
            return
        live, amqp_channel, channel = started
        await channel.idle.wait()
        if self._started is started:
            self._started = None
        try:
            await live.close_channel(amqp_channel)
        except (BrokerFailed, BrokerRefused) as error:
            log.debug("closing a channel: %s", error)
        finally:
            channel.lose("closed")


async def _left_to_the_tap(_: DeliveredMessage) -> None:
    """What aiormq calls for a delivery that came after its consumer was lost: it comes again."""

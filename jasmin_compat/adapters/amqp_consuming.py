"""Consuming: deliveries within the prefetch, settled on the channel they came on, acks batched."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol, assert_never

from aiormq.abc import AbstractChannel, DeliveredMessage

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_content import ContentReader
from jasmin_compat.adapters.amqp_link import (
    BrokerFailed,
    BrokerRefused,
    Link,
    Live,
    answered,
    log,
    why_closed,
)
from jasmin_compat.adapters.amqp_policy import AmqpCounts
from jasmin_compat.adapters.amqp_topology import Topology
from jasmin_compat.adapters.amqp_transport import Tap
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue, Verdict
from jasmin_compat.ports import BrokerAway, Delivery, DeliveryLost, QueueError, Unpublishable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage

_AGAIN_S = 1.0
"""Before a consumer is started again that the broker refused or cancelled."""


class Outlet(Protocol):
    """Where the copies of delayed and dead messages go, and when."""

    counts: AmqpCounts

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None: ...
    def unix(self) -> float: ...


class ChannelOwner(Protocol):
    """Who gets what comes on a channel."""

    def take(
        self, channel: "ConsumeChannel", delivered: frames.Delivered, header: bytes, body: bytes
    ) -> None: ...
    def lost(self, channel: "ConsumeChannel") -> None: ...


class ConsumeChannel:
    """One consumer's channel: tags that are settled, and acks to be written.

    Acks wait for the end of the loop's turn. Those that complete the sequence of tags from the
    oldest on are written as one (`multiple`); those that leave a gap behind them, singly.
    """

    def __init__(self, tap: Tap, number: int, owner: "ChannelOwner") -> None:
        self.over = asyncio.Event()
        self.why = ""
        self.unsettled = 0
        self.idle = asyncio.Event()
        """Set while nothing is unsettled."""
        self.idle.set()
        self._tap = tap
        self._number = number
        self._owner = owner
        self._content = ContentReader()
        self._delivered: frames.Delivered | None = None
        self._oldest = 1
        """All tags below are settled."""
        self._settled: set[int] = set()
        """Tags above, in no order."""
        self._acks: set[int] = set()
        """Tags to be acked at the end of the turn."""

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    def receive(self, kind: int, data: bytes, start: int, end: int) -> bool:
        if kind == frames.METHOD:
            if frames.read_method_id(data, start) != frames.BASIC_DELIVER:
                return False
            self._delivered = frames.read_deliver(data, start)
            self._content.expect()
            return True
        if not self._content.is_expecting:
            return False
        content = self._content.take(kind, data, start, end)
        if content is not None and self._delivered is not None:
            self.unsettled += 1
            self.idle.clear()
            self._owner.take(self, self._delivered, *content)
        return True

    def ack(self, tag: int) -> None:
        if self.is_over:
            return
        if not self._acks:
            self._tap.remind(self)
        self._acks.add(tag)
        self._one_less()

    def requeue(self, tag: int) -> None:
        if self.is_over:
            return
        self._tap.write(frames.nack(self._number, tag))
        self._settled.add(tag)
        self._one_less()

    def _one_less(self) -> None:
        self.unsettled -= 1
        if not self.unsettled:
            self.idle.set()

    def take_settled(self) -> bytes:
        acked = last = 0
        while True:
            if self._oldest in self._acks:
                self._acks.remove(self._oldest)
                last, acked = self._oldest, acked + 1
            elif self._oldest in self._settled:
                self._settled.remove(self._oldest)
            else:
                break
            self._oldest += 1
        written = frames.ack(self._number, last, multiple=acked > 1) if acked else b""
        for tag in sorted(self._acks):
            written += frames.ack(self._number, tag, multiple=False)
        self._settled |= self._acks
        self._acks.clear()
        return b"" if self.is_over else written

    def lose(self, reason: str) -> None:
        """Nothing can be settled any more; the broker delivers again what was not."""
        if not self.is_over:
            self._tap.drop(self._number, self)
            self.why = reason
            self.over.set()
            self.idle.set()
            self._owner.lost(self)


class AmqpDelivery:
    """A message and the channel it came on."""

    __slots__ = ("_channel", "_outlet", "_settled", "_tag", "message", "queue", "redelivered")

    def __init__(
        self,
        outlet: Outlet,
        channel: ConsumeChannel,
        delivered: frames.Delivered,
        *,
        queue: str,
        message: QueueMessage,
    ) -> None:
        self.queue = queue
        self.message = message
        self.redelivered = delivered.redelivered
        self._outlet = outlet
        self._channel = channel
        self._tag = delivered.tag
        self._settled = False

    async def settle(self, verdict: Verdict) -> None:
        assert not self._settled, "settled twice"
        self._settled = True
        self._raise_if_lost()
        counts = self._outlet.counts
        match verdict:
            case Ack():
                counts.acks += 1
                self._channel.ack(self._tag)
            case Requeue():
                counts.requeues += 1
                self._channel.requeue(self._tag)
            case Delay():
                if await self._move(self._delayed(verdict)):
                    counts.delayed += 1
            case Dead():
                if await self._move(self._dead(self.message, verdict.reason)):
                    counts.dead[self.queue] += 1
            case _:
                assert_never(verdict)

    def give_back(self) -> None:
        """Requeue what nobody was given."""
        self._settled = True
        self._channel.requeue(self._tag)

    def _delayed(self, verdict: Delay) -> QueueMessage:
        message = replace(self.message, headers={**self.message.headers, **dict(verdict.headers)})
        now = self._outlet.unix()
        return detours.delayed(message, to=self.queue, now=now, until=now + verdict.delay_s)

    def _dead(self, message: QueueMessage, reason: str) -> QueueMessage:
        return detours.dead(message, queue=self.queue, reason=reason, now=self._outlet.unix())

    async def _move(self, copy: QueueMessage) -> bool:
        """Put the copy in the message's place; False: it could be no more than a bare letter."""
        try:
            is_whole = await self._copied(copy)
        except QueueError as error:
            self._channel.requeue(self._tag)
            raise BrokerAway(f"the copy was not taken: {error}") from error
        except BaseException:
            self._channel.requeue(self._tag)
            raise
        self._raise_if_lost()
        self._channel.ack(self._tag)
        return is_whole

    async def _copied(self, copy: QueueMessage) -> bool:
        """What cannot be written with our marks would come back for ever."""
        try:
            await self._outlet.publish(copy)
        except Unpublishable as error:
            reason = f"kept without its headers: {error}"
            await self._outlet.publish(self._dead(replace(self.message, headers={}), reason))
            self._outlet.counts.dead[self.queue] += 1
            return False
        return True

    def _raise_if_lost(self) -> None:
        if self._channel.is_over:
            self._outlet.counts.lost += 1
            raise DeliveryLost(f"{self.queue}: {self._channel.why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to consume."""

    queue: str
    consumer_tag: str
    prefetch: int


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
        self._started: tuple[Live, AbstractChannel, ConsumeChannel] | None = None
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
        while True:
            live = await self._link.wait_up()
            began = asyncio.get_running_loop().time()
            try:
                async with self.starting:
                    channel = await self._start(live)
                await channel.over.wait()
                ended = f"ended: {channel.why}"
            except (BrokerFailed, BrokerRefused) as error:
                ended = f"cannot be started: {error}"
            if live.tap.lost.done():
                continue  # of that the link says enough
            log.error("Consumer of %s %s", self._wanted.queue, ended)
            await self._close()
            lasted_s = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(0.0, _AGAIN_S - lasted_s))

    async def leave(self) -> None:
        """Take no more: what nobody was given goes back, what was given can still be settled."""
        if self._started is None:
            return
        live, amqp_channel, channel = self._started
        try:
            cancelling = amqp_channel.basic_cancel(self._wanted.consumer_tag)
            await answered(cancelling, live.timeout_s)
        except (BrokerFailed, BrokerRefused) as error:
            channel.lose(str(error))
        for delivery in self._buffer:
            delivery.give_back()
        self._buffer.clear()

    async def close_when_idle(self) -> None:
        """After `leave`: the channel goes when all that was given is settled."""
        if self._started is not None:
            await self._started[2].idle.wait()
            await self._close()

    async def break_off(self) -> None:
        """Take no more, and give everything back."""
        if self._started is not None:
            self._started[2].lose("the consumer broke off")
            await self._close()

    # -- for ConsumeChannel

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
        """What nobody was given comes again: one consumer has one channel at a time."""
        if self._started is not None and self._started[2] is channel:
            self._buffer.clear()

    async def _start(self, live: Live) -> ConsumeChannel:
        """Raises BrokerFailed, BrokerRefused."""
        wanted = self._wanted
        await self._topology.declare(live, self._topology.of_queue(wanted.queue))
        amqp_channel = await live.open_channel()
        channel = ConsumeChannel(live.tap, amqp_channel.number, self)
        live.tap.channels[amqp_channel.number] = channel
        amqp_channel.closing.add_done_callback(lambda closed: channel.lose(why_closed(closed)))
        amqp_channel.on_consumer_cancel_callbacks.add(
            lambda _: channel.lose("cancelled by the broker")
        )
        self._started = live, amqp_channel, channel
        try:
            qos = amqp_channel.basic_qos(prefetch_count=wanted.prefetch)
            await answered(qos, live.timeout_s)
            consuming = amqp_channel.basic_consume(
                wanted.queue, _left_to_the_tap, consumer_tag=wanted.consumer_tag
            )
            await answered(consuming, live.timeout_s)
        except BaseException:
            channel.lose("not started")
            await self._close()
            raise
        return channel

    async def _close(self) -> None:
        if self._started is None:
            return
        live, amqp_channel, channel = self._started
        self._started = None
        try:
            await live.close_channel(amqp_channel)
        except (BrokerFailed, BrokerRefused) as error:
            log.debug("closing a channel: %s", error)
        finally:
            channel.lose("closed")


async def _left_to_the_tap(_: DeliveredMessage) -> None:
    """What aiormq calls for a delivery that came after its consumer was lost: it comes again."""

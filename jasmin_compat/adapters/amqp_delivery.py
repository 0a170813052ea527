"""A message from the broker, settled once, on the channel it came on, or not at all."""

from dataclasses import replace
from typing import Protocol, assert_never

from jasmin_compat.adapters.amqp_consume_channel import ConsumeChannel
from jasmin_compat.adapters.amqp_frames import Delivered
from jasmin_compat.adapters.amqp_policy import AmqpCounts
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue, Verdict
from jasmin_compat.ports import BrokerAway, DeliveryLost, QueueError, Unpublishable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import MOVING


class Outlet(Protocol):
    """Where the copies of delayed and dead messages go, and when."""

    counts: AmqpCounts

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None: ...
    def unix(self) -> float: ...


class AmqpDelivery:
    """A message and the channel it came on."""

    __slots__ = ("_channel", "_outlet", "_settled", "_tag", "message", "queue", "redelivered")

    def __init__(
        self,
        outlet: Outlet,
        channel: ConsumeChannel,
        delivered: Delivered,
        *,
        queue: str,
        message: QueueMessage,
    ) -> None:
        self.queue = queue
        self.message = message
        # What was moved as it is does not show whether somebody had it in the queue before.
        self.redelivered = delivered.redelivered or delivered.exchange == MOVING
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
                await self._put_back()
            case Delay():
                if await self._move(self._delayed(verdict)):
                    counts.delayed += 1
            case Dead():
                if await self._move(self._dead(self.message, verdict.reason)):
                    counts.dead[self.queue] += 1
            case _:
                assert_never(verdict)

    def came_on(self, channel: ConsumeChannel) -> bool:
        return self._channel is channel

    async def _put_back(self) -> None:
        if self._channel.is_cancelled:  # its queue was deleted: into the one that is there now
            copy = detours.straight_to(self.queue, self.message)
            await self._move(detours.again(copy, "moved"))
        else:
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

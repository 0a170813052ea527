"""A consumer's channel without a broker: what it writes is checked as a broker would."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pamqp.frame
from pamqp import commands

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_consume_channel import ConsumeChannel
from jasmin_compat.adapters.amqp_delivery import AmqpDelivery
from jasmin_compat.adapters.amqp_policy import AmqpCounts
from jasmin_compat.wire.amqp_messages import QueueMessage

NUMBER = 5


class Wire:
    """Stands for the tap, and for a broker that checks what it is told."""

    def __init__(self) -> None:
        self.channels: dict[int, ConsumeChannel] = {}
        self.outstanding: list[int] = []
        self.acked: list[int] = []
        self.requeued: list[int] = []
        self.frames = 0
        self._reminded: list[ConsumeChannel] = []
        self._out: list[bytes] = []

    def write(self, octets: bytes) -> None:
        self._out.append(octets)

    def remind(self, channel: ConsumeChannel) -> None:
        self._reminded.append(channel)

    def drop(self, number: int, channel: ConsumeChannel) -> None:
        self.channels.pop(number, None)

    def end_of_turn(self) -> None:
        out = [*self._out, *(channel.take_settled() for channel in self._reminded)]
        self._out.clear()
        self._reminded.clear()
        octets = b"".join(out)
        while octets:
            length, _, frame = pamqp.frame.unmarshal(octets)
            octets = octets[length:]
            self.frames += 1
            self._receive(frame)

    def _receive(self, frame: pamqp.base.Frame) -> None:
        assert frame.delivery_tag in self.outstanding, "406 PRECONDITION_FAILED"
        if isinstance(frame, commands.Basic.Nack):
            assert (frame.multiple, frame.requeue) == (False, True)
            self.outstanding.remove(frame.delivery_tag)
            self.requeued.append(frame.delivery_tag)
            return
        assert isinstance(frame, commands.Basic.Ack)
        tags = [
            tag
            for tag in self.outstanding
            if tag == frame.delivery_tag or (frame.multiple and tag < frame.delivery_tag)
        ]
        self.outstanding = [tag for tag in self.outstanding if tag not in tags]
        self.acked += tags


@dataclass
class Owner:
    taken: list[tuple[frames.Delivered, bytes, bytes]] = field(default_factory=list)
    lost_channels: int = 0

    def take(
        self, channel: ConsumeChannel, delivered: frames.Delivered, header: bytes, body: bytes
    ) -> None:
        self.taken.append((delivered, header, body))

    def lost(self, channel: ConsumeChannel) -> None:
        self.lost_channels += 1


@dataclass
class Outlet:
    """Where copies go: taken, or refused as told."""

    error: BaseException | None = None
    copies: list[QueueMessage] = field(default_factory=list)
    counts: AmqpCounts = field(default_factory=AmqpCounts)
    on_publish: Callable[[], None] = lambda: None
    is_writable: Callable[[QueueMessage], bool] = lambda _: False
    """Taken in spite of the error."""

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        assert mandatory
        self.on_publish()
        if self.error is not None and not self.is_writable(message):
            raise self.error
        self.copies.append(message)

    def unix(self) -> float:
        return 1_790_000_000.0


class Bench:
    """A channel, its wire, and deliveries on it."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.owner = Owner()
        self.channel = ConsumeChannel(self.wire, NUMBER, self.owner)  # type: ignore[arg-type]
        self.wire.channels[NUMBER] = self.channel
        self.outlet = Outlet()

    def deliver(self, body: bytes = b"body") -> AmqpDelivery:
        tag = len(self.owner.taken) + 1
        octets = pamqp.frame.marshal(
            commands.Basic.Deliver("t", tag, False, "messaging", "submit.sm.c"), NUMBER
        )
        message = QueueMessage(
            exchange="messaging", routing_key="submit.sm.c", body=body, headers={"n": 1}
        )
        header = frames.content_header(message, persistent=True)
        assert self.channel.receive(frames.METHOD, octets, 7, len(octets) - 1)
        assert self.channel.receive(frames.HEADER, header, 0, len(header))
        assert self.channel.receive(frames.BODY, body, 0, len(body))
        delivered, _, _ = self.owner.taken[-1]
        self.wire.outstanding.append(tag)
        return AmqpDelivery(
            self.outlet, self.channel, delivered, queue="submit.sm.c", message=message
        )

"""Messages of one queue moved to another, as they are, each exactly once if we die in between.

A copy and the ack of its original go in one transaction (tx, AMQP 0-9-1 §1.9): the broker does both
when the commit has come, or neither. So whoever is killed at any moment leaves every message in one
of the two queues. They go through a fanout exchange of our own, so that they keep their routing
keys, by which Jasmin's consumers tell them apart, and nobody else bound gets a copy. Body and
properties are copied octet by octet.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass

from aiormq.abc import AbstractChannel, DeliveredMessage

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_content import ContentReader
from jasmin_compat.adapters.amqp_link import BrokerFailed, BrokerRefused, Live, answered, why_closed
from jasmin_compat.adapters.amqp_topology import Scratch
from jasmin_compat.adapters.amqp_transport import Tap
from jasmin_compat.wire.amqp_names import MOVING

PERSISTENT = 2
_BATCH = 200
"""Messages in one transaction, and held here."""
_TAG = "jasmin-compat-moving"


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery as it came."""

    delivered: frames.Delivered
    header: bytes
    body: bytes


class MoveChannel:
    """The frames of the channel that takes and publishes."""

    def __init__(self, tap: Tap, number: int, frame_max: int) -> None:
        self.why_over = ""
        """Not empty: nothing comes any more."""
        self.returned = 0
        self._tap = tap
        self._number = number
        self._frame_max = frame_max
        self._taken: deque[Taken] = deque()
        self._content = ContentReader()
        self._delivered: frames.Delivered | None = None
        self._news = asyncio.Event()

    async def take(self, at_most: int, *, within_s: float) -> list[Taken]:
        """So many, or fewer when no further one comes within the time. Raises BrokerFailed."""
        while len(self._taken) < at_most and not self.why_over:
            self._news.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._news.wait()
            except TimeoutError:
                break
        if self.why_over:
            raise BrokerFailed(f"moving: {self.why_over}")
        return [self._taken.popleft() for _ in range(min(at_most, len(self._taken)))]

    def move(self, taken: list[Taken], delivery_mode: int | None) -> None:
        """Publish each and ack them; nothing of it counts before the commit."""
        for one in taken:
            header = frames.copied_header(one.header, delivery_mode)
            key = one.delivered.routing_key
            self._tap.write(
                frames.publish_method(self._number, MOVING, key, True)
                + frames.content(self._number, header, one.body, self._frame_max)
            )
        self._tap.write(frames.ack(self._number, taken[-1].delivered.tag, multiple=True))
        self._tap.flush()  # before the commit, which aiormq writes

    # -- for Tap

    def receive(self, kind: int, data: bytes, start: int, end: int) -> bool:
        if kind == frames.METHOD:
            return self._receive_method(data, start)
        if not self._content.is_expecting:
            return False
        content = self._content.take(kind, data, start, end)
        if content is not None and self._delivered is not None:
            self._taken.append(Taken(self._delivered, *content))
            self._news.set()
        return True

    def _receive_method(self, data: bytes, start: int) -> bool:
        match frames.read_method_id(data, start):
            case frames.BASIC_DELIVER:
                self._delivered = frames.read_deliver(data, start)
            case frames.BASIC_RETURN:
                self._delivered = None
                self.returned += 1
            case _:
                return False
        self._content.expect()
        return True

    def take_settled(self) -> bytes:
        return b""

    def lose(self, reason: str) -> None:
        self.why_over = self.why_over or reason
        self._news.set()
        self._tap.drop(self._number, self)


async def move_all(live: Live, source: str, to: str, *, count: int, mode: int | None) -> int:
    """Move so many, in order, or fewer when there are no more; how many.

    `mode` is the delivery mode of the copies. Nobody else may consume `source` meanwhile.
    Raises BrokerFailed, BrokerRefused.
    """
    scratch = Scratch(live)
    try:
        await _lead_to(scratch, to)
        return await _move_on_channel(live, source, count, mode)
    finally:
        await scratch.ask(lambda channel: channel.exchange_delete(MOVING))
        await scratch.close()


async def _lead_to(scratch: Scratch, queue: str) -> None:
    """What is published to our exchange goes to this queue only. Raises BrokerRefused."""
    for request in (
        lambda channel: channel.exchange_delete(MOVING),  # of a run that was killed
        lambda channel: channel.exchange_declare(MOVING, exchange_type="fanout"),
        lambda channel: channel.queue_bind(queue, MOVING),
    ):
        refusal = await scratch.ask(request)
        if refusal is not None:
            raise refusal


async def _move_on_channel(live: Live, source: str, count: int, mode: int | None) -> int:
    amqp_channel = await live.open_channel()
    channel = MoveChannel(live.tap, amqp_channel.number, live.frame_max)
    live.tap.channels[amqp_channel.number] = channel
    amqp_channel.closing.add_done_callback(lambda closed: channel.lose(why_closed(closed)))
    try:
        await answered(amqp_channel.tx_select(), live.timeout_s)
        await answered(amqp_channel.basic_qos(prefetch_count=_BATCH), live.timeout_s)
        consuming = amqp_channel.basic_consume(
            source, _left_to_the_tap, exclusive=True, consumer_tag=_TAG
        )
        await answered(consuming, live.timeout_s)
        return await _move(amqp_channel, live, channel, count, mode)
    finally:
        channel.lose("done")
        with contextlib.suppress(BrokerFailed, BrokerRefused):
            await live.close_channel(amqp_channel)


async def _move(
    amqp_channel: AbstractChannel, live: Live, channel: MoveChannel, count: int, mode: int | None
) -> int:
    moved = 0
    while moved < count:
        taken = await channel.take(min(_BATCH, count - moved), within_s=live.timeout_s)
        if not taken:
            break
        channel.move(taken, mode)
        await answered(amqp_channel.tx_commit(), live.timeout_s)
        if channel.returned:
            raise BrokerFailed("the queue that messages were moved to is gone")
        moved += len(taken)
    return moved


async def _left_to_the_tap(_: DeliveredMessage) -> None:
    """What aiormq calls for a delivery that came when we were done: it goes back."""

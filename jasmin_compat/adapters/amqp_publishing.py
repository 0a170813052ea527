"""Publishing with confirms, many on the wire at once; what waits for the broker is bounded.

A publish is answered only by the broker's confirm. When the connection breaks, what was on the
wire is published again on the next one, within its own time: whether the broker had taken it
nobody can know, and consumers stand a second copy (design D9).
"""

import asyncio
from dataclasses import dataclass

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_content import ContentReader
from jasmin_compat.adapters.amqp_link import log
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy, Durability
from jasmin_compat.adapters.amqp_transport import Tap
from jasmin_compat.adapters.deadlines import Deadlines
from jasmin_compat.ports import BrokerAway, Unpublishable, Unroutable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import DEFAULT_EXCHANGE, outlives_broker

PUBLISH_CHANNEL = 1
"""Its number on the publishing connection, so that method frames are the same on each."""

_MAX_SENT = 3
"""What was on the wire each time the broker closed the channel may be what it does not bear."""
_MAX_CACHED = 1000
_MULTIPLE = 1


@dataclass(slots=True, eq=False)
class Publish:
    """A message on its way to its confirm."""

    message: QueueMessage
    mandatory: bool
    method: bytes
    """The basic.publish frame."""
    header: bytes
    """The payload of the header frame."""
    confirmed: "asyncio.Future[None]"
    sent: int = 0
    """How often."""
    sent_at: float = 0.0
    returned: bool = False
    """By basic.return, which comes before the confirm."""

    def is_wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return not self.confirmed.done()

    def fail(self, error: Exception) -> None:
        if self.is_wanted():
            self.confirmed.set_exception(error)


class Publisher:
    """Takes messages at any time, and has them confirmed when it has a channel."""

    def __init__(self, policy: AmqpPolicy, counts: AmqpCounts) -> None:
        self._policy = policy
        self._counts = counts
        self._persistent = policy.durability is not Durability.JASMIN
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines()
        self._channel: PublishChannel | None = None
        self._waiting: dict[Publish, None] = {}
        self._methods: dict[tuple[str, str, bool], bytes] = {}
        self._blocked: str | None = None
        self._grace: asyncio.TimerHandle | None = None
        """Runs from connection.blocked on."""

    async def publish(self, message: QueueMessage, *, mandatory: bool, deadline: float) -> None:
        """Return at the confirm; `deadline` is a time of the loop's clock.

        Raises:
            BrokerAway: no confirm by then, blocked, refused, or too many waiting.
            Unroutable: mandatory, and it was returned.
            Unpublishable: it does not fit into frames.
        """
        publish = self._written(message, mandatory)
        try:
            self._admit(publish)
            await self._deadlines.wait(publish.confirmed, deadline)
        except TimeoutError:
            self._counts.publish_failed += 1
            raise BrokerAway(f"no confirm within {self._policy.publish_timeout_s} s") from None
        except BrokerAway:
            self._counts.publish_failed += 1
            raise
        finally:
            if publish in self._waiting:
                del self._waiting[publish]
                self._counts.publish_waiting = len(self._waiting)

    def _written(self, message: QueueMessage, mandatory: bool) -> Publish:
        try:
            method = self._method(message.exchange, message.routing_key, mandatory)
            header = frames.content_header(message, self._is_persistent(message))
        except frames.Unwritable as error:
            raise Unpublishable(str(error)) from error
        return Publish(message, mandatory, method, header, self._loop.create_future())

    def _is_persistent(self, message: QueueMessage) -> bool:
        return self._persistent or (
            message.exchange == DEFAULT_EXCHANGE and outlives_broker(message.routing_key)
        )

    def _method(self, exchange: str, routing_key: str, mandatory: bool) -> bytes:
        place = exchange, routing_key, mandatory
        method = self._methods.get(place)
        if method is None:
            if len(self._methods) >= _MAX_CACHED:
                self._methods.clear()
            method = frames.publish_method(PUBLISH_CHANNEL, *place)
            self._methods[place] = method
        return method

    def _admit(self, publish: Publish) -> None:
        if self._blocked is not None:
            raise BrokerAway(f"blocked by the broker: {self._blocked}")
        if self._channel is not None and not self._waiting and self._channel.has_room():
            self._channel.send(publish)
        elif len(self._waiting) < self._policy.waiting_publishes:
            self._waiting[publish] = None
            self._counts.publish_waiting = len(self._waiting)
        else:
            raise BrokerAway(f"{len(self._waiting)} publishes wait already")

    def up(self, tap: Tap, frame_max: int) -> "PublishChannel":
        """Publish through a channel of this connection from now on."""
        self._channel = PublishChannel(self, tap, frame_max, self._policy.publish_window)
        self.send_waiting()
        return self._channel

    def send_waiting(self) -> None:
        channel = self._channel
        while channel is not None and self._waiting and channel.has_room():
            publish = next(iter(self._waiting))
            del self._waiting[publish]
            if publish.is_wanted():
                channel.send(publish)
        self._counts.publish_waiting = len(self._waiting)

    def block(self, reason: str | None) -> None:
        """connection.blocked, or unblocked.

        The broker stops reading when the first publish comes after the alarm, and says so then.
        What waits fails at once; of what is on the wire the confirms that are under way still
        come, the rest lies in a socket nobody reads until the alarm is over.
        """
        if reason is None:
            log.info("The broker takes publishes again")
            self._unblock()
            return
        log.error("The broker takes no publishes: %s", reason)
        self._unblock()
        self._blocked = reason
        self._counts.blocked = True
        for publish in list(self._waiting):
            self._refuse(publish, reason)
        self._grace = self._loop.call_later(self._policy.blocked_grace_s, self._end_grace, reason)

    def _end_grace(self, reason: str) -> None:
        if self._channel is not None:
            for publish in self._channel.on_the_wire():
                self._refuse(publish, reason)

    def _refuse(self, publish: Publish, reason: str) -> None:
        publish.fail(BrokerAway(f"blocked by the broker: {reason}"))

    def _unblock(self) -> None:
        self._blocked = None
        self._counts.blocked = False
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    # -- for PublishChannel

    def lost(self, channel: "PublishChannel", on_the_wire: list[Publish], reason: str) -> None:
        """The channel is gone: what was on its wire goes first on the next one."""
        if self._channel is channel:
            self._channel = None
            self._unblock()
        for publish in on_the_wire:
            if publish.sent >= _MAX_SENT:
                publish.fail(BrokerAway(f"sent {publish.sent} times, and each time: {reason}"))
        again = {publish: None for publish in on_the_wire if publish.is_wanted()}
        for publish in again:
            self._mark(publish)
        self._waiting = {**again, **self._waiting}
        self._counts.publish_waiting = len(self._waiting)

    def _mark(self, publish: Publish) -> None:
        """Say that the broker may have it already: a submit must not be sent on both copies."""
        message = detours.again(publish.message, "published")
        try:
            publish.header = frames.content_header(message, self._is_persistent(message))
        except frames.Unwritable:  # no room for the mark
            return
        publish.message = message

    def sent(self, publish: Publish) -> None:
        publish.sent_at = self._loop.time()
        publish.sent += 1
        self._counts.republished += publish.sent > 1

    def confirmed(self, publish: Publish) -> None:
        took_s = self._loop.time() - publish.sent_at
        self._counts.confirms += 1
        self._counts.confirm_s.add(took_s)
        self._counts.confirm_s_max = max(self._counts.confirm_s_max, took_s)
        if not publish.returned:
            if publish.is_wanted():
                publish.confirmed.set_result(None)
            return
        message = publish.message
        publish.fail(Unroutable(f"{message.exchange}/{message.routing_key}"))


class PublishChannel:
    """A confirming channel: what is on its wire, by delivery tag."""

    def __init__(self, publisher: Publisher, tap: Tap, frame_max: int, window: int) -> None:
        self._publisher = publisher
        self._tap = tap
        self._frame_max = frame_max
        self._window = window
        self._on_the_wire: dict[int, Publish] = {}
        self._lowest = 1
        """No tag below it is on the wire."""
        self._next = 1
        self._content = ContentReader()
        self._returned: frames.Returned | None = None

    def on_the_wire(self) -> list[Publish]:
        """What is not confirmed yet, in the order it was sent."""
        return [self._on_the_wire[tag] for tag in sorted(self._on_the_wire)]

    def has_room(self) -> bool:
        return len(self._on_the_wire) < self._window

    def send(self, publish: Publish) -> None:
        if not frames.fits(publish.header, self._frame_max):
            size = len(publish.header)
            publish.fail(Unpublishable(f"header of {size} octets, frames of {self._frame_max}"))
            return
        self._on_the_wire[self._next] = publish
        self._next += 1
        self._publisher.sent(publish)
        body = publish.message.body
        self._tap.write(
            publish.method + frames.content(PUBLISH_CHANNEL, publish.header, body, self._frame_max)
        )

    def receive(self, kind: int, data: bytes, start: int, end: int) -> bool:
        if kind != frames.METHOD:
            return self._receive_returned(kind, data, start, end)
        match frames.read_method_id(data, start):
            case frames.BASIC_ACK:
                self._confirm(*frames.read_tag(data, start), taken=True)
            case frames.BASIC_NACK:
                self._confirm(*frames.read_tag(data, start), taken=False)
            case frames.BASIC_RETURN:
                self._returned = frames.read_return(data, start)
                self._content.expect()
            case _:
                return False
        return True

    def take_settled(self) -> bytes:
        return b""

    def lose(self, reason: str) -> None:
        on_the_wire = self.on_the_wire()
        self._on_the_wire.clear()
        self._publisher.lost(self, on_the_wire, reason)

    def _confirm(self, tag: int, bits: int, *, taken: bool) -> None:
        for confirmed in range(self._lowest, tag + 1) if bits & _MULTIPLE else (tag,):
            publish = self._on_the_wire.pop(confirmed, None)
            if publish is not None and taken:
                self._publisher.confirmed(publish)
            elif publish is not None:
                publish.fail(BrokerAway("refused by the broker (basic.nack)"))
        while self._lowest < self._next and self._lowest not in self._on_the_wire:
            self._lowest += 1
        self._publisher.send_waiting()

    def _receive_returned(self, kind: int, data: bytes, start: int, end: int) -> bool:
        if not self._content.is_expecting:
            return False
        content = self._content.take(kind, data, start, end)
        if content is not None and self._returned is not None:
            self._mark_returned(self._returned, *content)
        return True

    def _mark_returned(self, returned: frames.Returned, header: bytes, body: bytes) -> None:
        """Find the publish that came back: nothing in basic.return numbers it.

        Returns come in the order of publishing; of two publishes that are equal to the last
        octet it does not matter which one is meant.
        """
        for tag in sorted(self._on_the_wire):
            publish = self._on_the_wire[tag]
            message = publish.message
            if not publish.returned and (
                message.exchange,
                message.routing_key,
                message.body,
                publish.header,
            ) == (returned.exchange, returned.routing_key, body, header):
                publish.returned = True
                return
        log.error("A message came back that is not ours: %s", returned)

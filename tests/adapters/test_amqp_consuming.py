"""Deliveries and their settling, without a broker: each exactly once, acks batched."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_consuming import AmqpDelivery, ConsumeChannel
from jasmin_compat.adapters.amqp_policy import AmqpCounts
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Requeue
from jasmin_compat.ports import BrokerAway, DeliveryLost, QueueError, Unpublishable
from jasmin_compat.wire import detours
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


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_acks_in_order_are_one_frame(bench: Bench) -> None:
    deliveries = [bench.deliver() for _ in range(10)]
    for delivery in deliveries[:9]:
        await delivery.settle(Ack())
    bench.wire.end_of_turn()
    assert (bench.wire.acked, bench.wire.frames) == (list(range(1, 10)), 1)
    assert bench.wire.outstanding == [10]


async def test_a_single_ack_says_so(bench: Bench) -> None:
    await bench.deliver().settle(Ack())
    assert bench.channel.take_settled() == frames.ack(NUMBER, 1, multiple=False)


async def test_an_ack_never_takes_an_unfinished_neighbour_with_it(bench: Bench) -> None:
    deliveries = [bench.deliver() for _ in range(5)]
    for n in (1, 2, 4):
        await deliveries[n].settle(Ack())
    bench.wire.end_of_turn()
    assert bench.wire.outstanding == [1, 4]
    await deliveries[0].settle(Ack())
    bench.wire.end_of_turn()
    assert bench.wire.outstanding == [4]


@given(st.data())
def test_every_delivery_is_settled_exactly_once_whatever_the_order(data: st.DataObject) -> None:
    async def run() -> None:
        bench = Bench()
        open_: list[tuple[int, AmqpDelivery]] = []
        verdicts: dict[int, Ack | Requeue] = {}
        tag = 0
        for step in data.draw(st.lists(st.sampled_from("dddaarn"), max_size=60)):
            if step == "d":
                tag += 1
                open_.append((tag, bench.deliver()))
            elif step == "n":
                bench.wire.end_of_turn()
            elif open_:
                at = data.draw(st.integers(0, len(open_) - 1))
                settled, delivery = open_.pop(at)
                verdicts[settled] = Ack() if step == "a" else Requeue()
                await delivery.settle(verdicts[settled])
        bench.wire.end_of_turn()
        assert sorted(bench.wire.acked) == sorted(
            tag for tag, verdict in verdicts.items() if verdict == Ack()
        )
        assert sorted(bench.wire.requeued) == sorted(
            tag for tag, verdict in verdicts.items() if verdict == Requeue()
        )
        assert bench.channel.unsettled == len(open_)
        assert bench.channel.idle.is_set() == (not open_)

    asyncio.run(run())


async def test_a_delivery_is_read_off_its_frames(bench: Bench) -> None:
    bench.deliver(b"some octets")
    delivered, header, body = bench.owner.taken[0]
    assert delivered == frames.Delivered(1, False, "messaging", "submit.sm.c")
    assert frames.read_message("x", "k", header, body).body == b"some octets"


async def test_other_frames_are_left_to_aiormq(bench: Bench) -> None:
    octets = pamqp.frame.marshal(commands.Basic.CancelOk("t"), NUMBER)
    assert not bench.channel.receive(frames.METHOD, octets, 7, len(octets) - 1)
    assert not bench.channel.receive(frames.BODY, b"", 0, 0)


async def test_a_delayed_message_is_acked_after_its_copy_was_taken(bench: Bench) -> None:
    delivery = bench.deliver()
    bench.outlet.on_publish = lambda: pytest.fail("acked before") if bench.channel._acks else None
    await delivery.settle(Delay(30, (("x-jc-tries", "2"),)))
    bench.wire.end_of_turn()
    assert bench.wire.acked == [1]
    (copy,) = bench.outlet.copies
    assert copy.routing_key == "jasmin_compat.delay.30"
    assert detours.read_delayed(copy) == detours.Delayed(
        "submit.sm.c", 1_790_000_030.0, 1_790_000_030.0
    )
    assert copy.headers["x-jc-tries"] == "2"
    assert bench.outlet.counts.delayed == 1


async def test_a_dead_message_is_acked_after_its_copy_was_taken(bench: Bench) -> None:
    await bench.deliver().settle(Dead("no pickle"))
    bench.wire.end_of_turn()
    assert bench.wire.acked == [1]
    (copy,) = bench.outlet.copies
    assert (copy.routing_key, detours.why_dead(copy)[0]) == ("submit.sm.c.dead", "no pickle")
    assert bench.outlet.counts.dead == {"submit.sm.c": 1}


@pytest.mark.parametrize("verdict", [Delay(30), Dead("x")])
async def test_without_its_copy_a_message_is_requeued(bench: Bench, verdict: Delay | Dead) -> None:
    bench.outlet.error = QueueError("away")
    with pytest.raises(BrokerAway):
        await bench.deliver().settle(verdict)
    bench.wire.end_of_turn()
    assert (bench.wire.requeued, bench.wire.acked) == ([1], [])
    assert (bench.outlet.counts.delayed, bench.outlet.counts.dead) == (0, {})


@pytest.mark.parametrize("verdict", [Delay(30), Dead("x")])
async def test_what_cannot_be_copied_with_its_headers_is_kept_without(
    bench: Bench, verdict: Delay | Dead
) -> None:
    """It would come back for ever."""
    bench.outlet.error = Unpublishable("100020 octets")
    bench.outlet.is_writable = lambda message: "n" not in message.headers
    await bench.deliver().settle(verdict)
    bench.wire.end_of_turn()
    assert bench.wire.acked == [1]
    (letter,) = bench.outlet.copies
    assert (letter.routing_key, letter.body) == ("submit.sm.c.dead", b"body")
    assert detours.why_dead(letter)[0] == "kept without its headers: 100020 octets"
    assert (bench.outlet.counts.delayed, bench.outlet.counts.dead) == (0, {"submit.sm.c": 1})


async def test_a_message_whose_settling_is_cancelled_is_requeued(bench: Bench) -> None:
    bench.outlet.error = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await bench.deliver().settle(Delay(30))
    bench.wire.end_of_turn()
    assert bench.wire.requeued == [1]


# covers: W-AMQP-08
@pytest.mark.parametrize("verdict", [Ack(), Requeue(), Delay(1), Dead("x")])
async def test_what_came_on_a_lost_channel_can_not_be_settled(
    bench: Bench, verdict: Ack | Requeue | Delay | Dead
) -> None:
    delivery = bench.deliver()
    bench.channel.lose("reset by peer")
    with pytest.raises(DeliveryLost):
        await delivery.settle(verdict)
    bench.wire.end_of_turn()
    assert bench.wire.frames == 0
    assert bench.outlet.copies == []
    assert bench.outlet.counts.lost == 1


async def test_a_channel_lost_while_the_copy_was_taken_is_a_lost_delivery(bench: Bench) -> None:
    delivery = bench.deliver()
    bench.outlet.on_publish = lambda: bench.channel.lose("reset by peer")
    with pytest.raises(DeliveryLost):
        await delivery.settle(Delay(1))
    bench.wire.end_of_turn()
    assert bench.wire.frames == 0


async def test_acks_that_were_not_written_are_lost_with_the_channel(bench: Bench) -> None:
    await bench.deliver().settle(Ack())
    bench.channel.lose("reset by peer")
    bench.wire.end_of_turn()
    assert bench.wire.outstanding == [1]
    assert bench.owner.lost_channels == 1
    assert bench.wire.channels == {}


async def test_a_channel_is_idle_when_all_is_settled(bench: Bench) -> None:
    assert bench.channel.idle.is_set()
    first, second = bench.deliver(), bench.deliver()
    assert not bench.channel.idle.is_set()
    await first.settle(Ack())
    await second.settle(Requeue())
    assert bench.channel.idle.is_set()


async def test_a_delivery_given_back_is_requeued(bench: Bench) -> None:
    bench.deliver().give_back()
    bench.wire.end_of_turn()
    assert bench.wire.requeued == [1]


async def test_headers_of_a_verdict_replace_those_of_the_message(bench: Bench) -> None:
    delivery = bench.deliver()
    delivery.message = replace(delivery.message, headers={"x-jc-tries": "1", "n": 1})
    await delivery.settle(Delay(1, (("x-jc-tries", "2"),)))
    headers = bench.outlet.copies[0].headers
    assert (headers["x-jc-tries"], headers["n"]) == ("2", 1)

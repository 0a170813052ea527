"""A consumer's channel without a broker: deliveries off the wire, acks batched."""

import asyncio

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_delivery import AmqpDelivery
from jasmin_compat.gateway.messages import Ack, Requeue
from tests.adapters.consume_bench import NUMBER, Bench


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

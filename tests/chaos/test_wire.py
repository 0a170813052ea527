"""The wire of the chaos test: what it breaks, seen by a real AMQP client of a real broker."""

import asyncio
import random
from collections.abc import AsyncIterator

import aiormq
import pytest

from tests.chaos.wire import Frames, Wire, ack_of_nothing
from tests.services import RabbitMq

HEARTBEAT = b"\x08\0\0\0\0\0\0\xce"
CONSUME = b"\x01\0\x07\0\0\0\x06\0\x3c\0\x14..\xce"


def test_frames_are_followed_octet_by_octet_or_at_once() -> None:
    said = b"AMQP\0\0\x09\x01" + HEARTBEAT + CONSUME + HEARTBEAT
    for step in (1, 3, len(said)):
        frames = Frames()
        for at in range(0, len(said), step):
            frames.follow(said[at : at + step])
        assert frames.is_whole
        assert frames.channels == {7}
        frames.follow(HEARTBEAT[:-1])
        assert not frames.is_whole


def test_nothing_is_added_before_the_greeting_is_over() -> None:
    assert not Frames().is_whole


@pytest.fixture
async def wire(rabbitmq: RabbitMq) -> AsyncIterator[Wire]:
    wire = Wire(rabbitmq.port)
    await wire.open()
    yield wire
    await wire.close()


async def connect(wire: Wire) -> aiormq.Connection:
    return await aiormq.connect(f"amqp://guest:guest@127.0.0.1:{wire.port}/")


@pytest.mark.amqp
async def test_the_broker_closes_the_channel_and_the_connection_lives_on(wire: Wire) -> None:
    connection = await connect(wire)
    idle = await connection.channel(publisher_confirms=False)
    working = await connection.channel(publisher_confirms=True)
    assert wire.close_channel(random.Random(1)) == 1
    with pytest.raises(aiormq.ChannelPreconditionFailed, match="unknown delivery tag"):
        await working.closing
    assert not idle.is_closed
    await connection.close()


@pytest.mark.amqp
@pytest.mark.parametrize("seed", range(4))  # both ends
async def test_a_connection_is_reset_in_a_frame(wire: Wire, seed: int) -> None:
    connection = await connect(wire)
    channel = await connection.channel(publisher_confirms=True)
    assert wire.cut(random.Random(seed)) == 1
    with pytest.raises((aiormq.AMQPError, ConnectionError, asyncio.CancelledError, RuntimeError)):
        await channel.basic_publish(b"", routing_key="nowhere")
    assert connection.is_closed
    again = await connect(wire)  # the next one is not
    await again.close()


@pytest.mark.amqp
async def test_a_frozen_wire_passes_nothing_and_loses_nothing(wire: Wire) -> None:
    connection = await connect(wire)
    channel = await connection.channel(publisher_confirms=True)
    wire.freeze()
    asking = asyncio.create_task(channel.basic_publish(b"", routing_key="nowhere"))
    connecting = asyncio.create_task(connect(wire))
    done, _ = await asyncio.wait([asking, connecting], timeout=0.3)
    assert not done
    wire.thaw()
    await asyncio.wait_for(asking, 10)
    await (await asyncio.wait_for(connecting, 10)).close()
    await connection.close()


def test_the_frame_it_adds_is_an_ack_of_one_tag() -> None:
    assert (
        ack_of_nothing(7).hex() == "010007" + "0000000d" + "003c0050" + "1000000000000000" + "00ce"
    )

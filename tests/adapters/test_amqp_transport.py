"""What comes on a broker connection, cut into frames: hot ones to their channel, others on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pamqp.frame
import pytest
from pamqp import commands, heartbeat

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_transport import Tap, _TapProtocol


@dataclass
class Hot:
    """Takes acks and nothing else."""

    taken: list[tuple[int, int]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    to_write: bytes = b""

    def receive(self, kind: int, data: bytes, start: int, end: int) -> bool:
        if kind != frames.METHOD or frames.read_method_id(data, start) != frames.BASIC_ACK:
            return False
        self.taken.append(frames.read_tag(data, start))
        return True

    def take_settled(self) -> bytes:
        return self.to_write

    def lose(self, reason: str) -> None:
        self.lost.append(reason)


class Transport(asyncio.Transport):
    """Remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default


@dataclass
class Bench:
    tap: Tap
    reader: asyncio.StreamReader
    protocol: _TapProtocol
    transport: Transport
    hot: Hot
    blocked: list[str | None]

    def passed_on(self) -> bytes:
        return bytes(self.reader._buffer)  # type: ignore[attr-defined]


@pytest.fixture
async def bench() -> Bench:
    blocked: list[str | None] = []
    tap = Tap(on_blocked=blocked.append)
    reader = asyncio.StreamReader()
    protocol = _TapProtocol(reader, tap)
    transport = Transport()
    tap._transport = transport
    protocol.connection_made(transport)
    hot = Hot()
    tap.channels[3] = hot
    return Bench(tap, reader, protocol, transport, hot, blocked)


ACK = frames.ack(3, 7, multiple=False)
OTHER_ACK = frames.ack(4, 7, multiple=False)
BEAT = pamqp.frame.marshal(heartbeat.Heartbeat(), 0)
CANCEL_OK = pamqp.frame.marshal(commands.Basic.CancelOk("t"), 3)
STREAM = BEAT + ACK + CANCEL_OK + ACK + ACK + OTHER_ACK + BEAT


def whole(octets: bytes) -> list[bytes]:
    return [octets]


def one_by_one(octets: bytes) -> list[bytes]:
    return [octets[n : n + 1] for n in range(len(octets))]


def in_sevens(octets: bytes) -> list[bytes]:
    return [octets[n : n + 7] for n in range(0, len(octets), 7)]


@pytest.mark.parametrize("cut", [whole, one_by_one, in_sevens])
async def test_hot_frames_are_taken_and_the_others_passed_on(
    bench: Bench, cut: Callable[[bytes], list[bytes]]
) -> None:
    for octets in cut(STREAM):
        bench.protocol.data_received(octets)
    assert bench.hot.taken == [(7, 0)] * 3
    assert bench.passed_on() == BEAT + CANCEL_OK + OTHER_ACK + BEAT


async def test_an_unfinished_frame_waits_for_its_rest(bench: Bench) -> None:
    bench.protocol.data_received(BEAT + ACK + ACK[:5])
    assert (bench.hot.taken, bench.passed_on()) == ([(7, 0)], BEAT)
    bench.protocol.data_received(ACK[5:])
    assert len(bench.hot.taken) == 2


async def test_hot_frames_alone_count_as_a_heartbeat_now_and_then(bench: Bench) -> None:
    """aiormq would give up a connection on which it sees nothing for three minutes."""
    bench.protocol.data_received(ACK)
    assert bench.passed_on() == b""
    bench.protocol._fed_at -= 6
    bench.protocol.data_received(ACK)
    bench.protocol.data_received(ACK)
    assert bench.passed_on() == frames.HEARTBEAT_FRAME


async def test_what_the_connection_says_is_overheard_and_passed_on(bench: Bench) -> None:
    said = b"".join(
        pamqp.frame.marshal(method, 0)
        for method in (
            commands.Connection.Blocked("low on memory"),
            commands.Connection.Unblocked(),
            commands.Connection.Close(320, "CONNECTION_FORCED - bye", 0, 0),
        )
    )
    bench.protocol.data_received(said)
    assert bench.blocked == ["low on memory", None]
    assert bench.passed_on() == said
    bench.protocol.connection_lost(None)
    assert await bench.tap.lost == "320 CONNECTION_FORCED - bye"


async def test_a_lost_connection_is_told_to_its_channels(bench: Bench) -> None:
    bench.protocol.connection_lost(ConnectionResetError("reset by peer"))
    assert bench.hot.lost == ["reset by peer"]
    assert await bench.tap.lost == "reset by peer"
    assert bench.reader.exception() is not None


@pytest.mark.parametrize(
    "octets",
    [
        ACK[:-1] + b"\x00",
        b"\x05" + ACK[1:],
        b"\x01\x00\x03\xff\xff\xff\xff" + bytes(9),
    ],
    ids=["no frame end", "unknown kind", "too long"],
)
async def test_a_broken_stream_is_given_up(bench: Bench, octets: bytes) -> None:
    bench.protocol.data_received(octets)
    assert bench.transport.aborted
    bench.protocol.connection_lost(None)
    assert "broken frame" in await bench.tap.lost


async def test_a_broker_of_another_version_is_left_to_aiormq(bench: Bench) -> None:
    bench.protocol.data_received(b"AMQP\x00\x01\x00\x00")
    assert bench.passed_on() == b"AMQP\x00\x01\x00\x00"


async def test_what_is_written_in_one_turn_leaves_together(bench: Bench) -> None:
    bench.hot.to_write = b"settled"
    bench.tap.write(b"one ")
    bench.tap.remind(bench.hot)
    bench.tap.write(b"two ")
    assert bench.transport.written == []
    await asyncio.sleep(0)
    assert bench.transport.written == [b"one two settled"]
    bench.tap.write(b"three")
    bench.tap.flush()
    assert bench.transport.written == [b"one two settled", b"three"]
    await asyncio.sleep(0)
    assert len(bench.transport.written) == 2


async def test_after_an_abort_nothing_is_written(bench: Bench) -> None:
    bench.tap.abort("given up")
    bench.tap.write(b"late")
    bench.tap.flush()
    assert bench.transport.written == []
    bench.protocol.connection_lost(None)
    assert await bench.tap.lost == "given up"


async def test_a_number_that_is_taken_again_is_not_dropped_for_its_former_owner(
    bench: Bench,
) -> None:
    former = Hot()
    bench.tap.drop(3, former)
    assert bench.tap.channels == {3: bench.hot}
    bench.tap.drop(3, bench.hot)
    assert bench.tap.channels == {}

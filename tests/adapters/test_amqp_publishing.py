"""Publishing: confirms, the window, what waits, and what becomes of it when it breaks."""

import asyncio
from dataclasses import dataclass, field, replace

import pamqp.frame
import pytest
from pamqp import commands

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy, Durability
from jasmin_compat.adapters.amqp_publishing import PUBLISH_CHANNEL, PublishChannel, Publisher
from jasmin_compat.ports import BrokerAway, Unpublishable, Unroutable
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import HELD_DLRS
from tests.waiting import LONG_S

FRAME_MAX = 131072


@dataclass
class Wire:
    """Stands for the tap: what was published, by body."""

    written: list[bytes] = field(default_factory=list)

    def write(self, octets: bytes) -> None:
        self.written.append(octets)

    def bodies(self) -> list[str]:
        """Every message here has one body frame of one octet."""
        return [chr(octets[-2]) for octets in self.written]


@dataclass
class Bench:
    policy: AmqpPolicy
    counts: AmqpCounts
    publisher: Publisher
    tasks: asyncio.TaskGroup
    wire: Wire = field(default_factory=Wire)

    def up(self) -> PublishChannel:
        self.wire = Wire()
        return self.publisher.up(self.wire, FRAME_MAX)  # type: ignore[arg-type]

    def soon(self) -> float:
        return asyncio.get_running_loop().time() + LONG_S

    def publish(
        self, letter: str, *, key: str = "k", within_s: float = LONG_S
    ) -> "asyncio.Task[None]":
        deadline = asyncio.get_running_loop().time() + within_s
        return self.tasks.create_task(
            outcome(self.publisher.publish(message(letter, key), mandatory=True, deadline=deadline))
        )


async def outcome(publishing) -> str:  # type: ignore[no-untyped-def]
    try:
        await publishing
    except (BrokerAway, Unroutable) as error:
        return type(error).__name__
    return "confirmed"


def message(letter: str, key: str = "k") -> QueueMessage:
    return QueueMessage(exchange="messaging", routing_key=key, body=letter.encode())


@pytest.fixture
async def bench(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    policy = AmqpPolicy(**getattr(request, "param", {}))
    counts = AmqpCounts()
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        yield Bench(policy, counts, Publisher(policy, counts), tasks)


def receive(channel: PublishChannel, method: pamqp.base.Frame) -> bool:
    octets = pamqp.frame.marshal(method, PUBLISH_CHANNEL)
    return channel.receive(frames.METHOD, octets, 7, len(octets) - 1)


def ack(channel: PublishChannel, tag: int, *, multiple: bool = False) -> None:
    assert receive(channel, commands.Basic.Ack(tag, multiple))


def give_back(channel: PublishChannel, returned: QueueMessage) -> None:
    assert receive(
        channel,
        commands.Basic.Return(312, "NO_ROUTE", returned.exchange, returned.routing_key),
    )
    header = frames.content_header(returned, persistent=True)
    assert channel.receive(frames.HEADER, header, 0, len(header))
    assert channel.receive(frames.BODY, returned.body, 0, len(returned.body))


async def turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


# covers: W-AMQP-05
async def test_a_publish_is_over_when_it_is_confirmed(bench: Bench) -> None:
    channel = bench.up()
    first, second = bench.publish("a"), bench.publish("b")
    await turn()
    assert bench.wire.bodies() == ["a", "b"]
    ack(channel, 2)
    await turn()
    assert (first.done(), second.result()) == (False, "confirmed")
    ack(channel, 1)
    assert await first == "confirmed"
    assert bench.counts.confirms == 2


async def test_a_multiple_confirm_is_for_all_up_to_it(bench: Bench) -> None:
    channel = bench.up()
    waiting = [bench.publish(letter) for letter in "abcde"]
    await turn()
    ack(channel, 2)
    ack(channel, 4, multiple=True)
    await turn()
    assert [task.done() for task in waiting] == [True] * 4 + [False]
    ack(channel, 5, multiple=True)
    assert await waiting[4] == "confirmed"


async def test_the_broker_may_refuse(bench: Bench) -> None:
    channel = bench.up()
    refused = bench.publish("a")
    await turn()
    assert receive(channel, commands.Basic.Nack(1, False, False))
    assert await refused == "BrokerAway"
    assert (bench.counts.confirms, bench.counts.publish_failed) == (0, 1)


# covers: W-AMQP-05
async def test_a_returned_message_is_unroutable_at_its_confirm(bench: Bench) -> None:
    channel = bench.up()
    one, stray, other = bench.publish("a"), bench.publish("b", key="stray"), bench.publish("c")
    await turn()
    give_back(channel, message("b", "stray"))
    await turn()
    assert not stray.done()
    ack(channel, 3, multiple=True)
    assert [await one, await stray, await other] == ["confirmed", "Unroutable", "confirmed"]


async def test_of_equal_messages_one_return_means_one(bench: Bench) -> None:
    channel = bench.up()
    tasks = [bench.publish("a"), bench.publish("a"), bench.publish("b")]
    await turn()
    give_back(channel, message("a"))
    ack(channel, 3, multiple=True)
    assert sorted([await task for task in tasks]) == ["Unroutable", "confirmed", "confirmed"]


async def test_a_return_of_nothing_of_ours_changes_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    channel = bench.up()
    sent = bench.publish("a")
    await turn()
    give_back(channel, message("z"))
    ack(channel, 1)
    assert await sent == "confirmed"
    assert "not ours" in caplog.text


@pytest.mark.parametrize("bench", [{"publish_window": 2}], indirect=True)
async def test_what_the_window_does_not_hold_waits(bench: Bench) -> None:
    channel = bench.up()
    tasks = [bench.publish(letter) for letter in "abcd"]
    await turn()
    assert (bench.wire.bodies(), bench.counts.publish_waiting) == (["a", "b"], 2)
    ack(channel, 1)
    assert bench.wire.bodies() == ["a", "b", "c"]
    ack(channel, 3, multiple=True)
    assert bench.wire.bodies() == ["a", "b", "c", "d"]
    ack(channel, 4)
    assert [await task for task in tasks] == ["confirmed"] * 4


@pytest.mark.parametrize("bench", [{"waiting_publishes": 2}], indirect=True)
async def test_no_more_than_a_bound_wait_while_the_broker_is_away(bench: Bench) -> None:
    tasks = [bench.publish(letter) for letter in "abc"]
    assert await tasks[2] == "BrokerAway"
    assert bench.counts.publish_waiting == 2
    channel = bench.up()
    assert bench.wire.bodies() == ["a", "b"]
    ack(channel, 2, multiple=True)
    assert [await task for task in tasks[:2]] == ["confirmed"] * 2


async def test_waiting_has_an_end(bench: Bench) -> None:
    assert await bench.publish("a", within_s=0.01) == "BrokerAway"
    assert bench.counts.publish_waiting == 0
    assert bench.counts.publish_failed == 1


async def test_a_confirm_that_comes_too_late_is_for_nobody(bench: Bench) -> None:
    channel = bench.up()
    assert await bench.publish("a", within_s=0.01) == "BrokerAway"
    later = bench.publish("b")
    await turn()
    ack(channel, 1)
    await turn()
    assert not later.done()
    ack(channel, 2)
    assert await later == "confirmed"


async def test_a_publish_that_is_given_up_is_not_sent_any_more(bench: Bench) -> None:
    given_up, kept = bench.publish("a"), bench.publish("b")
    await turn()
    given_up.cancel()
    await turn()
    channel = bench.up()
    assert bench.wire.bodies() == ["b"]
    ack(channel, 1)
    assert await kept == "confirmed"


# covers: W-AMQP-03
async def test_what_was_on_the_wire_goes_first_on_the_next_one(bench: Bench) -> None:
    first = bench.up()
    tasks = [bench.publish(letter) for letter in "abc"]
    await turn()
    ack(first, 2)
    first.lose("reset by peer")
    tasks.append(bench.publish("d"))
    await turn()
    second = bench.up()
    assert bench.wire.bodies() == ["a", "c", "d"]
    assert bench.counts.republished == 2
    assert [b"x-jc-again" in octets for octets in bench.wire.written] == [True, True, False]
    ack(second, 3, multiple=True)
    assert [await task for task in tasks] == ["confirmed"] * 4


@pytest.mark.parametrize("bench", [{"durability": Durability.JASMIN}], indirect=True)
async def test_what_is_held_stays_persistent_on_the_next_one(bench: Bench) -> None:
    held = detours.straight_to(HELD_DLRS.queue, message("a"))
    publishing = bench.publisher.publish(held, mandatory=True, deadline=bench.soon())
    task = bench.tasks.create_task(outcome(publishing))
    first = bench.up()
    await turn()
    first.lose("reset by peer")
    second = bench.up()
    (frame,) = bench.wire.written
    header = frames.content_header(detours.again(held, "published"), persistent=True)
    assert header in frame
    ack(second, 1)
    assert await task == "confirmed"


async def test_what_breaks_every_channel_is_given_up(bench: Bench) -> None:
    poison = bench.publish("a")
    await turn()
    for _ in range(3):
        bench.up().lose("404 no exchange")
    later = bench.publish("b")
    assert await poison == "BrokerAway"
    channel = bench.up()
    assert bench.wire.bodies() == ["b"]
    ack(channel, 1)
    assert await later == "confirmed"


async def test_a_channel_lost_after_its_successor_came_changes_nothing(bench: Bench) -> None:
    former = bench.up()
    bench.up()
    former.lose("late news")
    sent = bench.publish("a")
    await turn()
    assert bench.wire.bodies() == ["a"]
    sent.cancel()


async def test_a_broker_that_blocks_is_refused_at_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = bench.publish("a")
    await turn()
    bench.publisher.block("low on memory")
    assert await waiting == "BrokerAway"
    assert await bench.publish("b") == "BrokerAway"
    assert bench.counts.blocked
    bench.publisher.block(None)
    channel = bench.up()
    after = bench.publish("c")
    await turn()
    ack(channel, 1)
    assert await after == "confirmed"
    assert not bench.counts.blocked
    assert "low on memory" in caplog.text


async def test_what_was_on_the_wire_when_the_broker_blocked_may_still_pass(bench: Bench) -> None:
    channel = bench.up()
    sent = bench.publish("a")
    await turn()
    bench.publisher.block("low on disk")
    ack(channel, 1)
    assert await sent == "confirmed"


@pytest.mark.parametrize("bench", [{"blocked_grace_s": 0.02}], indirect=True)
async def test_what_is_not_confirmed_soon_after_the_broker_blocked_is_refused(bench: Bench) -> None:
    """The broker reads it when the alarm is over: then its confirm is for nobody."""
    channel = bench.up()
    sent = [bench.publish(letter) for letter in "ab"]
    await turn()
    bench.publisher.block("low on memory")
    ack(channel, 1)
    assert [await outcome for outcome in sent] == ["confirmed", "BrokerAway"]
    bench.publisher.block(None)
    again = bench.publish("b")
    await turn()
    ack(channel, 2)
    ack(channel, 3)
    assert await again == "confirmed"
    assert (bench.counts.confirms, bench.counts.publish_failed) == (3, 1)


@pytest.mark.parametrize("bench", [{"blocked_grace_s": 0.02}], indirect=True)
async def test_an_alarm_that_ends_soon_refuses_nothing_on_the_wire(bench: Bench) -> None:
    channel = bench.up()
    sent = bench.publish("a")
    await turn()
    bench.publisher.block("low on memory")
    bench.publisher.block(None)
    await asyncio.sleep(0.04)
    assert not sent.done()
    ack(channel, 1)
    assert await sent == "confirmed"


async def test_a_lost_connection_ends_the_blocking(bench: Bench) -> None:
    channel = bench.up()
    bench.publisher.block("low on disk")
    channel.lose("reset by peer")
    sent = bench.publish("a")
    await turn()
    ack(bench.up(), 1)
    assert await sent == "confirmed"


async def test_other_frames_are_left_to_aiormq(bench: Bench) -> None:
    channel = bench.up()
    assert not receive(channel, commands.Channel.Close(404, "x", 60, 40))
    assert not channel.receive(frames.HEADER, b"", 0, 0)
    assert channel.take_settled() == b""


@pytest.mark.parametrize(("durability", "mode"), [("durable", 2), ("quorum", 2), ("jasmin", None)])
async def test_messages_are_persistent_unless_jasmins(
    durability: str, mode: int | None, bench: Bench
) -> None:
    policy = AmqpPolicy(durability=Durability(durability))
    bench.publisher = Publisher(policy, bench.counts)
    channel = bench.up()
    sent = bench.publish("a")
    await turn()
    (octets,) = bench.wire.written
    method_octets, _, _ = pamqp.frame.unmarshal(octets)
    _, _, header = pamqp.frame.unmarshal(octets[method_octets:])
    assert header.properties.delivery_mode == mode
    ack(channel, 1)
    await sent


async def test_a_message_that_cannot_be_written_is_refused_alone(bench: Bench) -> None:
    channel = bench.up()
    deadline = asyncio.get_running_loop().time() + LONG_S
    with pytest.raises(Unpublishable, match="256 octets"):
        await bench.publisher.publish(message("a", "k" * 256), mandatory=True, deadline=deadline)
    sent = bench.publish("b")
    await turn()
    ack(channel, 1)
    assert await sent == "confirmed"


async def test_many_keys_do_not_fill_the_memory(bench: Bench) -> None:
    channel = bench.up()
    tasks = [bench.publish("a", key=f"key{n}") for n in range(200)]
    await turn()
    ack(channel, 200, multiple=True)
    for n in range(200, 1100):
        bench.publisher._method("messaging", f"key{n}", True)
    assert len(bench.publisher._methods) <= 1000
    assert {await task for task in tasks} == {"confirmed"}


async def test_a_header_longer_than_the_brokers_frames_is_refused_alone(bench: Bench) -> None:
    """A broker may allow less than the usual 128 KiB."""
    channel = bench.publisher.up(bench.wire, 4096)  # type: ignore[arg-type]
    deadline = asyncio.get_running_loop().time() + LONG_S
    long = replace(message("a"), headers={"h": "x" * 4096})
    with pytest.raises(Unpublishable, match="header of 4122 octets, frames of 4096"):
        await bench.publisher.publish(long, mandatory=True, deadline=deadline)
    assert bench.wire.written == []
    sent = bench.publish("b")
    await turn()
    ack(channel, 1)
    assert await sent == "confirmed"

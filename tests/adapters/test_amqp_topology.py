"""What is declared on a real RabbitMQ, and what happens when it exists otherwise."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import aiormq
import pytest

from jasmin_compat.adapters.amqp import open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy, Durability
from jasmin_compat.adapters.amqp_topology import Topology
from jasmin_compat.gateway.messages import Dead
from jasmin_compat.ports import Binding, BrokerAway
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import DELAY_STEPS_S, HELD_DLRS, delay_queue
from tests.contracts.queue_contract import depth_becomes, take
from tests.services import RabbitMq
from tests.waiting import until


@pytest.fixture(scope="module")
def vhosts(rabbitmq: RabbitMq) -> Iterator[str]:
    names = [f"topology{n}" for n in range(20)]
    rabbitmq.add_vhosts(*names)
    return iter(names)


@pytest.fixture
def vhost(vhosts: Iterator[str]) -> str:
    """An empty virtual host: exchanges have fixed names."""
    return next(vhosts)


@pytest.fixture
async def third_party(rabbitmq: RabbitMq, vhost: str) -> AsyncIterator[aiormq.abc.AbstractChannel]:
    """A channel of another program."""
    connection = await aiormq.connect(f"{rabbitmq.url}{vhost}")
    yield await connection.channel()
    await connection.close()


BINDING = Binding(queue="submit.sm.c", exchange="messaging", routing_key="submit.sm.c")
MESSAGE = QueueMessage(exchange="messaging", routing_key="submit.sm.c", body=b"x")


def policy(rabbitmq: RabbitMq, vhost: str, durability: str = "durable") -> AmqpPolicy:
    return AmqpPolicy(port=rabbitmq.port, vhost=vhost, durability=Durability(durability))


async def declare(policy: AmqpPolicy, *bindings: Binding) -> AmqpCounts:
    """Declare, publish one message that has to be taken, say what was counted."""
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.wait_until_connected()
        await queues.declare(bindings)
        await queues.publish(MESSAGE)
        return queues.counts


def listed(
    rabbitmq: RabbitMq, vhost: str, what: str, *columns: str
) -> dict[str, dict[str, object]]:
    rows = json.loads(
        rabbitmq.ctl(f"list_{what}", "-p", vhost, "--formatter", "json", "name", *columns)
    )
    return {row.pop("name"): row for row in rows}


# covers: W-AMQP-06
@pytest.mark.amqp
@pytest.mark.parametrize(
    ("durability", "durable", "queue_type"),
    [("durable", True, "classic"), ("quorum", True, "quorum"), ("jasmin", False, "classic")],
)
async def test_objects_are_as_durable_as_the_policy_says(
    rabbitmq: RabbitMq, vhost: str, durability: str, durable: bool, queue_type: str
) -> None:
    counts = await declare(policy(rabbitmq, vhost, durability), BINDING)
    exchanges = listed(rabbitmq, vhost, "exchanges", "durable", "type")
    queues = listed(rabbitmq, vhost, "queues", "durable", "type")
    assert exchanges["messaging"] == {"durable": durable, "type": "topic"}
    assert queues["submit.sm.c"] == {"durable": durable, "type": queue_type}
    assert counts.declared_otherwise == 0


@pytest.mark.amqp
async def test_what_waits_lies_in_ordinary_queues(rabbitmq: RabbitMq, vhost: str) -> None:
    """Without a TTL or an exchange for dead letters: what such a queue lets go has an x-death, an
    array, and a Jasmin daemon drops its connection over it."""
    rungs = [delay_queue(step_s) for step_s in DELAY_STEPS_S]
    connecting = open_amqp_queues(policy(rabbitmq, vhost), clock=SystemClock(), jitter=lambda: 0.5)
    async with connecting as queues:

        async def are_there() -> bool:
            return None not in [await queues.look(rung) for rung in rungs]

        await until(are_there)
    seen = listed(rabbitmq, vhost, "queues", "durable", "arguments", "policy")
    assert DELAY_STEPS_S == (1, 2, 5, 10, 30, 60, 180, 300)
    assert [seen[rung] for rung in rungs] == [
        {"durable": True, "arguments": [], "policy": ""} for _ in rungs
    ]


@pytest.mark.amqp
async def test_what_exists_otherwise_is_said_once_and_used(
    rabbitmq: RabbitMq,
    vhost: str,
    third_party: aiormq.abc.AbstractChannel,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await third_party.exchange_declare("messaging", exchange_type="topic")
    await third_party.queue_declare("submit.sm.c")
    with caplog.at_level(logging.WARNING, "jasmin-amqp-factory"):
        for _ in range(2):
            counts = await declare(policy(rabbitmq, vhost), BINDING)
    assert counts.declared_otherwise == 1
    warnings = [r.getMessage() for r in caplog.records]
    assert len(warnings) == 2  # one for each time
    assert all("Using exchange messaging as it is: PRECONDITION_FAILED" in w for w in warnings)
    queues = listed(rabbitmq, vhost, "queues", "durable", "messages")
    assert queues["submit.sm.c"] == {"durable": False, "messages": 2}


@pytest.mark.amqp
@pytest.mark.parametrize("ours", ["durable", "quorum"])
async def test_beside_a_transient_exchange_new_queues_are_transient(
    rabbitmq: RabbitMq, vhost: str, third_party: aiormq.abc.AbstractChannel, ours: str
) -> None:
    """Else the next Jasmin daemon that declares them gets the 406."""
    await third_party.exchange_declare("messaging", exchange_type="topic")
    await declare(policy(rabbitmq, vhost, ours), BINDING)
    queues = listed(rabbitmq, vhost, "queues", "durable")
    assert queues["submit.sm.c"] == {"durable": False}
    assert queues["jasmin_compat.delay.1"] == {"durable": True}  # Jasmin does not declare those
    await third_party.queue_declare("submit.sm.c")


@pytest.mark.amqp
@pytest.mark.parametrize("ours", ["durable", "jasmin"])
async def test_a_queue_of_other_durability_is_used_as_it_is(
    rabbitmq: RabbitMq, vhost: str, third_party: aiormq.abc.AbstractChannel, ours: str
) -> None:
    await third_party.exchange_declare(
        "messaging", exchange_type="topic", durable=ours == "durable"
    )
    await third_party.queue_declare("submit.sm.c", durable=ours == "jasmin")
    counts = await declare(policy(rabbitmq, vhost, ours), BINDING)
    assert counts.declared_otherwise == 1
    assert listed(rabbitmq, vhost, "queues", "messages")["submit.sm.c"] == {"messages": 1}


@pytest.mark.amqp
async def test_dead_letters_are_bounded(rabbitmq: RabbitMq, vhost: str) -> None:
    bounded = AmqpPolicy(port=rabbitmq.port, vhost=vhost, dead_max_messages=2)
    async with open_amqp_queues(bounded, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.declare([BINDING])
        for _ in range(3):
            await queues.publish(MESSAGE)
        async with queues.consume("submit.sm.c", consumer_tag="t", prefetch=1) as deliveries:
            for _ in range(3):
                await (await take(deliveries)).settle(Dead("x"))
        await depth_becomes(queues, "submit.sm.c.dead", 2)
        assert queues.counts.dead == {"submit.sm.c": 3}


# covers: W-DLR-16
@pytest.mark.amqp
@pytest.mark.parametrize("durability", ["durable", "jasmin", "quorum"])
async def test_what_is_held_survives_the_broker_whatever_the_durability(
    rabbitmq: RabbitMq, vhost: str, durability: str
) -> None:
    bounded = replace(policy(rabbitmq, vhost, durability), held_max_messages=2)
    async with open_amqp_queues(bounded, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.declare([BINDING, HELD_DLRS])
        for body in (b"first", b"second"):
            await queues.publish(detours.straight_to(HELD_DLRS.queue, replace(MESSAGE, body=body)))
        await depth_becomes(queues, HELD_DLRS.queue, 2)
        seen = listed(rabbitmq, vhost, "queues", "durable", "messages_persistent")
        persistent = "" if durability == "quorum" else 2  # they tell nothing: it always is
        assert seen[HELD_DLRS.queue] == {"durable": True, "messages_persistent": persistent}
        assert queues.counts.declared_otherwise == 0


@pytest.mark.amqp
async def test_a_full_holding_queue_takes_no_more(rabbitmq: RabbitMq, vhost: str) -> None:
    bounded = replace(policy(rabbitmq, vhost, "jasmin"), held_max_messages=2)
    async with open_amqp_queues(bounded, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.declare([HELD_DLRS])
        for body in (b"first", b"second"):
            await queues.publish(detours.straight_to(HELD_DLRS.queue, replace(MESSAGE, body=body)))
        with pytest.raises(BrokerAway, match="refused"):
            await queues.publish(detours.straight_to(HELD_DLRS.queue, MESSAGE))
        async with queues.consume(HELD_DLRS.queue, consumer_tag="t", prefetch=2) as deliveries:
            assert [(await take(deliveries)).message.body for _ in range(2)] == [
                b"first",
                b"second",
            ]


@dataclass
class Broker:
    """As much of a Live as decides arguments."""

    broker_version: str


@pytest.mark.parametrize(
    ("version", "limit"),
    [("3.10.8", {}), ("3.13.7", {}), ("4.0.5", {"x-delivery-limit": -1}), ("", {})],
)
async def test_deliveries_of_quorum_queues_are_not_limited(
    version: str, limit: dict[str, int]
) -> None:
    """RabbitMQ 4 limits them to 20, older ones do not take -1."""
    topology = Topology(AmqpPolicy(durability=Durability.QUORUM), AmqpCounts())
    arguments = topology._arguments("submit.sm.c", True, Broker(version))  # type: ignore[arg-type]
    assert arguments == {"x-queue-type": "quorum", **limit}


async def test_what_feeds_a_queue_and_what_takes_a_key_is_known() -> None:
    topology = Topology(AmqpPolicy(), AmqpCounts())
    lookup = Binding(queue="DLRLookup-main", exchange="messaging", routing_key="dlr.*")
    topology.add([BINDING, lookup])
    assert topology.all() == [BINDING, lookup]
    assert topology.of_queue("DLRLookup-main") == [lookup]
    assert topology.of_key("messaging", "dlr.deliver_sm") == [lookup]
    assert topology.of_key("messaging", "dlr_thrower.http") == []
    assert topology.of_key("", "submit.sm.c") == [BINDING]
    assert topology.of_queue("somebody else's") == []


@pytest.mark.parametrize("queue", ["jasmin_compat.delay.300", "submit.sm.c.dead"])
async def test_our_own_queues_need_nobody_to_name_them(queue: str) -> None:
    topology = Topology(AmqpPolicy(), AmqpCounts())
    assert topology.of_queue(queue) == [Binding(queue=queue, exchange="", routing_key=queue)]
    assert topology.of_key("", queue) == topology.of_queue(queue)

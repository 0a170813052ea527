"""A site of transient queues becomes durable, with what is in them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiormq
import pytest

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_migration import CannotMigrate, Migration, SiteFound
from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability
from jasmin_compat.gateway.messages import Ack, Dead, Delay
from jasmin_compat.ports import Binding
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import (
    BATCH_MESSAGES,
    DLR_THROWER,
    ROUTER_BILLS,
    lookup_binding,
    submit_binding,
)
from jasmin_compat.wire.detours import read_delayed, why_dead
from tests.adapters.test_amqp_topology import listed
from tests.contracts.queue_contract import take
from tests.services import RabbitMq

pytestmark = pytest.mark.amqp

SUBMIT = submit_binding("c")
MAIN, OTHER = lookup_binding("main"), lookup_binding("other")
BINDINGS = [SUBMIT, MAIN, OTHER, DLR_THROWER, ROUTER_BILLS, BATCH_MESSAGES]


def message(exchange: str, key: str, n: int) -> QueueMessage:
    return QueueMessage(
        exchange=exchange,
        routing_key=key,
        body=str(n).encode(),
        message_id=f"m{n}",
        headers={"n": n, "pickle": b"\x80\x02N.", "text": "t"},
        reply_to="r",
        priority=1,
    )


SENT = {
    "submit.sm.c": [message("messaging", "submit.sm.c", n) for n in range(20)],
    "DLRLookup-main": [
        message("messaging", ("dlr.submit_sm_resp", "dlr.deliver_sm")[n % 2], n) for n in range(9)
    ],
    "dlr_thrower": [message("messaging", "dlr_thrower.http", 0)],
    "RouterPB_bill_request_submit_sm_resp_all": [
        message("billing", "bill_request.submit_sm_resp.u", 0)
    ],
    "jasmin_compat.batch": [message("", "jasmin_compat.batch", n) for n in range(3)],
}
SENT["DLRLookup-other"] = SENT["DLRLookup-main"]


@pytest.fixture(scope="module")
def vhosts(rabbitmq: RabbitMq) -> Iterator[str]:
    names = [f"migration{n}" for n in range(20)]
    rabbitmq.add_vhosts(*names)
    return iter(names)


@pytest.fixture
def vhost(vhosts: Iterator[str]) -> str:
    """An empty virtual host: exchanges have fixed names."""
    return next(vhosts)


@pytest.fixture
async def site(rabbitmq: RabbitMq, vhost: str) -> AmqpPolicy:
    """A site as Jasmin leaves it; its policy says that it shall be durable."""
    policy = AmqpPolicy(port=rabbitmq.port, vhost=vhost, delays=False)
    async with opened(replace(policy, durability=Durability.JASMIN)) as queues:
        await queues.wait_until_connected()
        await queues.declare(BINDINGS)
        for sent in (SENT[queue] for queue in SENT if queue != "DLRLookup-other"):
            for one in sent:
                await queues.publish(one)
    return policy


def opened(policy: AmqpPolicy):  # type: ignore[no-untyped-def]
    return open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5)


async def migrate(
    policy: AmqpPolicy, *, force: bool = False, further: tuple[str, ...] = ()
) -> list[str]:
    said: list[str] = []
    async with opened(policy) as queues:
        migration = Migration(
            await queues.control(), queues.topology, policy.durability, say=said.append
        )
        await migration.run(await migration.look(BINDINGS, further), force=force)
    return said


async def plan(policy: AmqpPolicy, *further: str) -> SiteFound:
    async with opened(policy) as queues:
        live = await queues.control()
        migration = Migration(live, queues.topology, policy.durability, say=lambda _: None)
        return await migration.look(BINDINGS, further)


async def contents(policy: AmqpPolicy) -> dict[str, list[QueueMessage]]:
    async with opened(policy) as queues:
        return {queue: await all_of(queues, queue) for queue in SENT}


async def all_of(queues: AmqpQueues, queue: str) -> list[QueueMessage]:
    found = []
    count = await queues.depth(queue)
    async with queues.consume(queue, consumer_tag="t", prefetch=100) as deliveries:
        for _ in range(count):
            delivery = await take(deliveries)
            found.append(delivery.message)
            await delivery.settle(Ack())
    return found


@pytest.fixture
async def third_party(rabbitmq: RabbitMq, vhost: str) -> AsyncIterator[aiormq.abc.AbstractChannel]:
    connection = await aiormq.connect(f"{rabbitmq.url}{vhost}")
    yield await connection.channel()
    await connection.close()


# covers: W-AMQP-06
async def test_queues_become_durable_and_lose_nothing(rabbitmq: RabbitMq, site: AmqpPolicy) -> None:
    said = await migrate(site)
    queues = listed(rabbitmq, site.vhost, "queues", "durable", "messages", "messages_persistent")
    assert queues == {
        queue: {"durable": True, "messages": len(sent), "messages_persistent": len(sent)}
        for queue, sent in SENT.items()
    }
    exchanges = listed(rabbitmq, site.vhost, "exchanges", "durable")
    assert exchanges["messaging"] == exchanges["billing"] == {"durable": True}
    assert said[:2] == ["exchange messaging: made anew", "exchange billing: made anew"]
    assert "queue submit.sm.c: made anew, 20 messages before, 20 after" in said
    assert await contents(site) == SENT


async def test_what_was_moved_may_have_been_had_before(site: AmqpPolicy) -> None:
    """A submit that was sent and recorded, and not acked, is asked for and not sent again."""
    await migrate(site)
    async with (
        opened(site) as queues,
        queues.consume("submit.sm.c", consumer_tag="t", prefetch=1) as deliveries,
    ):
        delivery = await take(deliveries)
        assert delivery.redelivered
        await delivery.settle(Ack())


async def test_afterwards_everything_is_bound(site: AmqpPolicy) -> None:
    await migrate(site)
    async with opened(site) as queues:
        await queues.publish(message("messaging", "dlr.deliver_sm", 99))
        assert await queues.depth("DLRLookup-main") == await queues.depth("DLRLookup-other") == 10
        await queues.publish(message("billing", "bill_request.submit_sm_resp.u", 99))
        assert queues.counts.returned == 0


async def test_done_again_it_changes_nothing(site: AmqpPolicy) -> None:
    await migrate(site)
    assert await migrate(site) == []
    assert await contents(site) == SENT


async def test_an_empty_broker_gets_what_it_needs(rabbitmq: RabbitMq, vhost: str) -> None:
    policy = AmqpPolicy(port=rabbitmq.port, vhost=vhost, delays=False)
    assert await migrate(policy) == []
    queues = listed(rabbitmq, vhost, "queues", "durable")
    assert queues == {queue: {"durable": True} for queue in SENT}


async def test_back_to_jasmins_ways(rabbitmq: RabbitMq, site: AmqpPolicy) -> None:
    await migrate(site)
    await migrate(replace(site, durability=Durability.JASMIN))
    queues = listed(rabbitmq, site.vhost, "queues", "durable", "messages")
    assert queues == {q: {"durable": False, "messages": len(s)} for q, s in SENT.items()}
    assert await contents(replace(site, durability=Durability.JASMIN)) == SENT


async def test_to_quorum_queues(rabbitmq: RabbitMq, site: AmqpPolicy) -> None:
    quorum = replace(site, durability=Durability.QUORUM)
    await migrate(site)
    await migrate(quorum)
    queues = listed(rabbitmq, site.vhost, "queues", "type")
    assert queues == {queue: {"type": "quorum"} for queue in SENT}
    assert await contents(quorum) == SENT


async def test_while_somebody_consumes_it_refuses(
    site: AmqpPolicy, third_party: aiormq.abc.AbstractChannel
) -> None:
    async def ignore(_: object) -> None: ...

    await third_party.basic_qos(prefetch_count=1)
    await third_party.basic_consume("dlr_thrower", ignore)
    with pytest.raises(CannotMigrate, match="dlr_thrower has 1 consumers"):
        await migrate(site)


async def test_while_others_are_bound_it_refuses_and_changes_nothing(
    rabbitmq: RabbitMq, site: AmqpPolicy, third_party: aiormq.abc.AbstractChannel
) -> None:
    await third_party.queue_declare("tap", durable=True)
    await third_party.queue_bind("tap", "messaging", "submit.sm.*")
    with pytest.raises(CannotMigrate, match="Others are bound to it"):
        await migrate(site)
    assert listed(rabbitmq, site.vhost, "exchanges", "durable")["messaging"] == {"durable": False}
    async with opened(site) as queues:
        await queues.declare(BINDINGS)
        await queues.publish(message("messaging", "dlr_thrower.http", 1))
    found = await contents(site)
    assert found == {**SENT, "dlr_thrower": [*SENT["dlr_thrower"], found["dlr_thrower"][-1]]}


async def test_told_to_it_leaves_the_others_behind(
    rabbitmq: RabbitMq, site: AmqpPolicy, third_party: aiormq.abc.AbstractChannel
) -> None:
    await third_party.queue_declare("tap", durable=True)
    await third_party.queue_bind("tap", "messaging", "submit.sm.*")
    await migrate(site, force=True)
    queues = listed(rabbitmq, site.vhost, "queues", "durable", "messages")
    assert queues.pop("tap") == {"durable": True, "messages": 0}
    assert queues == {q: {"durable": True, "messages": len(s)} for q, s in SENT.items()}


async def test_a_look_changes_nothing_and_says_everything(
    rabbitmq: RabbitMq, site: AmqpPolicy
) -> None:
    everything = ("durable", "messages", "arguments")
    before = listed(rabbitmq, site.vhost, "queues", *everything)
    found = await plan(site, "jasmin_compat.delay.5")
    assert not found.is_as_wanted
    assert found.lines()[:3] == [
        "exchange messaging: to be made anew (durable is false, wanted true); what others bound, "
        "they bind again",
        "exchange billing: to be made anew (durable is false, wanted true); what others bound, "
        "they bind again",
        "queue submit.sm.c: to be made anew (durable is false, wanted true); 20 messages, "
        "0 consumers",
    ]
    assert listed(rabbitmq, site.vhost, "queues", *everything) == before
    assert listed(rabbitmq, site.vhost, "exchanges", "durable")["messaging"] == {"durable": False}
    await migrate(site)
    found = await plan(site)
    assert found.is_as_wanted
    assert "queue submit.sm.c: as wanted; 20 messages, 0 consumers" in found.lines()


async def test_on_an_empty_broker_a_look_declares_nothing(rabbitmq: RabbitMq, vhost: str) -> None:
    found = await plan(AmqpPolicy(port=rabbitmq.port, vhost=vhost, delays=False))
    assert found.lines() == [f"queue {binding.queue}: to be declared" for binding in BINDINGS]
    assert listed(rabbitmq, vhost, "queues") == {}
    assert "messaging" not in listed(rabbitmq, vhost, "exchanges")


async def test_delayed_and_dead_messages_are_moved_where_they_are_otherwise(
    rabbitmq: RabbitMq, site: AmqpPolicy
) -> None:
    """As `durability: jasmin` leaves them. Their marks of the detour stay on them."""
    further = ("jasmin_compat.delay.5", "submit.sm.c.dead")
    as_jasmin = replace(site, durability=Durability.JASMIN)
    async with opened(as_jasmin) as queues:
        await queues.declare(BINDINGS)
        async with queues.consume("submit.sm.c", consumer_tag="t", prefetch=2) as deliveries:
            await (await take(deliveries)).settle(Dead("why"))
            await (await take(deliveries)).settle(Delay(4))
    await migrate(site, further=(*further, "jasmin_compat.delay.10"))
    queues = listed(rabbitmq, site.vhost, "queues", "durable", "messages")
    assert {name: queues[name] for name in further} == {
        name: {"durable": True, "messages": 1} for name in further
    }
    assert "jasmin_compat.delay.10" not in queues
    async with opened(site) as again:
        [dead] = await all_of(again, "submit.sm.c.dead")
        assert why_dead(dead)[0] == "why"
        [delayed] = await all_of(again, "jasmin_compat.delay.5")
        assert read_delayed(delayed).to == "submit.sm.c"
        assert (dead.exchange, dead.routing_key) == ("messaging", "submit.sm.c")


async def test_what_differs_in_something_else_is_left_as_it_is(
    rabbitmq: RabbitMq, site: AmqpPolicy
) -> None:
    async with opened(replace(site, dead_max_messages=3)) as queues:
        await queues.topology.declare(
            await queues.control(),
            [Binding(queue="submit.sm.c.dead", exchange="", routing_key="submit.sm.c.dead")],
        )
    said = await migrate(site, further=("submit.sm.c.dead",))
    assert "queue submit.sm.c.dead: left as it is (x-max-length is 3, wanted 10000)" in [
        line.replace("the value ", "").replace("' of type 'signedint", "").replace("'", "")
        for line in said
    ]


async def test_from_quorum_queues_and_back(rabbitmq: RabbitMq, site: AmqpPolicy) -> None:
    quorum = replace(site, durability=Durability.QUORUM)
    await migrate(quorum)
    for durability, kind in ((Durability.DURABLE, True), (Durability.JASMIN, False)):
        await migrate(quorum)
        await migrate(replace(site, durability=durability))
        queues = listed(rabbitmq, site.vhost, "queues", "type", "durable", "messages")
        assert queues == {
            q: {"type": "classic", "durable": kind, "messages": len(s)} for q, s in SENT.items()
        }
    assert await contents(replace(site, durability=Durability.JASMIN)) == SENT


async def test_messages_that_come_or_go_meanwhile_are_an_error(
    site: AmqpPolicy, third_party: aiormq.abc.AbstractChannel
) -> None:
    async with opened(site) as queues:
        migration = Migration(
            await queues.control(), queues.topology, site.durability, say=lambda _: None
        )
        found = await migration.look(BINDINGS)
        await third_party.basic_get("dlr_thrower", no_ack=True)
        with pytest.raises(CannotMigrate, match="dlr_thrower had 1 messages and has 0"):
            await migration.run(found, force=False)

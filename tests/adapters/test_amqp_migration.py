"""A site of transient queues becomes durable, with what is in them."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace

import aiormq
import pytest

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_migration import CannotMigrate, Migration
from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability
from jasmin_compat.adapters.amqp_topology import Scratch
from jasmin_compat.flows.queue_admin import move
from jasmin_compat.gateway.messages import Ack
from jasmin_compat.ports import BrokerAway
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import (
    BATCH_MESSAGES,
    DLR_THROWER,
    HELD_DLRS,
    ROUTER_BILLS,
    aside_queue,
    lookup_binding,
    submit_binding,
)
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
    names = [f"migration{n}" for n in range(13)]
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


async def migrate(policy: AmqpPolicy, *, force: bool = False, moving=move) -> list[str]:  # type: ignore[no-untyped-def]
    said: list[str] = []
    async with opened(policy) as queues:
        scratch = Scratch(await queues.control())
        await Migration(queues, scratch, move=moving, say=said.append).run(BINDINGS, force=force)
    return said


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


AS_SENT = {**SENT, "submit.sm.c": [replace(m, exchange="") for m in SENT["submit.sm.c"]]}
"""Nobody looks at the exchange of these; so no tap gets a second copy."""


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
    assert "queue submit.sm.c: made anew, with 20 messages" in said
    assert await contents(site) == AS_SENT


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
    assert await contents(site) == AS_SENT


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
    assert await contents(replace(site, durability=Durability.JASMIN)) == AS_SENT


async def test_to_quorum_queues(rabbitmq: RabbitMq, site: AmqpPolicy) -> None:
    quorum = replace(site, durability=Durability.QUORUM)
    await migrate(site)
    await migrate(quorum)
    queues = listed(rabbitmq, site.vhost, "queues", "type")
    assert queues == {queue: {"type": "quorum"} for queue in SENT}
    assert await contents(quorum) == AS_SENT


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


async def test_broken_off_it_goes_on_from_there(rabbitmq: RabbitMq, site: AmqpPolicy) -> None:
    moves = 0

    async def breaking(
        queues: AmqpQueues,
        source: str,
        ways: Callable[[QueueMessage], Sequence[QueueMessage]],
    ) -> int:
        nonlocal moves
        moves += 1
        if moves == 3:
            raise BrokerAway("just now")
        return await move(queues, source, ways)

    with pytest.raises(BrokerAway):
        await migrate(site, moving=breaking)
    assert aside_queue("submit.sm.c") in listed(rabbitmq, site.vhost, "queues")
    await migrate(site)
    queues = listed(rabbitmq, site.vhost, "queues", "durable", "messages")
    assert queues == {q: {"durable": True, "messages": len(s)} for q, s in SENT.items()}
    assert await contents(site) == AS_SENT


# covers: W-DLR-16
async def test_what_is_held_stays_held(rabbitmq: RabbitMq, vhost: str) -> None:
    """Its first routing key is that of dlr_thrower, which must not get it."""
    durable = AmqpPolicy(port=rabbitmq.port, vhost=vhost, delays=False)
    receipts = [message("messaging", "dlr_thrower.smpps", n) for n in range(3)]
    bindings = [DLR_THROWER, HELD_DLRS]
    async with opened(durable) as queues:
        await queues.wait_until_connected()
        await queues.declare(bindings)
        for receipt in receipts:
            await queues.publish(detours.straight_to(HELD_DLRS.queue, receipt))
    async with opened(replace(durable, durability=Durability.QUORUM)) as queues:
        scratch = Scratch(await queues.control())
        await Migration(queues, scratch, move=move, say=str).run(bindings, force=False)
        assert listed(rabbitmq, vhost, "queues", "type")[HELD_DLRS.queue] == {"type": "quorum"}
        assert await all_of(queues, HELD_DLRS.queue) == receipts
        assert await queues.depth(DLR_THROWER.queue) == 0

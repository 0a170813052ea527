"""`jasmin-compat migrate-broker --apply` killed at any moment: nothing is lost or doubled."""

import asyncio
import itertools
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiormq
import pytest
from aiormq.abc import AbstractChannel, DeliveredMessage

from jasmin_compat.wire.amqp_names import aside_queue
from tests.adapters.test_amqp_topology import listed
from tests.daemons.broker_site import settings_arguments
from tests.services import RabbitMq
from tests.tcp_tap import TcpTap, tcp_tap
from tests.waiting import until

pytestmark = [pytest.mark.amqp, pytest.mark.process, pytest.mark.timeout(300)]

VHOST = "migrate-kills"
SUBMIT, LOOKUP = "submit.sm.carrier", "DLRLookup-main"
MESSAGES = 2000
KILLS = 5
Raw = tuple[str, str | None, bytes, str]
"""Routing key, message-id, body, headers and what else was said of it."""


@asynccontextmanager
async def channel(rabbitmq: RabbitMq) -> AsyncIterator[AbstractChannel]:
    connection = await aiormq.connect(f"{rabbitmq.url}{VHOST}")
    yield await connection.channel(publisher_confirms=False)
    await connection.close()


async def fill(rabbitmq: RabbitMq) -> None:
    """As Jasmin leaves it, and with what others put into headers and properties."""
    async with channel(rabbitmq) as theirs:
        await theirs.exchange_declare("messaging", exchange_type="topic")
        for queue, key in ((SUBMIT, SUBMIT), (LOOKUP, "dlr.*")):
            await theirs.queue_declare(queue)
            await theirs.queue_bind(queue, "messaging", key)
        for n in range(MESSAGES):
            key = (SUBMIT, "dlr.submit_sm_resp", "dlr.deliver_sm")[n % 3]
            properties = aiormq.spec.Basic.Properties(
                message_id=f"m{n}",
                reply_to="submit.sm.resp.carrier" if n % 3 == 0 else None,
                priority=n % 4,
                content_type="text/plain" if n % 7 == 0 else None,
                correlation_id="c" if n % 11 == 0 else None,
                delivery_mode=2 if n % 5 == 0 else None,
                headers={
                    "n": n,
                    "pickle": bytearray(b"\x80\x02N.\xff"),
                    "x-death": [{"count": n, "reason": "expired"}],
                },
            )
            body = b"" if n % 13 == 0 else n.to_bytes(4, "big") * (n % 100 + 1)
            await theirs.basic_publish(
                body, exchange="messaging", routing_key=key, properties=properties
            )
        await theirs.basic_qos(prefetch_count=1)  # answered after all of them


async def contents(rabbitmq: RabbitMq, queue: str) -> Counter[Raw]:
    """What is in it, as the broker has it; the end of the connection puts all back."""
    found: Counter[Raw] = Counter()

    async def take(got: DeliveredMessage) -> None:
        said = dict(got.header.properties)
        said.pop("delivery_mode", None)
        found[str(got.routing_key), said.pop("message_id"), bytes(got.body), repr(said)] += 1

    async with channel(rabbitmq) as theirs:
        count = (await theirs.queue_declare(queue, passive=True)).message_count or 0
        await theirs.basic_consume(queue, take)
        await until(lambda: found.total() >= count, within_s=30)
    return found


async def run_until(tap: TcpTap, octets: int, settings: list[str]) -> int | None:
    """Kill it when it has said so much to the broker; None, or the status it ended with before."""
    began = len(tap.sent)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jasmin_compat", "migrate-broker", "--apply", *settings),
        env={**os.environ, "AMQP_BROKER_PORT": str(tap.port)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    waiting = asyncio.get_running_loop().create_task(process.wait())
    await until(lambda: len(tap.sent) - began >= octets or waiting.done(), within_s=60)
    if waiting.done():
        return process.returncode
    process.kill()
    await waiting
    return None


# covers: W-AMQP-06
async def test_killed_at_any_moment_it_loses_and_doubles_nothing(
    rabbitmq: RabbitMq, tmp_path: Path
) -> None:
    seed = random.randrange(1_000_000)
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)
    await asyncio.to_thread(rabbitmq.add_vhosts, VHOST)
    await fill(rabbitmq)
    before = {queue: await contents(rabbitmq, queue) for queue in (SUBMIT, LOOKUP)}
    assert sum(found.total() for found in before.values()) == MESSAGES
    settings = settings_arguments(tmp_path, rabbitmq.port, VHOST)
    killed_with_some_aside = 0
    async with tcp_tap(rabbitmq.port) as tap:
        for run in itertools.count():
            octets = chance.randrange(1_000, 400_000) if run < KILLS else 1 << 40
            status = await run_until(tap, octets, settings)
            if status is not None:
                assert status == 0
                break
            queues = await asyncio.to_thread(listed, rabbitmq, VHOST, "queues", "messages")
            aside = sum(queues.get(aside_queue(q), {"messages": 0})["messages"] for q in before)
            killed_with_some_aside += aside > 0
    assert killed_with_some_aside > 0
    assert {queue: await contents(rabbitmq, queue) for queue in before} == before
    queues = await asyncio.to_thread(listed, rabbitmq, VHOST, "queues", "durable")
    assert queues[SUBMIT] == queues[LOOKUP] == {"durable": True}
    assert not [name for name in queues if name.startswith(aside_queue(""))]

"""kill -9 of gateway and broker in the middle of a batch: every message is sent and told of."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp
import pytest

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.gateway.messages import Ack
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.submit_messages import read_submit
from tests.contracts.queue_contract import take
from tests.daemons.processes import Daemon, daemon
from tests.http_sink import sink
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

MESSAGES = 400
WORKERS = 10
VHOST = "rest_kills"
QUEUE = "submit.sm.carrier"
LOGIN = {"Authorization": "Basic dTpwdw=="}
"""u, pw"""
SITE = """
groups: [{gid: g}]
users: [{uid: u, gid: g, username: u, password: pw}]
smpp_connectors: [{cid: carrier, port: 1}]
mt_routes: [{order: 0, type: DefaultRoute, connector: smppc(carrier), rate: 0}]
"""


@asynccontextmanager
async def broker(server: RabbitMq) -> AsyncIterator[AmqpQueues]:
    policy = AmqpPolicy(port=server.port, vhost=VHOST, delays=False)
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.wait_until_connected()
        yield queues


async def post(port: int, body: object) -> str:
    async with (
        aiohttp.ClientSession(headers=LOGIN) as http,
        http.post(f"http://127.0.0.1:{port}/secure/sendbatch", json=body) as answer,
    ):
        found = await answer.json()
        assert found["data"]["messageCount"] == MESSAGES
        return str(found["data"]["batchId"])


async def recipients(server: RabbitMq) -> Counter[bytes]:
    """Of what the connector's queue holds; taken out."""
    found: Counter[bytes] = Counter()
    async with (
        broker(server) as queues,
        queues.consume(QUEUE, consumer_tag="t", prefetch=100) as deliveries,
    ):
        while await queues.depth(QUEUE) or len(found) < MESSAGES:
            delivery = await take(deliveries)
            found[read_submit(delivery.message).parts[0].destination_addr] += 1
            await delivery.settle(Ack())
    return found


async def until_sent(server: RabbitMq, count: int) -> None:
    async with broker(server) as queues:

        async def is_sent() -> bool:
            return await queues.depth(QUEUE) >= count

        await until(is_sent)


async def started(gateway: Daemon) -> None:
    async def is_ready() -> bool:
        return await asyncio.to_thread(gateway.is_ready)

    await until(is_ready, within_s=30)


# covers: REST-08 REST-13 W-REST-01
@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
async def test_a_batch_outlives_gateway_and_broker(
    tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    rabbitmq.add_vhosts(VHOST)
    (tmp_path / "site.yaml").write_text(SITE)
    port = free_port()
    variables = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "AMQP_BROKER_VHOST": VHOST,
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
        "REST_API_PORT": str(port),
        "REST_API_BATCH_WORKERS": str(WORKERS),
        "REST_API_HTTP_THROUGHPUT_PER_WORKER": "20",
    }
    numbers = [str(33_600_000_000 + n) for n in range(MESSAGES)]
    arguments = ("jasmind", "--settings", str(tmp_path / "none.yaml"))
    (tmp_path / "none.yaml").write_text(f"jasmin-compat: {{site: {tmp_path}/site.yaml}}\n")
    async with sink() as receiver:
        body = {
            "globals": {"content": "x"},
            "messages": [{"to": numbers}],
            "batch_config": {"callback_url": receiver.url("/told")},
        }
        with daemon(tmp_path, *arguments, **variables) as gateway:
            await started(gateway)
            batch_id = await post(port, body)
            await until_sent(rabbitmq, MESSAGES // 4)
            gateway.process.kill()
        with daemon(tmp_path, *arguments, **variables) as gateway:
            await started(gateway)
            await until_sent(rabbitmq, MESSAGES // 2)
            await asyncio.to_thread(rabbitmq.kill)
            await asyncio.to_thread(rabbitmq.start)
            assert len(receiver.received) < MESSAGES
            told: Counter[str] = Counter()

            def is_all_told() -> bool:
                queries = [parse_qs(r.target.partition("?")[2]) for r in receiver.received]
                told.clear()
                told.update(query["to"][0] for query in queries)
                return set(told) == set(numbers)

            await until(is_all_told, within_s=60)
            assert gateway.stop()[0] == 0
        sent = await recipients(rabbitmq)
    assert sorted(to.decode() for to in sent) == numbers
    twice = sum(sent.values()) - MESSAGES
    assert twice <= WORKERS  # at work when it was killed
    assert sum(told.values()) - MESSAGES <= 2 * 50  # calls whose report was not settled, each time
    assert all(batch_id in r.target for r in receiver.received)
    log = (tmp_path / "rest-api.log").read_text()
    assert re.search(r"INFO +\d+ \[200\] u@127.0.0.1 POST /secure/sendbatch", log)
    assert "pw" not in log

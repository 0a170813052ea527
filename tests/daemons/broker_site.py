"""A broker with dead letters and delayed messages, and settings that lead to it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability
from jasmin_compat.gateway.messages import Verdict
from jasmin_compat.ports import Binding
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.contracts.queue_contract import take
from tests.services import RabbitMq

SITE = """
groups: [{gid: g}]
users: [{uid: u, gid: g, username: u, password: p}]
smpp_connectors: [{cid: carrier}]
"""


def settings_arguments(folder: Path, port: int, vhost: str, more: str = "") -> list[str]:
    cfg, site = folder / "jasmin.cfg", folder / "site.yaml"
    cfg.write_text(f"[amqp-broker]\nport = {port}\nvhost = {vhost}\n{more}")
    site.write_text(SITE)
    return ["-c", str(cfg), "--site", str(site)]


def settle_all(
    server: RabbitMq,
    vhost: str,
    binding: Binding,
    messages: Sequence[QueueMessage],
    verdicts: Sequence[Verdict],
) -> None:
    """Publish the messages and settle each with its verdict."""

    async def run() -> None:
        policy = AmqpPolicy(port=server.port, vhost=vhost, delays=False)
        async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
            await queues.wait_until_connected()
            await queues.declare([binding])
            for message in messages:
                await queues.publish(message)
            async with queues.consume(binding.queue, consumer_tag="t", prefetch=1) as deliveries:
                for verdict in verdicts:
                    await (await take(deliveries)).settle(verdict)

    asyncio.run(run())


def depths(server: RabbitMq, vhost: str, *names: str) -> dict[str, int]:
    async def run() -> dict[str, int]:
        policy = AmqpPolicy(port=server.port, vhost=vhost, delays=False)
        async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
            return {name: await queues.depth(name) for name in names}

    return asyncio.run(run())


def as_jasmin(server: RabbitMq, vhost: str, binding: Binding, message: QueueMessage) -> None:
    """What a Jasmin leaves: transient objects, and a message in them."""

    async def publish(queues: AmqpQueues) -> None:
        await queues.wait_until_connected()
        await queues.declare([binding])
        await queues.publish(message)

    async def run() -> None:
        policy = AmqpPolicy(
            port=server.port, vhost=vhost, durability=Durability.JASMIN, delays=False
        )
        async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
            await publish(queues)

    asyncio.run(run())

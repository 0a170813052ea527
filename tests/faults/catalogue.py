"""The faults: what happens, and what may come twice because of it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from tests.faults.world import Fault, World


async def rabbitmq_stops(world: World, away_s: float) -> None:
    await asyncio.to_thread(world.rabbitmq.stop)
    await asyncio.sleep(away_s)
    await asyncio.to_thread(world.rabbitmq.start)


async def rabbitmq_is_killed(world: World, away_s: float) -> None:
    await asyncio.to_thread(world.rabbitmq.kill)
    await asyncio.sleep(away_s)
    await asyncio.to_thread(world.rabbitmq.start)


async def redis_stops(world: World, away_s: float) -> None:
    await asyncio.to_thread(world.redis.stop)
    await asyncio.sleep(away_s)
    await asyncio.to_thread(world.redis.start)


async def redis_is_killed(world: World, away_s: float) -> None:
    await asyncio.to_thread(world.redis.kill)
    await asyncio.sleep(away_s)
    await asyncio.to_thread(world.redis.start)


async def smsc_resets(world: World, away_s: float) -> None:
    for _ in range(3):
        world.smsc.reset()
        await asyncio.sleep(away_s / 3)


async def receiver_answers_500(world: World, away_s: float) -> None:
    world.sink.mode = "500"
    await asyncio.sleep(away_s)
    world.sink.mode = "ack"


async def receiver_hangs(world: World, away_s: float) -> None:
    world.sink.mode = "hang"
    await asyncio.sleep(away_s)
    world.sink.mode = "ack"


def killed(daemon: str) -> Callable[[World, float], Awaitable[None]]:
    async def fault(world: World, away_s: float) -> None:
        await asyncio.to_thread(world.gateway.end_daemon, daemon, signal.SIGKILL)
        await asyncio.sleep(min(1.0, away_s))
        await asyncio.to_thread(world.gateway.start_daemon, daemon)

    return fault


NO_ACK = "made, or its report looked up, and the broker went before it had the ack"
NO_CHANGE = "published, and Redis went before it had the change: its report came again"

FAULTS = [
    Fault("RabbitMQ stopped and started", rabbitmq_stops, call_again=NO_ACK),
    Fault("RabbitMQ killed and started", rabbitmq_is_killed, call_again=NO_ACK),
    Fault("Redis stopped and started", redis_stops, call_again=NO_CHANGE),
    Fault("Redis killed and started", redis_is_killed, call_again=NO_CHANGE),
    Fault(
        "SMSC connection reset three times",
        smsc_resets,
        submit_again="on the wire, and the session broke before its response came",
    ),
    Fault("callback receiver answers 500", receiver_answers_500),
    Fault("callback receiver hangs", receiver_hangs),
    Fault(
        "jasmind killed and started",
        killed("jasmind"),
        submit_again="on the wire, and jasmind died before its response was recorded",
        call_again="its outcome published, and jasmind died before the broker had the ack",
    ),
    Fault(
        "dlrlookupd killed and started",
        killed("dlrlookupd"),
        call_again="published, and dlrlookupd died before the broker had its report's ack",
    ),
    Fault(
        "dlrd killed and started",
        killed("dlrd"),
        call_again="made, and dlrd died before the broker had the ack",
    ),
]

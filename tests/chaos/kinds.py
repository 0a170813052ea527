"""The kinds of faults of the chaos test."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiormq

from tests.chaos import plan
from tests.chaos.world import ChaosWorld
from tests.faults import catalogue
from tests.faults.world import Fault

DELETED_WITHIN_S = 10.0
DRAINED_WITHIN_S = 60.0
WATERMARK = "vm_memory_monitor:set_vm_memory_high_watermark"
"""What rabbitmqctl set_vm_memory_high_watermark calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A fault that is to happen now."""

    world: ChaosWorld
    queues: Sequence[str]
    """Those of the path of a message."""
    lasts_s: float
    chance: random.Random
    is_short: bool


Happen = Callable[[Scene], Awaitable[str]]
"""Says what it did, where that is not always the same."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: what happens, and what may come twice because of it (design D9)."""

    plan: plan.Kind
    happen: Happen
    submit_again: str = ""
    call_again: str = ""
    leaves_unanswered: bool = False
    """A sender may have got no answer."""
    refuses: bool = True
    """A message may have been refused."""


def shared(fault: Fault, touches: str, **more: bool) -> Kind:
    """One of tests/faults."""

    async def happen(scene: Scene) -> str:
        await fault.happen(scene.world, scene.lasts_s)
        return ""

    kind = plan.Kind(fault.name, touches)
    return Kind(kind, happen, fault.submit_again, fault.call_again, **more)


# ------------------------------------------------------------ the broker


async def memory_alarm(scene: Scene) -> str:
    await asyncio.to_thread(scene.world.rabbitmq.eval, WATERMARK + '({absolute, "1MB"})')
    await asyncio.sleep(scene.lasts_s)
    await asyncio.to_thread(scene.world.rabbitmq.eval, WATERMARK + "(0.6)")
    return ""


async def queue_deleted(scene: Scene) -> str:
    """Only while nothing is on its way: the broker confirms what reaches a queue behind its
    deletion, and forgets it, and what its consumer could not bring to an end. Both would be the
    deleter's loss. Senders go on at once."""
    world, queue = scene.world, scene.chance.choice(scene.queues)
    world.may_send.clear()
    try:
        if not await is_drained(world):
            return f"{queue} was never empty"
        tries = await delete_when_empty(world, queue)
    finally:
        world.may_send.set()
    return f"{queue}, at the {tries}. try" if tries else f"{queue} was never empty"


async def is_drained(world: ChaosWorld) -> bool:
    """Whether it became so in time."""
    end = time.monotonic() + DRAINED_WITHIN_S
    while world.still_open() or await world.depths():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)
    return True


async def delete_when_empty(world: ChaosWorld, queue: str) -> int:
    """How many tries it took; 0: it was not empty in time. Not bounded by a timeout around it:
    aiormq may take our cancellation for the answer."""
    connection = await aiormq.connect(f"{world.rabbitmq.url.rstrip('/')}/{world.gateway.vhost}")
    end = time.monotonic() + DELETED_WITHIN_S
    tries = 0
    try:
        while time.monotonic() < end:
            tries += 1
            channel = await connection.channel()
            try:
                await channel.queue_delete(queue, if_empty=True)
            except aiormq.ChannelPreconditionFailed:
                await asyncio.sleep(0.01)
            else:
                return tries
    finally:
        await connection.close()
    return 0


async def channel_closed(scene: Scene) -> str:
    closed = 0
    for _ in range(3):
        closed += scene.world.wire.close_channel(scene.chance)
        await asyncio.sleep(scene.lasts_s / 3)
    return f"{closed} channels"


async def connection_reset(scene: Scene) -> str:
    cut = 0
    for _ in range(3):
        cut += scene.world.wire.cut(scene.chance)
        await asyncio.sleep(scene.lasts_s / 3)
    return f"{cut} connections"


async def black_hole(scene: Scene) -> str:
    scene.world.wire.freeze()
    await asyncio.sleep(scene.lasts_s)
    scene.world.wire.thaw()
    return f"{scene.lasts_s:.0f} s"


# ------------------------------------------------------------ Redis


async def redis_stops(scene: Scene) -> str:
    """Both of them: nobody takes over."""
    pair = scene.world.pair
    await asyncio.to_thread(pair.stop_both)
    await asyncio.sleep(scene.lasts_s)
    await asyncio.to_thread(pair.bring_back)
    return ""


async def redis_is_killed(scene: Scene) -> str:
    """And is there again before the Sentinel thinks it dead, or not."""
    pair = scene.world.pair
    was = pair.named()
    await asyncio.to_thread(pair.kill)
    await asyncio.sleep(scene.chance.choice((0.0, scene.lasts_s)))
    await asyncio.to_thread(pair.bring_back, knows=scene.is_short)
    return "" if pair.named() is was else "replaced"


async def redis_fails_over(scene: Scene) -> str:
    pair = scene.world.pair
    await asyncio.to_thread(pair.fail_over)
    await asyncio.sleep(scene.lasts_s)
    knows = scene.is_short or scene.chance.random() < 0.5
    await asyncio.to_thread(pair.bring_back, knows=knows)
    return "" if knows else "and the old one came back as a master"


# ------------------------------------------------------------ all

BY_NAME = {fault.name: fault for fault in catalogue.FAULTS}
TAKEN_LATE = "published, given up while the broker did not read, and taken after all"

KINDS = (
    shared(BY_NAME["RabbitMQ stopped and started"], "broker"),
    shared(BY_NAME["RabbitMQ killed and started"], "broker"),
    Kind(plan.Kind("memory alarm", "broker"), memory_alarm, call_again=TAKEN_LATE),
    Kind(plan.Kind("queue deleted", "broker", (0.0, 0.0), alone=True), queue_deleted),
    Kind(
        plan.Kind("channel closed by the broker", "broker", (1.0, 3.0)),
        channel_closed,
        call_again=catalogue.NO_ACK,
    ),
    Kind(
        plan.Kind("connection reset in a frame", "wire", (1.0, 4.0)),
        connection_reset,
        call_again=catalogue.NO_ACK,
    ),
    Kind(
        plan.Kind("black hole before the broker", "wire", (3.0, 20.0)),
        black_hole,
        call_again=TAKEN_LATE,
    ),
    Kind(
        plan.Kind("Redis and replica stopped", "redis", (1.0, 4.0)),
        redis_stops,
        call_again=catalogue.NO_CHANGE,
    ),
    Kind(plan.Kind("Redis killed", "redis"), redis_is_killed, call_again=catalogue.NO_CHANGE),
    Kind(plan.Kind("Redis fails over", "redis"), redis_fails_over, call_again=catalogue.NO_CHANGE),
    shared(BY_NAME["jasmind killed and started"], "jasmind", leaves_unanswered=True),
    shared(BY_NAME["dlrlookupd killed and started"], "dlrlookupd", refuses=False),
    shared(BY_NAME["dlrd killed and started"], "dlrd", refuses=False),
    shared(BY_NAME["SMSC connection reset three times"], "smsc", refuses=False),
    shared(BY_NAME["callback receiver answers 500"], "sink", refuses=False),
    shared(BY_NAME["callback receiver hangs"], "sink", refuses=False),
)

"""Questions to the broker that any client may ask."""

import asyncio

import aio_pika
from aio_pika.exceptions import ChannelClosed

from compat_tests.waiting import NeverHappened

WITHIN_S = 60.0


async def until_consumed(url: str, queues: list[str], consumers: int = 1) -> None:
    """Wait until each queue exists and has so many consumers.

    A daemon that has not declared its queue yet misses what is published.

    Raises:
        NeverHappened: with the queues that are not.
    """
    missing = list(queues)
    connection = await aio_pika.connect(url)
    try:
        async with asyncio.timeout(WITHIN_S):
            while missing:
                missing = [q for q in missing if (await _state(connection, q))[1] < consumers]
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise NeverHappened(f"nobody consumes {missing}") from None
    finally:
        await connection.close()


async def ready(url: str, queue: str) -> int:
    """How many messages wait in a queue, not counting what a consumer holds."""
    return (await state(url, queue))[0]


async def state(url: str, queue: str) -> tuple[int, int]:
    """Messages that wait and consumers; none of either when there is no such queue."""
    connection = await aio_pika.connect(url)
    try:
        return await _state(connection, queue)
    finally:
        await connection.close()


async def _state(connection: aio_pika.abc.AbstractConnection, queue: str) -> tuple[int, int]:
    channel = await connection.channel()
    try:
        declared = await channel.declare_queue(queue, passive=True)
    except ChannelClosed:
        return 0, 0
    await channel.close()
    result = declared.declaration_result
    return result.message_count or 0, result.consumer_count or 0

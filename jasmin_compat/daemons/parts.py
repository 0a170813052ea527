"""Run the parts of a daemon together, and stop them in order: intake first, the rest drained."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from jasmin_compat.daemons.frame import Frame


@dataclass(frozen=True, slots=True)
class Part:
    """Runs until `stop` is set, drains, returns; it calls `started` when it is at work."""

    name: str
    """As Jasmin names it in its start and stop lines."""
    run: Callable[[asyncio.Event, Callable[[], None]], Awaitable[None]]


async def run_parts(frame: Frame, parts: Sequence[Part]) -> None:
    """Start in this order, wait for the stop, stop in the reverse order, each drained before
    the next.

    An error of a part ends all of them, and the daemon.
    """
    running: list[tuple[Part, asyncio.Event, asyncio.Task[None]]] = []
    async with asyncio.TaskGroup() as tasks:
        for part in parts:
            stop, started = asyncio.Event(), asyncio.Event()
            task = tasks.create_task(_run(part, stop, started), name=part.name)
            running.append((part, stop, task))
            await started.wait()
            frame.say.started(part.name)
        frame.started.set()
        await frame.stop.wait()
        for part, stop, task in reversed(running):
            stop.set()
            await asyncio.wait([task])
            frame.say.stopped(part.name)


async def _run(part: Part, stop: asyncio.Event, started: asyncio.Event) -> None:
    await part.run(stop, started.set)

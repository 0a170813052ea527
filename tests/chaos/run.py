"""A chaos run: traffic, faults as planned, quiet, and then the books.

Phases: traffic alone until everything is warm; a quiet moment; traffic and faults; traffic ends,
everything is delivered; a quiet moment.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable

from tests.chaos import plan
from tests.chaos.books import Happened
from tests.chaos.kinds import KINDS, Kind, Scene
from tests.chaos.memory import MIB, Memory, resident
from tests.chaos.report import Report, close_books
from tests.chaos.world import ChaosWorld, Options
from tests.faults.world import RECONNECTED_S

QUIET_S = 3.0
SETTLED_WITHIN_S = 300.0
PROGRESS_S = 10.0
BY_NAME = {kind.plan.name: kind for kind in KINDS}


class Run:
    """One run in a world that has started."""

    def __init__(self, world: ChaosWorld, options: Options, say: Callable[[str], None]) -> None:
        self._world = world
        self._options = options
        self._say = say
        self._memory = Memory()
        self._faults: list[Happened] = []
        self._at_work: list[str] = []
        self._queues: list[str] = []
        self._began = time.monotonic()

    async def run(self) -> Report:
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(each) for each in (self._watch_memory(), self._tell())]
            async with self._world.traffic(self._options.rate_per_s):
                await asyncio.sleep(self._options.warm_s)
            await self._settle()
            before = await self._quiet()
            self._queues = await self._world.consumed()
            async with self._world.traffic(self._options.rate_per_s):
                await self._suffer()
                await asyncio.sleep(RECONNECTED_S)
            await self._settle()
            after = await self._quiet()
            for task in beside:
                task.cancel()
        memory = self._memory.rows(before, after)
        return await close_books(
            self._world, self._options, self._faults, memory, began=self._began
        )

    async def _suffer(self) -> None:
        options = self._options
        kinds = [kind.plan for kind in KINDS]
        rounds = 1 if options.minutes is None else None
        end = self._now() + 60 * (options.minutes or 1000)
        for step in plan.steps(options.seed, kinds, options.pace, rounds=rounds):
            if self._now() + step.gap_s > end:
                return
            await asyncio.sleep(step.gap_s)
            async with asyncio.TaskGroup() as tasks:
                for planned in step.faults:
                    tasks.create_task(self._happen(BY_NAME[planned.name], planned))

    async def _happen(self, kind: Kind, planned: plan.Planned) -> None:
        await asyncio.sleep(planned.after_s)
        scene = Scene(
            world=self._world,
            queues=self._queues,
            lasts_s=planned.lasts_s,
            chance=random.Random(planned.draws),
            is_short=self._options.is_short,
        )
        self._at_work.append(planned.name)
        began = time.monotonic()
        note = await kind.happen(scene)
        self._at_work.remove(planned.name)
        ended = time.monotonic()
        times = f"{began - self._began:7.1f}-{ended - self._began:.1f}"
        self._say(f"{times} {planned.name} {note}".rstrip())
        self._faults.append(
            Happened(
                planned.name,
                began,
                ended + RECONNECTED_S,
                kind.submit_again,
                kind.call_again,
                leaves_unanswered=kind.leaves_unanswered,
                refuses=kind.refuses,
            )
        )

    async def _settle(self) -> None:
        """Until everything is told and every queue is empty, or the bound; the books say why."""
        end = self._now() + SETTLED_WITHIN_S
        while self._now() < end:
            if self._world.still_open() == 0 and not await self._world.depths():
                return
            await asyncio.sleep(0.5)

    async def _quiet(self) -> tuple[float, float]:
        began = time.monotonic()
        await asyncio.sleep(QUIET_S)
        return began, time.monotonic()

    # ------------------------------------------------------------ looking

    async def _watch_memory(self) -> None:
        while True:
            for name, pid in list(self._world.gateway.pids.items()):
                with contextlib.suppress(OSError):
                    self._memory.note(name, pid, time.monotonic(), resident(pid))
            await asyncio.sleep(1)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            self._say(self._progress())

    def _progress(self) -> str:
        sent = self._world.sent
        lives = self._memory.lives
        sizes = " ".join(
            f"{name} {lives[pid].samples[-1][1] / MIB:.0f}"
            for name, pid in self._world.gateway.pids.items()
            if pid in lives
        )
        return (
            f"{self._now():6.0f} s: accepted {len(sent.accepted)}, refused {len(sent.refused)},"
            f" unanswered {len(sent.unanswered)}, open {self._world.still_open()}; {sizes} MiB"
            + "".join(f"; {name}" for name in self._at_work)
        )

    def _now(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

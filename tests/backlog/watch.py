"""Memory and work of processes, and depths of queues, sampled while a test goes on."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS_S = os.sysconf("SC_CLK_TCK")
EVERY_S = 0.5


def rss_mb(pid: int) -> float:
    """Resident memory, in MB of 10^6 octets."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


def cpu_s(pid: int) -> float:
    """Seconds of a processor used so far by the process itself."""
    behind_the_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(behind_the_name[11]) + int(behind_the_name[12])) / TICKS_S


@dataclass(slots=True)
class Phase:
    """What was seen from one point in time to another."""

    name: str
    began: float
    ended: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    """Used in it, by daemon."""
    peak_mb: dict[str, float] = field(default_factory=dict)
    deepest: dict[str, int] = field(default_factory=dict)
    """Most messages seen ready, by queue; those that had any."""
    load: float = 0.0
    """Average of the machine's last minute, at the end: who else wanted its processors."""

    @property
    def lasted_s(self) -> float:
        return self.ended - self.began


@dataclass(slots=True)
class Watch:
    """Samples every daemon of `pids`, which may come and go, and every queue."""

    pids: Mapping[str, int]
    queues: Sequence[str]
    depth: Callable[[str], Awaitable[int]]
    phases: list[Phase] = field(default_factory=list)
    depths: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    """When, and messages ready in each queue that had some."""

    def rss_mb(self) -> dict[str, float]:
        return {daemon: rss_mb(pid) for daemon, pid in self.pids.items()}

    @contextlib.asynccontextmanager
    async def phase(self, name: str) -> AsyncIterator[Phase]:
        """Sample while the context lasts."""
        phase = Phase(name, time.monotonic())
        self.phases.append(phase)
        before = {pid: cpu_s(pid) for pid in self.pids.values()}
        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sample(phase, over), name=f"samples of {name}")
            try:
                yield phase
            finally:
                over.set()
        phase.ended, phase.load = time.monotonic(), os.getloadavg()[0]
        for daemon, pid in self.pids.items():
            phase.cpu_s[daemon] = cpu_s(pid) - before.get(pid, 0.0)

    async def _sample(self, phase: Phase, over: asyncio.Event) -> None:
        """Until it is over; never cancelled, for a question cut short costs the connection."""
        while not over.is_set():
            with contextlib.suppress(FileNotFoundError):  # one just ended
                for daemon, mb in self.rss_mb().items():
                    phase.peak_mb[daemon] = max(mb, phase.peak_mb.get(daemon, 0.0))
            seen = {queue: await self.depth(queue) for queue in self.queues}
            ready = {queue: depth for queue, depth in seen.items() if depth}
            self.depths.append((time.monotonic(), ready))
            for queue, depth in ready.items():
                phase.deepest[queue] = max(depth, phase.deepest.get(queue, 0))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await over.wait()

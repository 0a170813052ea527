"""One script worker's process: started, asked, ended (script_worker/__main__.py).

It is asked one thing at a time. Its process group ends with it, whatever a script has started.
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from jasmin_compat.wire.script_jobs import (
    HEAD,
    MAX_OCTETS,
    MAX_SCRIPTS,
    BadReply,
    Job,
    NeedsSource,
    Ran,
    read_ran,
    write_job,
)

_ROOT: Final = Path(__file__).parents[2]
_PASSED_ON: Final = ("PATH", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "HOME", "PYTHONPATH")
"""Of our environment: settings with passwords may stand in the rest."""
_TOLD_S: Final = 0.5
"""For the kernel to say how a process has ended."""


class NotStarted(Exception):
    """No process could be started."""


class WorkerLost(Exception):
    """The process is of no use any more; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPolicy:
    """Of one process."""

    memory_octets: int = 512 << 20
    """Address space; 0 has no limit."""
    environment: tuple[str, ...] = ()
    """Names of further variables it sees."""
    start_s: float = 20.0


def environment_for_scripts(ours: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    passed = {name: ours[name] for name in (*_PASSED_ON, *names) if name in ours}
    folders = [str(_ROOT), *filter(None, [passed.get("PYTHONPATH")])]
    return passed | {"PYTHONPATH": os.pathsep.join(folders)}


async def start_process(policy: ProcessPolicy) -> "ScriptProcess":
    """One that waits for jobs.

    Raises:
        NotStarted
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "jasmin_compat.script_worker"),
            str(policy.memory_octets),
            stdin=PIPE,
            stdout=PIPE,
            cwd="/",
            env=environment_for_scripts(os.environ, policy.environment),
            start_new_session=True,
        )
    except OSError as error:
        raise NotStarted(str(error)) from error
    started = ScriptProcess(process)
    is_ready = False
    try:
        async with asyncio.timeout(policy.start_s):
            await started.next()
        is_ready = True
    except TimeoutError as error:
        raise NotStarted(f"not ready within {policy.start_s:g} s") from error
    except WorkerLost as error:
        raise NotStarted(str(error)) from error
    finally:
        if not is_ready:
            started.kill()
            await started.ended()
    return started


class ScriptProcess:
    """Made by `start_process`."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._jobs, self._replies = process.stdin, process.stdout
        self._known: set[str] = set()
        """Digests of scripts it was given."""

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.returncode is None and not self._replies.at_eof()

    async def ask(self, job: Job) -> Ran:
        """Not to be called again after a cancellation.

        Raises:
            WorkerLost
        """
        known = job.digest in self._known
        ran = await self._exchange(replace(job, source=None) if known else job)
        if isinstance(ran.reply, NeedsSource):
            ran = await self._exchange(job)
        if len(self._known) >= MAX_SCRIPTS:
            self._known.clear()  # the worker says so if it knows less than we think
        self._known.add(job.digest)
        return ran

    async def _exchange(self, job: Job) -> Ran:
        try:
            self._jobs.write(write_job(job))
            await self._jobs.drain()
        except OSError as error:
            raise WorkerLost(await self._how_it_ended()) from error
        return await self.next()

    async def next(self) -> Ran:
        """Raises: WorkerLost."""
        try:
            (length,) = HEAD.unpack(await self._replies.readexactly(HEAD.size))
            if length > MAX_OCTETS:
                raise WorkerLost(f"it answered {length} octets, {MAX_OCTETS} are allowed")
            return read_ran(await self._replies.readexactly(length))
        except (OSError, EOFError) as error:
            raise WorkerLost(await self._how_it_ended()) from error
        except BadReply as error:
            raise WorkerLost(f"its answer is none: {error}") from error

    async def _how_it_ended(self) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_S):
                await self._process.wait()
        status = self._process.returncode
        if status is None:
            return "its process closed the connection"
        if status < 0:
            return f"its process ended by signal {-status}"
        return f"its process ended with status {status}"

    def kill(self) -> bool:
        """It, and whatever it started in its process group; False when it has ended already."""
        is_alive = self._process.returncode is None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._jobs.close()
        return is_alive

    def is_gone(self) -> bool:
        """Killed, and the kernel has said so."""
        return self._process.returncode is not None and self._replies.at_eof()

    async def ended(self) -> None:
        """It is killed, so this takes no time; but for a program that left its group and holds on
        to what it has inherited."""
        await self._process.wait()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_TOLD_S):
                while await self._replies.read(65_536):
                    pass

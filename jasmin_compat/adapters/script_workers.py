"""Scripts in processes of their own, which are killed when a script runs too long or goes wrong.

It keeps accidents apart from the gateway: a script can still do whatever its user may do on this
machine. One that hangs, crashes, forks or takes too much memory costs its own message an error.
"""

import asyncio
import contextlib
import functools
import hashlib
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from jasmin_compat.gateway.interceptors import Statuses, statuses_of
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.users import Group, User
from jasmin_compat.ports import ScriptFailed, ScriptsAway
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.pickled_accounts import NO_PASSWORD, Accounts
from jasmin_compat.wire.pickled_pdus import BadPdu, PickledSubmit, read_submit, write_submit
from jasmin_compat.wire.script_jobs import (
    HEAD,
    MAX_OCTETS,
    BadReply,
    Done,
    Failed,
    Job,
    NeedsSource,
    Reply,
    Stopped,
    read_reply,
    write_job,
)

log: Final = logging.getLogger("jasmin-interceptor-pb")
_ROOT: Final = Path(__file__).parents[2]
_PASSED_ON: Final = ("PATH", "TZ", "LANG", "LC_ALL", "LC_CTYPE")
"""Of our environment: settings with passwords may stand in the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWorkersPolicy:
    """[interceptor]."""

    workers: int = 2
    time_limit_s: float = 10.0
    memory_octets: int = 512 << 20
    """Address space of a worker; 0 has no limit."""
    waiting: int = 1000
    """Messages that may wait for a worker; further ones are refused."""
    wait_s: float = 30.0
    """How long one waits for it."""
    log_slow_script_s: int = 1
    """Whole seconds from which a script is named in the log; below 0 never."""


@dataclass(slots=True)
class ScriptCounts:
    """Scripts since start."""

    run: int = 0
    """Filters and interceptors, whatever came of it."""
    failed: int = 0
    """They raised, were no code, or left what is no message."""
    killed: int = 0
    """Workers killed: their script ran too long or left processes behind, or we stop."""
    died: int = 0
    """Workers that ended by themselves in the middle of a script."""
    refused: int = 0
    """Messages for which no worker was free in time."""
    workers: int = 0
    """Processes there now."""
    waiting: int = 0
    """Messages that wait for one now."""
    seconds: float = 0.0
    """Spent waiting for scripts."""


@contextlib.asynccontextmanager
async def open_script_workers(policy: ScriptWorkersPolicy) -> AsyncIterator["ScriptWorkers"]:
    """Workers start when the first script is to run, and end with it."""
    workers = ScriptWorkers(policy)
    try:
        yield workers
    finally:
        await workers.close()


class ScriptWorkers:
    """ports.Scripts."""

    def __init__(self, policy: ScriptWorkersPolicy) -> None:
        self.counts = ScriptCounts()
        self._policy = policy
        self._idle: list[_Worker] = []
        self._free = asyncio.Semaphore(policy.workers)

    async def evaluate(self, code: str, routable: MtRoutable, *, at: datetime) -> bool:
        match await self._run(_job("evaluate", code, routable, at)):
            case Done(result=result):
                return result
            case Failed(reason=reason):
                raise self._failed(reason)
            case other:
                raise self._failed(f"a filter answered {type(other).__name__}")

    async def intercept(
        self, code: str, routable: MtRoutable, *, at: datetime
    ) -> MtRoutable | Statuses:
        first = routable.parts[0]
        ends = f"from:{first.source_addr!r}, to:{first.destination_addr!r}"
        log.info("Running with a CommandId.submit_sm (%s).", ends)
        match await self._run(_job("intercept", code, routable, at)):
            case Done() as done:
                return self._left_by(done, routable)
            case Stopped() as stopped:
                return _stopped(stopped)
            case Failed(reason=reason):
                log.error("Executing script on routable (%s) returned: %s", ends, reason)
                raise self._failed(reason)
            case _:
                raise self._failed("the worker does not know the script")

    async def close(self) -> None:
        """Ends the workers; nobody may run a script any more."""
        for worker in self._idle:
            await self._end(worker)
        self._idle.clear()

    # ------------------------------------------------------------ what comes back

    def _failed(self, reason: str) -> ScriptFailed:
        self.counts.failed += 1
        return ScriptFailed(reason)

    def _left_by(self, done: Done, routable: MtRoutable) -> MtRoutable:
        try:
            left = read_submit(done.pdu)
        except BadPdu as error:
            log.warning("The script left no submit_sm: %s", error)
            raise self._failed(str(error)) from error
        return replace(
            routable,
            parts=left.parts,
            source_addr_is_null=left.source_addr_is_null,
            tags=done.tags,
            locks=frozenset(done.locks),
        )

    # ------------------------------------------------------------ one job

    async def _run(self, job: Job) -> Reply:
        """Raises: ScriptsAway, ScriptFailed."""
        await self._wait_for_turn()
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.counts.run += 1
        try:
            reply = await self._ask(job)
        finally:
            self._free.release()
            self.counts.seconds += loop.time() - began
        whole_s = int(loop.time() - began)
        if 0 <= self._policy.log_slow_script_s <= whole_s:
            log.warning("Execution delay [%ss] for script [%s].", whole_s, job.source)
        return reply

    async def _wait_for_turn(self) -> None:
        if self.counts.waiting >= self._policy.waiting:
            self.counts.refused += 1
            raise ScriptsAway("too many messages wait for a script")
        self.counts.waiting += 1
        try:
            async with asyncio.timeout(self._policy.wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            self.counts.refused += 1
            raise ScriptsAway("no script worker was free in time") from error
        finally:
            self.counts.waiting -= 1

    async def _ask(self, job: Job) -> Reply:
        worker = self._idle.pop() if self._idle else await self._start()
        is_usable = False
        try:
            async with asyncio.timeout(self._policy.time_limit_s):
                reply = await worker.ask(job)
            is_usable = not (isinstance(reply, Failed) and reply.ends_worker)
        except TimeoutError:
            return Failed(f"it ran longer than {self._policy.time_limit_s:g} s")
        except (OSError, EOFError, BadReply) as error:
            self.counts.died += 1
            return Failed(f"its process ended: {error}")
        finally:
            if is_usable:
                self._idle.append(worker)
            else:
                await self._end(worker)
        return reply

    async def _start(self) -> "_Worker":
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "jasmin_compat.script_worker"),
                str(self._policy.memory_octets),
                stdin=PIPE,
                stdout=PIPE,
                cwd="/",
                env=environment | {"PYTHONPATH": str(_ROOT)},
                start_new_session=True,
            )
        except OSError as error:
            self.counts.refused += 1
            raise ScriptsAway(f"no script worker could be started: {error}") from error
        self.counts.workers += 1
        return _Worker(process)

    async def _end(self, worker: "_Worker") -> None:
        self.counts.workers -= 1
        self.counts.killed += worker.kill()
        await worker.ended()


class _Worker:
    """One process; one job at a time."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._jobs, self._replies = process.stdin, process.stdout
        self._known: set[str] = set()
        """Digests of scripts it was given."""

    async def ask(self, job: Job) -> Reply:
        """Raises: OSError, EOFError, BadReply."""
        known = job.digest in self._known
        reply = await self._exchange(replace(job, source=None) if known else job)
        if isinstance(reply, NeedsSource):
            reply = await self._exchange(job)
        self._known.add(job.digest)
        return reply

    async def _exchange(self, job: Job) -> Reply:
        self._jobs.write(write_job(job))
        await self._jobs.drain()
        (length,) = HEAD.unpack(await self._replies.readexactly(HEAD.size))
        if length > MAX_OCTETS:
            raise BadReply(f"{length} octets, {MAX_OCTETS} allowed")
        return read_reply(await self._replies.readexactly(length))

    def kill(self) -> bool:
        """It, and whatever it started in its process group; False when it has ended already."""
        is_alive = self._process.returncode is None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._jobs.close()
        return is_alive

    async def ended(self) -> None:
        """It is killed, so this takes no time worth a limit."""
        await self._process.wait()


# ---------------------------------------------------------------- messages to jobs


def _job(kind: str, code: str, routable: MtRoutable, at: datetime) -> Job:
    submit = PickledSubmit(routable.parts, routable.source_addr_is_null)
    return Job(
        kind="evaluate" if kind == "evaluate" else "intercept",
        digest=_digest(code),
        source=code,
        pdu=write_submit(submit, is_of_http=routable.source == "httpapi"),
        user=_account(routable.user),
        tags=routable.tags,
        locks=tuple(routable.locks),
        at=at.isoformat(),
    )


@functools.lru_cache(maxsize=1000)
def _digest(code: str) -> str:
    return hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()


@functools.lru_cache(maxsize=1000)
def _account(user: User) -> bytes:
    written = Accounts(shares=False).user(user, Group(gid=user.gid), digest=NO_PASSWORD)
    return opcodes.PROTOCOL + written + opcodes.STOP


def _stopped(stopped: Stopped) -> Statuses:
    extra: Mapping[str, object] = stopped.extra if isinstance(stopped.extra, dict) else {}
    statuses = statuses_of(stopped.smpp_status, stopped.http_status, extra)
    if statuses is None:
        raise ScriptFailed("the worker stopped a message without a status")
    if not isinstance(stopped.smpp_status, int):
        log.info(
            "Setting smpp_status to 255 when having http_status = %s and smpp_status = %s.",
            stopped.http_status,
            stopped.smpp_status,
        )
    elif not isinstance(stopped.http_status, int):
        log.info(
            "Setting http_status to 520 when having smpp_status = %s and http_status = %s.",
            stopped.smpp_status,
            stopped.http_status,
        )
    shown = {
        "http_status": statuses.http_status,
        "smpp_status": statuses.smpp_status,
        "extra": statuses.extra,
    }
    log.info("Returning statuses: %s", shown)
    return statuses

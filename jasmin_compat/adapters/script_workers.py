"""Scripts in processes of their own, which are killed when a script runs too long or goes wrong.

It keeps accidents apart from the gateway: a script can still do whatever its user may do on this
machine. One that hangs, crashes, forks or takes too much memory costs its own message an error.
"""

import asyncio
import contextlib
import functools
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from jasmin_compat.adapters.script_process import (
    NotStarted,
    ProcessPolicy,
    ScriptProcess,
    WorkerLost,
    start_process,
)
from jasmin_compat.gateway.charging import Left
from jasmin_compat.gateway.interceptors import Statuses, statuses_of
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.users import Group, User
from jasmin_compat.ports import ScriptFailed, ScriptsAway
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.pickled_accounts import NO_PASSWORD, Accounts
from jasmin_compat.wire.pickled_pdus import BadPdu, PickledSubmit, read_submit, write_submit
from jasmin_compat.wire.script_jobs import (
    Done,
    Failed,
    Job,
    Ran,
    Reply,
    Stopped,
)

log: Final = logging.getLogger("jasmin-interceptor-pb")
_Kind = Literal["evaluate", "intercept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWorkersPolicy:
    """[interceptor]."""

    workers: int = 2
    time_limit_s: float = 10.0
    waiting: int = 1000
    """Messages that may wait for a worker; further ones are refused."""
    wait_s: float = 30.0
    """How long one waits for it."""
    log_slow_script_s: int = 1
    """Whole seconds from which a script is named in the log; below 0 never."""
    process: ProcessPolicy = field(default_factory=ProcessPolicy)


@dataclass(slots=True)
class ScriptCounts:
    """Scripts since start."""

    run: int = 0
    """Filters and interceptors, whatever came of it."""
    failed: int = 0
    """They raised, were no code, or left what is no message."""
    killed: int = 0
    """Workers killed: their script ran too long, or left processes behind, or its sender left."""
    died: int = 0
    """Workers that ended by themselves in the middle of a script."""
    refused: int = 0
    """Messages for which no worker was free in time."""
    workers: int = 0
    """Processes there now."""
    waiting: int = 0
    """Messages that wait for one now."""
    seconds: float = 0.0
    """Scripts ran, all together."""


@contextlib.asynccontextmanager
async def open_script_workers(
    policy: ScriptWorkersPolicy, *, left: Callable[[User], Left]
) -> AsyncIterator["ScriptWorkers"]:
    """Workers start when a script is to run, and end with it."""
    workers = ScriptWorkers(policy, left=left)
    try:
        yield workers
    finally:
        await workers.close()


class ScriptWorkers:
    """ports.Scripts."""

    def __init__(self, policy: ScriptWorkersPolicy, *, left: Callable[[User], Left]) -> None:
        """`left` says what a user has left now, for scripts that look."""
        self.counts = ScriptCounts()
        self._policy = policy
        self._left = left
        self._idle: list[ScriptProcess] = []
        self._lingering: list[ScriptProcess] = []
        """They get no further job: processes of a script still run in their groups."""
        self._ending: list[ScriptProcess] = []
        """Killed; the kernel may not have said so yet."""
        self._free = asyncio.Semaphore(policy.workers)

    async def evaluate(self, code: str, routable: MtRoutable, *, at: datetime) -> bool:
        match await self._run("evaluate", code, routable, at):
            case Done(result=result):
                return result
            case Failed(reason=reason):
                raise self._failed(reason)
            case other:
                raise self._failed(f"a filter answered {type(other).__name__}")

    async def intercept(
        self, code: str, routable: MtRoutable, *, at: datetime
    ) -> MtRoutable | Statuses:
        log.info("Running with a CommandId.submit_sm (%s).", _ends(routable))
        match await self._run("intercept", code, routable, at):
            case Done() as done:
                return self._left_by(done, routable)
            case Stopped() as stopped:
                return _stopped(stopped)
            case Failed(reason=reason):
                raise self._blamed(routable, reason)
            case _:
                raise self._failed("the worker does not know the script")

    async def close(self) -> None:
        """Ends the workers; nobody may run a script any more."""
        for process in (*self._idle, *self._lingering):
            self._end(process)
        self._idle.clear()
        self._lingering.clear()
        for process in self._ending:
            await process.ended()
        self._ending.clear()

    # ------------------------------------------------------------ what comes back

    def _failed(self, reason: str) -> ScriptFailed:
        self.counts.failed += 1
        return ScriptFailed(reason)

    def _blamed(self, routable: MtRoutable, reason: str) -> ScriptFailed:
        log.error("Executing script on routable (%s) returned: %s", _ends(routable), reason)
        return self._failed(reason)

    def _left_by(self, done: Done, routable: MtRoutable) -> MtRoutable:
        left = replace(routable, tags=done.tags, locks=frozenset(done.locks))
        if not done.pdu:
            return left
        try:
            submit = read_submit(done.pdu)
        except BadPdu as error:
            raise self._blamed(routable, f"no submit_sm: {error}") from error
        parts = submit.parts
        if routable.source == "httpapi":  # Jasmin sets what the request wants after the script
            wanted = routable.parts[-1].registered_delivery
            parts = (*parts[:-1], replace(parts[-1], registered_delivery=wanted))
        return replace(left, parts=parts, source_addr_is_null=submit.source_addr_is_null)

    # ------------------------------------------------------------ one job

    async def _run(self, kind: _Kind, code: str, routable: MtRoutable, at: datetime) -> Reply:
        """Raises: ScriptsAway, ScriptFailed."""
        job = _job(kind, code, routable, at, left=self._left(routable.user))
        await self._wait_for_turn()
        try:
            process = await self._ready()
            self.counts.run += 1
            ran = await self._ask(process, job)
        finally:
            self._free.release()
        self.counts.seconds += ran.took_s
        if ran.printed:
            log.info("Script printed: %r", ran.printed)
        if 0 <= self._policy.log_slow_script_s <= int(ran.took_s):
            log.warning("Execution delay [%ss] for script [%s].", int(ran.took_s), code)
        return ran.reply

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

    async def _ready(self) -> ScriptProcess:
        """The one that ran last, whose memory is warm. One that has died since is nobody's loss."""
        while self._idle:
            process = self._idle.pop()
            if process.is_alive():
                return process
            self._end(process)
        self._ending = [each for each in self._ending if not each.is_gone()]
        try:
            process = await start_process(self._policy.process)
        except NotStarted as error:
            self.counts.refused += 1
            log.error("Cannot start a script worker: %s", error)  # noqa: TRY400  # no trace helps
            raise ScriptsAway(f"no script worker could be started: {error}") from error
        self.counts.workers += 1
        return process

    async def _ask(self, process: ScriptProcess, job: Job) -> Ran:
        """Whatever comes of it, the process is put back or ended; so, too, if we are cancelled."""
        after: Callable[[ScriptProcess], None] = self._end
        try:
            async with asyncio.timeout(self._policy.time_limit_s):
                ran = await process.ask(job)
            after = self._end_later if ran.has_children else self._idle.append
        except TimeoutError:
            reason = f"it ran longer than {self._policy.time_limit_s:g} s, and was ended"
            return Ran(reply=Failed(reason), took_s=self._policy.time_limit_s)
        except WorkerLost as lost:
            self.counts.died += 1
            return Ran(reply=Failed(str(lost)))
        finally:
            after(process)
        return ran

    def _end(self, process: ScriptProcess) -> None:
        self.counts.workers -= 1
        self.counts.killed += process.kill()
        self._ending.append(process)

    def _end_later(self, process: ScriptProcess) -> None:
        """What a script has started may go on for as long as the script could have; of no more
        processes than there are workers, since each message may leave one behind."""
        if len(self._lingering) == self._policy.workers:
            self._end(self._lingering.pop(0))
        self._lingering.append(process)
        loop = asyncio.get_running_loop()
        loop.call_later(self._policy.time_limit_s, self._end_lingering, process)

    def _end_lingering(self, process: ScriptProcess) -> None:
        if process in self._lingering:
            self._lingering.remove(process)
            self._end(process)


# ---------------------------------------------------------------- messages to jobs


def _ends(routable: MtRoutable) -> str:
    first = routable.parts[0]
    source = None if routable.source_addr_is_null else first.source_addr
    return f"from:{source!r}, to:{first.destination_addr!r}"


def _job(kind: _Kind, code: str, routable: MtRoutable, at: datetime, *, left: Left) -> Job:
    submit = PickledSubmit(routable.parts, routable.source_addr_is_null)
    return Job(
        kind=kind,
        digest=_digest(code),
        source=code,
        pdu=write_submit(submit, is_of_http=routable.source == "httpapi"),
        user=_account(_with(left, routable.user)),
        tags=routable.tags,
        locks=tuple(routable.locks),
        at=at.isoformat(),
    )


def _with(left: Left, user: User) -> User:
    """The user with what is left of its quotas: what it was given once, nobody asks for."""
    quotas = user.mt.quotas
    if (left.balance, left.submit_sm_count) == (quotas.balance, quotas.submit_sm_count):
        return user
    quotas = replace(quotas, balance=left.balance, submit_sm_count=left.submit_sm_count)
    return replace(user, mt=replace(user.mt, quotas=quotas))


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

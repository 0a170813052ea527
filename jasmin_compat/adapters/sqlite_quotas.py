"""What users have left, kept: decided in memory, written before it counts (design D10, D13).

Charges that wait are written together, in the thread of the working state's file: one transaction
for all of them. A commit does not wait for the disk, so that it outlives the process at once and a
power failure a second later: within that time a checkpoint brings it there.

A row overrides what the user's item says, and goes with the next edit of that item, in the same
transaction.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from jasmin_compat.adapters.memory_quotas import MemoryQuotas, UserNow
from jasmin_compat.adapters.sqlite_file import SqliteFile, Tables
from jasmin_compat.gateway.charging import Charge, Left
from jasmin_compat.gateway.messages import Source
from jasmin_compat.gateway.site import Clear, Edit, Site, Step
from jasmin_compat.gateway.users import User, UserId
from jasmin_compat.ports import KEPT_BIDS, QuotaCounts, QuotasAway, SiteNotSaved, SiteUnreadable

SYNC_S: Final = 1.0
"""What was charged is on the disk so soon."""
_PUT: Final = """
INSERT INTO quotas (uid, has_left) VALUES (?, ?)
ON CONFLICT (uid) DO UPDATE SET has_left = excluded.has_left"""

_PUT_BID: Final = "INSERT OR IGNORE INTO late_bills (bid) VALUES (?)"
_DROP_BIDS: Final = f"""
DELETE FROM late_bills WHERE position <= (SELECT max(position) FROM late_bills) - {KEPT_BIDS}"""

# ---------------------------------------------------------------- rows


def read_quotas(tables: Tables) -> dict[UserId, Left]:
    """Raises: SiteUnreadable."""
    if tables.version() < 2:  # there was no such table
        return {}
    rows = tables.db.execute("SELECT uid, has_left FROM quotas")
    return {UserId(uid): _left(tables, uid, text) for uid, text in rows}


def _left(tables: Tables, uid: str, text: str) -> Left:
    try:
        balance, count = json.loads(text)
        assert isinstance(balance, int | float | None)
        assert isinstance(count, int | None)
    except (ValueError, TypeError, AssertionError) as reason:
        raise SiteUnreadable(f"{tables.path}: quotas {uid}: {text}") from reason
    return Left(balance=balance, submit_sm_count=count)


def drop_quotas(db: sqlite3.Connection, step: Step) -> None:
    """The user is put, or goes: what it had left is of no account any more."""
    if isinstance(step, Clear):
        db.execute("DELETE FROM quotas")
    else:
        db.execute("DELETE FROM quotas WHERE uid = ?", (str(step.key),))


def read_bids(tables: Tables) -> list[str]:
    """Of late bills that were charged, in that order."""
    if tables.version() < 2:
        return []
    rows = tables.db.execute("SELECT bid FROM late_bills ORDER BY position")
    return [bid for (bid,) in rows]


def _write(rows: Mapping[UserId, Left], bids: Sequence[str], tables: Tables) -> None:
    """Raises: SiteNotSaved."""
    with tables.transaction("NORMAL") as db:
        for uid, left in rows.items():
            db.execute(_PUT, (uid, json.dumps((left.balance, left.submit_sm_count))))
        if bids:
            db.executemany(_PUT_BID, [(bid,) for bid in bids])
            db.execute(_DROP_BIDS)


def _sync(tables: Tables) -> None:
    """The log is brought to the disk, and what is in it into the file, as far as nobody reads."""
    with suppress(sqlite3.Error):  # a disk that fails says so to the next charge
        tables.db.execute("PRAGMA wal_checkpoint(PASSIVE)")


# ---------------------------------------------------------------- the port


@asynccontextmanager
async def open_sqlite_quotas(file: SqliteFile, user_now: UserNow) -> AsyncIterator["SqliteQuotas"]:
    """Raises: SiteUnreadable."""
    left, bids = await file.do(read_quotas), await file.do(read_bids)
    quotas = SqliteQuotas(file, MemoryQuotas(user_now, left, bids))
    try:
        yield quotas
    finally:
        await quotas.close()


@dataclass(slots=True, eq=False)
class _Taken:
    """A charge, or one that is given back, that waits until it is written."""

    user: User
    charge: Charge | None
    """None: it is not to be taken back when it cannot be written."""
    written: "asyncio.Future[None]"
    bid: str | None = None
    """Of a late bill."""


class SqliteQuotas:
    """ports.Quotas."""

    def __init__(self, file: SqliteFile, memory: MemoryQuotas) -> None:
        self._file = file
        self._memory = memory
        self._loop = asyncio.get_running_loop()
        self._unwritten: set[UserId] = set()
        self._waiting: list[_Taken] = []
        self._is_writing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._sync_at: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> QuotaCounts:
        return self._memory.counts

    def left(self, user: User) -> Left:
        return self._memory.left(user)

    async def pass_throughput(
        self, uid: UserId, source: Source, rate_per_s: float, *, now: float
    ) -> float | None:
        return await self._memory.pass_throughput(uid, source, rate_per_s, now=now)

    async def charge(self, user: User, charge: Charge) -> None:
        await self._memory.charge(user, charge)
        await self._write_through(_Taken(user, charge, self._loop.create_future()))

    async def charge_late(self, user: User, amount: float, bid: str) -> bool:
        if not await self._memory.charge_late(user, amount, bid):
            return False
        charge = Charge(amount=amount, count=0, needed=amount)
        await self._write_through(_Taken(user, charge, self._loop.create_future(), bid))
        return True

    async def refund(self, user: User, charge: Charge) -> None:
        await self._memory.refund(user, charge)
        with suppress(QuotasAway):  # it is written with the next charge
            await self._write_through(_Taken(user, None, self._loop.create_future()))

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        async with self._memory.changing():
            await self._idle.wait()
            yield

    def follow(self, edit: Edit, site: Site) -> None:
        self._memory.follow(edit, site)

    async def close(self) -> None:
        """When nobody charges any more."""
        if self._unwritten:
            self._begin_to_write()
        await self._idle.wait()
        if self._sync_at is not None:
            self._sync_at.cancel()

    # ------------------------------------------------------------ written together

    async def _write_through(self, taken: _Taken) -> None:
        self._waiting.append(taken)
        self._unwritten.add(taken.user.uid)
        self._begin_to_write()
        try:
            await taken.written
        except asyncio.CancelledError:
            if taken.written.cancelled() or taken.written.exception() is None:
                self._take_back(taken)
                self._unwritten.add(taken.user.uid)
                self._begin_to_write()
            raise

    def _take_back(self, taken: _Taken) -> None:
        if taken.charge is not None:
            self._memory.not_taken(taken.user, taken.charge, taken.bid)

    def _begin_to_write(self) -> None:
        """With what else is charged in this round of the event loop."""
        if not self._is_writing:
            self._is_writing = True
            self._idle.clear()
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        uids, self._unwritten = self._unwritten, set()
        rows = self._memory.taken_of(uids)
        self.counts.writes += 1
        bids = [taken.bid for taken in waiting if taken.bid is not None]
        work = self._file.begin(partial(_write, rows, bids))
        work.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(self._written, waiting, uids, done)
        )

    def _written(self, waiting: list[_Taken], uids: set[UserId], done: "Future[None]") -> None:
        error = done.exception()
        for taken in waiting:
            if taken.written.cancelled():
                continue
            if error is None:
                taken.written.set_result(None)
            else:
                self._take_back(taken)
                self.counts.away += taken.charge is not None
                is_known = isinstance(error, SiteNotSaved)
                taken.written.set_exception(QuotasAway(str(error)) if is_known else error)
        if error is None:
            self._sync_soon()
        else:
            self.counts.failed_writes += 1
            self._unwritten |= uids  # with the next that is charged
        if self._waiting or (self._unwritten and error is None):
            self._write()
        else:
            self._is_writing = False
            self._idle.set()

    def _sync_soon(self) -> None:
        if self._sync_at is None:
            self._sync_at = self._loop.call_later(SYNC_S, self._sync)

    def _sync(self) -> None:
        self._sync_at = None
        work = self._file.begin(_sync)
        work.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._count_sync))

    def _count_sync(self) -> None:
        self.counts.synced += 1

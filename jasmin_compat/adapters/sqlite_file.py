"""The file of the working state: whose it is, one thread for it, transactions (design D10).

A write-ahead log: a change costs one fsync (synchronous=FULL) where a rollback journal costs four,
and `jasmin-compat export` reads while the gateway writes. One connection for all that is written:
two would wait for each other by polling, and what one writes the other would take for a stranger's.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Final, Literal, TypeVar

from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.folders import sync_folder
from jasmin_compat.runtime.lock import NotLocked, only_one

FILE: Final = "jasmin-compat.sqlite3"
"""In [router] store_path, beside Jasmin's files."""
VERSION: Final = 2
"""Of the tables; 0 is a file nothing was written to yet, 1 had no quotas."""
APPLICATION: Final = 0x6A636D70
"""`jcmp`: what `file` shows, and what tells our file from others."""
BUSY_S: Final = 5.0
"""Another process may hold the file so long, such as one that makes a copy of it."""

_ITEMS: Final = """
CREATE TABLE items (
    position INTEGER PRIMARY KEY,  -- the order they were added in
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,  -- JSON
    UNIQUE (kind, key)
)"""
_QUOTAS: Final = """
CREATE TABLE quotas (  -- of users that were charged since they were put into items
    uid TEXT PRIMARY KEY,
    has_left TEXT NOT NULL  -- JSON: balance, submit_sm_count
) WITHOUT ROWID"""
_LATE_BILLS: Final = """
CREATE TABLE late_bills (  -- the last that were charged
    position INTEGER PRIMARY KEY,
    bid TEXT NOT NULL UNIQUE
)"""

Sync = Literal["FULL", "NORMAL"]
"""Whether a commit waits for the disk."""
T = TypeVar("T")


@asynccontextmanager
async def open_sqlite_file(folder: Path) -> AsyncIterator["SqliteFile"]:
    """The file in `folder`, which is made if it is missing; only its owner may read it.

    Raises:
        SiteUnreadable: what is there is not ours, broken or newer; it is left as it is.
        SiteNotSaved: nothing can be written there, or another process has it open to write, such as
            a gateway whose own lock file lies in another folder.
    """
    path = folder / FILE
    with ThreadPoolExecutor(1, thread_name_prefix="site") as thread, ExitStack() as held:
        await in_thread(thread, lambda: _create(path))
        try:
            held.enter_context(only_one(path.with_suffix(".lock"), wait_s=0))
        except NotLocked as reason:
            raise SiteNotSaved(str(reason)) from reason
        tables = await in_thread(thread, lambda: _tables_to_write(path))
        try:
            yield SqliteFile(tables, thread)
        finally:
            await in_thread(thread, tables.close)


@contextmanager
def tables_to_read(folder: Path) -> Iterator["Tables | None"]:
    """The file as it is, also beside a gateway that changes it; None when there is none.

    Raises:
        SiteUnreadable: what is there is not ours, broken or newer.
    """
    path = folder / FILE
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    except OSError as reason:
        raise SiteUnreadable(f"{path}: {reason.strerror}") from reason
    try:
        with closing(_connect(path, "ro")) as db:
            yield Tables(path, db)
    except sqlite3.Error as reason:
        raise SiteUnreadable(f"{path}: {reason}") from reason


class SqliteFile:
    """The tables, and the one thread that uses them."""

    def __init__(self, tables: "Tables", thread: ThreadPoolExecutor) -> None:
        self._tables = tables
        self._thread = thread

    async def do(self, work: Callable[["Tables"], T]) -> T:
        """A cancellation waits until the work has ended; it comes at the caller's next await."""
        return await in_thread(self._thread, lambda: work(self._tables))

    def begin(self, work: Callable[["Tables"], T]) -> "Future[T]":
        """Have it done after all that was begun before."""
        return self._thread.submit(work, self._tables)


async def in_thread(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """A thread cannot be stopped: a cancellation comes at the next await after it has ended."""
    running = asyncio.get_running_loop().run_in_executor(thread, work)
    task = asyncio.current_task()
    assert task is not None
    is_cancelled = False
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            is_cancelled = True
            task.uncancel()
    if is_cancelled:
        task.cancel()
    return running.result()


class Tables:
    """The connection; used by one thread."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        """Raises: SiteUnreadable."""
        self.path = path
        self.db = db
        self._sync: Sync | None = None
        self._refuse_what_is_not_ours()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # such as for want of room: the log is kept then
            self.db.close()

    def _refuse_what_is_not_ours(self) -> None:
        try:
            found = self.ask("PRAGMA quick_check(1)")
            tables = self.ask("SELECT count(*) FROM sqlite_master")  # first: a gateway may write
            application, version = self.ask("PRAGMA application_id"), self.version()
        except sqlite3.DatabaseError as reason:
            raise SiteUnreadable(f"{self.path}: {reason}") from reason
        if found != "ok":
            raise SiteUnreadable(f"{self.path}: {found}")
        if (application, version, tables) != (0, 0, 0) and application != APPLICATION:
            raise SiteUnreadable(f"{self.path}: is a database of another program")
        if version > VERSION:
            raise SiteUnreadable(
                f"{self.path}: was written by a newer jasmin-compat "
                f"(version {version}; this one knows {VERSION})"
            )

    def prepare_to_write(self) -> None:
        """Raises: SiteNotSaved."""
        try:
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("ROLLBACK")
        except sqlite3.Error as reason:
            raise SiteNotSaved(f"{self.path}: {reason}") from reason
        self._seen = self.ask("PRAGMA data_version")

    def ask(self, question: str) -> object:
        return self.db.execute(question).fetchone()[0]

    def version(self) -> int:
        return int(str(self.ask("PRAGMA user_version")))

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """All that is read in it was there at one time. Raises: SiteUnreadable."""
        try:
            self.db.execute("BEGIN")
            yield self.db
        except sqlite3.Error as reason:
            raise SiteUnreadable(f"{self.path}: {reason}") from reason
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    @contextmanager
    def transaction(self, sync: Sync) -> Iterator[sqlite3.Connection]:
        """All that is done in it is kept when it ends, or nothing.

        Raises:
            SiteNotSaved
        """
        try:
            if sync != self._sync:
                self.db.execute(f"PRAGMA synchronous = {sync}")
                self._sync = sync
            self.db.execute("BEGIN IMMEDIATE")
            self._refuse_if_others_wrote()
            if self.version() < VERSION:
                self._make_tables()
            yield self.db
            self.db.execute("COMMIT")
        except (sqlite3.Error, UnicodeEncodeError) as reason:  # SQLite's texts are UTF-8
            raise SiteNotSaved(f"{self.path}: {reason}") from reason
        finally:
            if self.db.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self.db.execute("ROLLBACK")

    def _refuse_if_others_wrote(self) -> None:
        if self.ask("PRAGMA data_version") != self._seen:
            raise SiteNotSaved(f"{self.path}: was changed by another process; start again")

    def _make_tables(self) -> None:
        if self.version() == 0:
            self.db.execute(_ITEMS)
        self.db.execute(_QUOTAS)
        self.db.execute(_LATE_BILLS)
        self.db.execute(f"PRAGMA application_id = {APPLICATION}")
        self.db.execute(f"PRAGMA user_version = {VERSION}")


def _create(path: Path) -> None:
    """An empty file if there is none, the folder's entry for it on disk. Raises: SiteNotSaved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            sync_folder(path.parent)
    except OSError as reason:
        raise SiteNotSaved(f"{reason.filename or path}: {reason.strerror}") from reason


def _tables_to_write(path: Path) -> Tables:
    """Raises: SiteUnreadable, SiteNotSaved."""
    try:
        db = _connect(path, "rw")
    except sqlite3.Error as reason:
        raise SiteNotSaved(f"{path}: {reason}") from reason
    try:
        tables = Tables(path, db)
        tables.prepare_to_write()
    except BaseException:
        db.close()
        raise
    return tables


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """`mode` is ro or rw."""
    where = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(where, uri=True, timeout=BUSY_S, isolation_level=None)

"""The working state on disk: one row for each item, one transaction for each edit (design D10).

SQLite, in a thread of its own. A write-ahead log: a change costs one fsync (synchronous=FULL) where
a rollback journal costs four, and `jasmin-compat export` reads while the gateway writes.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Final, TypeVar, assert_never

from jasmin_compat.gateway.site import ORDERED, Clear, Drop, Edit, Key, Kind, Put, Site, Step, apply
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.folders import sync_folder
from jasmin_compat.runtime.lock import NotLocked, only_one
from jasmin_compat.wire.site_items import BadItem, read_item, write_item

FILE: Final = "jasmin-compat.sqlite3"
"""In [router] store_path, beside Jasmin's files."""
VERSION: Final = 1
"""Of the table; 0 is a file nothing was written to yet."""
APPLICATION: Final = 0x6A636D70
"""`jcmp`: what `file` shows, and what tells our file from others."""
BUSY_S: Final = 5.0
"""Another process may hold the file so long, such as one that makes a copy of it."""

_TABLE: Final = """
CREATE TABLE items (
    position INTEGER PRIMARY KEY,  -- the order they were added in
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,  -- JSON
    UNIQUE (kind, key)
)"""
_PUT: Final = """
INSERT INTO items (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body"""

T = TypeVar("T")


@asynccontextmanager
async def open_sqlite_site(folder: Path) -> AsyncIterator["SqliteSite"]:
    """The working state in `folder`, which is made if it is missing; only its owner may read it.

    Raises:
        SiteUnreadable: what is there is not ours, broken or newer; it is left as it is.
        SiteNotSaved: nothing can be written there, or another process has it open to write, such as
            a gateway whose own lock file lies in another folder.
    """
    path = folder / FILE
    with ThreadPoolExecutor(1, thread_name_prefix="site") as thread, ExitStack() as held:
        await _in(thread, lambda: _create(path))
        try:
            held.enter_context(only_one(path.with_suffix(".lock"), wait_s=0))
        except NotLocked as reason:
            raise SiteNotSaved(str(reason)) from reason
        rows = await _in(thread, lambda: _rows_to_write(path))
        try:
            yield SqliteSite(rows, thread)
        finally:
            await _in(thread, rows.close)


def read_sqlite_site(folder: Path) -> Site | None:
    """The working state as it is, also beside a gateway that changes it; None when there is none.

    Raises:
        SiteUnreadable: what is there is not ours, broken or newer.
    """
    path = folder / FILE
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as reason:
        raise SiteUnreadable(f"{path}: {reason.strerror}") from reason
    try:
        with closing(_connect(path, "ro")) as db:
            return _Rows(path, db).read()
    except sqlite3.Error as reason:
        raise SiteUnreadable(f"{path}: {reason}") from reason


class SqliteSite:
    """ports.SiteStore."""

    def __init__(self, rows: "_Rows", thread: ThreadPoolExecutor) -> None:
        self._rows = rows
        self._thread = thread

    async def read(self) -> Site | None:
        return await _in(self._thread, self._rows.read)

    async def write(self, edit: Edit) -> None:
        await _in(self._thread, lambda: self._rows.write(edit))


async def _in(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
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


class _Rows:
    """The file; used by one thread."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        """Raises: SiteUnreadable."""
        self._path = path
        self._db = db
        self._refuse_what_is_not_ours()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # such as for want of room: the log is kept then
            self._db.close()

    def _refuse_what_is_not_ours(self) -> None:
        try:
            found = self._ask("PRAGMA quick_check(1)")
            tables = self._ask("SELECT count(*) FROM sqlite_master")  # first: a gateway may write
            application, version = self._ask("PRAGMA application_id"), self._version()
        except sqlite3.DatabaseError as reason:
            raise SiteUnreadable(f"{self._path}: {reason}") from reason
        if found != "ok":
            raise SiteUnreadable(f"{self._path}: {found}")
        if (application, version, tables) != (0, 0, 0) and application != APPLICATION:
            raise SiteUnreadable(f"{self._path}: is a database of another program")
        if version > VERSION:
            raise SiteUnreadable(
                f"{self._path}: was written by a newer jasmin-compat "
                f"(version {version}; this one knows {VERSION})"
            )

    def prepare_to_write(self) -> None:
        """Raises: SiteNotSaved."""
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("ROLLBACK")
        except sqlite3.Error as reason:
            raise SiteNotSaved(f"{self._path}: {reason}") from reason
        self._seen = self._ask("PRAGMA data_version")

    def _ask(self, question: str) -> object:
        return self._db.execute(question).fetchone()[0]

    def _version(self) -> int:
        return int(str(self._ask("PRAGMA user_version")))

    # ------------------------------------------------------------ read

    def read(self) -> Site | None:
        try:
            if self._version() == 0:
                return None
            rows = self._db.execute("SELECT kind, key, body FROM items ORDER BY position")
            return apply(Site(), tuple([self._put(*row) for row in rows]))
        except sqlite3.Error as reason:
            raise SiteUnreadable(f"{self._path}: {reason}") from reason

    def _put(self, kind_name: str, key_text: str, body: str) -> Put:
        try:
            kind = Kind(kind_name)
            key: Key = int(key_text) if kind in ORDERED else key_text
            return Put(kind, key, read_item(kind, json.loads(body)))
        except (ValueError, BadItem) as reason:
            text = f"{self._path}: {kind_name} {key_text}: {reason}"
            raise SiteUnreadable(text) from reason

    # ------------------------------------------------------------ write

    def write(self, edit: Edit) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._refuse_if_others_wrote()
            if self._version() == 0:
                self._db.execute(_TABLE)
                self._db.execute(f"PRAGMA application_id = {APPLICATION}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")
            for step in edit:
                self._do(step)
            self._db.execute("COMMIT")
        except (sqlite3.Error, UnicodeEncodeError) as reason:  # SQLite's texts are UTF-8
            raise SiteNotSaved(f"{self._path}: {reason}") from reason
        finally:
            if self._db.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")

    def _refuse_if_others_wrote(self) -> None:
        if self._ask("PRAGMA data_version") != self._seen:
            raise SiteNotSaved(f"{self._path}: was changed by another process; start again")

    def _do(self, step: Step) -> None:
        match step:
            case Put(kind, key, item):
                body = json.dumps(write_item(kind, item), separators=(",", ":"))
                self._db.execute(_PUT, (kind.value, str(key), body))
            case Drop(kind, key):
                self._db.execute(
                    "DELETE FROM items WHERE kind = ? AND key = ?", (kind.value, str(key))
                )
            case Clear(kind):
                self._db.execute("DELETE FROM items WHERE kind = ?", (kind.value,))
            case _:
                assert_never(step)


def _create(path: Path) -> None:
    """An empty file if there is none, the folder's entry for it on disk. Raises: SiteNotSaved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            sync_folder(path.parent)
    except OSError as reason:
        raise SiteNotSaved(f"{reason.filename or path}: {reason.strerror}") from reason


def _rows_to_write(path: Path) -> _Rows:
    """Raises: SiteUnreadable, SiteNotSaved."""
    try:
        db = _connect(path, "rw")
    except sqlite3.Error as reason:
        raise SiteNotSaved(f"{path}: {reason}") from reason
    try:
        rows = _Rows(path, db)
        rows.prepare_to_write()
    except BaseException:
        db.close()
        raise
    return rows


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """`mode` is ro or rw."""
    where = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(where, uri=True, timeout=BUSY_S, isolation_level=None)

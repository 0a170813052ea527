"""The working state on disk: one row for each item, one transaction for each edit (design D10)."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, assert_never

from jasmin_compat.adapters.sqlite_file import SqliteFile, Tables, open_sqlite_file, tables_to_read
from jasmin_compat.adapters.sqlite_quotas import drop_quotas, read_quotas
from jasmin_compat.gateway.charging import with_left
from jasmin_compat.gateway.site import ORDERED, Clear, Drop, Edit, Key, Kind, Put, Site, Step, apply
from jasmin_compat.ports import SiteUnreadable
from jasmin_compat.wire.site_items import BadItem, read_item, write_item

_PUT: Final = """
INSERT INTO items (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body"""


@asynccontextmanager
async def open_sqlite_site(folder: Path) -> AsyncIterator["SqliteSite"]:
    """As open_sqlite_file, which says what it raises."""
    async with open_sqlite_file(folder) as file:
        yield SqliteSite(file)


def read_sqlite_site(folder: Path) -> Site | None:
    """The working state as it is, with what users have left, also beside a gateway that changes it;
    None when there is none.

    Raises:
        SiteUnreadable: what is there is not ours, broken or newer.
    """
    with tables_to_read(folder) as tables:
        if tables is None:
            return None
        with tables.snapshot():
            site, left = _site(tables), read_quotas(tables)
    if site is None:
        return None
    users = [site.users[uid] for uid in left if uid in site.users]
    return apply(site, tuple(Put(Kind.USER, u.uid, with_left(u, left[u.uid])) for u in users))


class SqliteSite:
    """ports.SiteStore."""

    def __init__(self, file: SqliteFile) -> None:
        self.file = file
        """For others that keep something beside the items."""

    async def read(self) -> Site | None:
        return await self.file.do(_read)

    async def write(self, edit: Edit) -> None:
        await self.file.do(lambda tables: _write(tables, edit))


def _read(tables: Tables) -> Site | None:
    with tables.snapshot():
        return _site(tables)


def _site(tables: Tables) -> Site | None:
    if tables.version() == 0:
        return None
    rows = tables.db.execute("SELECT kind, key, body FROM items ORDER BY position")
    return apply(Site(), tuple([_put(tables.path, *row) for row in rows]))


def _put(path: Path, kind_name: str, key_text: str, body: str) -> Put:
    try:
        kind = Kind(kind_name)
        key: Key = int(key_text) if kind in ORDERED else key_text
        return Put(kind, key, read_item(kind, json.loads(body)))
    except (ValueError, BadItem) as reason:
        raise SiteUnreadable(f"{path}: {kind_name} {key_text}: {reason}") from reason


def _write(tables: Tables, edit: Edit) -> None:
    with tables.transaction("FULL") as db:
        for step in edit:
            _do(db, step)


def _do(db: sqlite3.Connection, step: Step) -> None:
    match step:
        case Put(kind, key, item):
            body = json.dumps(write_item(kind, item), separators=(",", ":"))
            db.execute(_PUT, (kind.value, str(key), body))
        case Drop(kind, key):
            db.execute("DELETE FROM items WHERE kind = ? AND key = ?", (kind.value, str(key)))
        case Clear(kind):
            db.execute("DELETE FROM items WHERE kind = ?", (kind.value,))
        case _:
            assert_never(step)
    if step.kind is Kind.USER:
        drop_quotas(db, step)

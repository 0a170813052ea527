"""The working state on disk keeps the contract, its secrets, and what it cannot understand."""

import asyncio
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.adapters.sqlite_site import SqliteSite, open_sqlite_site, read_sqlite_site
from jasmin_compat.gateway.site import Drop, Edit, Kind, Put, apply, edit_to
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from tests import builders
from tests.adapters.disks import fill_up
from tests.adapters.disks import small_disk as small_disk
from tests.contracts.site_contract import OpenStore, SiteStoreContract

SITE = builders.site()
GROUP: Edit = (Put(Kind.GROUP, "g2", Group(gid=GroupId("g2"))),)


class TestSqliteSite(SiteStoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        return lambda: open_sqlite_site(tmp_path / "store")


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """With SITE in it."""
    async with open_sqlite_site(tmp_path) as store:
        await store.write(edit_to(SITE))
    return tmp_path


def ask(store: SqliteSite, question: str) -> object:
    return store.file.begin(lambda tables: tables.ask(question)).result()


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


async def opened(folder: Path) -> None:
    async with open_sqlite_site(folder):
        pass


# ---------------------------------------------------------------- what is there


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE items SET body = '{' WHERE kind = 'users'",
        "UPDATE items SET body = '[1]' WHERE kind = 'users'",
        "UPDATE items SET kind = 'unheard' WHERE kind = 'users'",
        "UPDATE items SET key = 'first' WHERE kind = 'mt_routes'",
    ],
)
async def test_a_row_that_cannot_be_read_is_named(folder: Path, change: str) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute(change)
        db.commit()
    async with open_sqlite_site(folder) as store:
        with pytest.raises(SiteUnreadable, match=f"{FILE}: (users|unheard|mt_routes) (full|first)"):
            await store.read()


# ---------------------------------------------------------------- no room


async def test_on_a_full_disk_nothing_changes_until_there_is_room(small_disk: Path) -> None:
    # covers: W-CFG-02
    fill = small_disk / "fill"
    async with open_sqlite_site(small_disk) as store:
        await store.write(edit_to(SITE))
        fill_up(fill)
        for _ in range(3):
            with pytest.raises(SiteNotSaved, match=f"{FILE}: database or disk is full"):
                await store.write(_many_groups(200))
            assert await store.read() == SITE
        fill.unlink()
        await store.write(GROUP)
        assert await store.read() == apply(SITE, GROUP)
    async with open_sqlite_site(small_disk) as store:
        assert await store.read() == apply(SITE, GROUP)


async def test_beyond_its_quota_nothing_changes(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        pages = ask(store, "PRAGMA page_count")
        ask(store, f"PRAGMA max_page_count = {pages}")
        with pytest.raises(SiteNotSaved, match="database or disk is full"):
            await store.write(_many_groups(1000))
        assert await store.read() == SITE
        ask(store, "PRAGMA max_page_count = 1000000")
        await store.write(_many_groups(1000))
        assert await store.read() == apply(SITE, _many_groups(1000))


async def test_a_folder_nobody_may_write_to_is_told(small_disk: Path) -> None:
    await opened(small_disk)
    make_read_only(small_disk)
    for folder in (small_disk, small_disk / "below"):
        with pytest.raises((SiteNotSaved, SiteUnreadable), match=str(small_disk)):
            await opened(folder)


async def test_a_key_that_is_no_utf8_is_refused_and_nothing_is_written(folder: Path) -> None:
    odd = "\ud800"
    async with open_sqlite_site(folder) as store:
        before = await store.read()
        with pytest.raises(SiteNotSaved, match="surrogates not allowed"):
            await store.write((Drop(Kind.GROUP, "gmain"), Drop(Kind.GROUP, odd)))
        assert await store.read() == before


def _many_groups(count: int) -> Edit:
    gids = [f"{'g' * 500}{n}" for n in range(count)]
    return tuple(Put(Kind.GROUP, gid, Group(gid=GroupId(gid))) for gid in gids)


# ---------------------------------------------------------------- others


async def test_a_write_that_is_cancelled_is_known_to_be_kept(tmp_path: Path) -> None:
    is_told = False

    async def write_and_tell() -> None:
        nonlocal is_told
        await store.write(GROUP)
        is_told = True
        await asyncio.sleep(0)
        raise AssertionError("the cancellation is lost")

    may_go_on = threading.Event()
    async with open_sqlite_site(tmp_path) as store, asyncio.TaskGroup() as tasks:
        store.file.begin(lambda _: may_go_on.wait())
        writing = tasks.create_task(write_and_tell())
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.sleep(0)
        assert not writing.done()
        may_go_on.set()
        await asyncio.wait([writing])
        assert writing.cancelled()
        assert is_told
        site = await store.read()
    assert site is not None
    assert list(site.groups) == ["g2"]


# ---------------------------------------------------------------- read beside a gateway


async def test_what_is_in_force_is_read_beside_who_changes_it(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        await store.write(GROUP)  # in the log, not in the file yet
        assert read_sqlite_site(folder) == apply(SITE, GROUP)
        more = (Put(Kind.GROUP, "g3", Group(gid=GroupId("g3"))),)
        await store.write(more)  # it may go on changing
        assert read_sqlite_site(folder) == apply(SITE, GROUP + more)
    assert read_sqlite_site(folder) == apply(SITE, GROUP + more)


async def test_reading_makes_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = (folder / FILE).read_bytes()
    assert read_sqlite_site(folder) == SITE
    assert (folder / FILE).read_bytes() == before
    assert read_sqlite_site(tmp_path / "nowhere") is None
    assert not (tmp_path / "nowhere").exists()


async def test_reading_finds_what_is_broken(folder: Path) -> None:
    (folder / FILE).write_bytes(b"not a database " * 100)
    with pytest.raises(SiteUnreadable, match="file is not a database"):
        read_sqlite_site(folder)
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    with pytest.raises(SiteUnreadable, match=FILE):
        read_sqlite_site(folder)
    with pytest.raises(SiteUnreadable, match="File name too long"):
        read_sqlite_site(folder / ("x" * 300))

"""The file of the working state: only ours, only one writer, nothing of others is touched."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_file import FILE, VERSION
from jasmin_compat.adapters.sqlite_site import SqliteSite, open_sqlite_site
from jasmin_compat.gateway.site import Edit, Kind, Put, edit_to
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from tests import builders

SITE = builders.site()
GROUP: Edit = (Put(Kind.GROUP, "g2", Group(gid=GroupId("g2"))),)


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """With SITE in it."""
    async with open_sqlite_site(tmp_path) as store:
        await store.write(edit_to(SITE))
    return tmp_path


def ask(store: SqliteSite, question: str) -> object:
    return store.file.begin(lambda tables: tables.ask(question)).result()


def break_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 + 8)
        file.write(b"\xff" * 2000)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def opened(folder: Path) -> None:
    async with open_sqlite_site(folder):
        pass


# covers: W-SEC-09
async def test_only_its_owner_may_read_it(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        await store.write(GROUP)
        files = modes(folder)
    assert files.pop("jasmin-compat.lock") == 0o644  # a process id
    assert files == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}


async def test_what_is_written_waits_for_the_disk_and_is_logged_ahead(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        assert ask(store, "PRAGMA synchronous") == 2  # FULL
        assert ask(store, "PRAGMA journal_mode") == "wal"


@pytest.mark.parametrize("content", [b"not a database " * 100, b"\x80\x02}q\x00."], ids=repr)
async def test_what_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    with pytest.raises(SiteUnreadable, match=f"{path}: file is not a database"):
        await opened(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (f"PRAGMA user_version = {VERSION + 1}", "was written by a newer jasmin-compat"),
        ("PRAGMA application_id = 7", "is a database of another program"),
    ],
)
async def test_what_is_not_ours_or_newer_is_left_as_it_is(
    folder: Path, change: str, reason: str
) -> None:
    path = folder / FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute(change)
    before = path.read_bytes()
    with pytest.raises(SiteUnreadable, match=reason):
        await opened(folder)
    assert path.read_bytes() == before


async def test_a_database_that_does_not_say_whose_it_is_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(SiteUnreadable, match="is a database of another program"):
        await opened(tmp_path)
    assert path.read_bytes() == before


async def test_a_broken_page_is_told(folder: Path) -> None:
    break_page(folder / FILE)
    with pytest.raises(SiteUnreadable, match=FILE):
        await opened(folder)


async def test_one_writes_at_a_time(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        with pytest.raises(SiteNotSaved, match=r"jasmin-compat\.lock is held by process"):
            await opened(folder)
        await store.write(GROUP)
    await opened(folder)


async def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SiteNotSaved, match="file/store: Not a directory"):
        await opened(tmp_path / "file" / "store")


async def test_what_others_change_in_the_file_is_not_written_over(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        await store.write(GROUP)
        with closing(sqlite3.connect(folder / FILE)) as db, db:
            db.execute("DELETE FROM items WHERE key = 'g2'")
        with pytest.raises(SiteNotSaved, match="was changed by another process"):
            await store.write(GROUP)
        assert await store.read() == SITE

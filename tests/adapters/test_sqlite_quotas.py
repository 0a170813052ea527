"""Quotas on disk keep the contract, outlive the process, and go with the items they belong to."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.adapters.sqlite_quotas import SqliteQuotas, open_sqlite_quotas
from jasmin_compat.adapters.sqlite_site import SqliteSite, open_sqlite_site, read_sqlite_site
from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.site import Edit, Kind, Put, edit_to
from jasmin_compat.gateway.users import Group, GroupId, User
from jasmin_compat.ports import KEPT_BIDS, QuotasAway, SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.adapters.disks import fill_up
from tests.adapters.disks import small_disk as small_disk
from tests.contracts.quotas_contract import ONE, Desk, QuotasContract, put, user
from tests.waiting import until


@dataclass
class SqliteDesk(Desk):
    quotas: SqliteQuotas
    store: SqliteSite

    @override
    async def write(self, edit: Edit) -> None:
        await self.store.write(edit)

    def ask(self, question: str) -> object:
        return self.store.file.begin(lambda tables: tables.ask(question)).result()

    def may_write(self, *, may: bool) -> None:
        """False: as on a full disk, nothing can be written."""
        question = f"PRAGMA query_only = {int(not may)}"
        self.store.file.begin(lambda tables: tables.db.execute(question)).result()

    def row(self, uid: str) -> object:
        found = self.ask(f"SELECT max(has_left) FROM quotas WHERE uid = '{uid}'")
        return None if found is None else json.loads(str(found))

    def hold_writes(self) -> threading.Event:
        """Nothing is written until it is set."""
        may_go_on = threading.Event()
        self.store.file.begin(lambda _: may_go_on.wait())
        return may_go_on


@asynccontextmanager
async def opened(folder: Path, *users: User) -> AsyncIterator[SqliteDesk]:
    """With those users; without any, as it was left."""
    async with open_sqlite_site(folder) as store:
        if users:
            await store.write(edit_to(builders.site(*users)))
        site = await store.read()
        assert site is not None
        current = Current(site)
        async with open_sqlite_quotas(
            store.file, lambda user: current().users.get(user.uid)
        ) as quotas:
            yield SqliteDesk(quotas, current, store)


class TestSqliteQuotas(QuotasContract):
    @pytest.fixture
    async def desk(self, users: tuple[User, ...], tmp_path: Path) -> AsyncIterator[Desk]:
        async with opened(tmp_path, *users) as desk:
            yield desk


USERS = user("rich", balance=100, submit_sm_count=7), user("poor", balance=10.0)


# covers: W-BILL-04 W-BILL-05
async def test_what_was_charged_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
        await desk.quotas.charge(desk.user("rich"), Charge(amount=0, count=2, needed=0))
        await desk.quotas.refund(desk.user("poor"), Charge(amount=0.25, count=0, needed=1))
    for _ in range(2):
        async with opened(tmp_path) as desk:
            assert (desk.left("poor"), desk.left("rich")) == ((9.25, None), (100, 5))
            assert desk.user("poor").mt.quotas.balance == 10.0


async def test_late_bills_are_known_to_the_next_process(tmp_path: Path) -> None:
    """A broker gives again what was charged and not settled when the process died."""
    async with opened(tmp_path, *USERS) as desk:
        async with asyncio.TaskGroup() as tasks:
            for number in range(KEPT_BIDS):
                tasks.create_task(desk.quotas.charge_late(desk.user("poor"), 0.0, f"b{number}"))
        assert await desk.quotas.charge_late(desk.user("poor"), 1.0, "last")
        desk.may_write(may=False)
        with pytest.raises(QuotasAway):
            await desk.quotas.charge_late(desk.user("poor"), 1.0, "unwritten")
        desk.may_write(may=True)
    async with opened(tmp_path) as desk:
        bids = ("last", "b1", "b0", "unwritten")
        again = [await desk.quotas.charge_late(desk.user("poor"), 2.0, bid) for bid in bids]
        assert again == [False, False, True, True]
        assert desk.left("poor") == (5.0, None)
        assert desk.ask("SELECT count(*) FROM late_bills") == KEPT_BIDS


async def test_any_number_is_kept(tmp_path: Path) -> None:
    many, infinite = 10**30, float("inf")
    async with opened(tmp_path, user("u", balance=infinite, submit_sm_count=many)) as desk:
        await desk.quotas.charge(desk.user("u"), Charge(amount=1.0, count=1, needed=1.0))
    async with opened(tmp_path) as desk:
        assert desk.left("u") == (infinite, many - 1)


async def test_it_is_written_before_it_is_charged(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk, asyncio.TaskGroup() as tasks:
        may_go_on = desk.hold_writes()
        charging = tasks.create_task(desk.try_to_charge("poor"))
        await asyncio.wait([charging], timeout=0.01)
        assert not charging.done()
        may_go_on.set()
        await charging
        assert desk.row("poor") == [9.0, None]


async def test_who_gives_back_does_not_wait_for_those_behind(tmp_path: Path) -> None:
    """With much traffic there is always somebody behind."""
    async with opened(tmp_path, *USERS) as desk, asyncio.TaskGroup() as tasks:
        may_go_on = desk.hold_writes()
        giving_back = tasks.create_task(desk.quotas.refund(desk.user("poor"), ONE))
        await asyncio.wait([giving_back], timeout=0.01)
        assert not giving_back.done()
        charging, may_go_on_too = tasks.create_task(desk.try_to_charge("rich")), desk.hold_writes()
        may_go_on.set()
        await giving_back
        assert not charging.done()
        may_go_on_too.set()


async def test_charges_that_wait_are_written_together(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk, asyncio.TaskGroup() as tasks:
        may_go_on = desk.hold_writes()
        for _ in range(50):
            tasks.create_task(desk.try_to_charge("rich"))
            await asyncio.sleep(0)
        may_go_on.set()
    assert desk.left("rich") == (50, 7)
    assert desk.quotas.counts.writes == 2


async def test_what_cannot_be_written_is_not_charged(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
        desk.may_write(may=False)
        async with asyncio.TaskGroup() as tasks:
            charging = [tasks.create_task(away(desk, "poor")) for _ in range(3)]
            giving_back = tasks.create_task(desk.quotas.refund(desk.user("rich"), ONE))
        assert all("attempt to write a readonly database" in task.result() for task in charging)
        assert giving_back.exception() is None
        assert (desk.left("poor"), desk.left("rich")) == ((9.0, None), (101, 7))
        counts = desk.quotas.counts
        assert (counts.charged, counts.away, counts.failed_writes) == (1, 3, 1)
        desk.may_write(may=True)
        await desk.quotas.charge(desk.user("poor"), ONE)
        assert (desk.row("poor"), desk.row("rich")) == ([8.0, None], [101, 7])


async def away(desk: Desk, uid: str) -> str:
    with pytest.raises(QuotasAway) as reason:
        await desk.quotas.charge(desk.user(uid), ONE)
    return str(reason.value)


async def test_on_a_full_disk_nobody_is_charged_until_there_is_room(small_disk: Path) -> None:
    fill = small_disk / "fill"
    many = [user(f"u{number}", balance=1.0) for number in range(400)]
    async with opened(small_disk, *USERS, *many) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
        fill_up(fill)
        async with asyncio.TaskGroup() as tasks:  # rows of one page have room in the log
            charging = [tasks.create_task(away(desk, u.uid)) for u in many]
        assert {task.result() for task in charging} == {
            f"{small_disk / FILE}: database or disk is full"
        }
        assert {desk.left(u.uid) for u in many} == {(1.0, None)}
        fill.unlink()
        await desk.quotas.charge(desk.user("poor"), ONE)
    async with opened(small_disk) as desk:
        assert (desk.left("poor"), desk.left("u7")) == ((8.0, None), (1.0, None))


async def test_a_charge_that_is_cancelled_while_it_is_written_is_given_back(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk, asyncio.TaskGroup() as tasks:
        may_go_on = desk.hold_writes()
        charging = tasks.create_task(desk.try_to_charge("poor"))
        await asyncio.wait([charging], timeout=0.01)
        charging.cancel()
        may_go_on.set()
        await asyncio.wait([charging])
        assert charging.cancelled()
        async with desk.quotas.changing():
            assert (desk.left("poor"), desk.row("poor")) == ((10.0, None), [10.0, None])


# ---------------------------------------------------------------- rows and items


async def test_an_edit_of_a_user_drops_its_row_with_the_same_commit(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk:
        for uid in ("poor", "rich"):
            await desk.quotas.charge(desk.user(uid), ONE)
        await desk.change(put(user("poor", balance=3.0)))
        assert (desk.row("poor"), desk.row("rich")) == (None, [99.0, 7])
        desk.may_write(may=False)
        with pytest.raises(SiteNotSaved):
            await desk.change(put(user("rich", balance=1.0)))
        desk.may_write(may=True)
        assert (desk.row("rich"), desk.left("rich")) == ([99.0, 7], (99.0, 7))
        await desk.change(edit_to(desk.current()))
        assert (desk.row("rich"), desk.left("rich")) == (None, (100, 7))


async def test_an_edit_of_others_leaves_rows_and_waits_for_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
        await desk.store.write((Put(Kind.GROUP, "g", Group(gid=GroupId("g"))),))
        assert desk.row("poor") == [9.0, None]


async def test_what_is_read_beside_a_gateway_has_what_is_left(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
        site = read_sqlite_site(tmp_path)
    assert site is not None
    assert [u.mt.quotas.balance for u in site.users.values()] == [100, 9.0]
    assert (site.uids, list(site.users)) == (desk.current().uids, ["rich", "poor"])


async def test_a_file_of_before_there_were_quotas_is_taken_on(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS):
        pass
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE quotas")
        db.execute("DROP TABLE late_bills")
        db.execute("PRAGMA user_version = 1")
    assert read_sqlite_site(tmp_path) == builders.site(*USERS)
    async with opened(tmp_path) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
    async with opened(tmp_path) as desk:
        assert desk.left("poor") == (9.0, None)


@pytest.mark.parametrize("row", ["{", "[1]", '["1", null]', "[1, 2.5]"])
async def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str) -> None:
    async with opened(tmp_path, *USERS):
        pass
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("INSERT INTO quotas VALUES ('poor', ?)", (row,))
    with pytest.raises(SiteUnreadable, match=f"{FILE}: quotas poor: "):
        async with opened(tmp_path):
            pass


# ---------------------------------------------------------------- power failure


async def test_what_was_charged_is_brought_to_the_disk_soon(tmp_path: Path) -> None:
    async with opened(tmp_path, *USERS) as desk:
        await desk.quotas.charge(desk.user("poor"), ONE)
        assert desk.ask("PRAGMA synchronous") == 1  # NORMAL: the commit did not wait for it
        await desk.change(put(user("rich", balance=3.0)))
        assert desk.ask("PRAGMA synchronous") == 2  # FULL
        await desk.quotas.charge(desk.user("poor"), ONE)
        await until(lambda: desk.quotas.counts.synced == 1)
        with closing(sqlite3.connect(f"file:{tmp_path / FILE}?immutable=1", uri=True)) as db:
            in_file = db.execute("SELECT has_left FROM quotas WHERE uid = 'poor'").fetchone()
        assert json.loads(in_file[0]) == [8.0, None]  # without the log

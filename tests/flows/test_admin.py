"""A change is decided on the site as it is, kept, then in force; the connectors follow."""

import asyncio
from typing import Any

import pytest

from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.flows.admin import Administration
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Edit, Kind, Put, Site
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.builders import CID, connector
from tests.fakes import FakeConnectors, MemoryProfiles
from tests.waiting import until

FULL = SiteNotSaved("no space left on device")
OTHER = ConnectorId("con2")


class HeldStore(MemorySite):
    """Writes when it is let, and may fail."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.fails_with: SiteNotSaved | None = None
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.writes = 0

    async def write(self, edit: Edit) -> None:
        self.writes += 1
        await self.may_write.wait()
        if self.fails_with is not None:
            raise self.fails_with
        await super().write(edit)


class Bench:
    def __init__(self, **fields: Any) -> None:
        self.current = Current(builders.site(**fields))
        self.store = HeldStore(self.current())
        self.profiles = MemoryProfiles()
        self.connectors = FakeConnectors()
        self.followed: list[tuple[Edit, Site]] = []
        self.admin = Administration(
            self.current,
            store=self.store,
            profiles=self.profiles,
            connectors=self.connectors,
            follow=lambda edit, site: self.followed.append((edit, site)),
        )

    async def is_kept(self) -> bool:
        return await self.store.read() == self.current()


def add_group(gid: str) -> Edit:
    return (Put(Kind.GROUP, gid, Group(gid=GroupId(gid))),)


async def test_a_change_is_in_force_once_it_is_kept() -> None:
    b = Bench()
    before = b.current()
    b.store.may_write.clear()
    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(b.admin.change(lambda _: add_group("new")))
        await until(lambda: b.store.writes == 1)
        assert b.current() is before
        assert b.followed == []
        b.store.may_write.set()
    assert changing.result() == add_group("new")
    assert b.followed == [(add_group("new"), b.current())]
    assert "new" in b.current().groups
    assert await b.is_kept()


async def test_each_change_is_decided_on_what_the_one_before_left() -> None:
    b = Bench()

    def next_group(site: Site) -> Edit:
        return add_group(f"g{len(site.groups)}")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(b.admin.change(next_group))
    assert list(b.current().groups) == ["gmain", *(f"g{n}" for n in range(1, 51))]
    assert await b.is_kept()


async def test_a_change_that_is_not_kept_has_not_happened() -> None:
    b = Bench()
    before = b.current()
    b.store.fails_with = FULL
    for change in (
        b.admin.change(lambda _: add_group("new")),
        b.admin.start(CID),
        b.admin.change(builders.removal(CID)),
    ):
        with pytest.raises(SiteNotSaved, match="no space left"):
            await change
    assert b.current() is before
    assert b.connectors.settled == []
    b.store.fails_with = None
    await b.admin.change(lambda _: add_group("new"))
    assert "new" in b.current().groups


async def test_a_refused_change_leaves_everything_and_lets_the_next_one_in() -> None:
    b = Bench()

    def refuse(_site: Site) -> Edit:
        raise LookupError("no such group")

    with pytest.raises(LookupError):
        await b.admin.change(refuse)
    assert b.store.writes == 0
    await b.admin.change(lambda _: add_group("new"))


async def test_a_change_to_nothing_is_not_written() -> None:
    b = Bench()
    assert await b.admin.change(lambda _: ()) == ()
    assert b.store.writes == 0


async def test_connectors_are_started_and_stopped_once() -> None:
    b = Bench()
    assert [await b.admin.start(CID), await b.admin.start(CID)] == [True, False]
    assert b.current().started == {CID: True}
    assert [await b.admin.stop(CID), await b.admin.stop(CID)] == [True, False]
    assert b.current().started == {}
    assert not await b.admin.start(OTHER)
    assert b.connectors.settled == [(CID, False), (CID, False)]


async def test_a_removed_connector_is_gone_with_its_start() -> None:
    b = Bench(started={CID: True})
    assert await b.admin.change(builders.removal(CID))
    assert not await b.admin.change(builders.removal(CID))
    assert (b.current().connectors, b.current().started) == ({}, {})
    assert b.connectors.settled == [(CID, False)]


async def test_only_connectors_that_changed_are_settled() -> None:
    b = Bench(connectors={CID: connector(), OTHER: connector(OTHER)}, started={OTHER: True})
    await b.admin.change(lambda _: add_group("new"))
    await b.admin.change(lambda _: (Put(Kind.CONNECTOR, CID, connector(port=1)),))
    assert b.connectors.settled == [(CID, False)]


# covers: PERS-04
async def test_a_profile_is_a_copy_that_replaces_the_site_when_it_is_loaded() -> None:
    b = Bench(started={CID: True})
    kept = b.current()
    await b.admin.persist("p")
    await b.admin.change(lambda _: add_group("new"))
    await b.admin.change(lambda _: (Put(Kind.CONNECTOR, OTHER, connector(OTHER)),))
    b.connectors.settled.clear()
    read = await b.admin.load("p")
    assert read is not None
    assert b.current() == kept
    assert await b.is_kept()
    assert b.connectors.settled == [(CID, True), (OTHER, True)]


async def test_no_profile_of_that_name_changes_nothing() -> None:
    b = Bench()
    assert await b.admin.load("p") is None
    assert b.store.writes == 0


@pytest.mark.parametrize("wrong", [FULL, SiteUnreadable("p.router-users: no pickle")], ids=repr)
async def test_a_profile_that_cannot_be_used_changes_nothing(
    wrong: SiteNotSaved | SiteUnreadable,
) -> None:
    b = Bench()
    before = b.current()
    b.profiles.fails_with = wrong
    with pytest.raises(type(wrong)):
        await b.admin.load("p")
    with pytest.raises(type(wrong)):
        await b.admin.persist("p")
    assert b.current() is before


async def test_status_is_that_of_the_connectors() -> None:
    assert Bench().admin.status(CID).session == "NONE"

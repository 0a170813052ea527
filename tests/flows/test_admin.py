"""A change is decided on the site as it is, kept, then in force; the connectors follow."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.gateway.changes import UserChanges, update_user
from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.credential_changes import read_change
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Edit, Kind, Put, Site, apply
from jasmin_compat.gateway.users import Group, GroupId, UserId
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.builders import CID, connector
from tests.fakes import FakeConnectors, MemoryProfiles
from tests.waiting import until

FULL = SiteNotSaved("no space left on device")
OTHER = ConnectorId("con2")
UID = UserId("full")


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
        self.quotas = MemoryQuotas(lambda user: self.current().users.get(user.uid))
        self.followed: list[tuple[Edit, Site]] = []
        self.admin = Administration(
            self.current,
            AdminPorts(
                store=self.store,
                profiles=self.profiles,
                connectors=self.connectors,
                quotas=self.quotas,
            ),
            follow=lambda edit, site: self.followed.append((edit, site)),
        )

    async def charge(self, amount: float) -> None:
        charge = Charge(amount=amount, count=0, needed=amount)
        await self.quotas.charge(self.current().users[UID], charge)

    def balance(self) -> float | None:
        """As the console shows it."""
        return self.admin.site.users[UID].mt.quotas.balance

    async def update(self, *lines: str) -> None:
        """As the console does with `mt_messaging_cred`."""
        changes = [read_change("mt_messaging_cred", line, of_existing=True) for line in lines]
        await self.admin.change(lambda site: update_user(site, UID, UserChanges(mt=tuple(changes))))

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


# ---------------------------------------------------------------- what users have left


def paying(**fields: Any) -> Bench:
    mt = MtCredential(quotas=Quotas(balance=10.0))
    bench = Bench(**fields)
    edit = (Put(Kind.USER, UID, replace(bench.current().users[UID], mt=mt)),)
    bench.current.swap(apply(bench.current(), edit))
    return bench


async def test_users_are_shown_with_what_they_have_left() -> None:
    b = paying()
    await b.charge(2.5)
    assert b.balance() == 7.5
    assert b.current().users[UID].mt.quotas.balance == 10.0
    await b.admin.persist("p")
    assert b.profiles.sites["p"].users[UID].mt.quotas.balance == 7.5


# covers: JCLI-11
@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (("quota balance +5",), 12.5),
        (("quota balance -7.5",), 0.0),
        (("quota balance 3",), 3.0),
        (("quota balance none",), None),
        (("quota http_throughput 2", "authorization http_rate no"), 7.5),
    ],
)
async def test_an_edit_starts_from_what_is_left(lines: tuple[str, ...], left: float | None) -> None:
    b = paying()
    await b.charge(2.5)
    await b.update(*lines)
    assert b.balance() == left == b.current().users[UID].mt.quotas.balance


async def test_charges_wait_while_their_user_is_changed() -> None:
    b = paying()
    b.store.may_write.clear()
    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(b.update("quota balance +5"))
        await until(lambda: b.store.writes == 1)
        charging = tasks.create_task(b.charge(2.5))
        await asyncio.sleep(0)
        assert not charging.done()
        assert not changing.done()
        b.store.may_write.set()
    assert b.balance() == 12.5


async def test_an_edit_that_is_not_kept_leaves_what_was_charged() -> None:
    b = paying()
    await b.charge(2.5)
    b.store.fails_with = FULL
    with pytest.raises(SiteNotSaved):
        await b.update("quota balance +5")
    assert b.balance() == 7.5
    await b.charge(7.5)
    assert b.balance() == 0.0


async def test_a_loaded_profile_says_what_is_left() -> None:
    b = paying()
    await b.admin.persist("p")
    await b.charge(2.5)
    await b.admin.load("p")
    assert b.balance() == 10.0
    await b.charge(1.0)
    assert b.balance() == 9.0


async def test_charges_do_not_wait_for_changes_of_other_things() -> None:
    b = paying()
    b.store.may_write.clear()
    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(b.admin.change(lambda _: add_group("new")))
        await until(lambda: b.store.writes == 1)
        await b.charge(2.5)
        assert not changing.done()
        b.store.may_write.set()
    assert b.balance() == 7.5

"""A daemon starts with what was there when the last one ended, and the site file over it."""

import logging
from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.daemons.frame import CannotStart
from jasmin_compat.daemons.site_state import memory_state, open_state
from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.site import Clear, Drop, Kind, Put, Site
from jasmin_compat.gateway.users import Group, GroupId, UserId
from jasmin_compat.ports import ProfileRead, SiteUnreadable
from tests import builders
from tests.builders import CID
from tests.daemons.frames import frame
from tests.fakes import MemoryProfiles

USERS = "users: [{uid: u, gid: g, username: u, password: p}]"
FILE_SITE = f"""
groups: [{{gid: g}}]
{USERS}
smpp_connectors: [{{cid: carrier}}, {{cid: standing, start: no}}]
mt_routes: [{{type: default, connector: carrier}}]
"""
NOTHING = MemoryProfiles()


class Left(MemoryProfiles):
    """Profiles with something in them that a site has no place for."""

    async def read(self, profile: str) -> ProfileRead | None:
        read = await super().read(profile)
        return read and ProfileRead(site=read.site, not_carried_over=("filters: f1: unknown",))


async def test_the_first_start_makes_an_empty_working_state(tmp_path: Path) -> None:
    # covers: PERS-02
    store = tmp_path / "made" / "for it"
    async with frame(tmp_path, ROUTER_STORE_PATH=str(store)) as f, open_state(f, NOTHING) as state:
        assert state.current() == Site()
        await state.store.write((Put(Kind.GROUP, "g", Group(gid=GroupId("g"))),))
    assert (store / FILE).exists()
    async with frame(tmp_path, ROUTER_STORE_PATH=str(store)) as f, open_state(f, NOTHING) as state:
        assert list(state.current().groups) == ["g"]


async def test_the_site_file_is_put_over_it_at_each_start(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(FILE_SITE)
    variables = {"JASMIN_COMPAT_SITE": str(file)}
    async with frame(tmp_path, **variables) as f, open_state(f, NOTHING) as state:
        first = state.current()
        assert await state.store.read() == first
        assert first.started == {"carrier": True}
        await state.store.write((Put(Kind.GROUP, "more", Group(gid=GroupId("more"))),))
        await state.store.write((Drop(Kind.USER, UserId("u")), Drop(Kind.MT_ROUTE, 0)))
        await state.store.write((Put(Kind.STARTED, "standing", item=True),))
    async with frame(tmp_path, **variables) as f, open_state(f, NOTHING) as state:
        again = state.current()
        assert await state.store.read() == again
    assert list(again.groups) == ["g", "more"]
    assert (again.users, again.mt_routes) == (first.users, first.mt_routes)
    assert again.started == first.started


# covers: PERS-02 PERS-04 PERS-06
async def test_the_first_start_takes_what_jasmin_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    profiles, site = Left(), builders.site(builders.user(enabled=False), started={CID: True})
    profiles.sites = {"jcli-prod": site, "other": Site()}
    async with frame(tmp_path) as f, open_state(f, profiles) as state:
        assert state.current() == await state.store.read() == site
        await state.store.write((Clear(Kind.USER),))
    told, lost = [r for r in caplog.records if r.name == "jasmin-daemon"]
    assert told.message.startswith("  Imported Jasmin's profile jcli-prod: 1 groups, 1 users, ")
    assert (lost.levelname, lost.message) == ("WARNING", "  Not carried over: filters: f1: unknown")

    caplog.clear()
    async with frame(tmp_path) as f, open_state(f, profiles) as state:
        assert state.current().users == {}
    assert "Imported" not in caplog.text


async def test_the_site_file_is_put_over_what_jasmin_left(tmp_path: Path) -> None:
    file, profiles = tmp_path / "site.yaml", MemoryProfiles()
    file.write_text(FILE_SITE)
    profiles.sites["jcli-prod"] = builders.site(started={CID: True})
    async with frame(tmp_path, JASMIN_COMPAT_SITE=str(file)) as f, open_state(f, profiles) as state:
        assert await state.store.read() == state.current()
        assert list(state.current().started) == [CID, "carrier"]
        assert set(state.current().users) == {"u", *profiles.sites["jcli-prod"].users}


PAYING = "users: [{uid: u, gid: g, username: u, password: p, mt_messaging_cred: {quota: {%s}}}]"
ONE = Charge(amount=1.0, count=0, needed=1.0)


async def balance_after(folder: Path, quota: str, charges: int) -> float | None:
    """What the site file's user has left, after a start and so many charges."""
    (folder / "site.yaml").write_text(FILE_SITE.replace(USERS, PAYING % quota))
    variables = {"JASMIN_COMPAT_SITE": str(folder / "site.yaml")}
    async with frame(folder, **variables) as f, open_state(f, NOTHING) as state:
        user = state.current().users[UserId("u")]
        for _ in range(charges):
            await state.quotas.charge(user, ONE)
        return state.quotas.left(user).balance


async def test_what_the_site_file_gives_is_given_once(tmp_path: Path) -> None:
    """A start is no new balance; what the operator changes in the file is."""
    assert await balance_after(tmp_path, "balance: 10", 3) == 7.0
    assert await balance_after(tmp_path, "balance: 10", 1) == 6.0
    assert await balance_after(tmp_path, "balance: 20", 1) == 19.0
    assert await balance_after(tmp_path, "balance: 20, http_throughput: 5", 0) == 20.0


# covers: W-BILL-05 W-BILL-10
async def test_a_stop_keeps_what_was_charged_and_changes_no_profile(tmp_path: Path) -> None:
    paying = builders.user(mt=MtCredential(quotas=Quotas(balance=10.0)))
    profiles, site = MemoryProfiles(), builders.site(paying)
    profiles.sites = {"jcli-prod": site}
    for left in (9.0, 8.0):
        async with frame(tmp_path) as f, open_state(f, profiles) as state:
            await state.quotas.charge(paying, ONE)
            assert state.quotas.left(paying).balance == left
    assert profiles.sites == {"jcli-prod": site}


async def test_what_jasmin_left_unreadable_is_not_taken_for_nothing(tmp_path: Path) -> None:
    profiles = MemoryProfiles()
    profiles.fails_with = SiteUnreadable("jcli-prod.router-users: is broken")
    async with frame(tmp_path) as f:
        for _ in range(2):  # the next start does not begin with an empty site, either
            with pytest.raises(CannotStart, match=r"jcli-prod\.router-users: is broken"):
                await open_state(f, profiles).__aenter__()


async def test_a_store_that_cannot_be_used_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else " * 10)
    async with frame(tmp_path) as f:
        with pytest.raises(CannotStart, match=f"Cannot start RouterPB: .*{FILE}: file is not a da"):
            async with open_state(f, NOTHING):
                pass
    async with frame(tmp_path, ROUTER_STORE_PATH=str(tmp_path / FILE)) as f:
        with pytest.raises(CannotStart, match=f"{FILE}: File exists"):
            async with open_state(f, NOTHING):
                pass


async def test_in_memory_it_begins_with_what_it_is_given_or_the_file(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(FILE_SITE)
    async with frame(tmp_path, JASMIN_COMPAT_SITE=str(file)) as f:
        assert list(memory_state(f, None).current().users) == ["u"]
        given = Site(groups={GroupId("x"): Group(gid=GroupId("x"))})
        state = memory_state(f, given)
        assert await state.store.read() == state.current() == given
    async with frame(tmp_path) as f:
        assert memory_state(f, None).current() == Site()
    assert not (tmp_path / FILE).exists()

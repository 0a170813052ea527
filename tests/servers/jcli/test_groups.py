"""`group`, from its list to its dead ends."""

from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.servers.jcli.groups import group_command
from tests.builders import user as a_user
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist

ADDED = ("group -a", "gid g1", "ok")


def _typist(fake: FakeOffice) -> Typist:
    return Typist(group_command(fake.office()))


# covers: JCLI-07 JCLI-22
async def test_a_group_is_added_listed_disabled_and_removed() -> None:
    fake = FakeOffice()
    typist = _typist(fake)
    assert await typist.types("group -l") == "Total Groups: 0\njcli : "
    assert await typist.types(*ADDED) == (
        "Adding a new Group: (ok: save, ko: exit)\n> > Successfully added Group [g1]\njcli : "
    )
    assert await typist.types("group -d g1", "group -l") == (
        "Successfully disabled Group id:g1\njcli : "
        "#Group id        \n#!g1             \nTotal Groups: 1\njcli : "
    )
    assert await typist.types("group -e g1") == "Successfully enabled Group id:g1\njcli : "
    assert fake.admin.site.groups == {"g1": Group(gid=GroupId("g1"))}
    assert await typist.types("group -r g1") == "Successfully removed Group id:g1\njcli : "
    assert fake.admin.site == Site()


# covers: JCLI-21
async def test_a_gid_is_asked_for_and_checked() -> None:
    said = await _typist(FakeOffice()).types("group -a", "ok", "gid a b", "ok", "ko")
    assert said == (
        "Adding a new Group: (ok: save, ko: exit)\n> "
        "You must set Group id (gid) before saving !\n> > "
        "Error: Group gid syntax is invalid\n> jcli : "
    )


async def test_removing_a_group_removes_its_users() -> None:
    user = a_user()
    fake = FakeOffice(
        FakeAdministration(Site(groups={user.gid: Group(gid=user.gid)}, users={user.uid: user}))
    )
    await _typist(fake).types(f"group -r {user.gid}")
    assert fake.admin.site.users == {}


async def test_what_is_not_saved_is_said_and_changes_nothing() -> None:
    fake = FakeOffice()
    typist = _typist(fake)
    fake.admin.disk_is_full = True
    assert (await typist.types(*ADDED)).endswith(
        "Failed adding Group, check log for details\nNo space left on device\n> "
    )
    assert fake.admin.site == Site()
    fake.admin.disk_is_full = False
    assert await typist.types("ok") == "Successfully added Group [g1]\njcli : "

"""`user`: accounts, their credentials, and what may be typed of them."""

import asyncio
import hashlib

from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.servers.jcli.users import user_command
from tests.builders import user
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist

G1 = Group(gid=GroupId("g1"))
U1 = user("u1", gid="g1")


def _at_work(*, enabled: bool = True) -> tuple[FakeOffice, Typist]:
    group = Group(gid=GroupId("g1"), enabled=enabled)
    site = apply(Site(), (Put(Kind.GROUP, "g1", group), Put(Kind.USER, U1.uid, U1)))
    fake = FakeOffice(FakeAdministration(site))
    return fake, Typist(user_command(fake.office()))


# covers: JCLI-08 JCLI-10 JCLI-21
async def test_a_user_is_added_with_its_credentials() -> None:
    fake, typist = _at_work()
    said = await typist.types(
        "user -a",
        "uid u2",
        "gid g2",
        "gid g1",
        "ok",
        "username u2",
        "password p2",
        "mt_messaging_cred quota balance 10",
        "mt_messaging_cred quota sms_count x",
        "smpps_cred authorization bind no",
        "ok",
    )
    assert said == (
        "Adding a new User: (ok: save, ko: exit)\n> > "
        "Unknown Group gid:g2, you must first create the Group\n> > "
        "You must set User id (uid), group (gid), username and password before saving !\n"
        "> > > > Error: invalid literal for int() with base 10: 'x'\n> > "
        "Successfully added User [u2] to Group [g1]\njcli : "
    )
    added = fake.admin.site.user("u2")
    assert added is not None
    assert (added.gid, added.mt.quotas.balance, added.smpps.bind) == ("g1", 10.0, False)
    assert added.password_md5 == hashlib.md5(b"p2").digest()


# covers: JCLI-08 JCLI-09 JCLI-22
async def test_the_list_marks_who_cannot_log_in_and_who_has_no_limit() -> None:
    _, typist = _at_work(enabled=False)
    await typist.types("user -d u1", "user -u u1", "mt_messaging_cred quota http_throughput 2")
    await typist.types("ok")
    assert await typist.types("user -l g1", "user -l g9") == (
        "#User id          Group id         Username         Balance MT SMS Throughput\n"
        "#!u1              !g1              u1               ND (!)  ND (!) 2.0/ND  \n"
        "Total Users in group [g1]: 1\njcli : Total Users in group [g9]: 0\njcli : "
    )


async def test_others_have_their_turns_while_many_users_are_listed() -> None:
    _, typist = _at_work()
    listing = asyncio.create_task(typist.types("user -l"))
    await asyncio.sleep(0)
    assert not listing.done()
    assert (await listing).endswith("Total Users: 1\njcli : ")


# covers: JCLI-11
async def test_quotas_are_raised_and_lowered_from_what_they_are_at_ok() -> None:
    fake, typist = _at_work()
    await typist.types("user -u u1", "mt_messaging_cred quota balance 10", "ok")
    await typist.types("user -u u1", "mt_messaging_cred quota balance +5")
    other = Typist(user_command(fake.office()))
    await other.types("user -u u1", "mt_messaging_cred quota balance -3", "ok")
    assert await typist.types("ok") == "Successfully updated User [u1]\njcli : "
    after = fake.admin.site.user("u1")
    assert after is not None
    assert after.mt.quotas.balance == 12.0


# covers: JCLI-21
async def test_an_update_refuses_what_cannot_be_changed_and_saves_nothing_of_nothing() -> None:
    _, typist = _at_work()
    said = await typist.types(
        "user -u u1", "uid x", "username x", "password " + "p" * 17, "ok", "ko", "user -u nope"
    )
    assert said == (
        "Updating User id [u1]: (ok: save, ko: exit)\n> User id can not be modified !\n> "
        "User username can not be modified !\n> Error: Invalid password length !\n> "
        "Nothing to save\n> jcli : Unknown User: nope\njcli : "
    )


# covers: W-CFG-06
async def test_a_bad_regular_expression_does_not_end_the_session() -> None:
    _, typist = _at_work()
    said = await typist.types("user -u u1", "mt_messaging_cred valuefilter content [", "ko")
    assert said == (
        "Updating User id [u1]: (ok: save, ko: exit)\n> "
        "Error: content is not a regex pattern: [\n> jcli : "
    )


async def test_a_user_removed_meanwhile_is_not_brought_back() -> None:
    fake, typist = _at_work()
    await typist.types("user -u u1", "password other")
    await Typist(user_command(fake.office())).types("user -r u1")
    assert await typist.types("ok") == "Unknown User: u1\n> "


# covers: JCLI-12
async def test_a_ban_unbinds_and_lets_nobody_bind_again() -> None:
    fake, typist = _at_work()
    assert await typist.types("user --smpp-unbind u1") == (
        "Successfully unbound User id:u1\njcli : "
    )
    assert await typist.types("user --smpp-ban u1", "user --smpp-ban nope") == (
        "Successfully unbound and banned User id:u1\njcli : Unknown User: nope\njcli : "
    )
    assert fake.unbound == ["u1", "u1"]
    after = fake.admin.site.user("u1")
    assert after is not None
    assert not after.smpps.bind


# covers: JCLI-08
async def test_the_password_is_never_shown() -> None:
    _, typist = _at_work()
    shown = await typist.types("user -s u1")
    assert shown.startswith(
        "uid u1\ngid g1\nusername u1\nmt_messaging_cred authorization http_send"
    )
    assert "mt_messaging_cred defaultvalue src_addr None\n" in shown
    assert shown.endswith("smpps_cred quota max_bindings ND\njcli : ")
    assert "password" not in shown

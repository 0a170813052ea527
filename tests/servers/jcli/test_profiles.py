"""`persist` and `load`: one line for each of Jasmin's parts, all of them or none."""

import pytest

from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.servers.jcli.profiles import PARTS, load_command, persist_command
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist

SITE = Site(groups={GroupId("g1"): Group(gid=GroupId("g1"))})


def _at_work() -> tuple[FakeOffice, Typist]:
    fake = FakeOffice(FakeAdministration(SITE))
    office = fake.office()
    return fake, Typist(persist_command(office), load_command(office))


def _each(said: str) -> str:
    return "".join(said.format(part) + "\n" for part in PARTS)


# covers: JCLI-18
async def test_a_profile_brings_back_what_was_persisted() -> None:
    fake, typist = _at_work()
    assert await typist.types("persist") == (
        _each("{} configuration persisted (profile:jcli-prod)") + "jcli : "
    )
    fake.admin.site = Site()
    said = await typist.types("load -p jcli-prod")
    assert said == (
        _each("{} configuration loaded (profile:jcli-prod)")
        + "filter f1: an unknown class\njcli : "
    )
    assert fake.admin.site == SITE


async def test_a_profile_that_is_not_there_changes_nothing() -> None:
    fake, typist = _at_work()
    assert await typist.types("load -p nope") == (
        _each("Failed to load {} configuration (profile:nope)") + "jcli : "
    )
    assert fake.admin.site == SITE


async def test_a_full_disk_is_said_with_its_reason() -> None:
    fake, typist = _at_work()
    fake.admin.disk_is_full = True
    assert await typist.types("persist") == (
        _each("Failed to persist {} configuration (profile:jcli-prod)")
        + "Error: No space left on device\njcli : "
    )


# covers: W-CFG-09
@pytest.mark.parametrize("name", ["x/y", "../x", ".", "..", "/etc/passwd", "x\\y", ".hidden"])
@pytest.mark.parametrize("command", ["persist", "load"])
async def test_a_profile_cannot_leave_the_store(command: str, name: str) -> None:
    fake, typist = _at_work()
    assert await typist.types(f"{command} -p {name}") == (
        _each(f"Failed to {command} {{}} configuration (profile:{name})")
        + "Error: a profile's name is made of letters, digits, _, - and .\njcli : "
    )
    assert fake.admin.profiles == {}

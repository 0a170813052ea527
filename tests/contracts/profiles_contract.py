"""What every adapter of the Profiles port promises; subclassed with a fixture `profiles`."""

import asyncio

import pytest

from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import Profiles, SiteNotSaved, SiteUnreadable
from tests import builders
from tests.builders import CID

SITE = builders.site(builders.user(enabled=False), started={CID: True})
PATHS = ("../x", "/tmp/x", "a/b", "", ".", "a\0b")


class ProfilesContract:
    async def test_there_is_none_before_it_is_written(self, profiles: Profiles) -> None:
        assert await profiles.read("jcli-prod") is None

    # covers: W-CFG-01 PERS-06
    async def test_what_was_written_is_read(self, profiles: Profiles) -> None:
        await profiles.write("jcli-prod", SITE)
        read = await profiles.read("jcli-prod")
        assert read is not None
        assert (read.site, read.not_carried_over) == (SITE, ())

    async def test_an_empty_site_is_a_profile(self, profiles: Profiles) -> None:
        await profiles.write("jcli-prod", SITE)
        await profiles.write("jcli-prod", Site())
        read = await profiles.read("jcli-prod")
        assert read is not None
        assert read.site == Site()

    async def test_profiles_are_apart(self, profiles: Profiles) -> None:
        await profiles.write("one", SITE)
        await profiles.write("two.bak", Site())
        read = await profiles.read("one")
        assert read is not None
        assert read.site == SITE
        assert await profiles.read("two") is None

    # covers: W-CFG-09
    @pytest.mark.parametrize("name", PATHS)
    async def test_a_name_that_is_a_path_is_refused(self, profiles: Profiles, name: str) -> None:
        with pytest.raises(SiteNotSaved):
            await profiles.write(name, SITE)
        with pytest.raises(SiteUnreadable):
            await profiles.read(name)

    async def test_many_may_ask_at_once(self, profiles: Profiles) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(5):
                tasks.create_task(profiles.write("one", SITE))
                tasks.create_task(profiles.read("one"))
        read = await profiles.read("one")
        assert read is not None
        assert read.site == SITE

"""Profiles for as long as the process lives: `--embedded`, the demo, and tests."""

from dataclasses import replace

from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import ProfileRead, SiteNotSaved, SiteUnreadable
from jasmin_compat.wire.store_files import is_profile_name


class MemoryProfiles:
    """ports.Profiles without a disk."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}

    async def read(self, profile: str) -> ProfileRead | None:
        if not is_profile_name(profile):
            raise SiteUnreadable(f"{profile} is no name of a profile")
        site = self.sites.get(profile)
        return None if site is None else ProfileRead(site=site)

    async def write(self, profile: str, site: Site) -> None:
        if not is_profile_name(profile):
            raise SiteNotSaved(f"{profile} is no name of a profile")
        self.sites[profile] = replace(site, users=dict(site.users))  # as they are now

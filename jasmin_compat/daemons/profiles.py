"""Where `persist` and `load` of the console keep copies of the site."""

from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import ProfileRead, SiteNotSaved


class NoProfiles:
    """ports.Profiles where nothing can be kept; the working state is kept all the same."""

    async def read(self, _profile: str) -> ProfileRead | None:
        return None

    async def write(self, _profile: str, _site: Site) -> None:
        """Raises: SiteNotSaved."""
        raise SiteNotSaved("store files are not written yet")

"""The working state for as long as the process lives: `--embedded`, the demo, and tests."""

from jasmin_compat.gateway.site import Edit, Site, apply


class MemorySite:
    """ports.SiteStore without a disk."""

    def __init__(self, site: Site | None = None) -> None:
        self._site = site

    async def read(self) -> Site | None:
        return self._site

    async def write(self, edit: Edit) -> None:
        self._site = apply(self._site or Site(), edit)

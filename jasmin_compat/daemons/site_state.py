"""The site a daemon starts with: the working state, and the site file over it (design D3, D10)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.further_checks import site_of
from jasmin_compat.gateway.site import Site, apply, edit_over, edit_to
from jasmin_compat.ports import SiteNotSaved, SiteStore, SiteUnreadable
from jasmin_compat.runtime.current import Current


class State:
    """The site in force, and where it is kept."""

    def __init__(self, site: Site, store: SiteStore) -> None:
        self.current = Current(site)
        self.store = store


@asynccontextmanager
async def open_state(frame: Frame) -> AsyncIterator[State]:
    """In [router] store_path. Raises: CannotStart."""
    folder = Path(frame.settings.router.store_path)
    async with AsyncExitStack() as opened:
        try:
            store = await opened.enter_async_context(open_sqlite_site(folder))
            site = await _begin(frame, store)
        except (SiteNotSaved, SiteUnreadable) as reason:
            raise CannotStart("RouterPB", reason) from reason
        yield State(site, store)


async def _begin(frame: Frame, store: SiteStore) -> Site:
    """Raises: SiteNotSaved, SiteUnreadable."""
    site = await store.read()
    if site is None:
        site = Site()
        await store.write(edit_to(site))
    over = site_of(frame.read)
    edit = edit_over(site, over) if over is not None else ()
    if edit:
        await store.write(edit)
    return apply(site, edit)


def memory_state(frame: Frame, site: Site | None) -> State:
    """As long as the process; `site` instead of the site file's."""
    begun = site or site_of(frame.read) or Site()
    return State(begun, MemorySite(begun))

"""The site a daemon starts with: the working state, and the site file over it (design D3, D10).

Before there is a working state, the profile Jasmin loads at each start stands in its place.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jasmin_compat.adapters.memory_quotas import MemoryQuotas, UserNow
from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.adapters.sqlite_quotas import open_sqlite_quotas
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.further_checks import site_of
from jasmin_compat.daemons.profiles import DEFAULT_PROFILE
from jasmin_compat.daemons.site_counts import site_counts
from jasmin_compat.gateway.site import Site, apply, edit_over, edit_to
from jasmin_compat.ports import Profiles, Quotas, SiteNotSaved, SiteStore, SiteUnreadable
from jasmin_compat.runtime.current import Current


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The site in force, where it is kept, and what its users have left."""

    current: Current[Site]
    store: SiteStore
    quotas: Quotas


def user_now(current: Current[Site]) -> UserNow:
    """The account as it is now: that of a message in flight may be of before a change."""
    return lambda user: current().users.get(user.uid)


@asynccontextmanager
async def open_state(frame: Frame, profiles: Profiles) -> AsyncIterator[State]:
    """In [router] store_path. Raises: CannotStart."""
    folder = Path(frame.settings.router.store_path)
    async with AsyncExitStack() as opened:
        try:
            store = await opened.enter_async_context(open_sqlite_site(folder))
            current = Current(await _begin(frame, store, profiles))
            quotas = await opened.enter_async_context(
                open_sqlite_quotas(store.file, user_now(current))
            )
        except (SiteNotSaved, SiteUnreadable) as reason:
            raise CannotStart("RouterPB", reason) from reason
        yield State(current=current, store=store, quotas=quotas)


async def _begin(frame: Frame, store: SiteStore, profiles: Profiles) -> Site:
    """Raises: SiteNotSaved, SiteUnreadable."""
    site = await store.read()
    if site is None:
        site = await _move_in(frame, profiles)
        await store.write(edit_to(site))
    over = site_of(frame.read)
    edit = edit_over(site, over) if over is not None else ()
    if edit:
        await store.write(edit)
    return apply(site, edit)


async def _move_in(frame: Frame, profiles: Profiles) -> Site:
    """What Jasmin left, or nothing. Raises: SiteUnreadable."""
    read = await profiles.read(DEFAULT_PROFILE)
    if read is None:
        return Site()
    frame.say.told(f"Imported Jasmin's profile {DEFAULT_PROFILE}: {site_counts(read.site)}")
    for text in read.not_carried_over:
        frame.say.warning(f"Not carried over: {text}")
    return read.site


def memory_state(frame: Frame, site: Site | None) -> State:
    """As long as the process; `site` instead of the site file's."""
    begun = site or site_of(frame.read) or Site()
    current = Current(begun)
    quotas = MemoryQuotas(user_now(current))
    return State(current=current, store=MemorySite(begun), quotas=quotas)

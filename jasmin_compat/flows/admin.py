"""How the site changes: decided on what is now, written, then in force, and the connectors follow.

The one way in for the console, and for whatever else changes the site of a running gateway.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from jasmin_compat.gateway.charging import LiveUsers
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Drop, Edit, Kind, Put, Site, apply, edit_to
from jasmin_compat.ports import (
    Connectors,
    ConnectorStatus,
    ProfileRead,
    Profiles,
    Quotas,
    SiteStore,
)
from jasmin_compat.runtime.current import Current


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminPorts:
    """What changes of the site need from outside."""

    store: SiteStore
    profiles: Profiles
    connectors: Connectors
    quotas: Quotas


class Administration:
    """Changes one site; those who read it hold `current`."""

    def __init__(
        self,
        current: Current[Site],
        ports: AdminPorts,
        *,
        follow: Callable[[Edit, Site], None] = lambda _edit, _site: None,
    ) -> None:
        """`current` holds what the store holds; `follow` is told each edit, once it is in force."""
        self._current = current
        self._store = ports.store
        self._profiles = ports.profiles
        self._connectors = ports.connectors
        self._quotas = ports.quotas
        self._follow = follow
        self._turn = asyncio.Lock()
        self._profile_turn = asyncio.Lock()

    @property
    def site(self) -> Site:
        """As it is now; users with what they have left."""
        site = self._current()
        return replace(site, users=LiveUsers(site.users, self._quotas.left))

    async def change(self, decide: Callable[[Site], Edit]) -> Edit:
        """Do what `decide` says of the site as it is now; the result is that.

        Where it says something of users it is asked again, when nobody is being charged.

        It is on disk before it is in force. Returns when connectors it stops have stopped, and
        those it starts are on their way.

        Raises:
            SiteNotSaved: nothing has changed.
            whatever `decide` raises: nothing has changed.
        """
        return await self._change(decide, anew=False)

    async def start(self, cid: ConnectorId) -> bool:
        """False when it runs already, or is not there. Raises: SiteNotSaved."""

        def decide(site: Site) -> Edit:
            if cid not in site.connectors or site.started.get(cid, False):
                return ()
            return (Put(Kind.STARTED, cid, item=True),)

        return bool(await self.change(decide))

    async def stop(self, cid: ConnectorId) -> bool:
        """False when it stands already, or is not there. Raises: SiteNotSaved."""

        def decide(site: Site) -> Edit:
            return (Drop(Kind.STARTED, cid),) if site.started.get(cid, False) else ()

        return bool(await self.change(decide))

    def status(self, cid: ConnectorId) -> ConnectorStatus:
        return self._connectors.status(cid)

    async def persist(self, profile: str) -> None:
        """Keep a copy of the site under that name. Raises: SiteNotSaved."""
        async with self._profile_turn:
            await self._profiles.write(profile, self.site)

    async def load(self, profile: str) -> ProfileRead | None:
        """Put the site kept under that name in place of this one; None when there is none.

        Every connector is stopped, and those started that ran when it was kept.

        Raises:
            SiteUnreadable, SiteNotSaved: nothing has changed.
        """
        async with self._profile_turn:
            read = await self._profiles.read(profile)
        if read is not None:
            edit = edit_to(read.site)
            await self._change(lambda _: edit, anew=True)
        return read

    async def _change(self, decide: Callable[[Site], Edit], *, anew: bool) -> Edit:
        async with self._turn, AsyncExitStack() as held:
            edit = decide(self.site)
            if any(step.kind is Kind.USER for step in edit):
                await held.enter_async_context(self._quotas.changing())
                edit = decide(self.site)  # what was charged meanwhile is in it
            if not edit:
                return edit
            before = self._current()
            after = apply(before, edit)
            await self._store.write(edit)
            self._current.swap(after)  # no await since the write: they cannot differ
            self._quotas.follow(edit, after)
            self._follow(edit, after)
        cids = _connectors(before, after, anew=anew)
        if cids:
            await self._connectors.settle(cids, anew=anew)
        return edit


def _connectors(before: Site, after: Site, *, anew: bool) -> list[ConnectorId]:
    """Those that are not as they were; with `anew` all."""
    cids = before.connectors | after.connectors  # type: ignore[operator]  # tables of a Site are dicts
    return [cid for cid in cids if anew or _of(before, cid) != _of(after, cid)]


def _of(site: Site, cid: ConnectorId) -> object:
    return site.connectors.get(cid), site.started.get(cid, False)

"""What the commands of the console work with, and how a change is made from there."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Edit, Site
from jasmin_compat.gateway.unusable import Mistyped, NotDone
from jasmin_compat.gateway.users import UserId
from jasmin_compat.ports import ConnectorStatus, ProfileRead, SiteNotSaved
from jasmin_compat.servers.jcli.counted import Stats
from jasmin_compat.servers.jcli.dialogue import Visit

log: Final = logging.getLogger("jcli")


class Administration(Protocol):
    """Where the site is changed: flows/admin.py."""

    @property
    def site(self) -> Site:
        """As it is now."""
        ...

    async def change(self, decide: Callable[[Site], Edit]) -> Edit:
        """Do what `decide` says of the site as it is then; no other change comes between.

        Raises:
            SiteNotSaved: and nothing has changed.
            Unusable: as `decide` did.
        """
        ...

    async def persist(self, profile: str) -> None:
        """Raises: SiteNotSaved."""
        ...

    async def load(self, profile: str) -> ProfileRead | None:
        """Replaces the site; None: there is no such profile.

        Raises:
            SiteUnreadable, SiteNotSaved
        """
        ...

    async def start(self, cid: ConnectorId) -> bool:
        """False: it runs already, or is not there. Raises: SiteNotSaved."""
        ...

    async def stop(self, cid: ConnectorId) -> bool:
        """False: it stands already, or is not there. Raises: SiteNotSaved."""
        ...

    def status(self, cid: ConnectorId) -> ConnectorStatus: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Shared by all sessions."""

    admin: Administration
    stats: Stats
    read_file: Callable[[str], Awaitable[str]]
    """The Python source at a path of this machine. Raises ScriptUnread."""
    read_script: Callable[[str], Awaitable[str]]
    """The same at a path or URL."""
    unbind: Callable[[UserId], Awaitable[None]]
    """From our SMPP server, every session of the user."""
    default_log_file: Callable[[ConnectorId], str]
    """Of a connector that names none."""
    new_connector: Mapping[str, object] = field(default_factory=dict)
    """Values of the keys that a new SMPP client connector is not given; of others, KEYS' own."""

    @property
    def site(self) -> Site:
        return self.admin.site

    async def change(self, visit: Visit, doing: str, decide: Callable[[Site], Edit]) -> None:
        """`doing` is what fails when it is not saved, such as `adding Group`.

        Raises:
            Unusable
        """
        try:
            await self.admin.change(decide)
        except SiteNotSaved as reason:
            raise not_saved(visit, doing, reason) from reason
        except NotDone as reason:
            log_failure(visit, reason.doing, reason.reason)
            raise


def log_failure(visit: Visit, doing: str, reason: object) -> None:
    log.error("[sref:%d] Failed %s: %s", visit.number, doing, reason)


def not_saved(visit: Visit, doing: str, reason: Exception) -> Mistyped:
    """Jasmin's words, and the reason, which is in the log as well."""
    log_failure(visit, doing, reason)
    return Mistyped(f"Failed {doing}, check log for details\n{reason}")

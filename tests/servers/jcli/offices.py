"""An office over a site in memory, and one session at its console, without a wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Edit, Site, apply
from jasmin_compat.gateway.users import UserId
from jasmin_compat.ports import ConnectorStatus, ProfileRead, ScriptUnread, SiteNotSaved
from jasmin_compat.servers.jcli.console import Command, MainDialogue
from jasmin_compat.servers.jcli.counted import (
    HttpApiStats,
    SmppClientStats,
    SmppServerStats,
    UserOverHttp,
    UserOverSmpp,
)
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office

VISIT = Visit(number=7, peer="192.0.2.1:4242", say=lambda _text: None)


@dataclass
class FakeAdministration:
    """A site that is kept nowhere; while `disk_is_full`, nothing changes."""

    site: Site = field(default_factory=Site)
    profiles: dict[str, Site] = field(default_factory=dict)
    disk_is_full: bool = False
    statuses: dict[ConnectorId, ConnectorStatus] = field(default_factory=dict)

    async def change(self, decide: Callable[[Site], Edit]) -> Edit:
        edit = decide(self.site)
        self._check()
        self.site = apply(self.site, edit)
        return edit

    async def persist(self, profile: str) -> None:
        self._check()
        self.profiles[profile] = self.site

    async def load(self, profile: str) -> ProfileRead | None:
        if profile not in self.profiles:
            return None
        self.site = self.profiles[profile]
        return ProfileRead(site=self.site, not_carried_over=("filter f1: an unknown class",))

    async def start(self, cid: ConnectorId) -> bool:
        return self._run(cid, True)

    async def stop(self, cid: ConnectorId) -> bool:
        return self._run(cid, False)

    def status(self, cid: ConnectorId) -> ConnectorStatus:
        stands = ConnectorStatus(is_started=False, session="NONE", starts=0, stops=0)
        return self.statuses.get(cid, stands)

    def _run(self, cid: ConnectorId, is_started: bool) -> bool:
        before = self.status(cid)
        if before.is_started == is_started:
            return False
        self._check()
        self.statuses[cid] = ConnectorStatus(
            is_started=is_started,
            session="BOUND_TRX" if is_started else "NONE",
            starts=before.starts + is_started,
            stops=before.stops + (not is_started),
        )
        return True

    def _check(self) -> None:
        if self.disk_is_full:
            raise SiteNotSaved("No space left on device")


@dataclass(frozen=True, kw_only=True)
class FixedStats:
    """Numbers that do not move."""

    smpp_users: Mapping[str, UserOverSmpp] = field(default_factory=dict)
    http_users: Mapping[str, UserOverHttp] = field(default_factory=dict)
    connectors: Mapping[str, SmppClientStats] = field(default_factory=dict)
    api: HttpApiStats = field(default_factory=HttpApiStats)
    server: SmppServerStats = field(default_factory=SmppServerStats)

    def user_over_smpp(self, uid: UserId) -> UserOverSmpp:
        return self.smpp_users.get(uid, UserOverSmpp())

    def user_over_http(self, uid: UserId) -> UserOverHttp:
        return self.http_users.get(uid, UserOverHttp())

    def smpp_client(self, cid: ConnectorId) -> SmppClientStats:
        return self.connectors.get(cid, SmppClientStats())

    def http_api(self) -> HttpApiStats:
        return self.api

    def smpp_server(self) -> SmppServerStats:
        return self.server


@dataclass
class FakeOffice:
    """What an Office is made of, to look at and to change."""

    admin: FakeAdministration = field(default_factory=FakeAdministration)
    stats: FixedStats = field(default_factory=FixedStats)
    sources: dict[str, str] = field(default_factory=dict)
    """Python by path or URL."""
    unbound: list[UserId] = field(default_factory=list)

    def office(self) -> Office:
        return Office(
            admin=self.admin,
            stats=self.stats,
            read_file=self._read,
            read_script=self._read,
            unbind=self._unbind,
            default_log_file=lambda cid: f"/var/log/jasmin/default-{cid}.log",
        )

    async def _read(self, path: str) -> str:
        if path not in self.sources:
            raise ScriptUnread(f"[IO]: no {path}")
        return self.sources[path]

    async def _unbind(self, uid: UserId) -> None:
        self.unbound.append(uid)


class Typist:
    """Types lines into one session of a console with these commands."""

    def __init__(self, *commands: Command) -> None:
        self.dialogue = MainDialogue(commands, VISIT)

    async def types(self, *lines: str) -> str:
        """The answers, one after the other, as they are shown."""
        return "".join([(await self.dialogue.take(line)).text for line in lines])

"""Hand-written stand-ins for ports, held to the same protocols as the real adapters."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from typing_extensions import override

from jasmin_compat.adapters.memory_profiles import MemoryProfiles as KeptInMemory
from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import ConnectorId, MtRoutable
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import ConnectorStatus, ProfileRead, SiteNotSaved, SiteUnreadable
from tests.waiting import until


class FakeClock:
    """A clock that moves when told; `sleep` returns when the time has come."""

    def __init__(self, unix: float = 1_790_000_000.0) -> None:
        self._now = 0.0
        self._unix = unix
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self._now

    def unix(self) -> float:
        return self._unix + self._now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self._now + seconds, woken))
        await woken.wait()

    def sleeps_until(self, due: float) -> bool:
        """Somebody waits for exactly this moment."""
        return any(when == due for when, _ in self._sleepers)

    def is_waited_for(self) -> bool:
        """Somebody sleeps."""
        return bool(self._sleepers)

    async def advance_to_sleeper(self, seconds: float) -> None:
        """Advance as soon as somebody waits for just that: who goes to sleep later sleeps on."""
        due = self._now + seconds
        await until(lambda: any(abs(when - due) < 1e-6 for when, _ in self._sleepers))
        self.advance(seconds)

    def advance_to_next(self) -> None:
        """Advance to the first who sleeps, if anybody does."""
        self.advance(min((due - self._now for due, _ in self._sleepers), default=0.0))

    def advance(self, seconds: float) -> None:
        self._now += seconds
        for due, woken in list(self._sleepers):
            if due <= self._now:
                self._sleepers.remove((due, woken))
                woken.set()


class FakeConnectors:
    """ports.Connectors that keep what they were told."""

    def __init__(self) -> None:
        self.settled: list[tuple[str, bool]] = []
        """Connector, and whether anew."""

    async def settle(self, cids: Iterable[ConnectorId], *, anew: bool = False) -> None:
        self.settled += [(cid, anew) for cid in cids]

    def status(self, cid: ConnectorId) -> ConnectorStatus:  # noqa: ARG002 RUF100
        return ConnectorStatus(is_started=False, session="NONE", starts=0, stops=0)


class MemoryProfiles(KeptInMemory):
    """May be told to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_with: SiteNotSaved | SiteUnreadable | None = None

    @override
    async def read(self, profile: str) -> ProfileRead | None:
        self._demand()
        return await super().read(profile)

    @override
    async def write(self, profile: str, site: Site) -> None:
        self._demand()
        await super().write(profile, site)

    def _demand(self) -> None:
        if self.fails_with is not None:
            raise self.fails_with


@dataclass
class FakeScripts:
    """ports.Scripts, by the text of the code: what it gives, or the error it ends with."""

    says: Mapping[str, bool | MtRoutable | Statuses | Exception] = field(default_factory=dict)
    run: list[str] = field(default_factory=list)

    async def evaluate(self, code: str, routable: MtRoutable, *, at: datetime) -> bool:
        said = self._said(code)
        assert isinstance(said, bool)
        return said

    async def intercept(
        self, code: str, routable: MtRoutable, *, at: datetime
    ) -> MtRoutable | Statuses:
        said = self._said(code)
        assert isinstance(said, MtRoutable | Statuses)
        return said

    def _said(self, code: str) -> bool | MtRoutable | Statuses:
        self.run.append(code)
        said = self.says[code]
        if isinstance(said, Exception):
            raise said
        return said

"""What users have left, in memory: for a gateway that keeps nothing, and for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from jasmin_compat.gateway.charging import (
    Charge,
    Left,
    NotEnoughBalance,
    NotEnoughCount,
    charged,
    quota_of,
    refunded,
)
from jasmin_compat.gateway.messages import Source
from jasmin_compat.gateway.site import Clear, Edit, Kind, Site
from jasmin_compat.gateway.users import User, UserId
from jasmin_compat.ports import KEPT_BIDS, QuotaCounts, QuotasAway

UserNow = Callable[[User], User | None]
"""The account of that id as it is now; None when it was removed."""
_NOBODY: Final[Mapping[UserId, Left]] = MappingProxyType({})


class MemoryQuotas:
    """ports.Quotas."""

    def __init__(
        self,
        user_now: UserNow = lambda user: user,
        left: Mapping[UserId, Left] = _NOBODY,
        bids: Iterable[str] = (),
    ) -> None:
        """`bids` are those taken before, the last at the end."""
        self.counts = QuotaCounts()
        self._bids = dict.fromkeys(bids)
        self._user_now = user_now
        self._left = dict(left)
        """Of those who were charged since the site last said what they have."""
        self._passed: dict[UserId, dict[Source, float]] = {}
        """When the last message passed, monotonic."""
        self._may_charge = asyncio.Event()
        self._may_charge.set()

    def left(self, user: User) -> Left:
        left = self._left.get(user.uid)
        return left if left is not None else quota_of((self._user_now(user) or user).mt.quotas)

    async def pass_throughput(
        self, uid: UserId, source: Source, rate_per_s: float, *, now: float
    ) -> float | None:
        passed = self._passed.setdefault(uid, {})
        last = passed.get(source)
        if last is not None and now - last < 1 / rate_per_s:
            self.counts.too_fast += 1
            return now - last
        passed[source] = now
        return None

    async def charge(self, user: User, charge: Charge) -> None:
        await self._standing_still()
        self._take(user, charge)
        self.counts.charged += 1

    async def charge_late(self, user: User, amount: float, bid: str) -> bool:
        await self._standing_still()
        if bid in self._bids:
            self.counts.repeated += 1
            return False
        self._take(user, Charge(amount=amount, count=0, needed=amount))
        self._bids[bid] = None
        if len(self._bids) > KEPT_BIDS:
            del self._bids[next(iter(self._bids))]
        self.counts.charged_late += 1
        return True

    async def refund(self, user: User, charge: Charge) -> None:
        await self._standing_still()
        if self._give_back(user, charge):
            self.counts.refunded += 1

    async def _standing_still(self) -> None:
        """Return when users do not change."""
        while not self._may_charge.is_set():
            await self._may_charge.wait()

    def _take(self, user: User, charge: Charge) -> None:
        if self._user_now(user) is None:
            self.counts.away += 1
            raise QuotasAway(f"user {user.uid} was removed")
        try:
            self._left[user.uid] = charged(self.left(user), charge)
        except (NotEnoughBalance, NotEnoughCount):
            self.counts.refused += 1
            raise

    def _give_back(self, user: User, charge: Charge) -> bool:
        """False when the user was removed."""
        if self._user_now(user) is None:
            return False
        self._left[user.uid] = refunded(self.left(user), charge)
        return True

    # ------------------------------------------------------------ for who writes it

    def taken_of(self, uids: Iterable[UserId]) -> dict[UserId, Left]:
        """What those of them have left that were charged."""
        return {uid: self._left[uid] for uid in uids if uid in self._left}

    def not_taken(self, user: User, charge: Charge, bid: str | None = None) -> None:
        """The charge is as if it had not been."""
        if bid is None:
            self.counts.charged -= 1
        else:
            self._bids.pop(bid, None)
            self.counts.charged_late -= 1
        self._give_back(user, charge)

    # ------------------------------------------------------------ users change

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        assert self._may_charge.is_set()
        self._may_charge.clear()
        try:
            yield
        finally:
            self._may_charge.set()

    def follow(self, edit: Edit, site: Site) -> None:
        for step in edit:
            if step.kind is not Kind.USER:
                continue
            if isinstance(step, Clear):
                self._left.clear()
                self._passed = {u: p for u, p in self._passed.items() if u in site.users}
            else:
                uid = UserId(str(step.key))
                self._left.pop(uid, None)
                if uid not in site.users:
                    self._passed.pop(uid, None)

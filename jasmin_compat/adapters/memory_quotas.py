"""What users have left, in memory: for a gateway that keeps nothing, and for tests."""

from dataclasses import dataclass

from jasmin_compat.gateway.charging import Charge, Left, charged, quota_of, refunded
from jasmin_compat.gateway.messages import Source
from jasmin_compat.gateway.users import User, UserId


@dataclass(slots=True)
class QuotaCounts:
    """Charges since start."""

    charged: int = 0
    """Messages that were paid for."""
    refused: int = 0
    """Messages their sender could not pay."""
    refunded: int = 0
    """Messages that were charged and then not taken over."""
    too_fast: int = 0
    """Messages that came faster than their sender may send."""


class MemoryQuotas:
    """ports.Quotas."""

    def __init__(self) -> None:
        self.counts = QuotaCounts()
        self._left: dict[UserId, Left] = {}
        """Of those who were ever charged."""
        self._passed: dict[tuple[UserId, Source], float] = {}
        """When the last message passed, monotonic."""

    def left(self, user: User) -> Left:
        return self._left.get(user.uid) or quota_of(user.mt.quotas)

    async def pass_throughput(
        self, uid: UserId, source: Source, rate_per_s: float, *, now: float
    ) -> bool:
        last = self._passed.get((uid, source))
        if last is not None and now - last < 1 / rate_per_s:
            self.counts.too_fast += 1
            return False
        self._passed[uid, source] = now
        return True

    async def charge(self, user: User, charge: Charge) -> None:
        try:
            self._left[user.uid] = charged(self.left(user), charge)
        except Exception:
            self.counts.refused += 1
            raise
        self.counts.charged += 1

    async def refund(self, user: User, charge: Charge) -> None:
        self._left[user.uid] = refunded(self.left(user), charge)
        self.counts.refunded += 1

"""Quotas in memory."""

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.gateway.charging import Charge, Left, NotEnoughCount
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from tests import builders

ONE = Charge(amount=0.0, count=1, needed=0.0)


async def test_a_quota_ends() -> None:
    quotas, user = MemoryQuotas(), builders.user(mt=MtCredential(quotas=Quotas(submit_sm_count=2)))
    await quotas.charge(user, ONE)
    await quotas.charge(user, ONE)
    with pytest.raises(NotEnoughCount):
        await quotas.charge(user, ONE)
    await quotas.refund(user, ONE)
    assert quotas.left(user) == Left(balance=None, submit_sm_count=1)
    counts = quotas.counts
    assert (counts.charged, counts.refused, counts.refunded) == (2, 1, 1)


async def test_each_edge_has_its_own_pace() -> None:
    quotas, user = MemoryQuotas(), builders.user()
    assert await quotas.pass_throughput(user.uid, "httpapi", 2.0, now=10.0)
    assert not await quotas.pass_throughput(user.uid, "httpapi", 2.0, now=10.4)
    assert await quotas.pass_throughput(user.uid, "smppsapi", 2.0, now=10.4)
    assert await quotas.pass_throughput(user.uid, "httpapi", 2.0, now=10.5)

"""Quotas in memory keep the contract."""

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.gateway.charging import Charge, Left
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.users import User
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.contracts.quotas_contract import Desk, QuotasContract


class TestMemoryQuotas(QuotasContract):
    @pytest.fixture
    def desk(self, users: tuple[User, ...]) -> Desk:
        current = Current(builders.site(*users))
        return Desk(MemoryQuotas(lambda user: current().users.get(user.uid)), current)


async def test_without_a_site_users_are_as_they_are_given() -> None:
    quotas, user = MemoryQuotas(), builders.user(mt=MtCredential(quotas=Quotas(balance=2.0)))
    await quotas.charge(user, Charge(amount=1.5, count=0, needed=2.0))
    assert quotas.left(user) == Left(balance=0.5, submit_sm_count=None)

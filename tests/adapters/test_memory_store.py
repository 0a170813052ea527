"""The Store contract in memory, and what only this adapter has to show."""

from typing import Any

import pytest

from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import MsgId
from jasmin_compat.ports import Store
from tests.builders import http_request
from tests.contracts.store_contract import MakeStore, StoreContract
from tests.fakes import FakeClock


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def make_store(self, clock: FakeClock) -> MakeStore:
        self.clock = clock

        async def make(**fields: Any) -> Store:
            return MemoryStore(policy=DlrPolicy(**fields), clock=clock)

        return make

    async def pass_time(self, store: Store, seconds: float) -> None:
        self.clock.advance(seconds)

    async def test_stale_marks_do_not_pile_up(self, clock: FakeClock) -> None:
        store = MemoryStore(policy=DlrPolicy(), clock=clock)
        for number in range(5000):
            msgid = MsgId(f"m{number}")
            await store.remember(http_request(msgid=msgid))
            await store.forget(msgid)
        assert len(store._ends) <= 1001

    async def test_requests_nobody_asks_for_go_untold(self, clock: FakeClock) -> None:
        store = MemoryStore(policy=DlrPolicy(on_expiry="callback"), clock=clock)
        for number in range(DlrPolicy().max_untold + 5):
            await store.remember(http_request(msgid=MsgId(f"m{number}"), expiry_s=10))
        clock.advance(11)
        assert len(await store.expired(2 * DlrPolicy().max_untold)) == DlrPolicy().max_untold
        clock.advance(301)
        assert await store.expired(10) == []

"""The working state in memory keeps the contract."""

from contextlib import asynccontextmanager

import pytest

from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.gateway.site import Site
from tests.contracts.site_contract import OpenStore, SiteStoreContract


class TestMemorySite(SiteStoreContract):
    @pytest.fixture
    def open_store(self) -> OpenStore:
        store = MemorySite()

        @asynccontextmanager
        async def open_again():  # type: ignore[no-untyped-def]
            yield store

        return open_again


async def test_it_may_begin_with_a_site() -> None:
    assert await MemorySite(Site()).read() == Site()

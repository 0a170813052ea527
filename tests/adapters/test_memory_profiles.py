"""Profiles in memory keep the contract."""

import pytest

from jasmin_compat.adapters.memory_profiles import MemoryProfiles
from tests.contracts.profiles_contract import ProfilesContract


class TestMemoryProfiles(ProfilesContract):
    @pytest.fixture
    def profiles(self) -> MemoryProfiles:
        return MemoryProfiles()

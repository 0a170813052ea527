"""A snapshot of the configuration."""

from dataclasses import FrozenInstanceError

import pytest

from jasmin_compat.gateway.directory import Directory
from tests import builders


def test_an_empty_directory_knows_nobody() -> None:
    nobody = Directory()
    assert (nobody.users, nobody.connectors, nobody.mt_routes) == ({}, {}, ())


def test_a_directory_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        builders.directory().mt_routes = ()  # type: ignore[misc]

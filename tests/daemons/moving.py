"""The commands that move a site, run in a folder that is a whole gateway's."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from jasmin_compat.adapters.profiles import StoreFolders, StoreProfiles
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.daemons.command_line import main
from jasmin_compat.gateway.site import Site, edit_to
from tests.daemons.frames import environment
from tests.fakes import FakeClock

Run = Callable[..., int]


def commands_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`jasmin-compat …`, with settings that keep to the folder."""
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: main([str(argument) for argument in arguments])


def profiles_in(folder: Path, logs: Path) -> StoreProfiles:
    """Of a Jasmin with its logs there."""
    folders = StoreFolders(router=folder, connectors=folder, console=folder)
    return StoreProfiles(
        folders, connector_defaults={}, log_folder=str(logs), release="0.11.1", clock=FakeClock()
    )


def have_working_state(folder: Path, site: Site) -> None:
    async def write() -> None:
        async with open_sqlite_site(folder) as store:
            await store.write(edit_to(site))

    asyncio.run(write())

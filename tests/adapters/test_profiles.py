"""Profiles as Jasmin's store files keep the contract, and never leave half a file."""

import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jasmin_compat.adapters.profiles import StoreFolders, StoreProfiles
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.wire.store_files import FILES
from tests.contracts.profiles_contract import SITE, ProfilesContract
from tests.fakes import FakeClock


def opened(
    router: Path, connectors: Path | None = None, console: Path | None = None
) -> StoreProfiles:
    folders = StoreFolders(
        router=router, connectors=connectors or router, console=console or router
    )
    return StoreProfiles(
        folders, connector_defaults={}, log_folder="/logs/", release="0.11.1", clock=FakeClock()
    )


@pytest.fixture
def profiles(tmp_path: Path) -> StoreProfiles:
    return opened(tmp_path)


class TestStoreProfiles(ProfilesContract):
    @pytest.fixture
    def profiles(self, tmp_path: Path) -> StoreProfiles:
        return opened(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def files_of_at_most(octets: int) -> Iterator[None]:
    """A disk that is full can be had of the kernel."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# covers: PERS-01
async def test_files_lie_where_jasmin_has_them(tmp_path: Path) -> None:
    router, connectors, console = tmp_path / "r", tmp_path / "c", tmp_path / "s"
    await opened(router, connectors, console).write("p", SITE)
    assert set(contents(connectors)) == {"p.smppccs"}
    assert set(contents(console)) == {"p.filters", "p.httpccs"}
    assert set(contents(router)) == {f"p.{name}" for name in FILES if name.startswith("router-")}
    head = (router / "p.router-users").read_bytes().partition(b"\n")[0]
    assert head.startswith(b"Persisted on ")
    assert head.endswith(b" 2026 [Jasmin 0.11.1]")


async def test_new_files_are_for_the_owner_and_old_ones_keep_their_rights(
    profiles: StoreProfiles, tmp_path: Path
) -> None:
    await profiles.write("p", SITE)
    path = tmp_path / "p.router-users"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    await profiles.write("p", Site())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


# covers: PERS-05
async def test_files_an_old_jasmin_did_not_have_are_empty_tables(
    profiles: StoreProfiles, tmp_path: Path
) -> None:
    await profiles.write("p", SITE)
    for name in ("router-mointerceptors", "router-mtinterceptors"):
        (tmp_path / f"p.{name}").unlink()
    read = await profiles.read("p")
    assert read is not None
    assert (read.site, read.not_carried_over) == (SITE, ())
    (tmp_path / "p.router-moroutes").unlink()
    read = await profiles.read("p")
    assert read is not None
    assert read.not_carried_over == ("router-moroutes: there is no such file",)


# covers: W-CFG-02
async def test_old_files_stay_whole_when_new_ones_cannot_be_written(
    profiles: StoreProfiles, tmp_path: Path
) -> None:
    await profiles.write("p", SITE)
    before = contents(tmp_path)
    (tmp_path / "p.router-mtroutes.new").mkdir()
    with pytest.raises(SiteNotSaved, match=r"p\.router-mtroutes: Is a directory"):
        await profiles.write("p", Site())
    (tmp_path / "p.router-mtroutes.new").rmdir()
    assert contents(tmp_path) == before


async def test_a_full_disk_leaves_the_old_files(profiles: StoreProfiles, tmp_path: Path) -> None:
    await profiles.write("p", Site())
    before = contents(tmp_path)
    with files_of_at_most(1000), pytest.raises(SiteNotSaved, match="File too large"):
        await profiles.write("p", SITE)
    assert contents(tmp_path) == before


async def test_what_a_dead_process_left_is_in_nobodys_way(
    profiles: StoreProfiles, tmp_path: Path
) -> None:
    (tmp_path / "p.router-users.new").symlink_to("elsewhere")
    await profiles.write("p", SITE)
    assert len(contents(tmp_path)) == len(FILES)


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteNotSaved, match="file"):
        await opened(tmp_path / "file" / "store").write("p", SITE)


async def test_a_damaged_file_is_named(profiles: StoreProfiles, tmp_path: Path) -> None:
    await profiles.write("p", SITE)
    (tmp_path / "p.router-groups").write_bytes(b"nothing")
    with pytest.raises(SiteUnreadable, match=r"p\.router-groups: does not begin"):
        await profiles.read("p")
    (tmp_path / "p.router-groups").unlink()
    (tmp_path / "p.router-groups").mkdir()
    with pytest.raises(SiteUnreadable, match=r"p\.router-groups: Is a directory"):
        await profiles.read("p")

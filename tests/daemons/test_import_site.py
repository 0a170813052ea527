"""A store comes in whole, told of in full, and never over something else unasked."""

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.adapters.sqlite_site import open_sqlite_site, read_sqlite_site
from jasmin_compat.daemons.site import read_site
from jasmin_compat.gateway.site import Site
from jasmin_compat.runtime.lock import only_one
from jasmin_compat.settings.sections import SmppClient
from tests import builders
from tests.builders import CID
from tests.daemons.moving import Run, commands_in, have_working_state, profiles_in

SITE = builders.site(builders.user(enabled=False), started={CID: True})
COUNTS = (
    "1 groups, 1 users, 0 filters, 1 SMPP connectors (1 to start), 0 HTTP connectors, "
    "1 MT routes, 0 MO routes, 0 MT interceptors, 0 MO interceptors"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return commands_in(tmp_path, monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """With SITE in it, less one file."""
    folder = tmp_path / "jasmin"
    asyncio.run(profiles_in(folder, tmp_path).write("jcli-prod", SITE))
    (folder / "jcli-prod.httpccs").unlink()
    return folder


# covers: PERS-06 W-CFG-01
def test_into_the_working_state(
    run: Run, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", "--store", store) == 0
    assert read_sqlite_site(tmp_path) == SITE
    assert capsys.readouterr().out.splitlines() == [
        f"Imported jcli-prod: {COUNTS}",
        "Not carried over: httpccs: there is no such file",
        f"Written to {tmp_path / FILE}",
    ]


def test_from_where_the_settings_say(run: Run, tmp_path: Path) -> None:
    asyncio.run(profiles_in(tmp_path, tmp_path).write("other", SITE))
    assert run("import", "-p", "other") == 0
    assert read_sqlite_site(tmp_path) == SITE


def test_over_a_working_state_only_if_told(
    run: Run, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = builders.site(builders.user("another"))
    have_working_state(tmp_path, before)
    assert run("import", "--store", store) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{FILE}: there is a site already (1 groups, 1 users, " in err
    assert read_sqlite_site(tmp_path) == before
    assert run("import", "--store", store, "--replace") == 0
    assert read_sqlite_site(tmp_path) == SITE


def test_over_an_empty_working_state(run: Run, store: Path, tmp_path: Path) -> None:
    have_working_state(tmp_path, Site())
    assert run("import", "--store", store) == 0
    assert read_sqlite_site(tmp_path) == SITE


def test_not_while_a_gateway_runs(
    run: Run, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_one(tmp_path / "jasmind.lock"):
        assert run("import", "--store", store, "--replace") == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("jasmin-compat: a gateway runs, stop it first: ")
    assert not (tmp_path / FILE).exists()


def test_not_while_a_gateway_with_another_lock_path_runs(
    run: Run,
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "locks").mkdir()
    monkeypatch.setenv("JASMIN_COMPAT_LOCK_PATH", str(tmp_path / "locks"))

    async def beside_a_gateway() -> int:
        async with open_sqlite_site(tmp_path):
            return await asyncio.to_thread(run, "import", "--store", store)

    assert asyncio.run(beside_a_gateway()) == 1
    assert f"{tmp_path}/jasmin-compat.lock is held by process" in capsys.readouterr().err


# covers: W-SEC-09
def test_to_a_site_file_and_nothing_else(
    run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "site.yaml"
    monkeypatch.setenv("JASMIN_COMPAT_SITE", str(to))  # which is not there yet
    before = {path.name for path in tmp_path.iterdir()}
    with only_one(tmp_path / "jasmind.lock"):  # beside a gateway
        assert run("import", "--store", store, "--to", to) == 0
    assert {path.name for path in tmp_path.iterdir()} == before | {"site.yaml"}
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert read_site(to, SmppClient()) == SITE


def test_what_a_site_file_may_not_have_is_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, to = tmp_path / "jasmin", tmp_path / "site.yaml"
    dangling = replace(SITE, connectors={}, started={})
    asyncio.run(profiles_in(store, tmp_path).write("jcli-prod", dangling))
    assert run("import", "--store", store, "--to", to) == 0
    assert capsys.readouterr().err.endswith(f"Unknown smppc cid: {CID}\n")


def test_nothing_there_broken_or_wrongly_called(
    run: Run, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*arguments: object) -> str:
        assert run("import", *arguments) == 1
        out, err = capsys.readouterr()
        assert out == ""
        return err

    assert failing("--store", tmp_path) == (
        f"jasmin-compat: {tmp_path}: there is no profile jcli-prod\n"
    )
    assert "../x is no name of a profile" in failing("--store", store, "--profile", "../x")
    assert "nowhere" in failing("--store", store, "--to", tmp_path / "nowhere" / "site.yaml")
    (store / "jcli-prod.router-users").write_bytes(b"\x80\x02.")
    assert "jcli-prod.router-users: does not begin with" in failing("--store", store)
    assert not (tmp_path / FILE).exists()
    (tmp_path / "jasmin.cfg").write_text("[router]\nport = x\n")
    assert run("import", "--store", store) == 2

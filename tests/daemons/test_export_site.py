"""The site goes out as it is, beside whoever changes it."""

import asyncio
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.daemons.site import read_site
from jasmin_compat.daemons.site_export import site_yaml
from jasmin_compat.settings.sections import SmppClient
from tests import builders
from tests.builders import CID
from tests.daemons.moving import Run, commands_in, have_working_state, profiles_in

SITE = builders.site(builders.user(enabled=False), started={CID: True})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    have_working_state(tmp_path, SITE)
    return commands_in(tmp_path, monkeypatch)


def test_to_the_terminal(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export") == 0
    assert capsys.readouterr().out == site_yaml(SITE)


def test_to_a_file_that_is_replaced(run: Run, tmp_path: Path) -> None:
    to = tmp_path / "site.yaml"
    to.write_text("groups: []\n")
    assert run("export", "--to", to) == 0
    assert read_site(to, SmppClient()) == SITE
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


@pytest.mark.parametrize("to", [(), ("--to", "site.yaml")], ids=["terminal", "file"])
def test_what_a_site_file_may_not_have_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    to: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    have_working_state(tmp_path, replace(SITE, connectors={}, started={}))
    assert commands_in(tmp_path, monkeypatch)("export", *to) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first == "A gateway refuses this site file until it is changed here:"
    assert re.fullmatch(rf"line \d+: mt_routes: .*Unknown smppc cid: {CID}", second)


def test_what_it_may_have_is_not(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("export")
    assert capsys.readouterr().err == ""


# covers: W-CFG-01
def test_as_a_store_for_jasmin(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "back"
    assert run("export", "--jasmin-store", store, "--profile", "x") == 0
    read = asyncio.run(profiles_in(store, tmp_path).read("x"))
    assert read is not None
    assert read.site == SITE
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"Written to {store}/x.*: 1 groups, 1 users, ")
    assert second == "Jasmin enables at each start what is disabled here: user full"


def test_nothing_there_no_way_to_write_or_wrongly_called(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", "--to", tmp_path / "nowhere" / "site.yaml") == 1
    assert run("export", "--jasmin-store", tmp_path / FILE) == 1
    (tmp_path / FILE).unlink()
    assert run("export") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 3
    assert err.endswith(f"{FILE}: there is no working state\n")
    assert not (tmp_path / FILE).exists()
    with pytest.raises(SystemExit) as end:
        run("export", "--to", "x", "--jasmin-store", "y")
    assert end.value.code == 2

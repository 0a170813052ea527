"""The site goes out as it is, beside whoever changes it."""

import asyncio
import stat
from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_site import FILE
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

"""Sample settings files are made from the tables of options."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.command_line import main
from jasmin_compat.settings.show import samples

CONFIGS = Path(__file__).parents[2] / "configs"


def test_files_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    assert main(["write-configs", str(folder)]) == 0
    assert {p.name: p.read_text() for p in folder.iterdir()} == samples()
    (folder / "dlr.cfg").write_text("mine")
    assert main(["write-configs", str(folder)]) == 1
    assert "already in" in capsys.readouterr().err
    assert (folder / "dlr.cfg").read_text() == "mine"
    assert main(["write-configs", "--force", str(folder)]) == 0
    assert (folder / "dlr.cfg").read_text() == samples()["dlr.cfg"]


def test_a_folder_that_cannot_be_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["write-configs", str(tmp_path / "file")]) == 1
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize("name", samples())
def test_the_samples_in_configs_are_up_to_date(name: str) -> None:
    """If not: `jasmin-compat write-configs --force configs`."""
    assert (CONFIGS / name).read_text() == samples()[name]

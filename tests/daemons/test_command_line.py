"""The commands, and the scripts with Jasmin's names."""

import tomllib
from pathlib import Path

import pytest

import jasmin_compat
from jasmin_compat import __main__ as entries
from jasmin_compat.daemons.command_line import COMMANDS, _command, jasmin_main, main

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_the_version_is_that_of_the_package() -> None:
    assert PROJECT["version"] == jasmin_compat.__version__


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_parts_and_its_line_in_the_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(_command(COMMANDS[name][0]).run)
    assert main(["--help"]) == 0
    assert f"  {name} " in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: jasmin-compat {name}")


def test_version_and_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jasmin-compat {jasmin_compat.__version__}\n"
    assert main(["nonsense"]) == 2
    assert "no command nonsense" in capsys.readouterr().err
    assert main([]) == 2


def test_a_wrong_command_line_ends_as_jasmins_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert jasmin_main("jasmind", ["--nonsense"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(": option --nonsense not recognized")
    assert second.endswith(": Try --help for usage details.")


@pytest.mark.parametrize("daemon", ["jasmind", "dlrlookupd", "dlrd"])
def test_help_and_version_of_the_daemons(daemon: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert jasmin_main(daemon, ["--help"]) == 0
    assert "--config=" in capsys.readouterr().out
    assert jasmin_main(daemon, ["--version"]) == 0
    assert "jasmin-compat" in capsys.readouterr().out


@pytest.mark.parametrize("daemon", ["deliversmd"])
def test_a_daemon_that_is_not_there_yet_says_so(
    daemon: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jasmin_main(daemon, []) == 1
    assert "not there yet" in capsys.readouterr().err


def test_every_script_of_jasmin_is_there_with_and_without_py() -> None:
    for daemon in ("jasmind", "dlrlookupd", "dlrd", "deliversmd", "interceptord"):
        for script in (daemon, f"{daemon}.py"):
            assert PROJECT["scripts"][script] == f"jasmin_compat.__main__:{daemon}"
            assert callable(getattr(entries, daemon))
    assert PROJECT["scripts"]["jasmin-compat"] == "jasmin_compat.__main__:main"

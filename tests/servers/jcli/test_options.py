"""Options are read, and refused, in optparse's words."""

import pytest

from jasmin_compat.servers.jcli.options import Flag, Given, Misused, Options

FLAGS = (
    Flag(("-l", "--list"), "List all"),
    Flag(("-s", "--show"), "Show one", "UID"),
    Flag(("--smpp-unbind",), "Unbind", "UID"),
    Flag(("--smpp-ban",), "Ban", "UID"),
)
OPTIONS = Options("user", FLAGS)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("-l", Given(0, "")),
        ("-l g1", Given(0, "g1")),
        ("--lis", Given(0, "")),
        ("-s u1", Given(1, "u1")),
        ("--show=u1", Given(1, "u1")),
        ("-su1", Given(1, "u1")),
        ("-s u1 -l", Given(0, "")),
        ("u1", None),
        ("", None),
        ("--show=", None),
        ("-s -1", Given(1, "-1")),
    ],
)
def test_the_first_flag_of_the_table_counts(text: str, given: Given | None) -> None:
    assert OPTIONS.read(text) == given


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-x", "no such option: -x"),
        ("--help", "no such option: --help"),
        ("-s", "-s option requires 1 argument"),
        ("--list=3", "--list option does not take a value"),
        ("--smpp u1", "ambiguous option: --smpp (--smpp-ban, --smpp-unbind?)"),
    ],
)
def test_what_cannot_be_read_is_said_as_optparse_says_it(text: str, said: str) -> None:
    with pytest.raises(Misused) as refused:
        OPTIONS.read(text)
    assert str(refused.value) == said


def test_the_help_does_not_depend_on_the_terminal_of_the_daemon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    options = Options("persist", [Flag(("-p", "--profile"), "Which", "PROFILE", "prod")])
    assert options.help == (
        "Usage: persist [options] \n\nOptions:\n  -p PROFILE, --profile=PROFILE\n"
        "                        Which\n"
    )
    assert options.read("") == Given(0, "prod")

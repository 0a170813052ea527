"""A line is a name and the rest."""

import pytest

from jasmin_compat.servers.jcli.dialogue import split_line


@pytest.mark.parametrize(
    ("line", "command", "rest"),
    [
        ("", "", ""),
        ("help", "help", ""),
        ("group -l", "group", "-l"),
        ("group\t-l", "group", "-l"),
        ("help  user ", "help", "user"),
        ("-l", "", "-l"),
        ("? user", "", "? user"),
        ("mt_messaging_cred quota balance 1", "mt_messaging_cred", "quota balance 1"),
        ("user-a", "user", "-a"),
        ("1", "1", ""),
    ],
)
def test_the_command_is_the_leading_run_of_name_characters(
    line: str, command: str, rest: str
) -> None:
    assert split_line(line) == (command, rest)

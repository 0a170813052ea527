"""No password gets into a log."""

import pytest

from jasmin_compat.servers.jcli.typed_log import TypedLog


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("group -l", "group -l"),
        ("password", "password"),
        ("password s3cret", "password ***"),
        ("PassWord  a b", "PassWord  ***"),
        ("passwd=x", "passwd=***"),
        ("set password x", "set password ***"),
        ("url http://me:s3cret@host/x", "url http://me:***@host/x"),
        ("url http://me:s3@cret@host/x", "url http://me:***@host/x"),
        ("url http://me@corp:s3cret@host/x", "url http://me@corp:***@host/x"),
        ("url http://host:80/a@b", "url http://host:80/a@b"),
        ("url http://host/a:b@c", "url http://host/a:b@c"),
    ],
)
def test_a_line_is_logged_without_its_password(line: str, shown: str) -> None:
    assert TypedLog().shown(line) == shown


def test_a_password_is_taken_out_of_errors_that_come_later() -> None:
    typed = TypedLog()
    typed.shown("password s3cret")
    typed.shown("ok")
    assert typed.masked("ValueError: 's3cret' is too short") == "ValueError: '***' is too short"


def test_only_so_many_are_remembered() -> None:
    typed = TypedLog()
    for number in range(100):
        typed.shown(f"password secret{number:03}")
    assert typed.masked("secret099 secret000") == "*** secret000"

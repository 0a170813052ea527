"""Credentials out of the Authorization header."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.rest.login import Login, NoLogin, read_login


def token(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# covers: REST-02
@given(st.text().filter(lambda text: ":" not in text), st.text())
def test_name_and_password(username: str, password: str) -> None:
    assert read_login(f"Basic {token(f'{username}:{password}')}") == Login(username, password)


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (None, "Authentication required"),
        ("", "Invalid token: "),
        ("Basic", "Invalid token: Basic"),
        ("Basic a b", "Invalid token: Basic a b"),
        ("Basic abc", "Invalid token: Incorrect padding"),
        (f"Basic {token('nobody')}", "Invalid token: no colon between name and password"),
    ],
)
def test_what_cannot_be_read_is_said(header: str | None, title: str) -> None:
    with pytest.raises(NoLogin) as refused:
        read_login(header)
    assert str(refused.value) == title


@given(st.text())
def test_any_text_is_a_login_or_none(header: str) -> None:
    try:
        login = read_login(header)
    except NoLogin:
        return
    assert isinstance(login.username, str)


def test_a_password_is_not_shown() -> None:
    assert "pwd" not in repr(Login("full", "pwd"))

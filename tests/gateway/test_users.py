"""Who may come in (contract/http-api.md §7.1)."""

import hashlib
from dataclasses import replace

import pytest

from jasmin_compat.gateway.users import BadCredentials, Group, GroupId, User, UserId, authenticate

USER = User(
    uid=UserId("u1"),
    group=Group(gid=GroupId("g1")),
    username="foo",
    password_md5=hashlib.md5(b"bar").digest(),
)


def test_the_right_password_gives_the_user() -> None:
    assert authenticate({"foo": USER}, "foo", "bar") is USER


@pytest.mark.parametrize(
    ("user", "username", "password"),
    [
        (USER, "foo", "baz"),
        (USER, "fo", "bar"),
        (replace(USER, enabled=False), "foo", "bar"),
        (replace(USER, group=Group(gid=GroupId("g1"), enabled=False)), "foo", "bar"),
    ],
    ids=["wrong password", "unknown name", "user disabled", "group disabled"],
)
def test_everybody_else_stays_out(user: User, username: str, password: str) -> None:
    with pytest.raises(BadCredentials, match=username):
        authenticate({user.username: user}, username, password)


def test_the_digest_is_not_shown_in_a_repr() -> None:
    assert "password" not in repr(USER)

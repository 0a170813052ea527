"""Who may come in (contract/http-api.md §7.1)."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.gateway.users import (
    BadCredentials,
    Group,
    GroupId,
    User,
    UserId,
    authenticate,
    gid_from,
    password_digest,
    uid_from,
    username_from,
)
from tests.builders import site

USER = User(
    uid=UserId("u1"),
    gid=GroupId("g1"),
    username="foo",
    password_md5=hashlib.md5(b"bar").digest(),
)


def test_the_right_password_gives_the_user() -> None:
    assert authenticate(site(USER), "foo", "bar") is USER


@pytest.mark.parametrize(
    ("known", "username", "password"),
    [
        (site(USER), "foo", "baz"),
        (site(USER), "fo", "bar"),
        (site(replace(USER, enabled=False)), "foo", "bar"),
        (site(USER, groups={USER.gid: Group(gid=USER.gid, enabled=False)}), "foo", "bar"),
    ],
    ids=["wrong password", "unknown name", "user disabled", "group disabled"],
)
def test_everybody_else_stays_out(known: Site, username: str, password: str) -> None:
    with pytest.raises(BadCredentials, match=username):
        authenticate(known, username, password)


def test_the_digest_is_not_shown_in_a_repr() -> None:
    assert "password" not in repr(USER)


@pytest.mark.parametrize(
    ("read", "good", "bad", "text"),
    [
        (gid_from, "g_1-A", ["", "bad gid!", "g" * 17, "g\n"], "Group gid syntax is invalid"),
        (uid_from, "u" * 16, ["", "bad uid", "u" * 17], "User uid syntax is invalid"),
        (username_from, "u" * 15, ["", "a b", "u" * 16], "User username syntax is invalid"),
        (password_digest, "p" * 16, ["", "p" * 17, "\u20ac"], "Invalid password length !"),
    ],
    ids=["gid", "uid", "username", "password"],
)
def test_what_a_name_may_be(
    read: Callable[[str], object], good: str, bad: list[str], text: str
) -> None:
    assert read(good)
    for value in bad:
        with pytest.raises(Unusable) as wrong:
            read(value)
        assert str(wrong.value) == text

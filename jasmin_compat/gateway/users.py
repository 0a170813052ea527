"""Users, groups and credentials as values (contract/routing.md, http-api.md §7)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

UserId = NewType("UserId", str)
GroupId = NewType("GroupId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of users; disabling it disables them."""

    gid: GroupId
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One account. Passwords are kept as the MD5 digest Jasmin keeps (16 octets)."""

    uid: UserId
    group: Group
    username: str
    password_md5: bytes = field(repr=False)
    enabled: bool = True


class BadCredentials(Exception):
    """No enabled user of that name has that password."""

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username


def authenticate(users: Mapping[str, User], username: str, password: str) -> User:
    """Find the user by name and password digest, compared in constant time.

    Raises:
        BadCredentials: unknown name, wrong password, or user or group disabled.
    """
    user = users.get(username)
    digest = hashlib.md5(password.encode(), usedforsecurity=False).digest()
    known = user.password_md5 if user is not None else bytes(16)
    same = hmac.compare_digest(known, digest)
    if user is None or not same or not user.enabled or not user.group.enabled:
        raise BadCredentials(username)
    return user

"""Users and groups as values, and what they may be called (contract/routing.md §8)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType, Protocol

from typing_extensions import override

from jasmin_compat.gateway.credentials import (
    MT_DEFAULT,
    SMPPS_DEFAULT,
    MtCredential,
    SmppsCredential,
)
from jasmin_compat.gateway.unusable import Unusable

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
    gid: GroupId
    username: str
    password_md5: bytes = field(repr=False)
    enabled: bool = True
    mt: MtCredential = MT_DEFAULT
    smpps: SmppsCredential = SMPPS_DEFAULT

    @override
    def __hash__(self) -> int:
        """Of all fields it would cost more than what is cached by it."""
        return hash(self.uid)


def gid_from(text: str) -> GroupId:
    """Raises: Unusable."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", text):
        raise Unusable("Group gid syntax is invalid")
    return GroupId(text)


def uid_from(text: str) -> UserId:
    """Raises: Unusable."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", text):
        raise Unusable("User uid syntax is invalid")
    return UserId(text)


def username_from(text: str) -> str:
    """Raises: Unusable."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,15}", text):
        raise Unusable("User username syntax is invalid")
    return text


def password_digest(password: str) -> bytes:
    """What is kept of it.

    Raises:
        Unusable
    """
    if not 1 <= len(password) <= 16 or not password.isascii():
        raise Unusable("Invalid password length !")
    return _digest(password)


def _digest(password: str) -> bytes:
    return hashlib.md5(password.encode(), usedforsecurity=False).digest()


class Accounts(Protocol):
    """Where users and groups are looked up: a Site."""

    @property
    def groups(self) -> Mapping[GroupId, Group]: ...
    def user(self, username: str) -> User | None: ...


class BadCredentials(Exception):
    """No enabled user of that name has that password."""

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.username = username


def authenticate(accounts: Accounts, username: str, password: str) -> User:
    """Find the user by name and password digest, compared in constant time.

    Raises:
        BadCredentials: unknown name, wrong password, or user or group disabled.
    """
    user = accounts.user(username)
    digest = _digest(password)
    known = user.password_md5 if user is not None else bytes(16)
    same = hmac.compare_digest(known, digest)
    if user is None or not same or not is_enabled(accounts, user):
        raise BadCredentials(username)
    return user


def is_enabled(accounts: Accounts, user: User) -> bool:
    """The user, and the group they are in."""
    group = accounts.groups.get(user.gid)
    return user.enabled and group is not None and group.enabled

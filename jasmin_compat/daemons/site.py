"""A site file becomes the groups, users, connectors and routes the gateway starts with."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from jasmin_compat.gateway.connectors import BadConnector, SmppConnector, connector_from
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import Group, GroupId, User, UserId
from jasmin_compat.runtime.log_files import is_rotation
from jasmin_compat.settings.entries import Mistake, SettingsMistakes
from jasmin_compat.settings.sections import SmppClient
from jasmin_compat.settings.site_file import SiteItem, read_site_file


class _Mistaken(Exception):
    """A value of an item cannot be used."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def read_site(path: Path, defaults: SmppClient) -> Site:
    """`defaults` are for connectors that do not say otherwise.

    Raises:
        SettingsMistakes: with every mistake in the file.
    """
    return _Reading(defaults).site(path)


class _Reading:
    """Makes values of items and notes what cannot be made."""

    def __init__(self, defaults: SmppClient) -> None:
        self._defaults = defaults
        self._mistakes: list[Mistake] = []
        self._groups: dict[GroupId, Group] = {}
        self._users: dict[UserId, User] = {}
        self._connectors: dict[ConnectorId, SmppConnector] = {}
        self._started: dict[ConnectorId, bool] = {}
        self._routes: dict[int, Route] = {}

    def site(self, path: Path) -> Site:
        lists = read_site_file(path)
        take: tuple[tuple[str, Callable[[SiteItem], None]], ...] = (
            ("groups", self._group),
            ("users", lambda item: self._user(item, path.parent)),
            ("smpp_connectors", self._connector),
            ("mt_routes", self._route),
        )
        for name, of in take:
            for item in lists[name]:
                try:
                    of(item)
                except _Mistaken as mistake:
                    where = item.places.get(mistake.key, item.where)
                    self._mistakes.append(Mistake(where, f"{name}: {mistake}"))
        if self._mistakes:
            raise SettingsMistakes(self._mistakes)
        return Site(
            groups=self._groups,
            users=self._users,
            uids={user.username: user.uid for user in self._users.values()},
            connectors=self._connectors,
            started=self._started,
            mt_routes=self._routes,
        )

    def _group(self, item: SiteItem) -> None:
        _known_keys(item, "gid", "enabled")
        gid = GroupId(_name(item, "gid", 16))
        if gid in self._groups:
            raise _Mistaken("gid", f"gid {gid} is there twice")
        self._groups[gid] = Group(gid=gid, enabled=_truth(item, "enabled", default=True))

    def _user(self, item: SiteItem, folder: Path) -> None:
        _known_keys(item, "uid", "gid", "username", "enabled", *_PASSWORDS)
        uid, gid = UserId(_name(item, "uid", 16)), GroupId(_name(item, "gid", 16))
        username = _name(item, "username", 15)
        if uid in self._users:
            raise _Mistaken("uid", f"uid {uid} is there twice")
        if any(user.username == username for user in self._users.values()):
            raise _Mistaken("username", f"username {username} is there twice")
        if gid not in self._groups:
            raise _Mistaken("gid", f"there is no group {gid}")
        self._users[uid] = User(
            uid=uid,
            gid=gid,
            username=username,
            password_md5=_password_md5(item, folder),
            enabled=_truth(item, "enabled", default=True),
        )

    def _connector(self, item: SiteItem) -> None:
        defaults = self._defaults
        values: dict[str, object] = {
            "window": str(defaults.window),
            "max_pdu_octets": str(defaults.max_pdu_octets),
            "inbound_open": str(defaults.inbound_open),
            **{key: value for key, value in item.values.items() if key != "start"},
        }
        try:
            connector = connector_from(values)
        except BadConnector as wrong:
            raise _Mistaken("cid", "; ".join(wrong.mistakes)) from wrong
        if not is_rotation(connector.log_rotate):
            raise _Mistaken("logrotate", "logrotate: must be one of S M H D W0-W6 midnight")
        if connector.ssl_ca is not None and not Path(connector.ssl_ca).is_file():
            raise _Mistaken("ssl_ca", f"ssl_ca: no such file: {connector.ssl_ca}")
        if connector.cid in self._connectors:
            raise _Mistaken("cid", f"cid {connector.cid} is there twice")
        self._connectors[connector.cid] = connector
        if _truth(item, "start", default=True):
            self._started[connector.cid] = True

    def _route(self, item: SiteItem) -> None:
        _known_keys(item, "type", "connector", "rate")
        if item.values.get("type") != "default":
            raise _Mistaken("type", "type: only default is built yet")
        if self._routes:
            raise _Mistaken("type", "there is a default route already")
        if item.values.get("rate") is not None and _number(item, "rate") != 0:
            raise _Mistaken("rate", "rate: charging is not built yet; leave it out or 0")
        cid = ConnectorId(_text(item, "connector"))
        if cid not in self._connectors:
            raise _Mistaken("connector", f"there is no connector {cid}")
        self._routes[0] = Route(selection="default", targets=(Target("smppc", cid),))


_PASSWORDS = ("password", "password_md5", "password_file")


def _password_md5(item: SiteItem, folder: Path) -> bytes:
    """Of exactly one of the three keys. A file's one line end is not part of the password."""
    given = [key for key in _PASSWORDS if item.values.get(key) is not None]
    if len(given) != 1:
        raise _Mistaken("password", "wants one of " + ", ".join(_PASSWORDS))
    text = _text(item, given[0])
    if given == ["password_md5"]:
        if not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
            raise _Mistaken("password_md5", "password_md5: must be 32 hexadecimal digits")
        return bytes.fromhex(text)
    if given == ["password_file"]:
        try:
            text = (folder / text).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as reason:
            raise _Mistaken("password_file", f"password_file: {reason}") from reason
    if not 1 <= len(text) <= 16 or not text.isascii():
        raise _Mistaken(given[0], f"{given[0]}: Jasmin's passwords have 1 to 16 ASCII characters")
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def _known_keys(item: SiteItem, *keys: str) -> None:
    for key in _others(item, keys):
        raise _Mistaken(key, f"unknown key {key}; there are {', '.join(keys)}")


def _others(item: SiteItem, keys: tuple[str, ...]) -> Iterator[str]:
    return (key for key in item.values if key not in keys)


def _text(item: SiteItem, key: str) -> str:
    value = item.values.get(key)
    if value is None:
        raise _Mistaken(key, f"{key} is missing")
    if isinstance(value, bool):
        raise _Mistaken(key, f"{key}: must be a text; write it in quotes")
    return value


def _name(item: SiteItem, key: str, most: int) -> str:
    """Jasmin's rule for ids and names (routing/jasminApi.py)."""
    text = _text(item, key)
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{most}}}", text):
        raise _Mistaken(key, f"{key}: must be 1 to {most} letters, digits, _ or -, not {text!r}")
    return text


def _truth(item: SiteItem, key: str, *, default: bool) -> bool:
    value = item.values.get(key, default)
    if not isinstance(value, bool):
        raise _Mistaken(key, f"{key}: must be yes or no")
    return value


def _number(item: SiteItem, key: str) -> float:
    try:
        return float(_text(item, key))
    except ValueError:
        raise _Mistaken(key, f"{key}: must be a number") from None

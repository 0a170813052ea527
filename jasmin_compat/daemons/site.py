"""A site file becomes the site the gateway starts with."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jasmin_compat.daemons.policies import connector_defaults
from jasmin_compat.daemons.site_rows import filter_of, row_of
from jasmin_compat.daemons.site_values import (
    Mistaken,
    file_text,
    known_keys,
    name,
    table,
    text,
    truth,
    usable,
)
from jasmin_compat.gateway.connectors import BadConnector, SmppConnector, connector_from
from jasmin_compat.gateway.credential_changes import (
    SECTIONS,
    CredentialChange,
    CredentialKind,
    changed_mt,
    changed_smpps,
    read_change,
)
from jasmin_compat.gateway.credentials import MT_DEFAULT, SMPPS_DEFAULT
from jasmin_compat.gateway.filter_kinds import fid_from
from jasmin_compat.gateway.filters import Filter, FilterId
from jasmin_compat.gateway.http_connectors import HttpConnector, http_connector_from
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.site import Kind, Site
from jasmin_compat.gateway.table_rows import ROW_TABLES, RowTable
from jasmin_compat.gateway.users import Group, GroupId, User, UserId
from jasmin_compat.runtime.log_files import is_rotation
from jasmin_compat.settings.entries import Mistake, SettingsMistakes
from jasmin_compat.settings.sections import SmppClient
from jasmin_compat.settings.site_file import SiteItem, read_site_file


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
        self._filters: dict[FilterId, Filter] = {}
        self._http_connectors: dict[ConnectorId, HttpConnector] = {}
        self._rows: dict[Kind, dict[int, Route | Interceptor]] = {kind: {} for kind in ROW_TABLES}

    def site(self, path: Path) -> Site:
        lists, self._folder = read_site_file(path), path.parent
        take: tuple[tuple[str, Callable[[SiteItem], None]], ...] = (
            ("groups", self._group),
            ("users", self._user),
            ("filters", self._filter),
            ("smpp_connectors", self._connector),
            ("http_connectors", self._http_connector),
            *((t.kind.value, self._row(t)) for t in ROW_TABLES.values()),
        )
        for listed, of in take:
            for item in lists[listed]:
                try:
                    of(item)
                except Mistaken as mistake:
                    within = mistake.item or item
                    where = within.places.get(mistake.key, within.where)
                    self._mistakes.append(Mistake(where, f"{listed}: {mistake}"))
        if self._mistakes:
            raise SettingsMistakes(self._mistakes)
        return Site(
            groups=self._groups,
            users=self._users,
            uids={user.username: user.uid for user in self._users.values()},
            connectors=self._connectors,
            started=self._started,
            filters=self._filters,
            http_connectors=self._http_connectors,
            mt_routes=self._table(Kind.MT_ROUTE),
            mo_routes=self._table(Kind.MO_ROUTE),
            mt_interceptors=self._table(Kind.MT_INTERCEPTOR),
            mo_interceptors=self._table(Kind.MO_INTERCEPTOR),
        )

    def _group(self, item: SiteItem) -> None:
        known_keys(item, "gid", "enabled")
        gid = GroupId(name(item, "gid", 16))
        if gid in self._groups:
            raise Mistaken("gid", f"gid {gid} is there twice")
        self._groups[gid] = Group(gid=gid, enabled=truth(item, "enabled", default=True))

    def _user(self, item: SiteItem) -> None:
        known_keys(item, "uid", "gid", "username", "enabled", *_PASSWORDS, *SECTIONS)
        uid, gid = UserId(name(item, "uid", 16)), GroupId(name(item, "gid", 16))
        username = name(item, "username", 15)
        if uid in self._users:
            raise Mistaken("uid", f"uid {uid} is there twice")
        if any(user.username == username for user in self._users.values()):
            raise Mistaken("username", f"username {username} is there twice")
        if gid not in self._groups:
            raise Mistaken("gid", f"there is no group {gid}")
        self._users[uid] = User(
            uid=uid,
            gid=gid,
            username=username,
            password_md5=_password_md5(item, self._folder),
            enabled=truth(item, "enabled", default=True),
            mt=changed_mt(MT_DEFAULT, _credential(item, "mt_messaging_cred")),
            smpps=changed_smpps(SMPPS_DEFAULT, _credential(item, "smpps_cred")),
        )

    def _connector(self, item: SiteItem) -> None:
        values: dict[str, object] = {
            **connector_defaults(self._defaults),
            **{key: value for key, value in item.values.items() if key != "start"},
        }
        try:
            connector = connector_from(values)
        except BadConnector as wrong:
            raise Mistaken("cid", "; ".join(wrong.mistakes)) from wrong
        if not is_rotation(connector.log_rotate):
            raise Mistaken("logrotate", "logrotate: must be one of S M H D W0-W6 midnight")
        if connector.ssl_ca is not None and not Path(connector.ssl_ca).is_file():
            raise Mistaken("ssl_ca", f"ssl_ca: no such file: {connector.ssl_ca}")
        if connector.cid in self._connectors:
            raise Mistaken("cid", f"cid {connector.cid} is there twice")
        self._connectors[connector.cid] = connector
        if truth(item, "start", default=True):
            self._started[connector.cid] = True

    def _http_connector(self, item: SiteItem) -> None:
        known_keys(item, "cid", "url", "method")
        cid, url, method = (text(item, key) for key in ("cid", "url", "method"))
        made = usable("cid", lambda: http_connector_from(cid=cid, url=url, method=method))
        if made.cid in self._http_connectors:
            raise Mistaken("cid", f"cid {cid} is there twice")
        self._http_connectors[made.cid] = made

    def _filter(self, item: SiteItem) -> None:
        fid = usable("fid", lambda: fid_from(text(item, "fid")))
        if fid in self._filters:
            raise Mistaken("fid", f"fid {fid} is there twice")
        self._filters[fid] = filter_of(item, self._folder)

    def _row(self, of: RowTable) -> Callable[[SiteItem], None]:
        def read(item: SiteItem) -> None:
            known = Site(
                filters=self._filters,
                connectors=self._connectors,
                http_connectors=self._http_connectors,
            )
            order, row = row_of(item, of, known, self._folder)
            if order in self._rows[of.kind]:
                raise Mistaken("order", f"order {order} is there twice")
            self._rows[of.kind][order] = row

        return read

    def _table(self, kind: Kind) -> dict[int, Any]:
        """The highest order first."""
        return dict(sorted(self._rows[kind].items(), reverse=True))


_PASSWORDS = ("password", "password_md5", "password_file")


def _password_md5(item: SiteItem, folder: Path) -> bytes:
    """Of exactly one of the three keys. A file's one line end is not part of the password."""
    given = [key for key in _PASSWORDS if item.values.get(key) is not None]
    if len(given) != 1:
        raise Mistaken("password", "wants one of " + ", ".join(_PASSWORDS))
    typed = text(item, given[0])
    if given == ["password_md5"]:
        if not re.fullmatch(r"[0-9A-Fa-f]{32}", typed):
            raise Mistaken("password_md5", "password_md5: must be 32 hexadecimal digits")
        return bytes.fromhex(typed)
    if given == ["password_file"]:
        typed = file_text(item, "password_file", folder).removesuffix("\n").removesuffix("\r")
    if not 1 <= len(typed) <= 16 or not typed.isascii():
        raise Mistaken(given[0], f"{given[0]}: Jasmin's passwords have 1 to 16 ASCII characters")
    return hashlib.md5(typed.encode(), usedforsecurity=False).digest()


def _credential(item: SiteItem, kind: CredentialKind) -> list[CredentialChange]:
    """Tables of sections, each of the console's keys."""
    given = table(item, kind)
    changes = []
    for section in given.values:
        values = table(given, section)
        for key, value in values.values.items():
            if value is not None or section.lower() != "defaultvalue":
                changes.append(_change(kind, section, key, values))
    return changes


def _change(kind: CredentialKind, section: str, key: str, values: SiteItem) -> CredentialChange:
    match values.values[key]:
        case bool(truth_given):
            typed = "yes" if truth_given else "no"
        case None:
            typed = "none"
        case _:
            typed = text(values, key)
    # As of a user with unlimited quotas, where one below zero is kept: users may be overdrawn.
    line = f"{section} {key} {typed}"
    return usable(key, lambda: read_change(kind, line, of_existing=True), values)

"""Jasmin's store files: nine to a profile, each a line of text and a pickle.

routing.md §9, persistence-and-migration.md §10; Jasmin: routing/router.py, managers/clients.py,
protocols/cli/filtersm.py, httpccm.py.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from jasmin_compat.gateway.filters import FilterId
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.gateway.table_rows import (
    MO_INTERCEPTORS,
    MO_ROUTES,
    MT_INTERCEPTORS,
    MT_ROUTES,
    RowTable,
)
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.pickles import RefusedPickle, unpickle
from jasmin_compat.wire.store_accounts import read_group, read_user, write_groups, write_users
from jasmin_compat.wire.store_connectors import read_connector, write_connector
from jasmin_compat.wire.store_filters import read_filter, write_filter
from jasmin_compat.wire.store_names import STORES
from jasmin_compat.wire.store_tables import (
    read_http_connector,
    read_interceptor,
    read_route,
    read_row,
    table_class,
    write_http_connector,
    write_table,
)
from jasmin_compat.wire.store_values import BadStore, LeftOut, instance, rows, shown

GROUPS: Final = "router-groups"
USERS: Final = "router-users"
CONNECTORS: Final = "smppccs"
FILTERS: Final = "filters"
HTTP_CONNECTORS: Final = "httpccs"
_TABLES: Final = {
    "router-mointerceptors": MO_INTERCEPTORS,
    "router-mtinterceptors": MT_INTERCEPTORS,
    "router-moroutes": MO_ROUTES,
    "router-mtroutes": MT_ROUTES,
}
FILES: Final = (GROUPS, USERS, CONNECTORS, FILTERS, HTTP_CONNECTORS, *_TABLES)
"""What follows the profile and a dot in their names; in the order they are read."""
_NOT_IN_OLD: Final = frozenset(("router-mointerceptors", "router-mtinterceptors"))
_HEADER: Final = re.compile(rb"Persisted on .* \[Jasmin \d+\.\d+[a-z.]*\d*\]\s*")


def is_profile_name(text: str) -> bool:
    """Jasmin puts it into a path as it is: `../x` is a file of another folder (W-CFG-09)."""
    return re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}", text) is not None


def write_store(site: Site, *, header: str, log_folder: str) -> Iterator[tuple[str, bytes]]:
    """Name and octets of each piece of each file; those of one file follow each other.

    `log_folder` is where the log of a connector is that names none.
    """
    for name in FILES:
        yield name, header.encode("ascii") + opcodes.PROTOCOL
        for piece in _pieces(name, site, log_folder):
            yield name, piece
        yield name, opcodes.STOP


def header(date: str, release: str) -> str:
    """`date` is as `strftime("%c")` writes it where no locale is set; Jasmin parses it."""
    return f"Persisted on {date} [Jasmin {release}]\n"


def _pieces(name: str, site: Site, log_folder: str) -> Iterator[bytes]:
    if name == GROUPS:
        yield write_groups(site)
    elif name == USERS:
        yield from write_users(site)
    elif name == CONNECTORS:
        yield opcodes.list_of(
            write_connector(c, is_started=site.started.get(cid, False), log_folder=log_folder)
            for cid, c in site.connectors.items()
        )
    elif name == FILTERS:
        yield opcodes.dict_of((fid, write_filter(f, site)) for fid, f in site.filters.items())
    elif name == HTTP_CONNECTORS:
        connectors = site.http_connectors.items()
        yield opcodes.dict_of((cid, write_http_connector(c)) for cid, c in connectors)
    else:
        yield write_table(_TABLES[name], site)


# ---------------------------------------------------------------- reading


def read_store(
    files: Mapping[str, bytes], *, connector_defaults: Mapping[str, object], log_folder: str
) -> tuple[Site, tuple[str, ...]]:
    """The site, and what of the files has no place in it, a line each.

    Raises:
        BadStore: a file is damaged, hostile, or something else.
    """
    reading = _Reading(connector_defaults=connector_defaults, log_folder=log_folder)
    for name in FILES:
        if name in files:
            _READERS[name](reading, name, _value(name, files[name]))
        elif name not in _NOT_IN_OLD:
            reading.lost.append(f"{name}: there is no such file")
    reading.add_connectors_of_routes()
    return apply(Site(), tuple(reading.puts)), tuple(reading.lost)


def _value(name: str, octets: bytes) -> object:
    first, end, rest = octets.partition(b"\n")
    if not end or not _HEADER.fullmatch(first):
        raise BadStore(f'{name}: does not begin with "Persisted on … [Jasmin …]"')
    try:
        return unpickle(rest, STORES)
    except RefusedPickle as reason:
        raise BadStore(f"{name}: {reason}") from reason


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    connector_defaults: Mapping[str, object]
    log_folder: str
    puts: list[Put] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    gids: set[str] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)
    usernames: set[str] = field(default_factory=set)
    http: dict[ConnectorId, HttpConnector] = field(default_factory=dict)
    copies: list[tuple[str, HttpConnector]] = field(default_factory=list)
    """Route, and an HTTP connector in it."""

    def groups(self, name: str, found: object) -> None:
        for at, entry in enumerate(_list(name, found)):
            try:
                group = read_group(entry)
            except LeftOut as reason:
                self._leave(name, f"group {at + 1}", reason)
                continue
            self.gids.add(group.gid)
            self.puts.append(Put(Kind.GROUP, group.gid, group))

    def users(self, name: str, found: object) -> None:
        for at, entry in enumerate(_list(name, found)):
            try:
                user, group, lost = read_user(entry)
                if user.uid in self.uids or user.username in self.usernames:
                    raise LeftOut(f"another has the uid {user.uid} or username {user.username}")
            except LeftOut as reason:
                self._leave(name, _called(entry, "uid", f"user {at + 1}"), reason)
                continue
            if group.gid not in self.gids:
                self.lost.append(f"{name}: group {group.gid} is in {user.uid} only; it is added")
                self.gids.add(group.gid)
                self.puts.append(Put(Kind.GROUP, group.gid, group))
            self.lost += [f"{name}: {user.uid}: {text}" for text in lost]
            self.uids.add(user.uid)
            self.usernames.add(user.username)
            self.puts.append(Put(Kind.USER, user.uid, user))

    def connectors(self, name: str, found: object) -> None:
        for at, entry in enumerate(_list(name, found)):
            called = f"connector {at + 1}"
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                called = entry["id"]
            try:
                connector, is_started, lost = read_connector(
                    entry, defaults=self.connector_defaults, log_folder=self.log_folder
                )
            except LeftOut as reason:
                self._leave(name, called, reason)
                continue
            self.lost += [f"{name}: {connector.cid}: {text}" for text in lost]
            self.puts.append(Put(Kind.CONNECTOR, connector.cid, connector))
            if is_started:
                self.puts.append(Put(Kind.STARTED, connector.cid, True))

    def filters(self, name: str, found: object) -> None:
        for fid, entry in _dict(name, found).items():
            try:
                self.puts.append(Put(Kind.FILTER, FilterId(str(fid)), read_filter(entry)))
            except LeftOut as reason:
                self._leave(name, str(fid), reason)

    def http_connectors(self, name: str, found: object) -> None:
        for cid, entry in _dict(name, found).items():
            try:
                connector = read_http_connector(entry)
            except LeftOut as reason:
                self._leave(name, str(cid), reason)
                continue
            self.http[connector.cid] = connector
            self.puts.append(Put(Kind.HTTP_CONNECTOR, connector.cid, connector))

    def table(self, name: str, found: object) -> None:
        table = _TABLES[name]
        try:
            entries = rows(instance(found, table_class(table)), "table")
        except LeftOut as reason:
            raise BadStore(f"{name}: {reason}") from reason
        for at, entry in enumerate(entries):
            called = f"row {at + 1}"
            try:
                order, row = read_row(table, entry)
                called = f"order {order}"
                self._row(table, order, row)
            except LeftOut as reason:
                self._leave(name, called, reason)

    def _row(self, table: RowTable, order: int, found: object) -> None:
        if table.noun == "Interceptor":
            self.puts.append(Put(table.kind, order, read_interceptor(table, found)))
            return
        route, copies = read_route(table, found)
        self.copies += [(f"{table} {order}", copy) for copy in copies]
        self.puts.append(Put(table.kind, order, route))

    def add_connectors_of_routes(self) -> None:
        """Jasmin goes on with the copy in the route."""
        for route, copy in self.copies:
            known = self.http.get(copy.cid)
            if known is None:
                self.http[copy.cid] = copy
                self.puts.append(Put(Kind.HTTP_CONNECTOR, copy.cid, copy))
                self.lost.append(f"{HTTP_CONNECTORS}: {copy.cid} is in {route} only; it is added")
            elif known != copy:
                self.lost.append(
                    f"{route}: leads to {copy.method} {copy.url} as {copy.cid}, "
                    f"which is {known.method} {known.url} now"
                )

    def _leave(self, name: str, called: str, reason: LeftOut) -> None:
        self.lost.append(f"{name}: {called} is not carried over: {reason}")


def _called(entry: object, key: str, otherwise: str) -> str:
    state = getattr(entry, "state", {})
    return str(state[key]) if isinstance(state.get(key), str) else otherwise


def _list(name: str, found: object) -> list[object]:
    if not isinstance(found, list):
        raise BadStore(f"{name}: holds {shown(found)} where a list must be")
    return found


def _dict(name: str, found: object) -> dict[object, object]:
    if not isinstance(found, dict):
        raise BadStore(f"{name}: holds {shown(found)} where a dict must be")
    return found


_READERS: Final[Mapping[str, Callable[[_Reading, str, object], None]]] = {
    GROUPS: _Reading.groups,
    USERS: _Reading.users,
    CONNECTORS: _Reading.connectors,
    FILTERS: _Reading.filters,
    HTTP_CONNECTORS: _Reading.http_connectors,
    **dict.fromkeys(_TABLES, _Reading.table),
}

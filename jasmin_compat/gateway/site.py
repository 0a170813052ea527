"""Everything an operator configures, as one immutable value, and how it changes.

An edit is decided on one snapshot and gives the next. The same edit is written to the working
state, so what is on disk and what is in memory cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.filters import Filter, FilterId
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.users import Group, GroupId, User, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One snapshot. A message in flight keeps the one it started with."""

    groups: Mapping[GroupId, Group] = field(default_factory=dict)
    users: Mapping[UserId, User] = field(default_factory=dict)
    uids: Mapping[str, UserId] = field(default_factory=dict)
    """By username; `apply` keeps it."""
    filters: Mapping[FilterId, Filter] = field(default_factory=dict)
    connectors: Mapping[ConnectorId, SmppConnector] = field(default_factory=dict)
    started: Mapping[ConnectorId, bool] = field(default_factory=dict)
    """Connectors the operator has started; those that are not here stand."""
    http_connectors: Mapping[ConnectorId, HttpConnector] = field(default_factory=dict)
    mt_routes: Mapping[int, Route] = field(default_factory=dict)
    """By order, the highest first, as in the other three tables."""
    mo_routes: Mapping[int, Route] = field(default_factory=dict)
    mt_interceptors: Mapping[int, Interceptor] = field(default_factory=dict)
    mo_interceptors: Mapping[int, Interceptor] = field(default_factory=dict)

    def user(self, username: str) -> User | None:
        """The account that logs in by that name."""
        uid = self.uids.get(username)
        return None if uid is None else self.users[uid]


class Kind(Enum):
    """A table of the site; the value is its field in Site and its name in the working state."""

    GROUP = "groups"
    USER = "users"
    FILTER = "filters"
    CONNECTOR = "connectors"
    STARTED = "started"
    HTTP_CONNECTOR = "http_connectors"
    MT_ROUTE = "mt_routes"
    MO_ROUTE = "mo_routes"
    MT_INTERCEPTOR = "mt_interceptors"
    MO_INTERCEPTOR = "mo_interceptors"


ORDERED = frozenset(
    (Kind.MT_ROUTE, Kind.MO_ROUTE, Kind.MT_INTERCEPTOR, Kind.MO_INTERCEPTOR),
)
Key = str | int
"""An id; of a route or interceptor its order."""
Item = Group | User | Filter | SmppConnector | bool | HttpConnector | Route | Interceptor


@dataclass(frozen=True, slots=True)
class Put:
    """Add an item, or replace the one with its key."""

    kind: Kind
    key: Key
    item: Item


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove the item, if it is there."""

    kind: Kind
    key: Key


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove every item of a kind."""

    kind: Kind


Step = Put | Drop | Clear
Edit = tuple[Step, ...]
"""All of it, or nothing."""


def apply(site: Site, edit: Edit) -> Site:
    """The snapshot after `edit`; tables it does not touch are shared with the one before."""
    tables: dict[Kind, dict[Key, Item]] = {
        kind: dict(getattr(site, kind.value)) for kind in {step.kind for step in edit}
    }
    changed: dict[str, object] = {kind.value: table for kind, table in tables.items()}
    uids: dict[str, UserId] = {}
    if Kind.USER in tables:
        uids = changed["uids"] = dict(site.uids)
    for step in edit:
        table = tables[step.kind]
        match step:
            case Put(_, key, item):
                _rename(uids, table.get(key), item)
                table[key] = item
            case Drop(_, key):
                _rename(uids, table.pop(key, None), None)
            case Clear(kind):
                table.clear()
                if kind is Kind.USER:
                    uids.clear()
    for kind in ORDERED & tables.keys():
        changed[kind.value] = dict(sorted(tables[kind].items(), reverse=True))
    return replace(site, **changed)  # type: ignore[arg-type]  # a kind's items have its type


def _rename(uids: dict[str, UserId], before: Item | None, after: Item | None) -> None:
    """One by one: to make the table anew from 100,000 users holds up traffic for 20 ms."""
    if isinstance(before, User) and uids.get(before.username) == before.uid:
        del uids[before.username]
    if isinstance(after, User):
        uids[after.username] = after.uid


def edit_to(site: Site) -> Edit:
    """From any site to this one: every table is cleared, then filled."""
    steps: list[Step] = [Clear(kind) for kind in Kind]
    for kind in Kind:
        table: Mapping[Key, Item] = getattr(site, kind.value)
        steps += [Put(kind, key, item) for key, item in table.items()]
    return tuple(steps)


def edit_over(site: Site, over: Site) -> Edit:
    """Put what `over` has over what `site` has; nothing of what is the same already.

    A connector of `over` that it does not start is stopped. An account of `site` that has the name
    of one of `over` gives way.
    """
    steps: list[Step] = [
        Drop(Kind.USER, site.uids[name])
        for name, uid in over.uids.items()
        if site.uids.get(name, uid) != uid
    ]
    steps += [
        Drop(Kind.STARTED, cid)
        for cid in over.connectors
        if cid in site.started and cid not in over.started
    ]
    for kind in Kind:
        before: Mapping[Key, Item] = getattr(site, kind.value)
        table: Mapping[Key, Item] = getattr(over, kind.value)
        steps += [Put(kind, key, item) for key, item in table.items() if before.get(key) != item]
    return tuple(steps)


_FIELDS = {f.name for f in fields(Site)}
assert {kind.value for kind in Kind} | {"uids"} == _FIELDS

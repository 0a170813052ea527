"""An item of the site as a plain value: tables, lists, texts, numbers, truths and nothing.

Rows of the working state are this as JSON, and the site file's items are this as YAML. Names are
the console's. Reading asks for the form only: what was accepted once must never keep a gateway
from starting, say because a newer Python does not compile the same code.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date, time
from types import MappingProxyType
from typing import cast, get_args

from jasmin_compat.gateway.connectors import KEYS, BadConnector, SmppConnector, connector_from
from jasmin_compat.gateway.credential_changes import (
    SECTIONS,
    CredentialChange,
    CredentialKind,
    Section,
    Value,
    changed_mt,
    changed_smpps,
    mt_values,
    smpps_values,
)
from jasmin_compat.gateway.credentials import MT_DEFAULT, SMPPS_DEFAULT
from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DateIntervalFilter,
    DestinationAddrFilter,
    EvalPyFilter,
    Filter,
    GroupFilter,
    ShortMessageFilter,
    SourceAddrFilter,
    TagFilter,
    TimeIntervalFilter,
    TransparentFilter,
    UserFilter,
)
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Selection, Target, TargetKind
from jasmin_compat.gateway.site import Item, Kind
from jasmin_compat.gateway.users import Group, GroupId, User, UserId
from jasmin_compat.wire.plain_tables import BadItem as BadItem
from jasmin_compat.wire.plain_tables import Plain, PlainTable


def write_item(kind: Kind, item: Item) -> Plain:
    """What read_item gives back as the same item."""
    return _WRITERS[kind](item)


def read_item(kind: Kind, plain: object) -> Item:
    """The item that write_item gave as `plain`.

    Raises:
        BadItem
    """
    if kind is Kind.STARTED:
        return PlainTable(kind.value, {kind.value: plain}).truth(kind.value)
    table = PlainTable(kind.value, plain)
    item = _READERS[kind](table)
    table.end()
    return item


def _group(group: Group) -> Plain:
    return {"gid": group.gid, "enabled": group.enabled}


def _user(user: User) -> Plain:
    return {
        "uid": user.uid,
        "gid": user.gid,
        "username": user.username,
        "password_md5": user.password_md5.hex(),
        "enabled": user.enabled,
        "mt_messaging_cred": credential(_others(mt_values(user.mt), mt_values(MT_DEFAULT))),
        "smpps_cred": credential(_others(smpps_values(user.smpps), smpps_values(SMPPS_DEFAULT))),
    }


Values = Iterator[tuple[Section, str, Value]]


def _others(values: Values, defaults: Values) -> Values:
    """Those that are not the default: of most users none, and 100,000 are to be read at start."""
    return (value for value, default in zip(values, defaults, strict=True) if value != default)


def credential(values: Iterator[tuple[Section, str, Value]]) -> dict[str, Plain]:
    """Tables of sections, in the console's order."""
    sections: dict[str, dict[str, Plain]] = {}
    for section, key, value in values:
        sections.setdefault(section.lower(), {})[key] = _scalar(value)
    return cast("dict[str, Plain]", sections)


def _connector(connector: SmppConnector) -> Plain:
    return {key.name: _scalar(getattr(connector, key.field)) for key in KEYS}


def _http_connector(connector: HttpConnector) -> Plain:
    return {"cid": connector.cid, "url": connector.url, "method": connector.method}


def _route(route: Route) -> Plain:
    return {
        "type": route.selection,
        "connectors": [f"{target.kind}({target.cid})" for target in route.targets],
        "filters": [_filter(f) for f in route.filters],
        "rate": _scalar(route.rate),
    }


def _interceptor(interceptor: Interceptor) -> Plain:
    return {
        "type": interceptor.selection,
        "script": interceptor.code,
        "filters": [_filter(f) for f in interceptor.filters],
    }


def _filter(made: Filter) -> Plain:
    plain: dict[str, Plain] = {"type": type(made).__name__}
    for f, name in zip(fields(made), _FILTERS[type(made)], strict=True):
        plain[name] = str(getattr(made, f.name))
    return plain


def _scalar(value: Value) -> Plain:
    """JSON has no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


_FILTERS: Mapping[type[Filter], tuple[str, ...]] = MappingProxyType(
    {
        TransparentFilter: (),
        UserFilter: ("uid",),
        GroupFilter: ("gid",),
        ConnectorFilter: ("cid",),
        SourceAddrFilter: ("source_addr",),
        DestinationAddrFilter: ("destination_addr",),
        ShortMessageFilter: ("short_message",),
        DateIntervalFilter: ("first", "last"),
        TimeIntervalFilter: ("first", "last"),
        EvalPyFilter: ("code",),
        TagFilter: ("tag",),
    }
)
"""Our names of their fields."""


def _credential_value(table: PlainTable, section: Section, key: str, name: str) -> Value:
    if section == "Authorization" and name != "ip":
        return table.truth(key)
    if section in {"DefaultValue", "Quota"} and table.is_nothing(key):
        return None
    if section != "Quota":
        return table.text(key)
    is_whole = name in {"submit_sm_count", "max_bindings"}
    return table.whole(key) if is_whole else table.number(key)


def _read_group(table: PlainTable) -> Group:
    return Group(gid=GroupId(table.text("gid")), enabled=table.truth("enabled"))


def _read_user(table: PlainTable) -> User:
    return User(
        uid=UserId(table.text("uid")),
        gid=GroupId(table.text("gid")),
        username=table.text("username"),
        password_md5=_read_digest(table),
        enabled=table.truth("enabled"),
        mt=changed_mt(MT_DEFAULT, _read_credential(table, "mt_messaging_cred")),
        smpps=changed_smpps(SMPPS_DEFAULT, _read_credential(table, "smpps_cred")),
    )


def _read_digest(table: PlainTable) -> bytes:
    text = table.text("password_md5")
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 16:
        raise table.wrong("password_md5", "must be 32 hexadecimal digits")
    return digest


def _read_credential(table: PlainTable, kind: CredentialKind) -> list[CredentialChange]:
    given = table.table(kind)
    changes = []
    for section, names in SECTIONS[kind].items():
        if not given.has(section.lower()):
            continue
        values = given.table(section.lower())
        for key, name in names.items():
            if values.has(key):
                value = _credential_value(values, section, key, name)
                changes.append(CredentialChange(section, name, value))
        values.end()
    given.end()
    return changes


def _read_filter(table: PlainTable) -> Filter:
    name = table.one_of("type", *(made.__name__ for made in _FILTERS))
    made = next(made for made in _FILTERS if made.__name__ == name)
    values: list[object] = [table.text(key) for key in _FILTERS[made]]
    if made is DateIntervalFilter or made is TimeIntervalFilter:
        read = date.fromisoformat if made is DateIntervalFilter else time.fromisoformat
        try:
            values = [read(str(value)) for value in values]
        except ValueError as reason:
            raise table.wrong("first", str(reason)) from reason
    table.end()
    return made(*values)  # type: ignore[arg-type]  # as many as it has fields, of their types


def _read_connector(table: PlainTable) -> SmppConnector:
    values = {key.name: table.take(key.name) for key in KEYS if table.has(key.name)}
    try:
        return connector_from(values)
    except BadConnector as wrong:
        raise table.wrong("cid", str(wrong)) from wrong


def _read_http_connector(table: PlainTable) -> HttpConnector:
    return HttpConnector(
        cid=ConnectorId(table.text("cid")), url=table.text("url"), method=table.text("method")
    )


def _read_route(table: PlainTable) -> Route:
    return Route(
        selection=cast("Selection", table.one_of("type", *get_args(Selection))),
        targets=tuple(_read_target(table, text) for text in table.rows("connectors")),
        filters=tuple(_read_filter(row) for row in table.tables("filters")),
        rate=table.number("rate"),
    )


def _read_target(table: PlainTable, text: object) -> Target:
    kind, bracket, rest = str(text).partition("(")
    if kind not in get_args(TargetKind) or not bracket or not rest.endswith(")"):
        raise table.wrong("connectors", f"{text} is no smppc(cid), http(cid) or smpps(system_id)")
    return Target(cast("TargetKind", kind), ConnectorId(rest.removesuffix(")")))


def _read_interceptor(table: PlainTable) -> Interceptor:
    selection = table.one_of("type", "default", "static")
    return Interceptor(
        selection="default" if selection == "default" else "static",
        code=table.text("script"),
        filters=tuple(_read_filter(row) for row in table.tables("filters")),
    )


_WRITERS: Mapping[Kind, Callable[..., Plain]] = MappingProxyType(
    {
        Kind.GROUP: _group,
        Kind.USER: _user,
        Kind.FILTER: _filter,
        Kind.CONNECTOR: _connector,
        Kind.STARTED: bool,
        Kind.HTTP_CONNECTOR: _http_connector,
        Kind.MT_ROUTE: _route,
        Kind.MO_ROUTE: _route,
        Kind.MT_INTERCEPTOR: _interceptor,
        Kind.MO_INTERCEPTOR: _interceptor,
    }
)
_READERS: Mapping[Kind, Callable[[PlainTable], Item]] = MappingProxyType(
    {
        Kind.GROUP: _read_group,
        Kind.USER: _read_user,
        Kind.FILTER: _read_filter,
        Kind.CONNECTOR: _read_connector,
        Kind.HTTP_CONNECTOR: _read_http_connector,
        Kind.MT_ROUTE: _read_route,
        Kind.MO_ROUTE: _read_route,
        Kind.MT_INTERCEPTOR: _read_interceptor,
        Kind.MO_INTERCEPTOR: _read_interceptor,
    }
)

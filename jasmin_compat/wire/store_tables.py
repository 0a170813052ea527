"""Routes, interceptors and HTTP connectors of Jasmin's store files (routing.md §9).

Routes hold copies of the connectors they lead to. Of an HTTP connector that is its URL too: a route
goes on with it in Jasmin after the connector was changed or removed; here it follows the connector.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from jasmin_compat.gateway.filter_kinds import Table, kind_of
from jasmin_compat.gateway.filters import Filter
from jasmin_compat.gateway.http_connectors import HttpConnector, http_connector_from
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.route_arguments import KINDS, route_from
from jasmin_compat.gateway.routes import Route, Target, TargetKind
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.table_rows import ROW_TABLES, RowTable
from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.site_texts import (
    http_connector_repr,
    http_connector_str,
    interceptor_str,
    route_str,
    script_repr,
    script_str,
)
from jasmin_compat.wire.store_filters import read_filter, write_filter
from jasmin_compat.wire.store_values import LeftOut, instance, rows, shown, text

_API: Final = "jasmin.routing.jasminApi"
_CLASS_OF: Final[Mapping[TargetKind, str]] = {
    "smppc": "SmppClientConnector",
    "http": "HttpConnector",
    "smpps": "SmppServerSystemIdConnector",
}
_KIND_OF: Final = {name: kind for kind, name in _CLASS_OF.items()}


def write_table(table: RowTable, site: Site) -> bytes:
    """Of MORoutingTable, MTInterceptionTable …; `table.kind` names the rows in the site."""
    known: Mapping[int, Route | Interceptor] = getattr(site, table.kind.value)
    written = (
        b"}" + opcodes.integer(order) + _row(table, row, site) + b"s"
        for order, row in known.items()
    )
    return opcodes.instance(
        opcodes.name(*_table_class(table)), (("table", opcodes.list_of(written)),)
    )


def table_class(table: RowTable) -> str:
    """Jasmin's."""
    return _table_class(table)[1]


def _table_class(table: RowTable) -> tuple[str, str]:
    if table.noun == "Route":
        return "jasmin.routing.RoutingTables", f"{table.table}RoutingTable"
    return "jasmin.routing.InterceptionTables", f"{table.table}InterceptionTable"


def _row(table: RowTable, row: Route | Interceptor, site: Site) -> bytes:
    name = next(kind.name for kind in table.rows if kind.selection == row.selection)
    attributes: dict[str, bytes] = {}
    if row.selection != "default":
        attributes["filters"] = opcodes.list_of(write_filter(f, site) for f in row.filters)
    if isinstance(row, Interceptor):
        attributes["script"] = _script(table.table, row.code)
        attributes["_str"] = opcodes.text(interceptor_str(table, row))
        return opcodes.instance(
            opcodes.name("jasmin.routing.Interceptors", name), attributes.items()
        )
    targets = [_target(target, site) for target in row.targets]
    is_one = row.selection in {"default", "static"}
    attributes["connector"] = targets[0] if is_one else opcodes.list_of(targets)
    if table.table == "MT" or is_one:
        attributes["rate"] = opcodes.floating(row.rate)
    if row.selection == "failover":
        attributes["seq"] = opcodes.integer(-1)
    attributes["_str"] = opcodes.text(route_str(table, row))
    return opcodes.instance(opcodes.name("jasmin.routing.Routes", name), attributes.items())


def _script(table: Table, code: str) -> bytes:
    attributes = {
        "pyCode": code,
        "_repr": script_repr(table, code),
        "_str": script_str(table, code),
    }
    of = opcodes.name(_API, f"{table}InterceptorScript")
    return opcodes.instance(of, ((key, opcodes.text(value)) for key, value in attributes.items()))


def _target(target: Target, site: Site) -> bytes:
    if target.kind == "http":
        removed = HttpConnector(cid=target.cid, url="", method="GET")
        return write_http_connector(site.http_connectors.get(target.cid, removed))
    attributes = {
        "cid": target.cid,
        "_str": f"{target.kind} Connector",
        "_repr": f"<{target.kind} Connector>",
    }
    if target.kind == "smpps":
        attributes["system_id"] = target.cid
    return opcodes.instance(
        opcodes.name(_API, _CLASS_OF[target.kind]),
        ((key, opcodes.text(value)) for key, value in attributes.items()),
    )


def write_http_connector(made: HttpConnector) -> bytes:
    """An empty URL is of a connector that was removed, in a route that leads to it still."""
    attributes = {
        "cid": made.cid,
        "baseurl": made.url,
        "method": made.method,
        "_str": http_connector_str(made),
        "_repr": http_connector_repr(made),
    }
    return opcodes.instance(
        opcodes.name(_API, "HttpConnector"),
        ((key, opcodes.text(value)) for key, value in attributes.items()),
    )


# ---------------------------------------------------------------- reading


def read_http_connector(found: object) -> HttpConnector:
    """Raises: LeftOut."""
    made = instance(found, "HttpConnector")
    try:
        return http_connector_from(
            cid=text(made, "cid"), url=text(made, "baseurl"), method=text(made, "method")
        )
    except Unusable as reason:
        raise LeftOut(str(reason)) from reason


def read_row(table: RowTable, found: object) -> tuple[int, object]:
    """Order and row of one entry of a table, the row unread.

    Raises:
        LeftOut
    """
    if not isinstance(found, dict) or len(found) != 1:
        raise LeftOut(f"{shown(found)} where an order and its row must be")
    ((order, row),) = found.items()
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise LeftOut(f"order {shown(order)}")
    named = instance(row, *(kind.name for kind in table.rows))
    if (order == 0) != named.name.startswith("Default"):
        raise LeftOut(f"a {named.name} of order {order}")
    return order, row


def read_interceptor(table: RowTable, found: object) -> Interceptor:
    """Raises: LeftOut."""
    row = instance(found, *(kind.name for kind in table.rows))
    script = instance(row.state.get("script"), f"{table.table}InterceptorScript")
    code = script.state.get("pyCode")
    if not isinstance(code, str):
        raise LeftOut(f"pyCode is {shown(code)}")
    if row.name == "DefaultInterceptor":
        return Interceptor(selection="default", code=code)
    return Interceptor(selection="static", code=code, filters=_filters(table, row))


def read_route(table: RowTable, found: object) -> tuple[Route, tuple[HttpConnector, ...]]:
    """The route, and the copies of the HTTP connectors it leads to.

    Raises:
        LeftOut
    """
    row = instance(found, *(kind.name for kind in table.rows))
    selection = next(kind.selection for kind in table.rows if kind.name == row.name)
    held = row.state.get("connector")
    is_one = selection in {"default", "static"}
    connectors = [instance(c, *_KIND_OF) for c in ([held] if is_one else rows(row, "connector"))]
    if not connectors:
        raise LeftOut("it leads nowhere")
    targets = tuple(Target(_KIND_OF[c.name], ConnectorId(text(c, "cid"))) for c in connectors)
    if not {target.kind for target in targets} <= set(KINDS[table.table]):
        raise LeftOut(f"it leads to a {connectors[0].name}")
    try:
        route = route_from(
            table.table,
            selection,
            targets,
            filters=() if selection == "default" else _filters(table, row),
            rate=_rate(row) if table.table == "MT" else 0.0,
        )
    except Unusable as reason:
        raise LeftOut(str(reason)) from reason
    return route, tuple(_copies(connectors))


def _copies(connectors: Iterable[Instance]) -> Iterable[HttpConnector]:
    for held in connectors:
        if held.name == "HttpConnector" and held.state.get("baseurl") != "":
            yield read_http_connector(held)


def _filters(table: RowTable, row: Instance) -> tuple[Filter, ...]:
    filters = tuple(map(read_filter, rows(row, "filters")))
    for made in filters:
        if table.table not in kind_of(made).tables:
            raise LeftOut(f"a {type(made).__name__} is not for {table.table} messages")
    return filters


def _rate(row: Instance) -> float:
    rate = row.state.get("rate", 0.0)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate):
        raise LeftOut(f"its rate is {shown(rate)}")
    return float(rate)


TABLES: Final = tuple(ROW_TABLES.values())

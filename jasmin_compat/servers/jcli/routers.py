"""`mtrouter` and `morouter` (`cli/mtrouterm.py`, `cli/morouterm.py`)."""

from typing import Final

from jasmin_compat.gateway.route_arguments import rate_from, route_from, target_from, targets_from
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.table_rows import MO_ROUTES, MT_ROUTES, RowKind, RowTable
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.rows import Rows
from jasmin_compat.servers.jcli.sessions import Read, Values, text_of
from jasmin_compat.servers.jcli.tables import Columns
from jasmin_compat.wire.site_texts import route_str, target_text


def _connector(office: Office, table: RowTable) -> Read:
    return text_of(lambda text: (target_from(office.site, table.table, text),))


def _connectors(office: Office, table: RowTable) -> Read:
    return text_of(lambda text: targets_from(office.site, table.table, text))


def _rate(_office: Office, _table: RowTable) -> Read:
    return text_of(rate_from)


def _make(table: RowTable, kind: RowKind, values: Values) -> Route:
    return route_from(
        table.table,
        kind.selection,
        values["connector"] if "connector" in values else values["connectors"],
        filters=values.get("filters", ()),
        rate=values.get("rate", 0.0),
    )


def _mo_cells(route: Route) -> tuple[str, ...]:
    return (", ".join(map(target_text, route.targets)),)


def _mt_cells(route: Route) -> tuple[str, ...]:
    """A route that costs nothing catches the eye."""
    return "0 (!)" if route.rate == 0 else f"{route.rate:.5f}", *_mo_cells(route)


MO_ROUTER: Final = Rows(
    table=MO_ROUTES,
    command="morouter",
    about="MO Router management",
    flush="Flush MO routing table",
    module="jasmin.routing.Routes",
    columns=Columns((5, 23, 48, 64), ("Order", "Type", "Connector ID(s)", "Filter(s)")),
    cells=_mo_cells,
    shown=route_str,
    keys={"connector": _connector, "connectors": _connectors},
    make=_make,
)
MT_ROUTER: Final = Rows(
    table=MT_ROUTES,
    command="mtrouter",
    about="MT Router management",
    flush="Flush MT routing table",
    module="jasmin.routing.Routes",
    columns=Columns((5, 23, 10, 48, 64), ("Order", "Type", "Rate", "Connector ID(s)", "Filter(s)")),
    cells=_mt_cells,
    shown=route_str,
    keys={"connector": _connector, "connectors": _connectors, "rate": _rate},
    make=_make,
)

"""What the four tables have in common: types, orders, and which rows may be in them.

contract/jcli.md §7-§8, routing.md §4; Jasmin: protocols/cli/m[ot]routerm.py, m[ot]interceptorm.py.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from typing_extensions import override

from jasmin_compat.gateway.filter_kinds import Table
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.site import Clear, Drop, Edit, Kind, Put, Site
from jasmin_compat.gateway.unusable import Mistyped, NotDone

Noun = Literal["Route", "Interceptor"]
Selection = Literal["default", "static", "random", "failover"]


@dataclass(frozen=True, slots=True)
class RowKind:
    """A type of route or interceptor."""

    name: str
    """Jasmin's class."""
    selection: Selection
    arguments: tuple[str, ...]
    """The console's keys, in Jasmin's order."""


def _rows(table: Table, rate: tuple[str, ...]) -> tuple[RowKind, ...]:
    return (
        RowKind("DefaultRoute", "default", ("connector", *rate)),
        RowKind(f"Static{table}Route", "static", ("filters", "connector", *rate)),
        RowKind(f"RandomRoundrobin{table}Route", "random", ("filters", "connectors", *rate)),
        RowKind(f"Failover{table}Route", "failover", ("filters", "connectors", *rate)),
    )


def _interceptors(table: Table) -> tuple[RowKind, ...]:
    return (
        RowKind("DefaultInterceptor", "default", ("script",)),
        RowKind(f"Static{table}Interceptor", "static", ("filters", "script")),
    )


@dataclass(frozen=True, slots=True)
class RowTable:
    """One of the four."""

    table: Table
    noun: Noun
    kind: Kind
    rows: tuple[RowKind, ...]

    @override
    def __str__(self) -> str:
        return f"{self.table} {self.noun}"


MO_ROUTES = RowTable("MO", "Route", Kind.MO_ROUTE, _rows("MO", ()))
MT_ROUTES = RowTable("MT", "Route", Kind.MT_ROUTE, _rows("MT", ("rate",)))
MO_INTERCEPTORS = RowTable("MO", "Interceptor", Kind.MO_INTERCEPTOR, _interceptors("MO"))
MT_INTERCEPTORS = RowTable("MT", "Interceptor", Kind.MT_INTERCEPTOR, _interceptors("MT"))
ROW_TABLES = MappingProxyType(
    {t.kind: t for t in (MO_ROUTES, MT_ROUTES, MO_INTERCEPTORS, MT_INTERCEPTORS)}
)


def row_kind(table: RowTable, name: str) -> RowKind:
    """By the name of its type, in any case.

    Raises:
        Mistyped
    """
    for row in table.rows:
        if row.name.lower() == name.lower():
            return row
    names = ", ".join(row.name for row in table.rows)
    raise Mistyped(f"Unknown {table} type:{name}, available types: {names}")


def row_name(table: RowTable, selection: Selection) -> str:
    """Jasmin's class of such rows."""
    return next(row.name for row in table.rows if row.selection == selection)


def order_from(table: RowTable, row: RowKind | None, text: str) -> int:
    """`row` is the type, if it is known already. The default one's order is 0, whatever is typed.

    Raises:
        Mistyped
    """
    if row is not None and row.selection == "default" and text != "0":
        raise Mistyped(f"{table.noun} order forced to 0 since it is a Default{table.noun}")
    if row is not None and row.selection != "default" and text == "0":
        raise Mistyped(
            f"This {table.noun.lower()} order (0) is reserved for Default{table.noun} only"
        )
    if not re.fullmatch("[0-9]{1,18}", text):
        raise Mistyped(f"{table.noun} order must be a positive integer")
    return int(text)


def named_order(site: Site, table: RowTable, text: str) -> int:
    """Of a row to be shown or removed.

    Raises:
        Mistyped: no order, or no row has it.
    """
    if not re.fullmatch("[0-9]+", text):
        raise Mistyped(f"{table} order must be a positive integer")
    order = int(text[:20])
    if order not in getattr(site, table.kind.value):
        raise Mistyped(f"Unknown {table}: {text}")
    return order


def add_row(table: RowTable, order: int, row: Route | Interceptor) -> Edit:
    """A new one, or instead of the one of that order.

    Raises:
        NotDone: 0 is for the default one, and for no other.
    """
    if (order == 0) != (row.selection == "default"):
        reason = f"order 0 is for Default{table.noun}, and for no other"
        raise NotDone(f"adding {table.table}{table.noun}", reason)
    return (Put(table.kind, order, row),)


def remove_row(site: Site, table: RowTable, order: str) -> Edit:
    """Raises: Mistyped: as named_order."""
    return (Drop(table.kind, named_order(site, table, order)),)


def flush_rows(table: RowTable) -> Edit:
    """None is left."""
    return (Clear(table.kind),)

"""Filters, routes and interceptors of a site file."""

from pathlib import Path

from jasmin_compat.daemons.site_values import Mistaken, content, known_keys, rows, text, usable
from jasmin_compat.gateway.code import checked_code
from jasmin_compat.gateway.filter_kinds import (
    FilterKind,
    filter_from,
    filter_kind,
    filters_named,
    kind_of,
)
from jasmin_compat.gateway.filters import Filter
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.route_arguments import rate_from, route_from, target_from
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.table_rows import RowKind, RowTable, order_from
from jasmin_compat.settings.site_file import SiteItem, SiteValue


def filter_of(item: SiteItem, folder: Path) -> Filter:
    """Of a named filter, or one within a route.

    Raises:
        Mistaken
    """
    kind = usable("type", lambda: filter_kind(text(item, "type")), item)
    if kind.argument is None:
        known_keys(item, "fid", "type")
        return filter_from(kind, "")
    key, argument = _argument(kind, item, folder)
    return usable(key, lambda: filter_from(kind, argument), item)


def _argument(kind: FilterKind, item: SiteItem, folder: Path) -> tuple[str, str]:
    """The key it stands under, and its text."""
    assert kind.argument is not None
    if kind.argument == "pyCode":
        known_keys(item, "fid", "type", "code", "pyCode")
        return "code", content(item, "code", "pyCode", folder)
    if kind.argument.endswith("Interval") and "first" in item.values:
        known_keys(item, "fid", "type", "first", "last")
        return "first", f"{text(item, 'first')};{text(item, 'last')}"
    known_keys(item, "fid", "type", kind.argument)
    return kind.argument, text(item, kind.argument)


def row_of(
    item: SiteItem, table: RowTable, known: Site, folder: Path
) -> tuple[int, Route | Interceptor]:
    """The order and the row.

    Raises:
        Mistaken
    """
    row = _row_kind(item, table)
    order = _order(item, table, row)
    if table.noun == "Route":
        return order, _route(item, table, row, known, folder)
    known_keys(item, "type", "order", "filters", "script", "script_file")
    code = content(item, "script", "script_file", folder)
    return order, Interceptor(
        selection="default" if row.selection == "default" else "static",
        code=usable("script", lambda: checked_code(code)),
        filters=_filters(item, table, row, known, folder),
    )


def _row_kind(item: SiteItem, table: RowTable) -> RowKind:
    """By our short name or Jasmin's class."""
    named = item.values.get("type")
    for row in table.rows:
        if named in {row.selection, row.name}:
            return row
    words = ", ".join(row.selection for row in table.rows)
    raise Mistaken("type", f"type: must be one of {words}")


def _order(item: SiteItem, table: RowTable, row: RowKind) -> int:
    if row.selection == "default" and item.values.get("order") is None:
        return 0
    return usable("order", lambda: order_from(table, row, text(item, "order")))


def _route(item: SiteItem, table: RowTable, row: RowKind, known: Site, folder: Path) -> Route:
    rate = ("rate",) if table.table == "MT" else ()
    known_keys(item, "type", "order", "connector", "connectors", "filters", *rate)
    given = 0.0
    if item.values.get("rate") is not None:
        given = usable("rate", lambda: rate_from(text(item, "rate")))
    targets = _targets(item, table, row, known)
    filters = _filters(item, table, row, known, folder)
    return usable(
        "rate" if given < 0 else "connectors",
        lambda: route_from(table.table, row.selection, targets, filters=filters, rate=given),
    )


def _targets(item: SiteItem, table: RowTable, row: RowKind, known: Site) -> tuple[Target, ...]:
    listed = rows(item, "connectors")
    if not listed:
        listed = (text(item, "connector"),)
    if row.selection in {"default", "static"} and len(listed) > 1:
        raise Mistaken("connectors", f"connectors: a {row.selection} route has one")
    return tuple(_target(value, table, known, "connectors") for value in listed)


def _target(value: SiteValue, table: RowTable, known: Site, key: str) -> Target:
    if not isinstance(value, str):
        raise Mistaken(key, f"{key}: must be texts")
    typed = f"smppc({value})" if table.table == "MT" and "(" not in value else value
    return usable(key, lambda: target_from(known, table.table, typed))


def _filters(
    item: SiteItem, table: RowTable, row: RowKind, known: Site, folder: Path
) -> tuple[Filter, ...]:
    """Each by its fid, or as a table."""
    listed = rows(item, "filters")
    if listed and row.selection == "default":
        raise Mistaken("filters", "filters: a default row has none")
    found: list[Filter] = []
    for value in listed:
        if isinstance(value, SiteItem):
            made = filter_of(value, folder)
            found += _allowed(made, table)
        elif isinstance(value, str):
            named = [value]
            found += usable(
                "filters",
                lambda named=named: filters_named(  # type: ignore[misc]
                    known.filters, table.table, table.noun, named
                ),
            )
        else:
            raise Mistaken("filters", "filters: must be ids or tables")
    return tuple(found)


def _allowed(made: Filter, table: RowTable) -> list[Filter]:
    kind = kind_of(made)
    if table.table not in kind.tables:
        raise Mistaken("filters", f"filters: a {table} has no {kind.name}")
    return [made]

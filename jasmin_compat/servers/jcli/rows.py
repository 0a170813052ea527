"""What the commands of the four tables have in common (`cli/mtrouterm.py` and its three copies)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jasmin_compat.gateway.filter_kinds import filters_named
from jasmin_compat.gateway.filters import Filter
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.site import Edit, Site
from jasmin_compat.gateway.table_rows import (
    RowKind,
    RowTable,
    add_row,
    flush_rows,
    named_order,
    order_from,
    remove_row,
    row_kind,
    row_name,
)
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import TEXT, Form, Kinds, Read, Values, all_keys
from jasmin_compat.servers.jcli.tables import Columns
from jasmin_compat.wire.site_texts import filter_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table of routes or interceptors at the console."""

    table: RowTable
    command: str
    about: str
    flush: str
    """What the help says of it."""
    module: str
    """Of Jasmin's classes."""
    columns: Columns
    cells: Callable[[Any], tuple[str, ...]]
    """Of a row: between its type and its filters."""
    shown: Callable[[RowTable, Any], str]
    keys: Mapping[str, Callable[[Office, RowTable], Read]]
    """But for order, type and filters, which all have."""
    make: Callable[[RowTable, RowKind, Values], Route | Interceptor]
    """Raises: Unusable."""


def rows_command(rows: Rows, office: Office) -> Command:
    noun = f"{rows.table.table} {rows.table.noun.lower()}"
    at_work = _AtWork(rows, office)
    return Command(
        rows.command,
        rows.about,
        [
            (Flag(("-l", "--list"), f"List {noun}s"), at_work.list),
            (Flag(("-a", "--add"), f"Add a new {noun}"), at_work.add),
            (Flag(("-r", "--remove"), f"Remove {noun} using it's ORDER", "ORDER"), at_work.remove),
            (Flag(("-s", "--show"), f"Show {noun} using it's ORDER", "ORDER"), at_work.show),
            (Flag(("-f", "--flush"), rows.flush), at_work.flush),
        ],
    )


class _AtWork:
    def __init__(self, rows: Rows, office: Office) -> None:
        self._rows = rows
        self._table = rows.table
        self._office = office
        self._one = f"{rows.table.table}{rows.table.noun}"

    def _all(self, site: Site) -> Mapping[int, Any]:
        found: Mapping[int, Any] = getattr(site, self._table.kind.value)
        return found

    async def list(self, _visit: Visit, _value: str) -> str:
        rows = [
            (
                order,
                row_name(self._table, row.selection),
                *self._rows.cells(row),
                ", ".join(map(filter_repr, row.filters)),
            )
            for order, row in self._all(self._office.site).items()
        ]
        return self._rows.columns.show(rows, f"Total {self._table}s")

    async def show(self, _visit: Visit, text: str) -> str:
        site = self._office.site
        row = self._all(site)[named_order(site, self._table, text)]
        return self._rows.shown(self._table, row) + "\n"

    async def remove(self, visit: Visit, text: str) -> str:
        await self._office.change(
            visit, f"removing {self._table}", lambda site: remove_row(site, self._table, text)
        )
        return f"Successfully removed {self._table} with order:{text}\n"

    async def flush(self, visit: Visit, _value: str) -> str:
        flushed = 0

        def decide(site: Site) -> Edit:
            nonlocal flushed
            flushed = len(self._all(site))
            return flush_rows(self._table)

        await self._office.change(visit, f"flushing {self._table} table", decide)
        return f"Successfully flushed {self._table} table ({flushed} flushed entries)\n"

    async def add(self, visit: Visit, _value: str) -> Form:
        table = self._table
        defaults = [kind.name for kind in table.rows if kind.selection == "default"]
        return Form(
            opening=f"Adding a new {table}: (ok: save, ko: exit)",
            unknown=f"Unknown {table.noun} key: ",
            keys={
                "order": self._read_order,
                "type": TEXT,
                "filters": self._read_filters,
                **{key: read(self._office, table) for key, read in self._rows.keys.items()},
            },
            missing=all_keys,
            save=partial(self._save, visit),
            kinds=Kinds(
                module=self._rows.module,
                arguments={kind.name: kind.arguments for kind in table.rows},
                find=lambda text: row_kind(table, text).name,
                kept="order",
                presets={name: {"order": 0} for name in defaults},
            ),
        )

    async def _save(self, visit: Visit, values: Values) -> str:
        kind, order = row_kind(self._table, values["type"]), values["order"]
        made = self._rows.make(self._table, kind, values)
        await self._office.change(
            visit, f"adding {self._one}", lambda _site: add_row(self._table, order, made)
        )
        return f"Successfully added {self._one} [{kind.name}] with order:{order}\n"

    async def _read_order(self, text: str, values: Values) -> int:
        kind = row_kind(self._table, values["type"]) if "type" in values else None
        return order_from(self._table, kind, text)

    async def _read_filters(self, text: str, _values: Values) -> tuple[Filter, ...]:
        filters, table = self._office.site.filters, self._table
        return filters_named(filters, table.table, table.noun, text.split(";"))

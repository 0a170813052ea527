"""`filter` (`cli/filtersm.py`), but of one site, where Jasmin has them per session (W-CFG-03)."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

from jasmin_compat.gateway.changes import add_filter, known, remove_filter
from jasmin_compat.gateway.code import checked_code
from jasmin_compat.gateway.filter_kinds import (
    FILTER_KINDS,
    FilterKind,
    fid_from,
    filter_from,
    filter_kind,
    kind_of,
)
from jasmin_compat.gateway.unusable import Mistyped, Unusable
from jasmin_compat.ports import ScriptUnread
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import TEXT, Form, Kinds, Read, Values, all_keys, text_of
from jasmin_compat.servers.jcli.tables import Columns
from jasmin_compat.wire.site_texts import filter_repr, filter_str

COLUMNS: Final = Columns((16, 22, 6, 32), ("Filter id", "Type", "Routes", "Description"))
KINDS: Final = Kinds(
    module="jasmin.routing.Filters",
    arguments={k.name: () if k.argument is None else (k.argument,) for k in FILTER_KINDS},
    find=lambda text: filter_kind(text).name,
    kept="fid",
)


def filter_command(office: Office) -> Command:
    return Command(
        "filter",
        "Filter management",
        [
            (Flag(("-l", "--list"), "List filters"), partial(_list, office)),
            (Flag(("-a", "--add"), "Add filter"), partial(_add, office)),
            (
                Flag(("-r", "--remove"), "Remove filter using it's FID", "FID"),
                partial(_remove, office),
            ),
            (Flag(("-s", "--show"), "Show filter using it's FID", "FID"), partial(_show, office)),
        ],
    )


async def _list(office: Office, _visit: Visit, _value: str) -> str:
    rows = []
    for fid, made in office.site.filters.items():
        kind = kind_of(made)
        tables = "".join(text for text in ("MO ", "MT") if text.strip() in kind.tables)
        rows.append((fid, kind.name, tables, filter_repr(made)))
    return COLUMNS.show(rows, "Total Filters")


async def _add(office: Office, visit: Visit, _value: str) -> Form:
    async def save(values: Values) -> str:
        fid, kind = values["fid"], filter_kind(values["type"])
        argument = "" if kind.argument is None else values[kind.argument]
        made = await asyncio.to_thread(filter_from, kind, argument)  # it may be code to compile
        await office.change(visit, "adding Filter", lambda _site: add_filter(fid, made))
        return f"Successfully added Filter [{kind.name}] with fid:{fid}\n"

    return Form(
        opening="Adding a new Filter: (ok: save, ko: exit)",
        unknown="Unknown Filter key: ",
        keys={"fid": text_of(fid_from), "type": TEXT, **_arguments(office)},
        missing=all_keys,
        save=save,
        kinds=KINDS,
    )


def _arguments(office: Office) -> Mapping[str, Read]:
    keys = {k.argument: _argument(k) for k in FILTER_KINDS if k.argument is not None}
    return keys | {"pyCode": partial(_code, office)}


def _argument(kind: FilterKind) -> Read:
    """Its text; some is refused only with the filter, as in Jasmin."""

    def check(text: str) -> str:
        try:
            kind.typed(text)
        except Mistyped:
            raise
        except Unusable:
            pass
        return text

    return text_of(check)


async def _code(office: Office, path: str, _values: Values) -> str:
    """Of the file, which may change later."""
    try:
        code = await office.read_file(path)
    except ScriptUnread as reason:
        raise Mistyped(str(reason)) from reason
    return await asyncio.to_thread(checked_code, code)


async def _remove(office: Office, visit: Visit, fid: str) -> str:
    await office.change(visit, "removing Filter", lambda site: remove_filter(site, fid))
    return f"Successfully removed Filter id:{fid}\n"


async def _show(office: Office, _visit: Visit, fid: str) -> str:
    return filter_str(known(office.site.filters, fid, "Filter")) + "\n"

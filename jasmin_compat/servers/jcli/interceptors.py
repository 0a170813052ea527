"""`mtinterceptor` and `mointerceptor` (`cli/mtinterceptorm.py`, `cli/mointerceptorm.py`)."""

import asyncio
from typing import Final

from jasmin_compat.gateway.code import checked_code, script_location
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.table_rows import MO_INTERCEPTORS, MT_INTERCEPTORS, RowKind, RowTable
from jasmin_compat.gateway.unusable import Mistyped
from jasmin_compat.ports import ScriptUnread
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.rows import Rows
from jasmin_compat.servers.jcli.sessions import Read, Values
from jasmin_compat.servers.jcli.tables import Columns
from jasmin_compat.wire.site_texts import interceptor_str, script_repr

COLUMNS: Final = Columns((5, 20, 47, 64), ("Order", "Type", "Script", "Filter(s)"))


def _script(office: Office, _table: RowTable) -> Read:
    async def read(text: str, _values: Values) -> str:
        """The source as it is now; the file may change later."""
        try:
            code = await office.read_script(script_location(text))
        except ScriptUnread as reason:
            raise Mistyped(str(reason)) from reason
        return await asyncio.to_thread(checked_code, code)

    return read


def _make(_table: RowTable, kind: RowKind, values: Values) -> Interceptor:
    assert kind.selection in {"default", "static"}
    return Interceptor(
        selection=kind.selection,
        code=values["script"],
        filters=values.get("filters", ()),
    )


def _of(table: RowTable) -> Rows:
    name = table.table
    return Rows(
        table=table,
        command=f"{name.lower()}interceptor",
        about=f"{name} Interceptor management",
        flush=f"Flush {name} interception table",
        module="jasmin.routing.Interceptors",
        columns=COLUMNS,
        cells=lambda row: (script_repr(name, row.code),),
        shown=interceptor_str,
        keys={"script": _script},
        make=_make,
    )


MO_INTERCEPTOR: Final = _of(MO_INTERCEPTORS)
MT_INTERCEPTOR: Final = _of(MT_INTERCEPTORS)

"""How Jasmin shows filters, routes, interceptors and HTTP connectors: repr (lists) and str (-s).

contract/routing.md §2, §3, §6; Jasmin's store files hold the same texts.
"""

from collections.abc import Mapping
from types import MappingProxyType

from jasmin_compat.gateway.filter_kinds import Table
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
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.table_rows import RowTable, row_name


def filter_repr(made: Filter) -> str:
    """`<SA (src_addr=^16)>`."""
    code = _start(made.code, 10) if isinstance(made, EvalPyFilter) else ""
    return f"<{_REPRS[type(made)].format(made, code)}>"


def filter_str(made: Filter) -> str:
    """The class, and its argument on lines of its own."""
    return type(made).__name__ + _STRS[type(made)].format(made)


def target_text(target: Target) -> str:
    """`smppc(cid)`."""
    return f"{target.kind}({target.cid})"


def route_str(table: RowTable, route: Route) -> str:
    """Of MO routes, those with several targets say nothing of a rate, as in Jasmin."""
    name = row_name(table, route.selection)
    rated = f"rated {route.rate:.2f}" if route.rate > 0 else "NOT RATED"
    if route.selection in {"default", "static"}:
        return f"{name} to {target_text(route.targets[0])} {rated}"
    lines = [f"{name} to {len(route.targets)} connectors:"]
    lines += [f"\t- {target_text(target)}" for target in route.targets]
    return "\n".join(lines) + (f" \n{rated}" if table.table == "MT" else "")


def script_repr(table: Table, code: str) -> str:
    """`<MTIS (pyCode=routable.addTag('x') ..)>`."""
    return f"<{table}IS (pyCode={_start(code, 30)} ..)>"


def script_str(table: Table, code: str) -> str:
    """The class, and the code under it."""
    return f"{table}InterceptorScript:\n{code}"


def interceptor_str(table: RowTable, interceptor: Interceptor) -> str:
    """The class, and its script's repr."""
    name = row_name(table, interceptor.selection)
    return f"{name}/{script_repr(table.table, interceptor.code)}"


def http_connector_repr(made: HttpConnector) -> str:
    """In Jasmin's store files."""
    return f"<HttpConnector (cid={made.cid}, baseurl={made.url}, method={made.method})>"


def http_connector_str(made: HttpConnector) -> str:
    """The class, and its values on lines of their own."""
    return f"HttpConnector:\ncid = {made.cid}\nbaseurl = {made.url}\nmethod = {made.method}"


def _start(code: str, chars: int) -> str:
    return code[:chars].replace("\n", "")


_REPRS: Mapping[type[Filter], str] = MappingProxyType(
    {
        TransparentFilter: "T",
        UserFilter: "U (uid={0.uid})",
        GroupFilter: "G (gid={0.gid})",
        ConnectorFilter: "C (cid={0.cid})",
        SourceAddrFilter: "SA (src_addr={0.pattern})",
        DestinationAddrFilter: "DA (dst_addr={0.pattern})",
        ShortMessageFilter: "SM (msg={0.pattern})",
        DateIntervalFilter: "DI ({0.first},{0.last})",
        TimeIntervalFilter: "TI ({0.first},{0.last})",
        EvalPyFilter: "Ev (pyCode={1} ..)",
        TagFilter: "TG (tag={0.tag})",
    }
)
_STRS: Mapping[type[Filter], str] = MappingProxyType(
    {
        TransparentFilter: "",
        UserFilter: ":\nuid = {0.uid}",
        GroupFilter: ":\ngid = {0.gid}",
        ConnectorFilter: ":\ncid = {0.cid}",
        SourceAddrFilter: ":\nsource_addr = {0.pattern}",
        DestinationAddrFilter: ":\ndestination_addr = {0.pattern}",
        ShortMessageFilter: ":\nshort_message = {0.pattern}",
        DateIntervalFilter: ":\nLeft border = {0.first}\nRight border = {0.last}",
        TimeIntervalFilter: ":\nLeft border = {0.first}\nRight border = {0.last}",
        EvalPyFilter: ":\n{0.code}",
        TagFilter: ":\nhas tag = {0.tag}",
    }
)

"""How the console's texts become a route (contract/jcli.md §7).

Jasmin: protocols/cli/morouterm.py, mtrouterm.py, routing/Routes.py.
"""

import math
import re

from jasmin_compat.gateway.filter_kinds import Table
from jasmin_compat.gateway.filters import Filter
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Selection, Target, TargetKind
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.unusable import Mistyped, Unusable

KINDS: dict[Table, tuple[TargetKind, ...]] = {"MO": ("smpps", "http"), "MT": ("smppc",)}
"""Where a route of the table may lead."""


def target_from(site: Site, table: Table, text: str) -> Target:
    """Of `smppc(cid)`, `http(cid)`, `smpps(system_id)`; a system_id need not be known.

    Raises:
        Mistyped: no such text, or no such connector.
    """
    match = re.fullmatch(r"(\w+)\(([A-Za-z0-9_-]{3,25})\)", text)
    kind = next((k for k in KINDS[table] if match is not None and match[1].lower() == k), None)
    if match is None or kind is None:
        forms = " or ".join(f"{k}(some_id)" for k in KINDS[table])
        raise Mistyped(f"Invalid syntax for connector id, must be {forms}.")
    cid = ConnectorId(match[2])
    known = {"smppc": site.connectors, "http": site.http_connectors}.get(kind)
    if known is not None and cid not in known:
        raise Mistyped(f"Unknown {kind} cid: {cid}")
    return Target(kind, cid)


def targets_from(site: Site, table: Table, text: str) -> tuple[Target, ...]:
    """Of two or more, with `;` between.

    Raises:
        Mistyped
    """
    parts = text.split(";")
    if len(parts) == 1:
        raise Mistyped(
            'connectors option value must contain a minimum of 2 connector IDs separated with ";".'
        )
    return tuple(target_from(site, table, part) for part in parts)


def rate_from(text: str) -> float:
    """Raises: Mistyped: no number. (Jasmin takes nan, and then no comparison of it is true.)"""
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not math.isfinite(rate):
        raise Mistyped(f"Incorrect rate (must be float): {text}")
    return rate


def route_from(
    table: Table,
    selection: Selection,
    targets: tuple[Target, ...],
    *,
    filters: tuple[Filter, ...] = (),
    rate: float = 0.0,
) -> Route:
    """What does not go together in one route.

    Raises:
        Unusable
    """
    if rate < 0:
        raise Unusable("rate can not be a negative value")
    if table == "MO" and selection == "failover" and len({t.kind for t in targets}) > 1:
        raise Unusable("FailoverMORoute cannot have mixed connector types")
    return Route(selection=selection, targets=targets, filters=filters, rate=rate)

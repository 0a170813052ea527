"""Names Jasmin's store files may hold, and their bounds (persistence-and-migration.md §10)."""

from collections.abc import Callable
from datetime import date, time
from typing import Final

from jasmin_compat.wire.jasmin_classes import ALLOWED, Global, Instance
from jasmin_compat.wire.pickles import Dialect

FILTERS: Final = (
    *("TransparentFilter", "ConnectorFilter", "UserFilter", "GroupFilter", "SourceAddrFilter"),
    *("DestinationAddrFilter", "ShortMessageFilter", "DateIntervalFilter", "TimeIntervalFilter"),
    *("EvalPyFilter", "TagFilter"),
)
ROUTES: Final = (
    *("DefaultRoute", "StaticMORoute", "StaticMTRoute", "RandomRoundrobinMORoute"),
    *("RandomRoundrobinMTRoute", "FailoverMORoute", "FailoverMTRoute"),
)
_CLASSES: Final = {
    "jasmin.routing.jasminApi": (
        *("HttpConnector", "SmppClientConnector", "SmppServerSystemIdConnector"),
        *("MOInterceptorScript", "MTInterceptorScript"),
    ),
    "jasmin.routing.Filters": FILTERS,
    "jasmin.routing.Routes": ROUTES,
    "jasmin.routing.RoutingTables": ("MORoutingTable", "MTRoutingTable"),
    "jasmin.routing.Interceptors": (
        *("DefaultInterceptor", "StaticMOInterceptor", "StaticMTInterceptor"),
    ),
    "jasmin.routing.InterceptionTables": ("MOInterceptionTable", "MTInterceptionTable"),
    "jasmin.protocols.cli.smppccm": ("JCliSMPPClientConfig",),
    "jasmin.protocols.smpp.configs": ("SMPPClientConfig",),
}


def _date(state: bytes) -> date:
    if not isinstance(state, bytes) or len(state) != 4:
        raise TypeError("date of something else than its four octets")
    return date(int.from_bytes(state[:2]), state[2], state[3])


def _time(state: bytes) -> time:
    if not isinstance(state, bytes) or len(state) != 6:
        raise TypeError("time of something else than its six octets")
    hour, minute, second = state[:3]
    return time(hour & 0x7F, minute, second, int.from_bytes(state[3:]))  # the high bit is `fold`


def _no_call(*_arguments: object) -> object:
    raise TypeError("call of a base class")


_OBJECT: Final = Global(_no_call)
_TUPLE: Final = Global(_no_call)


def _reconstructor(of: Global, base: Global, state: object) -> object:
    """What protocols 0 and 1 have for an object, and for a named tuple."""
    if not isinstance(of, Global):
        raise TypeError("object of something else than a listed name")
    if base is _OBJECT and state is None:
        return of.make()
    if base is _TUPLE and isinstance(state, tuple):
        return of.make(*state)
    raise TypeError("object of another base class")


def _maker(name: str) -> Callable[[], Instance]:
    return lambda: Instance(name)


STORES: Final = Dialect(
    names=ALLOWED
    | {("datetime", "date"): Global(_date), ("datetime", "time"): Global(_time)}
    | {(module, "_reconstructor"): Global(_reconstructor) for module in ("copy_reg", "copyreg")}
    | {(module, "object"): _OBJECT for module in ("__builtin__", "builtins")}
    | {(module, "tuple"): _TUPLE for module in ("__builtin__", "builtins")}
    | {
        (module, name): Global(_maker(name)) for module, names in _CLASSES.items() for name in names
    },
    max_octets=1 << 27,
    max_memo=1 << 23,
    max_objects=1 << 23,
    max_integer_octets=255,
)
"""100,000 users take a fifth of it, as we write them."""

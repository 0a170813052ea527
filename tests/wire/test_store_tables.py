"""Routes and interceptors of Jasmin's store files."""

from typing import Any

import pytest

from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.gateway.table_rows import MO_INTERCEPTORS, MO_ROUTES, MT_ROUTES
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.pickles import unpickle
from jasmin_compat.wire.store_names import STORES
from jasmin_compat.wire.store_tables import (
    read_http_connector,
    read_interceptor,
    read_route,
    read_row,
    write_table,
)
from jasmin_compat.wire.store_values import LeftOut
from tests.builders import CID
from tests.wire.jasmin_objects import made, pickled

SMPPC = made("SmppClientConnector", cid="con1")


def as_read(value: Any) -> Any:
    return unpickle(pickled(value, 2), STORES)


def test_a_failover_route_holds_what_jasmins_does() -> None:
    route = Route(selection="failover", targets=(Target("smppc", CID),) * 2, rate=1.5)
    site = apply(Site(), (Put(Kind.MT_ROUTE, 7, route),))
    octets = opcodes.PROTOCOL + write_table(MT_ROUTES, site) + opcodes.STOP
    table = unpickle(octets, STORES)
    (row,) = table.state["table"]  # type: ignore[attr-defined]
    state = row[7].state
    assert row[7].name == "FailoverMTRoute"
    assert set(state) == {"filters", "connector", "rate", "seq", "_str"}
    assert (state["rate"], state["seq"]) == (1.5, -1)
    assert [c.state["_repr"] for c in state["connector"]] == ["<smppc Connector>"] * 2


@pytest.mark.parametrize(
    "row",
    [
        made("DefaultRoute"),
        made("DefaultRoute", connector=made("HttpConnector", cid="h01"), rate=0.0),
        made("DefaultRoute", connector=SMPPC, rate=float("inf")),
        made("DefaultRoute", connector=SMPPC, rate=-1.0),
        made("DefaultRoute", connector=SMPPC, rate="1"),
        made("RandomRoundrobinMTRoute", connector=[], filters=[]),
        made("StaticMTRoute", connector=SMPPC, filters=[made("ConnectorFilter", connector=SMPPC)]),
        made("StaticMTRoute", connector=SMPPC, filters=[None]),
        made("StaticMORoute", connector=SMPPC, filters=[]),
    ],
)
def test_what_is_no_route_is_left_out(row: Any) -> None:
    with pytest.raises(LeftOut):
        read_route(MT_ROUTES, as_read(row))


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"a": made("DefaultRoute")},
        {True: made("DefaultRoute")},
        {-1: made("StaticMORoute")},
        {0: made("StaticMORoute")},
        {1: made("DefaultRoute")},
        {1: made("StaticMTRoute")},
        {1: made("StaticMORoute"), 2: made("StaticMORoute")},
    ],
)
def test_what_is_no_row_is_left_out(entry: Any) -> None:
    with pytest.raises(LeftOut):
        read_row(MO_ROUTES, as_read(entry))


@pytest.mark.parametrize(
    "row",
    [
        made("DefaultInterceptor"),
        made("DefaultInterceptor", script=made("MTInterceptorScript", pyCode="pass")),
        made("DefaultInterceptor", script=made("MOInterceptorScript", pyCode=None)),
    ],
)
def test_what_is_no_interceptor_is_left_out(row: Any) -> None:
    with pytest.raises(LeftOut):
        read_interceptor(MO_INTERCEPTORS, as_read(row))


def test_what_is_no_http_connector_is_left_out() -> None:
    with pytest.raises(LeftOut, match="url syntax"):
        read_http_connector(as_read(made("HttpConnector", cid="h01", baseurl="x", method="GET")))

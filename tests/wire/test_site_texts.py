"""Texts of filters, routes and interceptors as a real Jasmin showed them."""

import re
from datetime import date, time
from typing import Any

import pytest

from jasmin_compat.gateway.filter_kinds import kind_of
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
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Selection, Target, TargetKind
from jasmin_compat.gateway.table_rows import (
    MO_INTERCEPTORS,
    MO_ROUTES,
    MT_INTERCEPTORS,
    MT_ROUTES,
    RowTable,
)
from jasmin_compat.gateway.users import GroupId, UserId
from jasmin_compat.wire import site_texts
from tests.console_recordings import answers

FILTERS: dict[str, Filter] = {
    "f_t": TransparentFilter(),
    "f_u": UserFilter(UserId("u1")),
    "f_g": GroupFilter(GroupId("g1")),
    "f_c": ConnectorFilter(ConnectorId("con1")),
    "f_s": SourceAddrFilter("^16"),
    "f_d": DestinationAddrFilter("^16"),
    "f_m": ShortMessageFilter("^hello.*$"),
    "f_di": DateIntervalFilter(date(2014, 9, 18), date(2014, 9, 28)),
    "f_ti": TimeIntervalFilter(time(8), time(18)),
    "f_ev": EvalPyFilter("result = True\n"),
    "f_tg": TagFilter("12"),
    "f_tg2": TagFilter("vip"),
}


def shown(scenario: str, line: str, which: int = 0) -> str:
    return [answer for sent, answer in answers(scenario) if sent == line][which]


# covers: JCLI-13
def test_filters_are_listed_as_by_jasmin() -> None:
    listed = shown("filter", "filter -l", 2)
    rows = [row.split(maxsplit=2) for row in listed.splitlines() if row.startswith("#f_")]
    seen = {fid[1:]: (name, rest[7:].strip()) for fid, name, rest in rows}
    assert seen.pop("f_t2") == seen["f_t"]
    for fid, made in FILTERS.items():
        assert (kind_of(made).name, site_texts.filter_repr(made)) == seen[fid]
    assert seen.keys() == FILTERS.keys()


@pytest.mark.parametrize("fid", [fid for fid in FILTERS if fid != "f_tg2"])
def test_a_filter_is_shown_as_by_jasmin(fid: str) -> None:
    assert site_texts.filter_str(FILTERS[fid]).rstrip() == shown("filter", f"filter -s {fid}")


def test_code_and_patterns_may_hold_braces_and_line_ends() -> None:
    assert site_texts.filter_repr(EvalPyFilter("a\nb{0}\nccccccc")) == "<Ev (pyCode=ab{0}ccc ..)>"
    assert site_texts.filter_repr(SourceAddrFilter("{1}")) == "<SA (src_addr={1})>"
    assert site_texts.filter_str(EvalPyFilter("{x}")) == "EvalPyFilter:\n{x}"


def route(
    selection: Selection, kind: TargetKind, *cids: str, rate: float = 0.0, **fields: Any
) -> Route:
    targets = tuple(Target(kind, ConnectorId(cid)) for cid in cids)
    return Route(selection=selection, targets=targets, rate=rate, **fields)


# covers: JCLI-15
@pytest.mark.parametrize(
    ("table", "order", "made"),
    [
        (MT_ROUTES, 0, route("default", "smppc", "con1")),
        (MT_ROUTES, 10, route("static", "smppc", "con1", rate=1.5)),
        (MT_ROUTES, 30, route("random", "smppc", "con1", "all_keys", rate=2.0)),
        (MT_ROUTES, 40, route("failover", "smppc", "con1", "all_keys", rate=3.0)),
        (MO_ROUTES, 0, route("default", "http", "http_1")),
        (MO_ROUTES, 10, route("static", "http", "http_1")),
        (MO_ROUTES, 30, route("failover", "http", "http_1", "http_1")),
    ],
)
def test_a_route_is_shown_as_by_jasmin(table: RowTable, order: int, made: Route) -> None:
    scenario = f"{table.table.lower()}router"
    assert site_texts.route_str(table, made) == shown(scenario, f"{scenario} -s {order}")


# covers: JCLI-16
@pytest.mark.parametrize(
    ("table", "order", "selection"),
    [
        (MT_INTERCEPTORS, 0, "default"),
        (MT_INTERCEPTORS, 10, "static"),
        (MO_INTERCEPTORS, 0, "default"),
        (MO_INTERCEPTORS, 10, "static"),
    ],
)
def test_an_interceptor_is_shown_as_by_jasmin(table: RowTable, order: int, selection: Any) -> None:
    made = Interceptor(selection=selection, code="routable.addTag('x')\n")
    scenario = f"{table.table.lower()}interceptor"
    assert site_texts.interceptor_str(table, made) == shown(scenario, f"{scenario} -s {order}")
    assert re.search(
        re.escape(site_texts.script_repr(table.table, made.code)),
        shown(scenario, f"{scenario} -l", 1),
    )


def test_a_scripts_text_is_its_code() -> None:
    assert site_texts.script_str("MO", "pass") == "MOInterceptorScript:\npass"


# covers: JCLI-14
def test_an_http_connector_is_shown_as_by_jasmin() -> None:
    made = HttpConnector(cid=ConnectorId("http_1"), url="http://127.0.0.1:27780/mo", method="get")
    assert site_texts.http_connector_str(made) == shown("httpccm", "httpccm -s http_1")
    assert site_texts.http_connector_repr(made) == (
        "<HttpConnector (cid=http_1, baseurl=http://127.0.0.1:27780/mo, method=get)>"
    )

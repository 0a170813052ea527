"""Rows of the four tables, against a real Jasmin's answers to each line typed."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from jasmin_compat.gateway import table_rows
from jasmin_compat.gateway.code import script_location
from jasmin_compat.gateway.filter_kinds import filters_named
from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DestinationAddrFilter,
    Filter,
    FilterId,
    GroupFilter,
    ShortMessageFilter,
    SourceAddrFilter,
    TagFilter,
    UserFilter,
)
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.route_arguments import rate_from, route_from, target_from, targets_from
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.site import Site, apply
from jasmin_compat.gateway.table_rows import RowKind, RowTable
from jasmin_compat.gateway.unusable import Mistyped
from jasmin_compat.gateway.users import GroupId, UserId
from tests import builders
from tests.console_recordings import answers, told

FILTERS: dict[FilterId, Filter] = {
    FilterId("f_u"): UserFilter(UserId("u1")),
    FilterId("f_g"): GroupFilter(GroupId("g1")),
    FilterId("f_c"): ConnectorFilter(ConnectorId("con1")),
    FilterId("f_s"): SourceAddrFilter("^16"),
    FilterId("f_d"): DestinationAddrFilter("^16"),
    FilterId("f_m"): ShortMessageFilter("^hello.*$"),
    FilterId("f_tg"): TagFilter("12"),
}
HTTP = HttpConnector(cid=ConnectorId("http_1"), url="http://localhost", method="GET")
SITE = Site(
    filters=FILTERS,
    connectors={cid: builders.connector(cid) for cid in map(ConnectorId, ("con1", "all_keys"))},
    http_connectors={HTTP.cid: HTTP},
)


@dataclass
class Typing:
    """One add session, with as little of a console as the recording needs."""

    site: Site
    table: RowTable
    row: RowKind | None = None
    typed: dict[str, object] = field(default_factory=dict)

    def take(self, line: str) -> str:
        key, _, value = line.partition(" ")
        if line == "ok":
            return self.save()
        if key == "type":
            return self.choose(value)
        if value.startswith("-s"):
            table_rows.named_order(self.site, self.table, value.removeprefix("-s "))
        elif value.startswith("-r"):
            edit = table_rows.remove_row(self.site, self.table, value.removeprefix("-r "))
            self.site = apply(self.site, edit)
        else:
            self.typed[FIELDS.get(key, key)] = self.read(key, value)
        return ""

    def choose(self, name: str) -> str:
        self.row = table_rows.row_kind(self.table, name)
        self.typed = {k: v for k, v in self.typed.items() if k == "order"}
        if self.row.selection == "default":
            self.typed["order"] = 0
        named = f"<class 'jasmin.routing.{self.table.noun}s.{self.row.name}'> arguments:\n"
        return named + ", ".join(self.row.arguments)

    def read(self, key: str, value: str) -> object:
        table, noun = self.table.table, self.table.noun
        match key:
            case "order":
                return table_rows.order_from(self.table, self.row, value)
            case "filters":
                return filters_named(FILTERS, table, noun, value.split(";"))
            case "connector":
                return (target_from(self.site, table, value),)
            case "connectors":
                return targets_from(self.site, table, value)
            case "script":
                return script_location(value)
        return rate_from(value)

    def save(self) -> str:
        assert self.row is not None
        order, noun = self.typed["order"], self.table.noun
        assert isinstance(order, int)
        typed: dict[str, Any] = {k: v for k, v in self.typed.items() if k != "order"}
        made: Route | Interceptor
        if noun == "Route":
            made = route_from(self.table.table, self.row.selection, **typed)
        else:
            chosen: Any = self.row.selection
            made = Interceptor(**{"selection": chosen, "code": ""} | typed)
        self.site = apply(self.site, table_rows.add_row(self.table, order, made))
        return f"Successfully added {self.table.table}{noun} [{self.row.name}] with order:{order}"


FIELDS = {"connector": "targets", "connectors": "targets", "script": "code"}
KEYS = ("type", "order", "filters", "connector", "connectors", "rate", "script")


# covers: JCLI-15 JCLI-16 JCLI-21 ROUTE-04
@pytest.mark.parametrize(
    ("scenario", "table"),
    [
        ("mtrouter", table_rows.MT_ROUTES),
        ("morouter", table_rows.MO_ROUTES),
        ("mtinterceptor", table_rows.MT_INTERCEPTORS),
        ("mointerceptor", table_rows.MO_INTERCEPTORS),
    ],
)
def test_the_console_is_answered_as_by_jasmin(scenario: str, table: RowTable) -> None:
    now, checked = Typing(SITE, table), 0
    for line, answer in answers(scenario):
        if line == f"{scenario} -a":
            now = Typing(now.site, table)
        if not_of_rows(line, answer):
            continue
        expected = "" if answer.startswith("Successfully removed") else answer
        assert told(now.take, line) == expected, line
        checked += 1
    assert checked > 10
    assert apply(now.site, table_rows.flush_rows(table)) == SITE


def not_of_rows(line: str, answer: str) -> bool:
    key, _, value = line.partition(" ")
    is_shown = value.startswith("-s") and not answer.startswith(("Unknown", "MT ", "MO "))
    is_read = key == "script" and not answer.startswith("Invalid")
    is_early = answer.startswith(("You must set", "Unknown Route key", "Incorrect command"))
    other = value[:2] in {"-a", "-l", "-f"} or key in {"ko", "smppccm"}
    return is_shown or is_read or is_early or (other and key not in KEYS)


def test_orders_are_small_enough_for_any_database() -> None:
    with pytest.raises(Mistyped, match="Route order must be a positive integer"):
        table_rows.order_from(table_rows.MT_ROUTES, None, "9" * 19)
    with pytest.raises(Mistyped, match="Unknown MT Route: 99"):
        table_rows.named_order(SITE, table_rows.MT_ROUTES, "9" * 5000)


def test_each_type_has_its_name() -> None:
    assert table_rows.row_name(table_rows.MO_ROUTES, "random") == "RandomRoundrobinMORoute"
    assert table_rows.row_name(table_rows.MT_INTERCEPTORS, "static") == "StaticMTInterceptor"


def test_a_default_row_has_order_0() -> None:
    with pytest.raises(Mistyped, match="Failed adding MTInterceptor, check log for details"):
        table_rows.add_row(table_rows.MT_INTERCEPTORS, 5, Interceptor(selection="default", code=""))

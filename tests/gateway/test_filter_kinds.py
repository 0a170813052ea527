"""Filters as the console makes them, against a real Jasmin's answers."""

import contextlib
import re
from datetime import date, time

import pytest

from jasmin_compat.gateway.filter_kinds import (
    FILTER_KINDS,
    FilterKind,
    fid_from,
    filter_from,
    filter_kind,
    filters_named,
    kind_of,
)
from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DateIntervalFilter,
    DestinationAddrFilter,
    EvalPyFilter,
    Filter,
    FilterId,
    GroupFilter,
    ShortMessageFilter,
    SourceAddrFilter,
    TagFilter,
    TimeIntervalFilter,
    TransparentFilter,
    UserFilter,
)
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.unusable import Mistyped, Unusable
from jasmin_compat.gateway.users import GroupId, UserId
from tests.console_recordings import answers, told

EACH: list[tuple[str, str, Filter]] = [
    ("transparentfilter", "", TransparentFilter()),
    ("UserFilter", "u1", UserFilter(UserId("u1"))),
    ("GroupFilter", "g1", GroupFilter(GroupId("g1"))),
    ("ConnectorFilter", "con1", ConnectorFilter(ConnectorId("con1"))),
    ("SourceAddrFilter", "^16", SourceAddrFilter("^16")),
    ("DestinationAddrFilter", "^16", DestinationAddrFilter("^16")),
    ("ShortMessageFilter", "^hello.*$", ShortMessageFilter("^hello.*$")),
    (
        "DateIntervalFilter",
        "2014-09-18;2014-09-28",
        DateIntervalFilter(date(2014, 9, 18), date(2014, 9, 28)),
    ),
    ("TimeIntervalFilter", "08:00:00;18:00:00", TimeIntervalFilter(time(8), time(18))),
    ("EvalPyFilter", "result = True\n", EvalPyFilter("result = True\n")),
    ("TagFilter", "vip", TagFilter("vip")),
]


@pytest.mark.parametrize(("name", "argument", "made"), EACH, ids=[name for name, _, _ in EACH])
def test_each_type_is_made_of_its_argument(name: str, argument: str, made: Filter) -> None:
    assert filter_from(filter_kind(name), argument) == made
    assert kind_of(made).name.lower() == name.lower()


def test_every_type_is_there() -> None:
    assert [made for _, _, made in EACH if kind_of(made) in FILTER_KINDS] == [m for *_, m in EACH]
    assert len(FILTER_KINDS) == len(EACH)


class Typing:
    """One add session, with as little of a console as the recording needs."""

    kind: FilterKind | None = None
    argument: str | None = None

    def take(self, line: str) -> str:
        key, _, value = line.partition(" ")
        if key == "fid":
            fid_from(value)
        elif key == "type":
            self.kind, self.argument = filter_kind(value), ""
            return announced(self.kind)
        elif line == "ok" and self.kind is not None and self.argument is not None:
            filter_from(self.kind, self.argument)
            return "Successfully"
        elif self.kind is not None:
            with contextlib.suppress(NotYet):
                self.argument = value
                typed(self.kind, value)
        return ""


class NotYet(Exception):
    """Told when the filter is saved."""


def typed(kind: FilterKind, value: str) -> None:
    try:
        kind.typed(value)
    except Mistyped:
        raise
    except Unusable as later:
        raise NotYet from later


# covers: JCLI-13 JCLI-21
def test_the_console_is_answered_as_by_jasmin() -> None:
    now, checked = Typing(), 0
    for line, answer in answers("filter"):
        if line == "filter -a":
            now = Typing()
        key = line.partition(" ")[0]
        other = answer.startswith(("You must set", "Unknown Filter key")) or key == "pyCode"
        if key in {"filter", "persist", "quit", "ko"} or other:
            continue
        expected = "Successfully" if answer.startswith("Successfully") else answer
        assert told(now.take, line) == expected, line
        checked += 1
    assert checked > 60


def announced(kind: FilterKind) -> str:
    if kind.argument is None:
        return ""
    return f"<class 'jasmin.routing.Filters.{kind.name}'> arguments:\n{kind.argument}"


def test_a_number_is_one_tag_however_it_is_written() -> None:
    assert filter_from(filter_kind("TagFilter"), "007") == TagFilter("7")


def test_which_filters_a_row_may_have() -> None:
    known = {FilterId("f_u"): UserFilter(UserId("u")), FilterId("f_t"): TransparentFilter()}
    assert filters_named(known, "MT", "Route", ["f_t", "f_u"]) == (
        TransparentFilter(),
        UserFilter(UserId("u")),
    )
    for table, noun, fid, text in [
        (
            "MO",
            "Route",
            "f_u",
            "UserFilter#f_u is not a valid filter for MORoute (not in MOFILTERS)",
        ),
        ("MT", "Interceptor", "nope", "Unknown fid: nope"),
    ]:
        with pytest.raises(Mistyped, match=re.escape(text)):
            filters_named(known, table, noun, [fid])  # type: ignore[arg-type]

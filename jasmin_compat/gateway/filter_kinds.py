"""The types of filters, and how a text becomes one: contract/jcli.md §6.

Jasmin: protocols/cli/filtersm.py.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import Literal

from jasmin_compat.gateway.code import checked_code
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
from jasmin_compat.gateway.unusable import Mistyped
from jasmin_compat.gateway.users import gid_from, uid_from

Table = Literal["MO", "MT"]
"""Of routes or interceptors: messages from mobiles, and to them."""


@dataclass(frozen=True, slots=True)
class FilterKind:
    """A row of the table of types."""

    name: str
    """Jasmin's class."""
    of: type[Filter]
    argument: str | None
    """The console's key of its one argument. That of EvalPyFilter is the path of the code."""
    typed: Callable[[str], object]
    """Reads the argument. Raises Mistyped for what is refused while it is typed, Unusable for
    what is refused when the filter is saved."""
    tables: frozenset[Table]


def filter_kind(name: str) -> FilterKind:
    """By the name of its type, in any case.

    Raises:
        Mistyped
    """
    for kind in FILTER_KINDS:
        if kind.name.lower() == name.lower():
            return kind
    names = ", ".join(kind.name for kind in FILTER_KINDS)
    raise Mistyped(f'Unknown Filter type: "{name}", available types: {names}')


def kind_of(made: Filter) -> FilterKind:
    """The type of a filter."""
    return _BY_CLASS[type(made)]


def fid_from(text: str) -> FilterId:
    """Raises: Mistyped."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", text):
        raise Mistyped(f"Invalid Filter fid syntax: {text}")
    return FilterId(text)


def filter_from(kind: FilterKind, argument: str) -> Filter:
    """`argument` is the text of its argument; of EvalPyFilter the code, of Transparent nothing.

    Raises:
        Mistyped: not a value of this argument.
        Unusable: no filter can be made of it.
    """
    value = kind.typed(argument)
    if isinstance(value, tuple):
        return kind.of(*value)
    return kind.of() if kind.argument is None else kind.of(value)  # type: ignore[call-arg,arg-type]


def filters_named(
    filters: Mapping[FilterId, Filter], table: Table, noun: str, fids: Iterable[str]
) -> tuple[Filter, ...]:
    """Of a route or interceptor.

    Raises:
        Mistyped: there is none of that id, or it is not for such messages.
    """
    found = []
    for fid in fids:
        named = filters.get(FilterId(fid))
        if named is None:
            raise Mistyped(f"Unknown fid: {fid}")
        kind = kind_of(named)
        if table not in kind.tables:
            raise Mistyped(
                f"{kind.name}#{fid} is not a valid filter for {table}{noun} (not in {table}FILTERS)"
            )
        found.append(named)
    return tuple(found)


def _pattern(argument: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError):
            raise Mistyped(f"{argument} option is not a valid regular expression") from None
        return text

    return read


def _interval(
    argument: str, form: str, read: Callable[[str], date | time]
) -> Callable[[str], tuple[object, object]]:
    def read_interval(text: str) -> tuple[object, object]:
        borders = text.split(";")
        if len(borders) != 2:
            raise Mistyped(
                f'{argument} option value must be composed of 2 values with a ";" separator.'
            )
        values = []
        for border in borders:
            try:
                values.append(read(border if re.fullmatch(form, border, re.ASCII) else ""))
            except ValueError:
                raise Mistyped(f"{border} is not a valid {argument} value") from None
        left, right = values
        if left >= right:  # type: ignore[operator]  # both dates or both times
            raise Mistyped("Right border must be greater than left border")
        return left, right

    return read_interval


def _tag(text: str) -> str:
    """A number is one number, however it is written."""
    try:
        return str(int(text))
    except ValueError:
        return text


_BOTH: frozenset[Table] = frozenset(("MO", "MT"))


def _kind(  # a row of a table
    of: type[Filter],
    argument: str | None,
    typed: Callable[[str], object],
    tables: frozenset[Table] = _BOTH,
) -> FilterKind:
    return FilterKind(of.__name__, of, argument, typed, tables)


FILTER_KINDS: tuple[FilterKind, ...] = (  # in the order Jasmin lists them
    _kind(TransparentFilter, None, lambda _text: None),
    _kind(UserFilter, "uid", uid_from, frozenset(("MT",))),
    _kind(GroupFilter, "gid", gid_from, frozenset(("MT",))),
    _kind(ConnectorFilter, "cid", ConnectorId, frozenset(("MO",))),
    _kind(SourceAddrFilter, "source_addr", _pattern("source_addr")),
    _kind(DestinationAddrFilter, "destination_addr", _pattern("destination_addr")),
    _kind(ShortMessageFilter, "short_message", _pattern("short_message")),
    _kind(
        DateIntervalFilter,
        "dateInterval",
        _interval("dateInterval", r"\d{4}-\d\d-\d\d", date.fromisoformat),
    ),
    _kind(
        TimeIntervalFilter,
        "timeInterval",
        _interval("timeInterval", r"\d\d:\d\d:\d\d", time.fromisoformat),
    ),
    _kind(EvalPyFilter, "pyCode", checked_code),
    _kind(TagFilter, "tag", _tag),
)
_BY_CLASS = MappingProxyType({kind.of: kind for kind in FILTER_KINDS})

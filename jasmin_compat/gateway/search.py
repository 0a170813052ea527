"""Which row of a table a message is for (contract/routing.md §3, §4, §6).

The first, from the highest order down, all of whose filters match. A table may have thousands of
rows that are each for one user, group or connector. They are looked up by that, so a message is
tried on those it can reach and no others.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Generic, Protocol, TypeVar

from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    EvalPyFilter,
    Facts,
    Filter,
    GroupFilter,
    TransparentFilter,
    UserFilter,
)

TABLES_KEPT: Final = 16
"""Tables whose index is kept: the four of a site, and those messages in flight still hold."""


class Row(Protocol):
    """Of a table: a route or an interceptor."""

    @property
    def filters(self) -> tuple[Filter, ...]: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Ask:
    """The operator's own code has to say first whether the message is one for this filter."""

    filter: EvalPyFilter


Decided = Mapping[EvalPyFilter, bool]
"""What such code has said of this message."""
NOTHING: Final[Decided] = {}


def search(
    table: Mapping[int, R], facts: Facts, decided: Decided = NOTHING
) -> tuple[int, R] | Ask | None:
    """The row, with its order; None when the table has none for this message.

    `table` is never changed once it was searched, as the tables of a Site.
    """
    for tried in _index(table).reachable(facts):
        matches = _all_match(tried.filters, facts, decided) if tried.filters else True
        if isinstance(matches, Ask):
            return matches
        if matches:
            return tried.order, tried.row
    return None


def _all_match(filters: tuple[Filter, ...], facts: Facts, decided: Decided) -> bool | Ask:
    """In their order, up to the first that does not, or that has to be asked."""
    for asked in filters:
        if not isinstance(asked, EvalPyFilter):
            matches = asked.matches(facts)
        elif asked in decided:
            matches = decided[asked]
        else:
            return Ask(asked)
        if not matches:
            return False
    return True


# ---------------------------------------------------------------- the index


@dataclass(frozen=True, slots=True)
class _Tried(Generic[R]):
    order: int
    row: R
    filters: tuple[Filter, ...]
    """Those the index has not answered already."""


_BOUND = (UserFilter, GroupFilter, ConnectorFilter)
_Bound = UserFilter | GroupFilter | ConnectorFilter


@dataclass(slots=True)
class _Index(Generic[R]):
    table: Mapping[int, R]
    """Held, so that its identity stays its own."""
    bound: dict[_Bound, list[_Tried[R]]] = field(default_factory=dict)
    """Rows for one user, group or connector alone, the highest order first."""
    for_all: list[_Tried[R]] = field(default_factory=list)
    """The others."""
    kinds: set[type[_Bound]] = field(default_factory=set)
    """Of the keys of `bound`."""

    def add(self, order: int, row: R) -> None:
        filters = [f for f in row.filters if not isinstance(f, TransparentFilter)]
        bound = [f for f in filters if isinstance(f, _BOUND)]
        others = [f for f in filters if not isinstance(f, _BOUND)]
        if not bound:
            self.for_all.append(_Tried(order, row, tuple(others)))
            return
        first = bound[0]
        self.kinds.add(type(first))
        rows = self.bound.setdefault(first, [])
        rows.append(_Tried(order, row, (*bound[1:], *others)))

    def reachable(self, facts: Facts) -> Iterable[_Tried[R]]:
        found = [rows for key in self._keys(facts) if (rows := self.bound.get(key)) is not None]
        if not found:
            return self.for_all
        return _merged([*found, self.for_all])

    def _keys(self, facts: Facts) -> Iterable[_Bound]:
        if UserFilter in self.kinds and facts.uid is not None:
            yield UserFilter(facts.uid)
        if GroupFilter in self.kinds and facts.gid is not None:
            yield GroupFilter(facts.gid)
        if ConnectorFilter in self.kinds and facts.cid is not None:
            yield ConnectorFilter(facts.cid)


def _merged(rows: Sequence[Sequence[_Tried[R]]]) -> Iterable[_Tried[R]]:
    return heapq.merge(*rows, key=attrgetter("order"), reverse=True)


_kept: dict[int, _Index[Row]] = {}


def _index(table: Mapping[int, R]) -> _Index[R]:
    """By the identity of the table: to compare two tables costs more than to search them."""
    known = _kept.get(id(table))
    if known is not None and known.table is table:
        return known  # type: ignore[return-value]  # of the same table, so of the same rows
    made: _Index[R] = _Index(table)
    for order in sorted(table, reverse=True):
        made.add(order, table[order])
    while len(_kept) >= TABLES_KEPT:
        del _kept[next(iter(_kept))]
    _kept[id(table)] = made  # type: ignore[assignment]  # as above
    return made

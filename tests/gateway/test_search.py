"""The row a message is for, by an index that gives what a plain look at every row gives."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DestinationAddrFilter,
    EvalPyFilter,
    Facts,
    Filter,
    GroupFilter,
    TagFilter,
    TransparentFilter,
    UserFilter,
)
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.search import Ask, Decided, search
from jasmin_compat.gateway.users import GroupId, UserId
from tests import builders
from tests.builders import NOW

FACTS = Facts(at=NOW, source_addr=None, destination_addr=b"1555", content=b"")
YES, NO = EvalPyFilter("yes"), EvalPyFilter("no")


def row(*filters: Filter) -> Route:
    return replace(builders.default_route(), selection="static", filters=filters)


def plainly(
    table: Mapping[int, Route], facts: Facts, decided: Decided
) -> tuple[int, Route] | Ask | None:
    """What the index has to give, as Jasmin finds it."""
    for order in sorted(table, reverse=True):
        asks = False
        for asked in sorted(table[order].filters, key=lambda f: not is_bound(f)):
            if isinstance(asked, EvalPyFilter) and asked not in decided:
                return Ask(asked)
            said = decided[asked] if isinstance(asked, EvalPyFilter) else asked.matches(facts)
            asks = not said
            if asks:
                break
        if not asks:
            return order, table[order]
    return None


def is_bound(asked: Filter) -> bool:
    """Answered by the index, so before the others."""
    return isinstance(asked, UserFilter | GroupFilter | ConnectorFilter)


few = st.sampled_from(("a", "b", "c"))
filters = st.one_of(
    st.just(TransparentFilter()),
    few.map(lambda uid: UserFilter(UserId(uid))),
    few.map(lambda gid: GroupFilter(GroupId(gid))),
    few.map(lambda cid: ConnectorFilter(ConnectorId(cid))),
    few.map(TagFilter),
    st.sampled_from((DestinationAddrFilter("1"), DestinationAddrFilter("2"), YES, NO)),
)
tables = st.dictionaries(
    st.integers(0, 20), st.lists(filters, max_size=3).map(lambda chosen: row(*chosen)), max_size=12
)


# covers: ROUTE-02 ROUTE-03 ROUTE-08 ROUTE-09 ROUTE-10 ROUTE-11
@given(
    table=tables,
    uid=st.none() | few.map(UserId),
    gid=st.none() | few.map(GroupId),
    cid=st.none() | few.map(ConnectorId),
    tags=st.lists(few, max_size=2).map(tuple),
    decided=st.sampled_from(({}, {YES: True}, {YES: True, NO: False})),
)
def test_the_index_finds_what_a_look_at_every_row_finds(
    table: dict[int, Route],
    uid: UserId | None,
    gid: GroupId | None,
    cid: ConnectorId | None,
    tags: tuple[str, ...],
    decided: Decided,
) -> None:
    facts = replace(FACTS, uid=uid, gid=gid, cid=cid, tags=tags)
    assert search(table, facts, decided) == plainly(table, facts, decided)


# covers: ROUTE-18
def test_code_is_asked_where_it_decides_and_only_there() -> None:
    table = {3: row(TagFilter("no"), NO), 2: row(NO), 1: row(YES)}
    assert search(table, FACTS) == Ask(NO)
    assert search(table, FACTS, {NO: False}) == Ask(YES)
    assert search(table, FACTS, {NO: False, YES: True}) == (1, table[1])
    assert search(table, FACTS, {NO: False, YES: False}) is None


def test_a_message_is_tried_on_what_it_can_reach() -> None:
    """Ten thousand rows of other users cost nothing: none of them is looked at."""

    looked_at: list[str] = []

    class Watched(TagFilter):
        def matches(self, facts: Facts) -> bool:
            looked_at.append(self.tag)
            return super().matches(facts)

    table = {
        n: row(UserFilter(UserId(f"u{n}")), Watched(f"t{n}"))  # type: ignore[arg-type]
        for n in range(1, 10_001)
    }
    facts = replace(FACTS, uid=UserId("u7"), tags=("t7",))
    assert search(table, facts) == (7, table[7])
    assert looked_at == ["t7"]

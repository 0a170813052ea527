"""What a routing decision costs, by the size of the routing table and the number of users.

    python -m benchmarks.routing_cost

A message is tried on ten patterns in all: those of one route that match, or one of each of the
routes it can reach, and then it takes the default route. The others are routes of other users or
groups. Prints CPU per decision in microseconds: the quickest of several runs over many users, and
beside it what a plain look at every route costs, as Jasmin does it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from jasmin_compat.gateway.filters import (
    DestinationAddrFilter,
    Facts,
    Filter,
    GroupFilter,
    UserFilter,
)
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.routes import Route, mt_facts
from jasmin_compat.gateway.search import search
from jasmin_compat.gateway.users import GroupId, User, UserId
from tests import builders
from tests.builders import NOW

TRIED = 10
DECISIONS = 2_000
RUNS = 7


def users_of(count: int) -> list[User]:
    """In groups of a hundred."""
    return [builders.user(f"user{n}", gid=GroupId(f"g{n // 100}")) for n in range(count)]


def table_of(count: int) -> Mapping[int, Route]:
    """The last are for everybody, the others for a user or a group."""
    if count == 1:
        matching = tuple(DestinationAddrFilter(f"1[5-6]0*.{{0,{n}}}") for n in range(TRIED))
        return {1: replace(builders.default_route(), selection="static", filters=matching)}
    routes = {}
    for n in range(count - 1):
        filters: list[Filter] = [DestinationAddrFilter(f"99{n}")]
        if n >= TRIED:
            bound = UserFilter(UserId(f"far{n}")) if n % 2 else GroupFilter(GroupId(f"far{n}"))
            filters.insert(0, bound)
        routes[n + 1] = replace(
            builders.default_route(), selection="static", filters=tuple(filters)
        )
    return {**dict(sorted(routes.items(), reverse=True)), 0: builders.default_route()}


def plainly(table: Mapping[int, Route], facts: Facts) -> Route:
    """As Jasmin."""
    for route in table.values():
        if all(asked.matches(facts) for asked in route.filters):  # type: ignore[union-attr]
            return route
    raise AssertionError


def cost_us(
    decide: Callable[[Mapping[int, Route], Facts], object],
    table: Mapping[int, Route],
    messages: Iterable[MtRoutable],
) -> float:
    """Of one decision, facts and all."""
    sent = list(messages)
    best = float("inf")
    for _ in range(RUNS):
        began = time.process_time()
        for routable in sent:
            decide(table, mt_facts(routable, at=NOW))
        best = min(best, (time.process_time() - began) / len(sent))
    return best * 1e6


def messages_of(users: list[User], count: int) -> list[MtRoutable]:
    """Of users all over the site."""
    return [builders.routable(user=users[n * 7919 % len(users)]) for n in range(count)]


def main() -> None:
    few = users_of(1000)
    print("routes   indexed    plain   (1,000 users)")
    for count in (1, 11, 100, 1_000, 10_000):
        table = table_of(count)
        plain_count = DECISIONS if count <= 100 else 50
        print(f"{count:6,} {cost_us(search, table, messages_of(few, DECISIONS)):9.1f}"
              f" {cost_us(plainly, table, messages_of(few, plain_count)):8.1f}")  # fmt: skip
    print("\nusers    indexed   (1,000 routes)")
    table = table_of(1_000)
    for count in (1, 100, 10_000, 100_000):
        messages = messages_of(users_of(count), DECISIONS)
        print(f"{count:7,} {cost_us(search, table, messages):8.1f}")


if __name__ == "__main__":
    main()

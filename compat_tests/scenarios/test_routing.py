"""Which connector a message goes to: routes, their order, their filters (contract/routing.md §2-4).

Each scenario types its own routes; messages that none of them is for take the default route to
connector `two`, those of interest go to `one`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from compat_tests import sites
from compat_tests.peers.console import Console, logged_in
from compat_tests.targets.site import User
from compat_tests.waiting import asked
from compat_tests.world import World

BOB = User("bob", "bobpw")
"""Of a group of his own, with a balance."""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def bob(routing: World) -> User:
    async with logged_in(routing.gateway.host, routing.processes.console_port) as at:
        await at.saves("group -a", "gid others")
        await at.saves(
            *("user -a", "uid bob", "gid others", "username bob", f"password {BOB.password}"),
            "mt_messaging_cred quota balance 1000",
        )
    return BOB


@pytest_asyncio.fixture(loop_scope="session")
async def at(routing: World) -> AsyncIterator[Console]:
    """A session at the console, with a default route to `two`; routes and filters are removed."""
    for cid in ("one", "two"):
        await routing.smsc.is_bound(cid)
    async with logged_in(routing.gateway.host, routing.processes.console_port) as console:
        await console.saves("mtrouter -a", "type DefaultRoute", "connector smppc(two)", "rate 0.0")
        yield console
        await console.asks("mtrouter -f")


async def named(at: Console, fid: str, kind: str, *argument: str) -> str:
    await at.saves("filter -a", f"type {kind}", f"fid {fid}", *argument)
    return fid


async def static(at: Console, order: int, *fids: str, to: str = "one", rate: str = "0.0") -> str:
    return await at.saves(
        *("mtrouter -a", "type StaticMTRoute", f"order {order}", f"filters {';'.join(fids)}"),
        *(f"connector smppc({to})", f"rate {rate}"),
    )


async def several(at: Console, kind: str, fid: str) -> None:
    """A route that leads to both."""
    await at.saves(
        *("mtrouter -a", f"type {kind}", "order 10", f"filters {fid}"),
        *("connectors smppc(one);smppc(two)", "rate 0.0"),
    )


async def taken(
    world: World, number: str, *, user: User = sites.ALICE, **arguments: str | bytes
) -> str:
    """The connector one more message to this number comes by."""
    before = len(world.smsc.submits(number))
    await world.accepted(to=number, user=user, **arguments)
    submits = await world.smsc.got(number, before + 1)
    bind = submits[-1].session.bind
    assert bind is not None
    return str(bind["system_id"])


# ---------------------------------------------------------------- tables


# covers: ROUTE-01
async def test_without_another_every_message_takes_the_default_route(
    routing: World, at: Console, bob: User, number: str
) -> None:
    assert await taken(routing, number) == "two"
    assert await taken(routing, number, user=bob, from_="X", coding="8", tags="1") == "two"
    await at.asks("mtrouter -f")
    response = await routing.send(to=number)
    assert (response.status, response.text) == (412, 'Error "No route found"')


# covers: ROUTE-02
async def test_all_filters_of_a_route_must_match(routing: World, at: Console, number: str) -> None:
    tagged = await named(at, "both_tag", "TagFilter", "tag 7")
    to = await named(at, "both_to", "DestinationAddrFilter", f"destination_addr ^{number}$")
    await static(at, 10, tagged, to)

    assert await taken(routing, number, tags="7") == "one"
    assert await taken(routing, number) == "two"
    assert await taken(routing, f"{number}1", tags="7") == "two"


# covers: ROUTE-03
async def test_the_highest_order_goes_first(routing: World, at: Console, number: str) -> None:
    every = await named(at, "order_all", "TransparentFilter")
    await static(at, 20, every, to="one")
    await static(at, 10, every, to="two")
    assert await taken(routing, number) == "one"
    await static(at, 30, every, to="two")
    assert await taken(routing, number) == "two"


# covers: ROUTE-04
async def test_a_route_of_the_same_order_takes_the_place(
    routing: World, at: Console, number: str
) -> None:
    every = await named(at, "same_all", "TransparentFilter")
    await static(at, 10, every, to="two", rate="1.5")
    await static(at, 10, every, to="one", rate="2.5")

    listed = await at.asks("mtrouter -l")
    assert "2.50" in listed
    assert "1.50" not in listed
    assert "Total MT Routes: 2" in listed
    assert await taken(routing, number) == "one"


# covers: ROUTE-20
async def test_a_table_is_flushed(routing: World, at: Console, number: str) -> None:
    every = await named(at, "flush_all", "TransparentFilter")
    await static(at, 10, every)
    assert await at.asks("mtrouter -f") == (
        "Successfully flushed MT Route table (2 flushed entries)"
    )
    assert "Total MT Routes: 0" in await at.asks("mtrouter -l")
    assert (await routing.send(to=number)).status == 412


# ---------------------------------------------------------------- kinds of routes


# covers: ROUTE-05
async def test_a_random_route_leads_to_either(routing: World, at: Console, number: str) -> None:
    every = await named(at, "random_all", "TransparentFilter")
    await several(at, "RandomRoundrobinMTRoute", every)

    for _ in range(100):
        await routing.accepted(to=number)

    submits = await routing.smsc.got(number, 100)
    came_by = [s.session.bind["system_id"] for s in submits if s.session.bind]
    assert 20 < came_by.count("one") < 80
    assert came_by.count("one") + came_by.count("two") == 100


# covers: ROUTE-06 HTTP-30
async def test_a_failover_route_leads_to_the_first_that_is_bound(
    routing: World, at: Console, number: str
) -> None:
    every = await named(at, "failover_all", "TransparentFilter")
    await several(at, "FailoverMTRoute", every)
    assert [await taken(routing, number) for _ in range(3)] == ["one"] * 3
    try:
        await stopped(routing, at, "one")
        assert await taken(routing, number) == "two"
        await stopped(routing, at, "two")
        response = await routing.send(to=number)
        assert (response.status, response.text) == (
            412,
            'Error "Failover route has no bound connectors"',
        )
    finally:
        for cid in ("one", "two"):
            await at.asks(f"smppccm -1 {cid}")
    await routing.smsc.is_bound("one", within_s=30)
    await routing.smsc.is_bound("two", within_s=30)

    async def goes_to_one() -> bool:
        return await taken(routing, number) == "one"

    await asked(goes_to_one, "a message by connector one again")


async def stopped(world: World, at: Console, cid: str) -> None:
    await at.asks(f"smppccm -0 {cid}")
    await world.smsc.bell.until(lambda: not world.smsc.bound(cid), f"end of {cid}")

    async def is_shown() -> bool:
        listed = await at.asks("smppccm -l")
        line = next(line for line in listed.splitlines() if line.startswith(f"#{cid} "))
        return "BOUND" not in line.replace("UNBOUND", "")

    await asked(is_shown, f"{cid} not bound")


# covers: ROUTE-07 HTTP-43
async def test_a_route_has_a_rate(routing: World, at: Console, bob: User, number: str) -> None:
    rich = await named(at, "rate_tag", "TagFilter", "tag 15")
    await static(at, 10, rich, rate="1.5")

    async def rate(**more: str) -> object:
        given = [*more.items(), ("username", bob.username), ("password", bob.password)]
        answer = await routing.get("/rate", ("to", number), ("content", "hello"), *given)
        return json.loads(answer.text)["unit_rate"]

    assert await rate(tags="15") == 1.5
    assert await rate() == 0.0


# ---------------------------------------------------------------- filters


# covers: ROUTE-08
async def test_a_transparent_filter_matches_every_message(
    routing: World, at: Console, number: str
) -> None:
    await static(at, 10, await named(at, "all", "TransparentFilter"))
    assert await taken(routing, number) == "one"


# covers: ROUTE-09
async def test_a_user_filter_matches_its_user(
    routing: World, at: Console, bob: User, number: str
) -> None:
    await static(at, 10, await named(at, "user", "UserFilter", "uid bob"))
    assert await taken(routing, number, user=bob) == "one"
    assert await taken(routing, number) == "two"


# covers: ROUTE-10
async def test_a_group_filter_matches_its_users(
    routing: World, at: Console, bob: User, number: str
) -> None:
    await static(at, 10, await named(at, "group", "GroupFilter", "gid others"))
    assert await taken(routing, number, user=bob) == "one"
    assert await taken(routing, number) == "two"


# covers: ROUTE-12
async def test_a_source_filter_matches_from_the_start(
    routing: World, at: Console, number: str
) -> None:
    await static(at, 10, await named(at, "source", "SourceAddrFilter", "source_addr 16[12]"))
    assert await taken(routing, number, from_="1616") == "one"
    assert await taken(routing, number, from_="1716") == "two"
    assert await taken(routing, number, from_="71616") == "two"


@pytest.mark.quirk("Q89")
async def test_a_message_without_a_sender_meets_a_source_filter(
    routing: World, at: Console, number: str, mended: Callable[[str], bool]
) -> None:
    await static(at, 10, await named(at, "no_source", "SourceAddrFilter", "source_addr .*"))
    if mended("Q89"):
        assert await taken(routing, number) == "two"
        return
    response = await routing.send(to=number)
    assert (response.status, response.text) == (
        500,
        "Error \"Unknown error: 'NoneType' object has no attribute 'decode'\"",
    )


# covers: ROUTE-13
async def test_a_destination_filter_matches_from_the_start(
    routing: World, at: Console, number: str
) -> None:
    pattern = f"destination_addr {number}5"
    await static(at, 10, await named(at, "destination", "DestinationAddrFilter", pattern))
    assert await taken(routing, f"{number}55") == "one"
    assert await taken(routing, f"{number}6") == "two"
    assert await taken(routing, f"+{number}5") == "two"


# covers: ROUTE-14
async def test_a_content_filter_sees_the_octets_of_the_first_part(
    routing: World, at: Console, number: str
) -> None:
    await static(at, 10, await named(at, "content", "ShortMessageFilter", "short_message ^hel+o"))
    assert await taken(routing, number, content="hello") == "one"
    assert await taken(routing, number, content="say hello") == "two"
    assert await taken(routing, number, content="hello".encode("utf-16-be"), coding="8") == "two"


# covers: ROUTE-15
async def test_a_date_filter_has_both_its_days(routing: World, at: Console, number: str) -> None:
    today = datetime.now().date()
    day = timedelta(days=1)
    for fid, first, last in (("past", -9, -2), ("now", -1, 1)):
        days = f"dateInterval {today + first * day};{today + last * day}"
        await named(at, f"date_{fid}", "DateIntervalFilter", days)
    await static(at, 10, "date_past")
    assert await taken(routing, number) == "two"
    await static(at, 10, "date_now")
    assert await taken(routing, number) == "one"


# covers: ROUTE-16
async def test_a_time_filter_does_not_pass_midnight(
    routing: World, at: Console, number: str
) -> None:
    hour = datetime.now().hour
    other = (hour + 12) % 24
    other = min(other, 22)
    await named(at, "time_day", "TimeIntervalFilter", "timeInterval 00:00:00;23:59:59")
    times = f"timeInterval {other:02}:00:00;{other:02}:59:59"
    await named(at, "time_other", "TimeIntervalFilter", times)
    await static(at, 10, "time_other")
    assert await taken(routing, number) == "two"
    await static(at, 10, "time_day")
    assert await taken(routing, number) == "one"


# covers: ROUTE-17 HTTP-20
async def test_a_tag_filter_matches_one_of_the_tags(
    routing: World, at: Console, number: str
) -> None:
    await static(at, 10, await named(at, "tag", "TagFilter", "tag 5"))
    assert await taken(routing, number, tags="4,5") == "one"
    assert await taken(routing, number, tags="55") == "two"
    assert await taken(routing, number) == "two"


async def code(routing: World, at: Console, fid: str, text: str) -> str:
    path = routing.processes.folder / f"{fid}.py"
    await asyncio.to_thread(path.write_text, text)
    return await named(at, fid, "EvalPyFilter", f"pyCode {path}")


# covers: ROUTE-18
async def test_a_filter_may_be_code(routing: World, at: Console, number: str) -> None:
    text = "result = routable.pdu.params['short_message'].startswith(b'hel')\n"
    await static(at, 10, await code(routing, at, "code", text))
    assert await taken(routing, number, content="hello") == "one"
    assert await taken(routing, number, content="world") == "two"


# covers: ROUTE-18
async def test_code_that_raises_is_an_unknown_error(
    routing: World, at: Console, number: str
) -> None:
    await static(at, 10, await code(routing, at, "broken", "result = 1 / 0\n"))
    response = await routing.send(to=number)
    assert (response.status, response.text) == (
        500,
        'Error "Unknown error: division by zero"',
    )

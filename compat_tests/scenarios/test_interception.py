"""What scripts do to messages of HTTP senders (contract/routing.md §6, http-api.md §8).

Each scenario types its own interceptors; messages take the default route to connector `two`, those
with tag 9 go to `one`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from compat_tests.peers.console import Console, logged_in
from compat_tests.waiting import asked
from compat_tests.world import World

ROUTES = (
    ("mtrouter -a", "type DefaultRoute", "connector smppc(two)", "rate 0.0"),
    ("filter -a", "type TagFilter", "fid nine", "tag 9"),
    (
        *("mtrouter -a", "type StaticMTRoute", "order 10", "filters nine"),
        *("connector smppc(one)", "rate 0.0"),
    ),
)


@pytest_asyncio.fixture(loop_scope="session", scope="module", autouse=True)
async def routes(scripts: World) -> None:
    """And a script has run: Jasmin takes a while to reach its interceptord."""
    for cid in ("one", "two"):
        await scripts.smsc.is_bound(cid)
    async with logged_in(scripts.gateway.host, scripts.processes.console_port) as console:
        for each in ROUTES:
            await console.saves(*each)
        await intercepted(scripts, console, "http_status = 418\n")

        async def runs() -> bool:
            return (await scripts.send(to="1")).status == 418

        await asked(runs, "a script that runs")
        await console.asks("mtinterceptor -f")


@pytest_asyncio.fixture(loop_scope="session")
async def at(scripts: World) -> AsyncIterator[Console]:
    """A session at the console; interceptors are removed."""
    async with logged_in(scripts.gateway.host, scripts.processes.console_port) as console:
        yield console
        await console.asks("mtinterceptor -f")


async def intercepted(world: World, at: Console, code: str) -> None:
    """By a default interceptor with this script."""
    path = world.processes.folder / "script.py"
    await asyncio.to_thread(path.write_text, code)
    await at.saves("mtinterceptor -a", "type DefaultInterceptor", f"script python3({path})")


async def answer(world: World, number: str, **arguments: str | bytes) -> tuple[int, str]:
    response = await world.send(to=number, **arguments)
    return response.status, response.text


# covers: INT-01
async def test_a_script_changes_the_message(scripts: World, at: Console, number: str) -> None:
    code = f"""
from smpp.pdu.pdu_types import AddrTon
assert routable.pdu.params['destination_addr'] == b'1', routable.pdu.params
assert routable.pdu.params['short_message'] == b'hello'
assert routable.pdu.params['source_addr'] == b'ME' and routable.user.uid == 'alice'
assert routable.user.group.gid == 'gmain'
routable.pdu.params['destination_addr'] = b'{number}'
routable.pdu.params['short_message'] = b'changed'
routable.pdu.params['source_addr'] = b'YOU'
"""
    await intercepted(scripts, at, code)
    await scripts.accepted(to="1", from_="ME")
    (submit,) = await scripts.smsc.got(number, 1)
    assert submit.pdu["short_message"] == b"changed"
    assert submit.pdu["source_addr"] == "YOU"


# covers: INT-02 INT-03
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("http_status = 404\nsmpp_status = 8\n", 404),
        ("smpp_status = 8\n", 520),
        ("http_status = 400\n", 400),
        ("http_status = 'x'\nsmpp_status = 8\n", 520),
    ],
    ids=["both", "only-smpp", "only-http", "http-of-text"],
)
async def test_a_script_refuses_with_a_status(
    scripts: World, at: Console, number: str, code: str, status: int
) -> None:
    await intercepted(scripts, at, code)
    text = f'Error "Interception specific error code {status}"'
    assert await answer(scripts, number) == (status, text)


# covers: INT-02 INT-09
@pytest.mark.parametrize(
    "code",
    ["http_status = 200\nsmpp_status = 0\n", "1 / 0\n", "import sys\nsys.nothing()\n"],
    ids=["200", "raises", "no-name"],
)
async def test_a_script_that_fails(scripts: World, at: Console, number: str, code: str) -> None:
    await intercepted(scripts, at, code)
    text = 'Error "Failed running interception script, check log for details"'
    assert await answer(scripts, number) == (400, text)


# covers: INT-09
async def test_what_a_script_raises_is_in_the_log(scripts: World, at: Console, number: str) -> None:
    await intercepted(scripts, at, "1 / 0\n")
    await scripts.send(to=number, from_="ME")
    await scripts.log_line(
        "interceptor.log",
        f"Executing script on routable (from:b'ME', to:b'{number}') returned: ",
        "<class 'ZeroDivisionError'>: division by zero",
    )
    await scripts.log_line(
        "interceptor.log", f"Running with a CommandId.submit_sm (from:b'ME', to:b'{number}')."
    )


# covers: INT-06
async def test_a_script_tags_for_a_route(scripts: World, at: Console, number: str) -> None:
    code = "if routable.hasTag(7):\n    routable.addTag(9)\n    routable.removeTag('7')\n"
    await intercepted(scripts, at, code)
    await scripts.accepted(to=number, tags="7")
    await scripts.accepted(to=number)
    submits = await scripts.smsc.got(number, 2)
    assert {str(each.session.bind["system_id"]) for each in submits if each.session.bind} == {
        "one",
        "two",
    }


# covers: INT-07
@pytest.mark.parametrize("locks", [True, False], ids=["locked", "not-locked"])
async def test_a_lock_keeps_the_connectors_value_out(
    scripts: World, at: Console, number: str, locks: bool
) -> None:
    code = "from smpp.pdu.pdu_types import AddrTon\n"
    code += "routable.pdu.params['source_addr_ton'] = AddrTon.ALPHANUMERIC\n"
    code += "routable.lockPduParam('source_addr_ton')\n" if locks else ""
    await intercepted(scripts, at, code)
    await scripts.accepted(to=number, from_="ME")
    (submit,) = await scripts.smsc.got(number, 1)
    assert (submit.pdu["source_addr_ton"] == 5) is locks


# covers: INT-10
async def test_a_slow_script_is_named_in_the_log(scripts: World, at: Console, number: str) -> None:
    await intercepted(scripts, at, "import time\ntime.sleep(2)\n")
    await scripts.accepted(to=number)
    await scripts.log_line("interceptor.log", "Execution delay [2s] for script [import time")


# covers: INT-14
async def test_the_static_one_of_a_higher_order_runs_alone(
    scripts: World, at: Console, number: str
) -> None:
    await intercepted(scripts, at, "http_status = 450\n")
    path = scripts.processes.folder / "static.py"
    await asyncio.to_thread(path.write_text, "http_status = 451\n")
    await at.saves("filter -a", "type TagFilter", "fid five", "tag 5")
    await at.saves(
        *("mtinterceptor -a", "type StaticMTInterceptor", "order 5", "filters five"),
        f"script python3({path})",
    )
    assert (await answer(scripts, number, tags="5"))[0] == 451
    assert (await answer(scripts, number))[0] == 450


# covers: INT-01
async def test_the_parts_of_a_long_message(scripts: World, at: Console, number: str) -> None:
    code = "pdu = routable.pdu\nwhile pdu:\n    pdu.params['service_type'] = b'S'\n"
    code += "    pdu.params['destination_addr'] = b'" + number + "'\n"
    code += "    pdu = getattr(pdu, 'nextPdu', None)\nroutable.lockPduParam('service_type')\n"
    await intercepted(scripts, at, code)
    await scripts.accepted(to="1", content="x" * 200)
    submits = await scripts.smsc.got(number, 2)
    assert [each.pdu["service_type"] for each in submits] == ["S", "S"]


# covers: INT-02
async def test_what_rate_says_of_an_intercepted_message(
    scripts: World, at: Console, number: str
) -> None:
    await intercepted(scripts, at, "http_status = 404\n")
    who = [("username", "alice"), ("password", "secret"), ("to", number)]
    response = await scripts.get("/rate", *who)
    assert response.status == 404
    assert "Interception specific error code 404" in response.text


# covers: INT-08
async def test_where_scripts_are_not_run_the_message_is_refused(
    routing: World, number: str
) -> None:
    async with logged_in(routing.gateway.host, routing.processes.console_port) as console:
        await intercepted(routing, console, "pass\n")
        assert await answer(routing, number) == (503, 'Error "InterceptorPB not set !"')
        await console.asks("mtinterceptor -f")


# covers: INT-08 W-INT-06
@pytest.mark.quirk("Q65")
async def test_without_interceptord(
    scripts: World, at: Console, number: str, mended: Callable[[str], bool]
) -> None:
    """Last: it stays away."""
    await intercepted(scripts, at, "http_status = 404\n")
    await asyncio.to_thread(scripts.processes.end_daemon, "interceptord", signal.SIGTERM)
    if mended("Q65"):
        assert (await answer(scripts, number))[0] == 404
        return

    async def is_away() -> bool:
        return await answer(scripts, number) == (503, 'Error "InterceptorPB not connected !"')

    await asked(is_away, "end of interceptord seen")

"""The telnet console: what operators and panels type, and what comes of it (contract/jcli.md)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from compat_tests.peers import broker
from compat_tests.peers.console import (
    PROMPT,
    SESSION_PROMPT,
    Console,
    connected,
    logged_in,
)
from compat_tests.targets.site import CONSOLE_PASSWORD, CONSOLE_USER, User
from compat_tests.waiting import asked
from compat_tests.world import World

ITEM = re.compile(r"^(#\S+) *(.*)$", re.MULTILINE)


def session(world: World) -> AbstractAsyncContextManager[Console]:
    """Another session of the same console."""
    return logged_in(world.gateway.host, world.processes.console_port)


@pytest_asyncio.fixture(loop_scope="session")
async def at(console: World) -> AsyncIterator[Console]:
    """A session, logged in."""
    async with session(console) as logged:
        yield logged


async def smppc(at: Console, cid: str, world: World, **keys: str) -> None:
    """A connector to the SMSC of this world."""
    given = {"host": "127.0.0.1", "port": str(world.smsc.port), "username": cid, "password": "pw"}
    given |= {"submit_throughput": "0", "con_loss_delay": "1", "con_fail_delay": "1", **keys}
    await at.saves("smppccm -a", f"cid {cid}", *(f"{key} {value}" for key, value in given.items()))


async def user(at: Console, uid: str, gid: str, *more: str) -> User:
    await at.saves(
        "user -a", f"uid {uid}", f"gid {gid}", f"username {uid}", f"password {uid}pw", *more
    )
    return User(uid, f"{uid}pw")


async def items(at: Console, command: str) -> dict[str, str]:
    """A table of items and values; of two values for an item the last."""
    return dict(ITEM.findall(await at.asks(command)))


async def keys(at: Console, command: str) -> dict[str, str]:
    """Lines of a key and its value."""
    lines = (await at.asks(command)).splitlines()
    return {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines}


# ---------------------------------------------------------------- the session


# covers: JCLI-01
async def test_a_wrong_password_is_refused_and_the_right_one_let_in(console: World) -> None:
    where = console.gateway.host, console.processes.console_port
    async with connected(*where) as visitor:
        await visitor.until("Authentication required.")
        for password, answer in (
            ("wrong", "Incorrect Username/Password."),
            (CONSOLE_PASSWORD, "Type help or ? to list commands."),
        ):
            visitor.types(f"{CONSOLE_USER}\r\n")
            await visitor.until("Password: ")
            visitor.types(f"{password}\r\n")
            await visitor.until(answer)
        await visitor.until(PROMPT)


# covers: JCLI-02
async def test_help_lists_commands_and_explains_each(at: Console) -> None:
    listed = await at.asks("help")
    for command in ("persist", "load", "user", "group", "filter", "mtrouter", "smppccm", "stats"):
        assert re.search(rf"^{command}\b", listed, re.MULTILINE), command
        assert f"Usage: {command} [options]" in await at.asks(f"help {command}")
    assert await at.asks("nothing") == (
        "Incorrect command: nothing, type help for a list of commands"
    )


# covers: JCLI-03 JCLI-04
async def test_tab_completes_and_up_recalls(at: Console) -> None:
    at.types("grou\t")
    await at.until("group ")
    at.types("-l\r\n")
    await at.until("Total Groups:")
    await at.until(PROMPT)
    at.types("\x1b[A")
    await at.until("group -l")
    at.types("\r\n")
    await at.until("Total Groups:")


# covers: JCLI-05
async def test_quit_ends_the_session(at: Console) -> None:
    at.types("quit\r\n")
    assert (await at.rest()).startswith("quit\n")


# covers: JCLI-20
async def test_ko_leaves_everything_as_it_was_and_ok_does_not(at: Console) -> None:
    before = await at.asks("group -l")
    await at.fills_in("group -a", "gid left")
    assert await at.asks("ko") == ""
    assert await at.asks("group -l") == before
    assert await at.fills_in("group -a", "gid kept") == [""]
    assert await at.asks("ok") == "Successfully added Group [kept]"
    assert "#kept" in await at.asks("group -l")


# ---------------------------------------------------------------- groups and users


# covers: JCLI-07 JCLI-22
async def test_a_groups_life(at: Console) -> None:
    await at.saves("group -a", "gid life")
    assert await at.asks("group -d life") == "Successfully disabled Group id:life"
    assert re.search(r"^#!life\b", await at.asks("group -l"), re.MULTILINE)
    assert await at.asks("group -e life") == "Successfully enabled Group id:life"
    assert re.search(r"^#life\b", await at.asks("group -l"), re.MULTILINE)
    assert await at.asks("group -r life") == "Successfully removed Group id:life"
    assert await at.asks("group -r life") == "Unknown Group: life"
    assert "life" not in await at.asks("group -l")


# covers: JCLI-08 JCLI-09 JCLI-22
async def test_a_users_life(at: Console) -> None:
    await at.saves("group -a", "gid ulife")
    await user(at, "ann", "ulife")
    await user(at, "bob", "ulife")
    assert "Total Users in group [ulife]: 2" in await at.asks("user -l ulife")
    assert re.search(
        r"^#ann +ulife +ann +ND \(!\) +ND \(!\) +ND/ND", await at.asks("user -l"), re.MULTILINE
    )
    shown = await at.asks("user -s ann")
    assert shown.startswith("uid ann\ngid ulife\nusername ann\n")
    assert await at.asks("user -d ann") == "Successfully disabled User id:ann"
    assert "#!ann" in await at.asks("user -l")
    assert await at.asks("user -e ann") == "Successfully enabled User id:ann"
    assert await at.asks("user --smpp-unbind ann") == "Successfully unbound User id:ann"
    assert await at.asks("user --smpp-ban ann") == "Successfully unbound and banned User id:ann"
    assert "smpps_cred authorization bind False" in await at.asks("user -s ann")
    assert await at.asks("user -r ann") == "Successfully removed User id:ann"
    assert await at.asks("user -s ann") == "Unknown User: ann"
    assert await at.asks("group -r ulife") == "Successfully removed Group id:ulife"
    assert "bob" not in await at.asks("user -l")


CREDENTIALS = {
    **{
        f"mt_messaging_cred authorization {name}": ("no", "False")
        for name in (
            *("http_send", "http_balance", "http_rate", "smpps_send", "http_long_content"),
            *("dlr_level", "http_dlr_method", "src_addr", "priority", "validity_period"),
            *("schedule_delivery_time", "hex_content"),
        )
    },
    "mt_messaging_cred authorization http_bulk": ("yes", "True"),
    "mt_messaging_cred valuefilter dst_addr": ("^1", "^1"),
    "mt_messaging_cred valuefilter src_addr": ("^2", "^2"),
    "mt_messaging_cred valuefilter priority": ("^[01]$", "^[01]$"),
    "mt_messaging_cred valuefilter validity_period": ("^3$", "^3$"),
    "mt_messaging_cred valuefilter content": ("^hi", "^hi"),
    "mt_messaging_cred defaultvalue src_addr": ("SUNHOTEL", "SUNHOTEL"),
    "mt_messaging_cred quota balance": ("10.5", "10.5"),
    "mt_messaging_cred quota early_percent": ("25", "25.0"),
    "mt_messaging_cred quota sms_count": ("100", "100"),
    "mt_messaging_cred quota http_throughput": ("2", "2.0"),
    "mt_messaging_cred quota smpps_throughput": ("3", "3.0"),
    "smpps_cred authorization bind": ("no", "False"),
    "smpps_cred quota max_bindings": ("2", "2"),
}


# covers: JCLI-10
async def test_every_key_of_both_credentials_is_set_and_shown(at: Console) -> None:
    await at.saves("group -a", "gid creds")
    await user(at, "cred", "creds", *(f"{key} {given}" for key, (given, _) in CREDENTIALS.items()))
    shown = await keys(at, "user -s cred")
    assert {key: shown[key] for key in CREDENTIALS} == {k: v for k, (_, v) in CREDENTIALS.items()}


# covers: JCLI-11 W-CFG-07
@pytest.mark.quirk("Q85")
async def test_a_quota_is_changed_by_a_difference(
    at: Console, mended: Callable[[str], bool]
) -> None:
    await at.saves("group -a", "gid quotas")
    await user(at, "quota", "quotas", "mt_messaging_cred quota balance 10")
    for change, balance in (
        ("+5", "15.0"),
        ("-3", "12.0"),
        ("+0", "12.0" if mended("Q85") else "0.0"),
        ("7", "7.0"),
    ):
        await at.saves("user -u quota", f"mt_messaging_cred quota balance {change}")
        assert (await keys(at, "user -s quota"))["mt_messaging_cred quota balance"] == balance


# covers: JCLI-21
@pytest.mark.parametrize(
    ("start", "line", "answer"),
    [
        ("group -a", "nothing 1", "Unknown Group key: nothing"),
        ("group -a", "ok", "You must set Group id (gid) before saving !"),
        ("user -a", "gid nobodys", "Unknown Group gid:nobodys, you must first create the Group"),
        (
            "user -a",
            "mt_messaging_cred quota balance abc",
            "Error: could not convert string to float: 'abc'",
        ),
        (
            "user -a",
            "smpps_cred x y z",
            "Error: invalid section name: x, possible values: Authorization, Quota",
        ),
        ("smppccm -a", "foo bar", "Unknown SMPPClientConfig key: foo"),
        ("smppccm -a", "src_ton 9", "Error: Unknown value for key src_ton: 9"),
        ("httpccm -a", "foo", "Unknown Httpcc key: foo"),
        (
            "mtrouter -a",
            "type x",
            "Unknown MT Route type:x, available types: DefaultRoute, StaticMTRoute, "
            "RandomRoundrobinMTRoute, FailoverMTRoute",
        ),
        (
            "mointerceptor -a",
            "type x",
            "Unknown MO Interceptor type:x, available types: DefaultInterceptor, "
            "StaticMOInterceptor",
        ),
    ],
)
async def test_a_mistake_is_told_and_the_session_goes_on(
    at: Console, start: str, line: str, answer: str
) -> None:
    [said] = await at.fills_in(start, line)
    assert said == answer
    await at.asks("ko")
    assert "Total Groups" in await at.asks("group -l")


# covers: JCLI-07 JCLI-08 CRED-01
async def test_who_is_made_may_send_and_who_is_disabled_may_not(
    console: World, at: Console, number: str
) -> None:
    await at.saves("group -a", "gid senders")
    sender = await user(at, "sender", "senders")
    await smppc(at, "sending", console)
    await at.saves("mtrouter -a", "type DefaultRoute", "connector smppc(sending)", "rate 0.0")
    assert await at.asks("smppccm -1 sending") == ("Successfully started connector id:sending")
    await console.smsc.is_bound("sending")

    await console.accepted(user=sender, to=number)
    await console.smsc.got(number)
    for off, on in (("user -d sender", "user -e sender"), ("group -d senders", "group -e senders")):
        await at.asks(off)
        assert (await console.send(user=sender, to=number)).status == 403
        await at.asks(on)
        await console.accepted(user=sender, to=number)

    counted = await items(at, "stats --user sender")
    assert counted["#connects_count"].split() == ["HTTP", "Api", "3"]
    await at.asks("mtrouter -f")


# ---------------------------------------------------------------- filters, routes, interceptors


@pytest.fixture
def script(console: World) -> Path:
    path = console.processes.folder / "script.py"
    path.write_text("result = True\n")
    return path


# covers: JCLI-13
async def test_every_type_of_filter(at: Console, script: Path) -> None:
    arguments = {
        "TransparentFilter": "",
        "ConnectorFilter": "cid x",
        "UserFilter": "uid x",
        "GroupFilter": "gid x",
        "SourceAddrFilter": "source_addr ^1",
        "DestinationAddrFilter": "destination_addr ^1",
        "ShortMessageFilter": "short_message ^hi",
        "DateIntervalFilter": "dateInterval 2014-09-18;2014-09-28",
        "TimeIntervalFilter": "timeInterval 08:00:00;18:00:00",
        "EvalPyFilter": f"pyCode {script}",
        "TagFilter": "tag 12",
    }
    for number, (kind, argument) in enumerate(arguments.items()):
        given = [argument] if argument else []
        said = await at.saves("filter -a", f"type {kind}", f"fid f{number}", *given)
        assert said == f"Successfully added Filter [{kind}] with fid:f{number}"
        assert (await at.asks(f"filter -s f{number}")).startswith(kind)
    assert f"Total Filters: {len(arguments)}" in await at.asks("filter -l")
    for number in range(len(arguments)):
        said = await at.asks(f"filter -r f{number}")
        assert said == f"Successfully removed Filter id:f{number}"


# covers: JCLI-14
async def test_an_http_connectors_life(at: Console) -> None:
    said = await at.saves("httpccm -a", "cid http1", "method GET", "url http://10.0.0.1/mo")
    assert said == "Successfully added Httpcc [HttpConnector] with cid:http1"
    assert "http://10.0.0.1/mo" in await at.asks("httpccm -l")
    assert await at.asks("httpccm -s http1") == (
        "HttpConnector:\ncid = http1\nbaseurl = http://10.0.0.1/mo\nmethod = GET"
    )
    assert await at.asks("httpccm -r http1") == "Successfully removed Httpcc id:http1"
    assert await at.asks("httpccm -r http1") == "Unknown Httpcc: http1"


# covers: JCLI-15
async def test_every_type_of_route(console: World, at: Console) -> None:
    await smppc(at, "route_a", console)
    await smppc(at, "route_b", console)
    await at.saves("httpccm -a", "cid route_h", "method GET", "url http://10.0.0.1/mo")
    await at.saves("httpccm -a", "cid route_i", "method GET", "url http://10.0.0.1/mo")
    await at.saves("filter -a", "type TagFilter", "fid tagged", "tag 1")
    two = {"mt": "smppc(route_a);smppc(route_b)", "mo": "http(route_h);http(route_i)"}
    for way, upper in (("mt", "MT"), ("mo", "MO")):
        router, one = f"{way}router", two[way].partition(";")[0]
        rate = ["rate 0.5"] if way == "mt" else []
        for order, kind in ((30, "RandomRoundrobin"), (20, "Failover")):
            said = await at.saves(
                *(f"{router} -a", f"type {kind}{upper}Route", f"order {order}"),
                *("filters tagged", f"connectors {two[way]}", *rate),
            )
            assert (
                said == f"Successfully added {upper}Route [{kind}{upper}Route] with order:{order}"
            )
        await at.saves(
            *(f"{router} -a", f"type Static{upper}Route", "order 10", "filters tagged"),
            *(f"connector {one}", *rate),
        )
        await at.saves(f"{router} -a", "type DefaultRoute", f"connector {one}", *rate)
        listed = await at.asks(f"{router} -l")
        orders = re.findall(r"^#(\d+)", listed, re.MULTILINE)
        assert orders == ["30", "20", "10", "0"]
        assert f"Total {upper} Routes: 4" in listed
        assert f"Static{upper}Route" in await at.asks(f"{router} -s 10")
        assert await at.asks(f"{router} -r 10") == (
            f"Successfully removed {upper} Route with order:10"
        )
        assert await at.asks(f"{router} -r 10") == f"Unknown {upper} Route: 10"
        flushed = await at.asks(f"{router} -f")
        assert flushed == f"Successfully flushed {upper} Route table (3 flushed entries)"


# covers: JCLI-16
async def test_every_type_of_interceptor(at: Console, script: Path) -> None:
    await at.saves("filter -a", "type TagFilter", "fid tagged", "tag 1")
    for way, upper in (("mt", "MT"), ("mo", "MO")):
        interceptor = f"{way}interceptor"
        source = f"script python3({script})"
        said = await at.saves(
            *(f"{interceptor} -a", f"type Static{upper}Interceptor", "order 10"),
            *("filters tagged", source),
        )
        assert said == (
            f"Successfully added {upper}Interceptor [Static{upper}Interceptor] with order:10"
        )
        await at.saves(f"{interceptor} -a", "type DefaultInterceptor", source)
        assert f"Total {upper} Interceptors: 2" in await at.asks(f"{interceptor} -l")
        assert f"Static{upper}Interceptor" in await at.asks(f"{interceptor} -s 10")
        assert await at.asks(f"{interceptor} -r 10") == (
            f"Successfully removed {upper} Interceptor with order:10"
        )
        flushed = await at.asks(f"{interceptor} -f")
        assert flushed == f"Successfully flushed {upper} Interceptor table (1 flushed entries)"


# ---------------------------------------------------------------- connectors


# covers: JCLI-17 JCLI-19
async def test_a_connectors_life(console: World, at: Console) -> None:
    await smppc(at, "clife", console)
    assert re.search(r"^#clife +stopped +NONE +0 +0", await at.asks("smppccm -l"), re.MULTILINE)
    assert (await keys(at, "smppccm -s clife"))["elink_interval"] == "30"
    assert await at.asks("smppccm -1 clife") == "Successfully started connector id:clife"
    bound = await console.smsc.is_bound("clife")
    assert await at.asks("smppccm -1 clife") == ("Failed starting connector, check log for details")
    await until_listed(at, r"^#clife +started +BOUND_TRX +1 +0")
    await at.saves("smppccm -u clife", "elink_interval 20")
    assert (await keys(at, "smppccm -s clife"))["elink_interval"] == "20"
    assert bound.is_bound
    assert (await items(at, "stats --smppc clife"))["#bound_count"] == "1"
    assert await at.asks("smppccm -0 clife") == "Successfully stopped connector id:clife"
    await console.smsc.bell.until(lambda: bound.closed_at, "end of the session")
    await until_listed(at, r"^#clife +stopped +NONE +1 +1")
    assert await at.asks("smppccm -r clife") == "Successfully removed connector id:clife"
    assert await at.asks("smppccm -s clife") == "Unknown connector: clife"


async def until_listed(at: Console, row: str) -> None:
    async def is_listed() -> bool:
        return re.search(row, await at.asks("smppccm -l"), re.MULTILINE) is not None

    await asked(is_listed, f"connector like {row}")


# covers: JCLI-19
async def test_every_statistic_is_shown(console: World, at: Console) -> None:
    await at.saves("group -a", "gid stats")
    await user(at, "statistic", "stats")
    await smppc(at, "stat", console)
    assert (await items(at, "stats --user statistic"))["#rate_request_count"] == "HTTP Api     0"
    assert re.search(r"^#statistic +0", await at.asks("stats --users"), re.MULTILINE)
    connector = await items(at, "stats --smppc stat")
    assert len(connector) == 22 + 1  # the head
    assert connector["#bound_at"] == "ND"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", connector["#created_at"])
    listed = await at.asks("stats --smppcs")
    assert re.search(r"^#stat +ND +ND +ND +0/0 +0/0 +0 +0", listed, re.MULTILINE)
    assert len(await items(at, "stats --httpapi")) == 12 + 1
    assert len(await items(at, "stats --smppsapi")) == 23 + 1
    assert await at.asks("stats --user nobody") == "Unknown User: nobody"


# ---------------------------------------------------------------- profiles


# covers: JCLI-18 PERS-01
async def test_a_profile_is_a_copy_to_go_back_to(console: World, at: Console) -> None:
    await at.saves("group -a", "gid profiled")
    said = await at.asks("persist -p other")
    assert "group configuration persisted (profile:other)" in said
    store = console.processes.folder / "store" / "other.router-groups"
    assert re.match(rb"Persisted on .+ \[Jasmin 0\.1\d", store.read_bytes())
    await at.asks("group -r profiled")
    said = await at.asks("load -p other")
    assert "group configuration loaded (profile:other)" in said
    assert "#profiled" in await at.asks("group -l")
    assert "Failed to load group configuration (profile:none)" in await at.asks("load -p none")


# covers: PERS-02 PERS-04 W-CFG-02
@pytest.mark.quirk("Q94")
async def test_a_restart_brings_the_site_back(
    console: World, number: str, mended: Callable[[str], bool]
) -> None:
    async with session(console) as at:
        await at.saves("group -a", "gid again")
        sender = await user(at, "again", "again")
        await smppc(at, "again", console)
        await at.saves("mtrouter -a", "type DefaultRoute", "connector smppc(again)", "rate 0.0")
        await at.asks("smppccm -1 again")
        await console.smsc.is_bound("again")
        await at.asks("persist")
        await at.saves("group -a", "gid late")

    await asyncio.to_thread(console.processes.stop)
    await asyncio.to_thread(console.processes.start)

    await console.smsc.is_bound("again", within_s=30)
    await broker.until_consumed(console.amqp_url, ["submit.sm.again"])
    await console.accepted(user=sender, to=number)
    await console.smsc.got(number)
    async with session(console) as at:
        groups = await at.asks("group -l")
        assert "#again" in groups
        assert ("#late" in groups) is mended("Q94")
        assert SESSION_PROMPT not in groups

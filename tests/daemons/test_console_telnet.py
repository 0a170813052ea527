"""The real telnet client configures a running jasmind, which sends by what was typed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import SmscPlan
from tests.daemons.processes import WITHIN_S, Daemon, daemon
from tests.daemons.telnet_client import (
    RETURN,
    SESSION_PROMPT,
    TelnetUser,
    at_telnet,
    telnet,
)
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

__all__ = ["telnet"]
pytestmark = [
    pytest.mark.process,
    pytest.mark.amqp,
    pytest.mark.redis,
    pytest.mark.timeout(240),
]
SESSIONS = 9


@dataclass(frozen=True, slots=True)
class Place:
    """Where one jasmind runs, as often as it is started."""

    folder: Path
    environment: dict[str, str]

    @property
    def console_port(self) -> int:
        return int(self.environment["JCLI_PORT"])

    @asynccontextmanager
    async def jasmind(self) -> AsyncIterator[Daemon]:
        with daemon(self.folder, "jasmind", **self.environment) as running:
            await until(running.is_ready, within_s=WITHIN_S)
            yield running
            status, output = running.stop()
            assert status == 0, output

    async def send(self, **arguments: str) -> str:
        """The answer of /send."""
        port = self.environment["HTTP_API_PORT"]
        url = f"http://127.0.0.1:{port}/send?{urlencode(arguments)}"
        return await asyncio.to_thread(lambda: urlopen(url, timeout=10).read().decode())


@pytest.fixture
def place(tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis) -> Place:
    vhost = f"telnet{tmp_path.name}"
    rabbitmq.add_vhosts(vhost)
    environment = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "AMQP_BROKER_VHOST": vhost,
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
        "JCLI_PORT": str(free_port()),
    }
    return Place(tmp_path, environment)


def make_a_site(user: TelnetUser, smsc_port: int) -> None:
    """One of everything."""
    user.saves("group -a", "gid marketing")
    user.saves("user -a", "uid acme", "gid marketing", "username acme", "password s3cret")
    user.saves(
        "user -u acme",
        "mt_messaging_cred authorization http_dlr_method no",
        "mt_messaging_cred valuefilter dst_addr ^336",
        "mt_messaging_cred defaultvalue src_addr ACME",
        "mt_messaging_cred quota sms_count 100",
        "smpps_cred quota max_bindings 2",
    )
    for cid in ("carrier", "spare"):
        user.saves(
            *("smppccm -a", f"cid {cid}", "host 127.0.0.1", f"port {smsc_port}"),
            *(f"username {cid}", "password pw", "submit_throughput 0"),
        )
    user.saves("filter -a", "fid france", "type DestinationAddrFilter", r"destination_addr ^33\d+")
    user.saves("filter -a", "fid anything", "type TransparentFilter")
    user.saves("httpccm -a", "cid app", "method POST", "url http://127.0.0.1:9/mo")
    user.saves("mtrouter -a", "type DefaultRoute", "connector smppc(spare)", "rate 0.0")
    user.saves(
        *("mtrouter -a", "type StaticMTRoute", "order 20", "filters france"),
        *("connector smppc(carrier)", "rate 0.0"),
    )
    user.saves("morouter -a", "type DefaultRoute", "connector http(app)")
    assert "Successfully started connector id:carrier" in user.types("smppccm -1 carrier")


def shown(user: TelnetUser) -> list[str]:
    """Every list and item, but for what counts."""
    lines = (
        *("group -l", "user -l", "user -s acme", "smppccm -s carrier", "filter -l"),
        *("filter -s france", "httpccm -l", "mtrouter -l", "mtrouter -s 20", "morouter -l"),
    )
    return [user.types(line) for line in lines]


# covers: JCLI-07 JCLI-08 JCLI-10 JCLI-13 JCLI-14 JCLI-15 JCLI-17 JCLI-18 JCLI-19 PERS-02 PERS-04
async def test_a_whole_site_is_made_sent_by_kept_and_loaded(place: Place, telnet: str) -> None:
    plan, clock = SmscPlan(), SystemClock()
    taken: list[object] = []
    simulator = Simulator(plan, random=Random(1), now=clock.local_now, account=taken.append)
    async with serving(simulator) as smsc:
        async with place.jasmind():
            made = await asyncio.to_thread(_first_day, telnet, place, smsc.port)
            answer = await place.send(username="acme", password="s3cret", to="33611", content="1")
            assert answer.startswith('Success "')
            await until(lambda: simulator.counts.submits == 1)
            await until(lambda: simulator.counts.binds == 1)
            await asyncio.to_thread(_stats_are_of, telnet, place, 1)
        async with place.jasmind():
            await until(lambda: simulator.counts.binds == 2)
            await asyncio.to_thread(_second_day, telnet, place, made)
            await until(lambda: simulator.counts.binds == 3, within_s=WITHIN_S)
            answer = await place.send(username="acme", password="s3cret", to="33622", content="2")
            assert answer.startswith('Success "')
            await until(lambda: simulator.counts.submits == 2)


def _first_day(telnet: str, place: Place, smsc_port: int) -> list[str]:
    with at_telnet(telnet, place.console_port) as user:
        make_a_site(user, smsc_port)
        made = shown(user)
        assert "BOUND_TRX" in _when_bound(user)
        assert "user configuration persisted (profile:jcli-prod)" in user.types("persist")
        user.quits()
        return made


def _second_day(telnet: str, place: Place, made: list[str]) -> None:
    """The site is there, less the message that was sent; it is destroyed, and the profile brings
    back what it was."""
    with at_telnet(telnet, place.console_port) as user:
        kept = shown(user)
        assert kept[1].split() == made[1].replace(" 100 ", " 99 ").split()
        assert kept[3:] == made[3:]
        assert "Successfully removed User id:acme" in user.types("user -r acme")
        assert "Successfully removed connector id:carrier" in user.types("smppccm -r carrier")
        assert "Successfully flushed MT Route table" in user.types("mtrouter -f")
        assert shown(user) != kept
        assert "user configuration loaded (profile:jcli-prod)" in user.types("load")
        assert shown(user) == made
        _when_bound(user)
        user.quits()


def _when_bound(user: TelnetUser) -> str:
    """The list of connectors, once the started one is bound."""
    for _ in range(500):
        said = user.types("smppccm -l")
        if "BOUND_TRX" in said:
            return said
    raise AssertionError(said)


def _stats_are_of(telnet: str, place: Place, sent: int) -> None:
    with at_telnet(telnet, place.console_port) as user:
        words = [line.split() for line in user.types("stats --user acme").splitlines()]
        assert ["#submit_sm_request_count", "HTTP", "Api", str(sent)] in words
        words = [line.split() for line in user.types("stats --smppc carrier").splitlines()]
        assert ["#submit_sm_request_count", str(sent)] in words
        assert ["#bound_count", "1"] in words
        words = [line.split() for line in user.types("stats --httpapi").splitlines()]
        assert ["#success_count", str(sent)] in words
        assert "Total users: 1" in user.types("stats --users")
        assert f"{sent}/{sent}" in user.types("stats --smppcs")
        user.quits()


# covers: JCLI-20 W-CFG-03
async def test_nine_sessions_work_at_once(place: Place, telnet: str) -> None:
    async with place.jasmind():
        await asyncio.to_thread(_nine, telnet, place.console_port)


def _nine(telnet: str, port: int) -> None:
    with ExitStack() as opened:
        users = [opened.enter_context(at_telnet(telnet, port)) for _ in range(SESSIONS)]
        assert len({user.number for user in users}) == SESSIONS
        users[0].saves("group -a", "gid g")
        for user in users:
            user.types("user -a", until=SESSION_PROMPT)
        for key in ("uid", "username", "password"):
            for n, user in enumerate(users):
                user.types(f"{key} u{n}", until=SESSION_PROMPT)
        for user in users:
            user.types("gid g", until=SESSION_PROMPT)
        for user in users[1:]:
            assert "Successfully added User" in user.types("ok")
        assert "Total Users: 8" in users[1].types("user -l")
        users[0].types("ko")
        for user in users:
            assert "Total Users: 8" in user.types("user -l")
            user.quits()


# covers: JCLI-03 JCLI-04
async def test_line_editing_and_a_window_of_another_size(place: Place, telnet: str) -> None:
    async with place.jasmind():
        await asyncio.to_thread(_edit, telnet, place.console_port)


def _edit(telnet: str, port: int) -> None:
    with at_telnet(telnet, port) as user:
        user.child.send("grou\t")
        user.child.expect_exact("group ")
        user.child.send("-l")
        user.child.expect_exact("-l")
        user.child.setwinsize(40, 132)
        user.child.expect_exact("jcli : group -l")
        user.child.send(RETURN)
        user.child.expect_exact("Total Groups: 0")
        user.child.expect_exact("jcli : ")
        user.child.send("\x1b[A")
        user.child.expect_exact("group -l")
        user.child.send("\x7f" + "x")
        user.child.send(RETURN)
        user.child.expect_exact("no such option: -x")
        user.child.expect_exact("jcli : ")
        user.quits()

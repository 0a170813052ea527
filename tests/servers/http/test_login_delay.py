"""Failures of one address and user name wait, and nothing else does."""

import asyncio
from ipaddress import ip_network

import pytest

from jasmin_compat.servers.http.login_delay import LoginDelay, LoginPolicy
from tests import builders
from tests.builders import user
from tests.fakes import FakeClock
from tests.http_client import ask, get
from tests.servers.http.api import running_api
from tests.waiting import until

PEER = "192.0.2.1"


class Slept:
    """A clock that notes how long it was asked to sleep, and does not."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


# covers: W-HTTP-04
async def test_ten_failures_are_answered_at_once_and_further_ones_wait_a_second_at_most() -> None:
    clock = Slept()
    logins = LoginDelay(LoginPolicy(), clock)
    for _ in range(10):
        await logins.failed(PEER, "u")
    assert clock.slept == []
    for _ in range(30):
        await logins.failed(PEER, "u")
    assert clock.slept[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert clock.slept == sorted(clock.slept)
    assert max(clock.slept) == 1.0
    assert (logins.counts.failed, logins.counts.delayed) == (40, 30)


@pytest.mark.parametrize(
    ("address", "username"),
    [("192.0.2.2", "u"), (PEER, "v"), (None, "u")],
    ids=["another address", "another name", "a connection that is gone"],
)
async def test_others_do_not_wait(address: str | None, username: str) -> None:
    clock = Slept()
    logins = LoginDelay(LoginPolicy(free=1), clock)
    await logins.failed(PEER, "u")
    await logins.failed(address, username)
    assert clock.slept == []


async def test_failures_are_forgotten_with_time() -> None:
    clock = Slept()
    logins = LoginDelay(LoginPolicy(free=1, forgotten_after_s=300), clock)
    await logins.failed(PEER, "u")
    clock.now = 300.5
    await logins.failed(PEER, "u")
    assert clock.slept == []


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1%eth0"])
async def test_a_trusted_proxy_stands_for_many_and_does_not_wait(address: str) -> None:
    clock = Slept()
    networks = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    logins = LoginDelay(LoginPolicy(free=0, trusted_proxies=networks), clock)
    await logins.failed(address, "u")
    assert clock.slept == []
    await logins.failed(PEER, "u")
    assert len(clock.slept) == 1


async def test_what_is_remembered_is_bounded_and_the_oldest_goes() -> None:
    clock = Slept()
    logins = LoginDelay(LoginPolicy(free=1, remembered=2), clock)
    for name in ("a", "b", "a", "c"):
        await logins.failed(PEER, name)
    assert len(clock.slept) == 1
    assert logins.counts.remembered == 2
    await logins.failed(PEER, "b")
    assert len(clock.slept) == 1
    await logins.failed(PEER, "c")
    assert len(clock.slept) == 2


async def test_answers_that_wait_are_bounded_and_further_ones_come_at_once() -> None:
    clock = FakeClock()
    logins = LoginDelay(LoginPolicy(free=0, waiting=1), clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(logins.failed(PEER, "u"), name="waits")
        await until(clock.is_waited_for)
        async with asyncio.timeout(5):
            await logins.failed(PEER, "u")
        assert logins.counts.waiting == 1
        clock.advance(1)
    assert (logins.counts.waiting, logins.counts.delayed) == (0, 1)


WRONG = "/send?username=full&password=no&to=15550001&content=hello"


@pytest.mark.parametrize(
    "target",
    [
        WRONG,
        "/rate?username=full&password=no&to=15550001",
        "/balance?username=full&password=no",
    ],
)
async def test_a_wrong_password_waits_and_the_right_one_does_not(target: str) -> None:
    clock = FakeClock()
    logins = LoginDelay(LoginPolicy(free=1), clock)
    async with running_api(builders.site(user("full", "pwd")), logins=logins) as api:
        assert (await ask(api.port, get(target))).status == 403
        async with asyncio.TaskGroup() as tasks:
            waits = tasks.create_task(ask(api.port, get(target)), name="wrong again")
            await until(clock.is_waited_for)
            right = await ask(api.port, get(target.replace("password=no", "password=pwd")))
            assert right.status == 200
            assert not waits.done()
            clock.advance(1)
        assert waits.result().status == 403
        assert logins.counts.failed == 2

"""The broker short of memory, with messages on every way: refused quickly, nothing lost.

Real processes. RabbitMQ stops reading from a connection at the first publish after the alarm, and
says connection.blocked then; what is published meanwhile is neither confirmed nor refused.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from typing_extensions import override

from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Site
from tests.faults import books
from tests.faults.sink import Sink
from tests.faults.smsc import Smsc
from tests.faults.world import Fault, World, site
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(180)]

REFUSED = 'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"'
AT_ONCE_S = 1.0
"""An answer after the broker has said that it is blocked; publish_timeout_s is 5."""
ALARM = ("set_vm_memory_high_watermark", "0.0000001")
ALL_CLEAR = ("set_vm_memory_high_watermark", "0.4")
TAKEN_LATE = Fault(
    "RabbitMQ short of memory",
    lambda *_: asyncio.sleep(0),
    call_again="published, not confirmed when the broker blocked, and taken after the alarm",
)


class Watched(Ours):
    """With the health server of jasmind."""

    def __init__(self) -> None:
        super().__init__()
        self.health_port = free_port()

    @override
    def environment(self, site: Site, folder: Path) -> Mapping[str, str]:
        port = str(self.health_port)
        return {**super().environment(site, folder), "HEALTH_JASMIND_PORT": port}


@pytest.fixture
async def world(rabbitmq: RabbitMq, redis_server: Redis) -> AsyncIterator[World]:
    redis_server.flush()
    smsc, sink, target = Smsc(), Sink(), Watched()
    await smsc.open()
    await sink.open()
    vhost = f"alarm{smsc.port}"
    await asyncio.to_thread(rabbitmq.add_vhosts, vhost)
    gateway = Gateway(target, site(smsc.port), amqp=(rabbitmq.port, vhost), redis=redis_server.port)
    world = World(gateway, smsc, sink, rabbitmq, redis_server)
    try:
        await world.start()
        yield world
    finally:
        await world.stop()


class Operator:
    """Looks at what jasmind says of itself, and sends by hand."""

    def __init__(self, world: World, http: aiohttp.ClientSession) -> None:
        assert isinstance(world.gateway.target, Watched)
        self._health = f"http://127.0.0.1:{world.gateway.target.health_port}"
        self._send = f"http://127.0.0.1:{world.gateway.http_port}/send"
        self._http = http

    async def broker(self) -> dict[str, object]:
        """The row of readiness; with `status`, of the whole answer."""
        async with self._http.get(f"{self._health}/ready") as answer:
            page = await answer.json()
            return {"status": answer.status, **page["checks"]["broker"]}

    async def metric(self, name: str) -> float:
        async with self._http.get(f"{self._health}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    async def send(self) -> tuple[int, str, float]:
        """Status, text, and seconds it took."""
        asked = {"username": "fault", "password": "fault", "to": "1", "content": "x"}
        began = time.monotonic()
        async with self._http.get(self._send, params=asked) as answer:
            return answer.status, await answer.text(), time.monotonic() - began


# covers: W-AMQP-03 W-AMQP-04
async def test_an_alarm_is_answered_quickly_and_loses_nothing(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        operator = Operator(world, http)
        # Callbacks wait in their queue: they need no publish, so the alarm must not stop them.
        await asyncio.to_thread(world.gateway.end_daemon, "dlrd", signal.SIGTERM)
        began = time.monotonic()
        sending = tasks.create_task(world.send(range(10_000), rate_per_s=200))
        await until(lambda: len(world.smsc.submits) > 300, within_s=30)
        assert not world.sink.acknowledged
        await asyncio.to_thread(world.rabbitmq.ctl, *ALARM)
        try:

            async def is_blocked() -> bool:
                return (await operator.broker())["status"] == 503

            await until(is_blocked, within_s=10)
            answers = [await operator.send() for _ in range(20)]
            assert {answer[:2] for answer in answers} == {(500, REFUSED)}
            slowest_s = max(answer[2] for answer in answers)
            assert slowest_s < AT_ONCE_S
            said = await operator.broker()
            assert said == {
                "status": 503,
                "ready": False,
                "reason": "RabbitMQ takes no messages: it is short of memory or disk",
            }
            assert await operator.metric("jasmin_compat_amqp_blocked") == 1
            await asyncio.to_thread(world.gateway.start_daemon, "dlrd")
            await until(lambda: len(world.sink.acknowledged) > 200, within_s=30)
            assert (await operator.broker())["status"] == 503
        finally:
            await asyncio.to_thread(world.rabbitmq.ctl, *ALL_CLEAR)

        async def is_ready() -> bool:
            return (await operator.broker())["status"] == 200

        await until(is_ready, within_s=10)
        accepted = len(world.sent.accepted)
        await until(lambda: len(world.sent.accepted) > accepted + 100, within_s=10)
        sending.cancel()
    await world.settle()
    world.window = books.Window(began, time.monotonic())
    print(f"\n{world.summary()}; refused within {slowest_s * 1000:.0f} ms")
    twice = world.came_twice(TAKEN_LATE)
    request.node.user_properties.extend(row.as_property() for row in twice)
    assert world.never_submitted() == []
    assert world.without_callback(1) == []
    assert world.without_callback(2) == []
    assert world.smsc.untaken == 0
    assert [row for row in twice if not row.is_as_promised] == []

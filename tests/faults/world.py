"""A gateway of real processes, an SMSC, a callback receiver, a sender, and the books of all."""

import asyncio
import contextlib
import itertools
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import aiohttp

from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Connector, Site, User
from tests.faults import books
from tests.faults.sink import Sink
from tests.faults.smsc import Smsc
from tests.services import RabbitMq, Redis

SUCCESS = re.compile(r'Success "([-0-9a-f]{36})"\Z')
RATE_PER_S = 400
SENDERS = 40
ANSWER_S = 20
SETTLED_WITHIN_S = 90
ENOUGH = 200
"""Messages accepted after a fault, to see that it is over."""
BEHIND_S = 1.0
"""Senders that were held up catch up with so much."""
AWAY_S = 4
"""How long a part is away while messages keep coming."""
RECONNECTED_S = 3
"""After a fault: delays before a reconnect, and what was at work."""


def site(smsc_port: int) -> Site:
    """Level-3 traffic with timers short enough for a test; the rest are defaults."""
    connector = Connector(
        "faulty",
        {
            "host": "127.0.0.1",
            "port": str(smsc_port),
            "username": "u",
            "password": "p",
            "submit_throughput": "0",
            "con_loss_delay": "1",
            "con_fail_delay": "1",
            "res_to": "5",
            "requeue_delay": "1",
        },
    )
    return Site(
        name="faults",
        users=(User("fault", "fault"),),
        connectors=(connector,),
        default_route="faulty",
        cfg={
            "dlr-thrower": {"retry_delay": "2", "http_timeout": "3", "max_retries": "20"},
            "amqp-broker": {"connection_loss_retry_delay": "1"},
        },
    )


@dataclass(slots=True)
class Sent:
    """What the sender was told: destination → message id."""

    accepted: dict[str, str] = field(default_factory=dict)
    asked_at: dict[str, float] = field(default_factory=dict)
    refused: dict[str, float] = field(default_factory=dict)
    """When they were."""
    unanswered: dict[str, float] = field(default_factory=dict)
    """Until when an answer was waited for."""
    slowest_s: float = 0.0


@dataclass(slots=True)
class World:
    """Everything of one fault test; `stop` it."""

    gateway: Gateway
    smsc: Smsc
    sink: Sink
    rabbitmq: RabbitMq
    redis: Redis
    sent: Sent = field(default_factory=Sent)
    window: books.Window | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    """Of the messages to come."""
    may_send: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while senders pause."""

    async def start(self) -> None:
        await asyncio.to_thread(self.gateway.start)
        await self._until(lambda: self.smsc.sessions > 0, "a bind", 20)

    async def stop(self) -> None:
        await asyncio.to_thread(self.gateway.stop)
        await self.smsc.close()
        await self.sink.close()

    @contextlib.asynccontextmanager
    async def traffic(self, rate_per_s: float = RATE_PER_S) -> AsyncIterator[None]:
        """Messages at a steady rate as long as this lasts."""
        is_over = asyncio.Event()
        numbers = itertools.takewhile(lambda _: not is_over.is_set(), self.numbers)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.send(numbers, rate_per_s=rate_per_s, behind_s=BEHIND_S))
            try:
                yield
            finally:
                is_over.set()

    async def send(
        self, numbers: Iterable[int], *, rate_per_s: float, behind_s: float = math.inf
    ) -> None:
        """Send at a steady rate, whatever the answers; what is later than `behind_s` is not
        caught up with."""
        coming = iter(numbers)
        self.may_send.set()
        due = time.monotonic()
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as http,
            asyncio.TaskGroup() as senders,
        ):

            async def sender() -> None:
                nonlocal due
                for number in coming:
                    await self.may_send.wait()
                    mine = due = max(due + 1 / rate_per_s, time.monotonic() - behind_s)
                    await asyncio.sleep(max(0.0, mine - time.monotonic()))
                    await self._send(http, number)

            for _ in range(SENDERS):
                senders.create_task(sender())

    async def _send(self, http: aiohttp.ClientSession, number: int) -> None:
        to = f"33{number:09d}"
        arguments = {
            "username": "fault",
            "password": "fault",
            "to": to,
            "content": f"m{number}",
            "dlr": "yes",
            "dlr-level": "3",
            "dlr-method": "GET",
            "dlr-url": f"http://127.0.0.1:{self.sink.port}/dlr",
        }
        began = self.sent.asked_at[to] = time.monotonic()
        try:
            async with http.get(
                f"http://127.0.0.1:{self.gateway.http_port}/send", params=arguments
            ) as answer:
                said = SUCCESS.match(await answer.text())
                if said is not None:
                    self.sent.accepted[to] = said[1]
                else:
                    self.sent.refused[to] = time.monotonic()
        except (aiohttp.ClientError, TimeoutError):
            self.sent.unanswered[to] = time.monotonic()
        self.sent.slowest_s = max(self.sent.slowest_s, time.monotonic() - began)

    # ---- the books

    def never_submitted(self) -> list[str]:
        return [to for to in self.sent.accepted if to not in self.smsc.submits]

    def accepted_after(self) -> int:
        """Messages asked for and accepted when the fault was over."""
        assert self.window is not None
        over_at = self.window.ended - RECONNECTED_S
        return sum(self.sent.asked_at[to] > over_at for to in self.sent.accepted)

    async def goes_on(self) -> None:
        """Return when a good many messages are accepted again. Raises TimeoutError."""
        await self._until(lambda: self.accepted_after() >= ENOUGH, "messages accepted again", 30)
        assert self.window is not None
        ended = max(self.window.ended, time.monotonic())
        self.window = books.Window(self.window.began, ended)

    def without_callback(self, level: int) -> list[str]:
        told = self.sink.acknowledged
        return [to for to, msgid in self.sent.accepted.items() if (msgid, level) not in told]

    def is_settled(self) -> bool:
        return not (
            self.never_submitted()
            or self.without_callback(1)
            or self.without_callback(2)
            or self.smsc.untaken
        )

    async def settle(self) -> None:
        """Until every book is closed, or the bound; the asserts of the test say which was not."""
        try:
            await self._until(self.is_settled, "settlement", SETTLED_WITHIN_S)
        except TimeoutError:
            return

    async def suffer(self, fault: "Fault") -> None:
        """Have it happen, and remember from when to when."""
        began = time.monotonic()
        await fault.happen(self, AWAY_S)
        self.window = books.Window(began, time.monotonic() + RECONNECTED_S)

    def came_twice(self, fault: "Fault") -> list[books.Row]:
        accepted, window = len(self.sent.accepted), self.window
        assert window is not None
        asked_at = self.sent.asked_at
        of_msgid = {msgid: asked_at[to] for to, msgid in self.sent.accepted.items()}
        submits = [(asked_at[to], times) for to, times in self.smsc.submits.items()]
        calls = [  # whose sender got no answer was asked for before the fault
            (of_msgid.get(msgid, window.began), times)
            for (msgid, _), times in self.sink.acknowledged.items()
        ]
        return [
            books.row(fault.name, accepted, what, cause, seen=books.repeats(seen), at=window)
            for what, cause, seen in (
                ("submit_sm", fault.submit_again, submits),
                ("callback", fault.call_again, calls),
            )
        ]

    def summary(self) -> str:
        sent = self.sent
        return (
            f"accepted {len(sent.accepted)}, refused {len(sent.refused)}, "
            f"unanswered {len(sent.unanswered)}, slowest answer {sent.slowest_s:.1f} s; "
            f"submitted {len(self.smsc.submits)}, sessions {self.smsc.sessions}; "
            f"callbacks {len(self.sink.acknowledged)}"
        )

    async def _until(self, look: Callable[[], bool], what: str, within_s: float) -> None:
        end = time.monotonic() + within_s
        while not look():
            if time.monotonic() > end:
                raise TimeoutError(f"no {what} within {within_s} s")
            await asyncio.sleep(0.1)


async def open_world(
    rabbitmq: RabbitMq, redis: Redis, cfg: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> World:
    """Peers listening, gateway not started yet; `cfg` is added to its settings."""
    smsc, sink = Smsc(), Sink()
    await smsc.open()
    await sink.open()
    vhost = f"faults{smsc.port}"
    await asyncio.to_thread(rabbitmq.add_vhosts, vhost)
    wanted = site(smsc.port)
    wanted = replace(
        wanted,
        cfg={
            name: {**wanted.cfg.get(name, {}), **cfg.get(name, {})}
            for name in {**wanted.cfg, **cfg}
        },
    )
    gateway = Gateway(Ours(), wanted, amqp=(rabbitmq.port, vhost), redis=redis.port)
    return World(gateway, smsc, sink, rabbitmq, redis)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, and what the books may show twice because of it (design D9)."""

    name: str
    happen: Callable[[World, float], Awaitable[None]]
    """Given how long what is at fault is to be away, in seconds."""
    submit_again: str = ""
    """Why a submit_sm may come twice; empty: it may not."""
    call_again: str = ""
    """Why a callback may."""

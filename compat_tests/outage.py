"""What became of each message and receipt while the broker, or the way to it, was gone."""

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from compat_tests import sites
from compat_tests.peers import broker, http_client
from compat_tests.waiting import NeverHappened, eventually
from compat_tests.world import World
from tests.services import RabbitMq

RATE_S = 10
DRAIN_S, QUIET_S = 60, 20
AGAIN_S, MORE_S = 30, 10
"""Jasmin connects again after ten seconds."""
SLOW_S = 10
PING_S = 0.5
PATH = "/outage"
QUEUES = ("submit.sm.outage", "DLRLookup-main", "dlr_thrower")


@dataclass(slots=True)
class Account:
    """What became of the messages of one outage."""

    asked: int = 0
    accepted: int = 0
    """Answered `Success` with a message id."""
    odd: int = 0
    """200 with a body that names no message id: Jasmin's `Success "[Failure instance…`."""
    refused: int = 0
    slow: int = 0
    """Answers after more than SLOW_S."""
    submitted: int = 0
    lost: int = 0
    """Accepted (odd ones too), never submitted."""
    submitted_twice: int = 0
    refused_but_submitted: int = 0
    """Refused, because no confirm came in time, and submitted all the same."""
    callbacks_due: int = 0
    """Two for each accepted message."""
    callbacks_made: int = 0
    callbacks_lost: int = 0
    callbacks_twice: int = 0
    receipts_taken: int = 0
    """Answered ESME_ROK; the SMSC sends others again."""
    receipts_lost: int = 0
    """Of those, without the level-2 callback they were to cause."""
    left_in_queues: int = 0
    """Messages that still wait at the end, for a consumer nobody has."""
    queues_consumed: int = 0
    """Of the three of an MT message, at the end, with no daemon started again."""
    pings: int = 0
    """Made from the outage's begin to the last message."""
    pings_answered: int = 0
    first_success_s: float | None = None
    """From the return to the first `Success` with a message id."""
    first_callback_s: float | None = None

    def keep(self, name: str, folder: Path | None) -> None:
        """Show it, and write it for the table of the targets (outage_table.py)."""
        print(name, json.dumps(asdict(self)))
        if folder is not None:
            (folder / f"{name}.json").write_text(json.dumps(asdict(self)))


class Outage:
    """Traffic on one world through one outage."""

    def __init__(self, world: World, server: RabbitMq) -> None:
        self._world, self._server = world, server
        self._account = Account()
        self._numbers = itertools.count()
        self._accepted: dict[str, str] = {}
        """Destination → message id."""
        self._taken: set[str] = set()
        """SMSC ids of receipts answered ESME_ROK."""
        self._reporting, self._began = asyncio.Event(), asyncio.Event()
        self._sent, self._done = asyncio.Event(), asyncio.Event()
        self._returned_at: float | None = None

    async def run(self, course: Callable[["Outage"], Awaitable[None]]) -> Account:
        """Let it take its course, wait until nothing moves any more, and account for it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ping(), name="pings")
            tasks.create_task(self._answer_with_receipts(), name="receipts")
            await course(self)
            self._sent.set()
            await self._drained()
            self._done.set()
            self._reporting.set()
        await self._settle()
        return self._account

    # ---- what a course is made of

    async def send(self, count: int) -> None:
        """So many messages, at the rate, whatever the answers."""
        await self._send(itertools.islice(self._numbers, count))

    @contextlib.asynccontextmanager
    async def traffic(self) -> AsyncIterator[None]:
        """Messages at the rate while the context lasts."""
        over = asyncio.Event()
        numbers = itertools.takewhile(lambda _: not over.is_set(), self._numbers)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send(numbers), name="traffic")
            try:
                yield
            finally:
                over.set()

    async def resumed(self) -> None:
        """After the return: until something is accepted, which may never be, and some more."""
        with contextlib.suppress(NeverHappened):
            await eventually(lambda: self._account.first_success_s is not None, "Success", AGAIN_S)
        await asyncio.sleep(MORE_S)

    def report(self) -> None:
        """The SMSC sends its receipts from now on: for all that was submitted, and will be."""
        self._reporting.set()

    async def told(self) -> None:
        """Wait until every message so far has had its level-1 callback."""
        await self._world.sink.got(PATH, len(self._accepted))

    async def stop_broker(self) -> None:
        self._began.set()
        await asyncio.to_thread(self._server.stop_app)

    async def start_broker(self) -> None:
        await asyncio.to_thread(self._server.start_app)
        self._returned_at = time.monotonic()

    async def drop_connections(self) -> None:
        """All of the gateway's, by the broker; it takes new ones at once."""
        self._began.set()
        said = await asyncio.to_thread(
            self._server.ctl, "close_all_connections", "--global", "outage"
        )
        assert re.search(r"Closed [1-9]\d* connections", said), said
        self._returned_at = time.monotonic()

    # ---- what goes on meanwhile

    async def _send(self, numbers: Iterable[int]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for n in numbers:
                tasks.create_task(self._ask(n), name=f"message {n}")
                await asyncio.sleep(1 / RATE_S)

    async def _ask(self, n: int) -> None:
        account, to = self._account, f"3370000{n:04}"
        arguments: list[tuple[str, str | bytes]] = [
            ("username", sites.ALICE.username),
            ("password", sites.ALICE.password),
            *(("to", to), ("content", f"message {n}"), ("dlr", "yes"), ("dlr-level", "3")),
            *(("dlr-method", "GET"), ("dlr-url", self._world.sink.url(PATH))),
        ]
        asked_at = time.monotonic()
        account.asked += 1
        try:
            response = await self._world.http(http_client.get("/send", arguments))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            account.refused += 1
            return
        finally:
            account.slow += time.monotonic() - asked_at > SLOW_S
        if response.status != 200:
            account.refused += 1
        elif len(response.body) != len('Success ""') + 36:
            account.odd += 1
        else:
            self._accepted[to] = response.text[9:-1]
            self._note_success(asked_at)

    def _note_success(self, asked_at: float) -> None:
        returned_at = self._returned_at
        if returned_at is None or asked_at < returned_at:
            return
        if self._account.first_success_s is None:
            self._account.first_success_s = round(time.monotonic() - returned_at, 1)

    async def _ping(self) -> None:
        await self._began.wait()
        while not self._sent.is_set():
            self._account.pings += 1
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                response = await self._world.get("/ping")
                self._account.pings_answered += response.text == "Jasmin/PONG"
            await asyncio.sleep(PING_S)

    async def _answer_with_receipts(self) -> None:
        """A receipt for each message submitted, sent again until it is taken."""
        await self._reporting.wait()
        reported = 0
        async with asyncio.TaskGroup() as receipts:
            while not self._done.is_set():
                new = self._world.smsc.submitted[reported:]
                reported += len(new)
                for message_id in filter(None, (submitted.message_id for submitted in new)):
                    receipts.create_task(self._report(message_id), name=f"receipt {message_id}")
                await asyncio.sleep(0.2)

    async def _report(self, message_id: str) -> None:
        while not self._done.is_set():
            await asyncio.sleep(0.5)
            with contextlib.suppress(TimeoutError, IndexError):  # no answer, no session
                if (await self._world.smsc.receipt(message_id)).status == 0:
                    self._taken.add(message_id)
                    return

    # ---- the books

    async def _drained(self) -> None:
        """Wait until all that was accepted is done, or nothing has moved for QUIET_S."""
        end, moved, before = time.monotonic() + DRAIN_S, time.monotonic(), (-1, -1)
        while time.monotonic() < min(end, moved + QUIET_S):
            now = (len(self._world.smsc.submitted), len(self._world.sink.calls))
            if now != before:
                moved, before = time.monotonic(), now
            if self._accepted.keys() <= set(self._submits()) and self._due() <= set(self._calls()):
                return
            await asyncio.sleep(0.2)

    def _submits(self) -> list[str]:
        return [submitted.pdu["destination_addr"] for submitted in self._world.smsc.submitted]

    def _calls(self) -> list[tuple[str, str]]:
        return [(c.arguments["id"], c.arguments["level"]) for c in self._world.sink.at(PATH)]

    def _due(self) -> set[tuple[str, str]]:
        return {(msgid, level) for msgid in self._accepted.values() for level in "12"}

    async def _settle(self) -> None:
        account, accepted = self._account, self._accepted
        submitted, calls, due = self._submits(), self._calls(), self._due()
        account.accepted = len(accepted)
        account.submitted = len(set(submitted))
        account.submitted_twice = len(submitted) - len(set(submitted))
        account.refused_but_submitted = len(set(submitted) - accepted.keys())
        account.lost = len(accepted.keys() - set(submitted)) + account.odd
        account.callbacks_due = len(due)
        account.callbacks_made = len(due & set(calls))
        account.callbacks_lost = len(due - set(calls))
        account.callbacks_twice = len(calls) - len(set(calls))
        account.receipts_taken = len(self._taken)
        account.receipts_lost = len(self._untold(set(calls)))
        account.first_callback_s = self._first_callback_s()
        states = [await broker.state(self._world.amqp_url, queue) for queue in QUEUES]
        account.left_in_queues = sum(waiting for waiting, _ in states)
        account.queues_consumed = sum(consumers > 0 for _, consumers in states)

    def _untold(self, calls: set[tuple[str, str]]) -> list[str]:
        """SMSC ids of receipts taken, of accepted messages, without their level-2 callback."""
        return [
            submitted.message_id
            for submitted in self._world.smsc.submitted
            if submitted.message_id in self._taken
            and (msgid := self._accepted.get(submitted.pdu["destination_addr"]))
            and (msgid, "2") not in calls
        ]

    def _first_callback_s(self) -> float | None:
        returned_at = self._returned_at
        assert returned_at is not None
        later = (c.at - returned_at for c in self._world.sink.at(PATH) if c.at > returned_at)
        first = min(later, default=None)
        return None if first is None else round(first, 1)

"""A site whose daemons are Jasmin's and ours, each as the scenario says, on one broker."""

import asyncio
import contextlib
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from compat_tests.mixed.loads import PATH, Books, Receipts
from compat_tests.peers import broker
from compat_tests.peers.sink import Sink
from compat_tests.peers.smsc import Smsc
from compat_tests.sites import ALICE, FAST
from compat_tests.targets.gateway import CONFIG_FILES, Gateway
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Connector, Site
from compat_tests.waiting import asked, eventually
from tests.services import RabbitMq, Redis

CID = "con1"
SUBMITS, LOOKUPS, CALLBACKS = f"submit.sm.{CID}", "DLRLookup-main", "dlr_thrower"
AUTHENTICATED = re.compile(r"(?m)^\S+ \S+ INFO +(\d+) Successfull authentication$")
"""In Jasmin's amqp-client.log; the process that was."""
DURABILITY = re.compile(r"(?m)^durability = .*$")
HELD = "jasmin_compat.held.dlr_smpps"
CONSUMED = {"jasmind": SUBMITS, "dlrlookupd": LOOKUPS, "dlrd": CALLBACKS}
"""By which daemon."""
SETTLED_WITHIN_S = 240
TOOL_S = 60


def site(port: int, durability: str) -> Site:
    """Jasmin's configuration; `durability`, which Jasmin does not look at, is for ours.

    What is tried again waits longer than a scenario takes, for it is moved meanwhile.
    """
    smsc = {"host": "127.0.0.1", "port": str(port), "username": CID, "password": "pw"}
    return Site(
        name="mixed",
        users=(ALICE,),
        connectors=(Connector(CID, {**smsc, **FAST}),),
        default_route=CID,
        cfg={
            "amqp-broker": {"durability": durability},
            "sm-listener": {
                "submit_retrial_delay_smppc_not_ready": "1",
                "submit_error_retrial": str({"ESME_RTHROTTLED": {"count": 3, "delay": 300}}),
            },
            "dlr": {"dlr_lookup_retry_delay": "3"},
            "dlr-thrower": {"retry_delay": "60", "http_timeout": "120"},
        },
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    scenario: str
    accepted: int
    submitted: int
    due: int
    made: int
    twice: int


@dataclass(slots=True)
class MixedSite:
    """Running daemons and their peers."""

    gateway: Gateway
    smsc: Smsc
    sink: Sink
    receipts: Receipts
    books: Books
    amqp_url: str
    ours: Ours

    async def send(self, count: int, *, path: str = PATH) -> None:
        await self.books.send(self.gateway.http_port, count, path)

    async def swap(self, *daemons: str, to_ours: bool) -> None:
        """Stop these, start those of the other gateway, wait until they consume."""
        await self.stop(*daemons)
        await self.start(*daemons, by_ours=to_ours)

    async def stop(self, *daemons: str) -> None:
        """SIGTERM; each must end by itself."""
        for daemon in daemons:
            status = await asyncio.to_thread(self.gateway.end_daemon, daemon, signal.SIGTERM)
            assert status != -signal.SIGKILL, f"{daemon} had to be killed"

    async def start(self, *daemons: str, by_ours: bool) -> None:
        for daemon in daemons:
            self.gateway.run_by(daemon, self.ours if by_ours else self.gateway.target)
            await asyncio.to_thread(self.gateway.start_daemon, daemon)
        await broker.until_consumed(self.amqp_url, [CONSUMED[daemon] for daemon in daemons])

    async def tool(self, *arguments: str) -> str:
        """`jasmin-compat …` as the operator runs it; its output."""
        done = await asyncio.to_thread(
            subprocess.run,
            [
                str(self.ours.executable("jasmin-compat", self.gateway.folder)),
                *arguments,
                *("-c", str(self.gateway.folder / "etc" / CONFIG_FILES["jasmind"])),
            ],
            env=self.gateway.environment(self.ours),
            capture_output=True,
            text=True,
            timeout=TOOL_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def migrate_broker(self, durability: str) -> str:
        """With every daemon stopped; the setting stays."""
        for name in CONFIG_FILES.values():
            path = self.gateway.folder / "etc" / name
            path.write_text(DURABILITY.sub(f"durability = {durability}", path.read_text()))
        return await self.tool("migrate-broker", "--apply")

    async def depth(self, queue: str) -> int:
        return await broker.ready(self.amqp_url, queue)

    async def are_in(self, queue: str, count: int, within_s: float = SETTLED_WITHIN_S) -> None:
        """Wait until so many messages wait in it."""

        async def are() -> bool:
            return await self.depth(queue) == count

        await asked(are, f"{count} messages in {queue}", within_s)

    async def until(self, levels: str) -> None:
        """Wait until every message was submitted and has its callbacks of these levels."""
        books = self.books

        async def is_settled() -> bool:
            await asyncio.sleep(0.3)
            return books.submitted() == len(books.accepted) and books.due(levels) <= set(
                books.made()
            )

        with contextlib.suppress(AssertionError):  # the books say what is missing
            await asked(is_settled, "settlement", SETTLED_WITHIN_S)

    async def has_accepted(self, count: int) -> bool:
        return len(self.books.accepted) >= count

    def reconnects(self) -> int:
        """How often Jasmin's daemons lost the broker: their AMQP library drops the connection when
        it meets a header it cannot read."""
        logins = AUTHENTICATED.findall(self.gateway.log("amqp-client.log"))
        assert logins
        return len(logins) - len(set(logins))

    def row(self, scenario: str) -> Row:
        """Raises AssertionError: a callback came that was not due."""
        books = self.books
        due, made = books.due(), books.made()
        assert set(made) <= due, f"not due: {sorted(set(made) - due)[:3]}"
        return Row(
            scenario,
            accepted=len(books.accepted),
            submitted=books.submitted(),
            due=2 * len(books.accepted),
            made=len(made),
            twice=len(books.repeats()),
        )


@contextlib.asynccontextmanager
async def opened(
    rabbitmq: RabbitMq,
    ours: Ours,
    vhost: str,
    *,
    by_ours: Iterable[str] = (),
    durability: str = "jasmin",
) -> AsyncIterator[MixedSite]:
    """Configured, with these daemons ours, bound, and everything consumed."""
    smsc, sink, redis = Smsc(), Sink(), Redis("--appendonly", "no")
    await asyncio.to_thread(rabbitmq.add_vhosts, vhost)
    gateway: Gateway | None = None
    try:
        await smsc.open()
        await sink.open()
        redis.start()
        gateway = Gateway(
            Jasmin(), site(smsc.port, durability), amqp=(rabbitmq.port, vhost), redis=redis.port
        )
        for daemon in by_ours:
            gateway.run_by(daemon, ours)
        await eventually(lambda: gateway.start() or True, "start", within_s=120)
        url = f"{rabbitmq.url}{quote(vhost, safe='')}"
        await broker.until_consumed(url, list(CONSUMED.values()))
        await smsc.is_bound(CID)
        receipts = Receipts(smsc)
        async with receipts.running():
            yield MixedSite(gateway, smsc, sink, receipts, Books(smsc, sink), url, ours)
    except BaseException as error:
        if gateway is not None:
            error.add_note(gateway.ends_of_logs())
        raise
    finally:
        if gateway is not None:
            await eventually(lambda: gateway.stop() or True, "stop", within_s=60)
            shutil.rmtree(gateway.folder, ignore_errors=True)
        await sink.close()
        await smsc.close()
        redis.close()

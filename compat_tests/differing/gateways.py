"""Two gateways configured alike, each with its own SMSC, and what each makes of a request."""

import asyncio
import contextlib
import itertools
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from compat_tests import sites
from compat_tests.differing.requests import QUOTAS, Request
from compat_tests.peers import http_client
from compat_tests.peers.http_client import Response
from compat_tests.peers.smsc import Smsc, Submitted
from compat_tests.targets.console import Console
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.waiting import NeverHappened
from tests import golden
from tests.services import RabbitMq, Redis

ANSWER_S = 5.0
SENT_S = 5.0
"""How long a submit_sm may take."""
CONNECTORS = {"1": "con1", "2": "con2", "8": "con4"}
"""By the first digit of a destination; what else is routed goes through con1."""
UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ABSOLUTE_TIME = re.compile(rb"\x00\d{13}00\+(?=\x00)")
UDH = b"\x05\x00\x03"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request was answered, and the submit_sm it caused, without what varies."""

    status_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    submits: tuple[bytes, ...]

    @property
    def status(self) -> int:
        return int(self.status_line.split(" ")[1]) if self.status_line else 0

    def __str__(self) -> str:
        if not self.status_line:
            return self.body.decode() or "no answer"
        shown = ", ".join(f"{name}: {value}" for name, value in self.headers)
        sent = "".join(f"\n      {octets.hex(' ', 4)}" for octets in self.submits)
        return f"{self.status_line} [{shown}] {self.body!r}{sent}"


NO_ANSWER = Seen("", (), b"", ())
CLOSED = replace(NO_ANSWER, body=b"closed")


class Side:
    """One gateway with its SMSC."""

    def __init__(self, gateway: Gateway, smsc: Smsc) -> None:
        self.gateway, self.smsc = gateway, smsc
        self.console = Console(gateway.console_port)
        self._markers = itertools.count(1)

    async def ask(self, request: Request) -> Seen:
        """Make the request and wait until all it caused has reached the SMSC."""
        self.smsc.submitted.clear()
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await self._exchange(request.octets)
        except TimeoutError:
            return NO_ANSWER
        except (asyncio.IncompleteReadError, ConnectionError):
            return CLOSED
        if request.path == "/send" and response.status == 200:
            await self._until_sent(request)
        return _seen(response, self.smsc.submitted)

    async def _exchange(self, octets: bytes) -> Response:
        return await http_client.exchange("127.0.0.1", self.gateway.http_port, octets)

    async def _until_sent(self, request: Request) -> None:
        """A message that follows through the same connector has arrived, and all segments."""
        to = str(request.of("to"))
        if to.startswith("3"):
            return  # nobody takes these
        first = {"1", to[:1]} & CONNECTORS.keys()
        for digit in first:
            text = f"marker {next(self._markers)}"
            target = (
                f"/send?username=full&password=pwd&to={digit}999&content={text.replace(' ', '+')}"
            )
            assert (await self._exchange(http_client.request("GET", target))).status == 200
            await self.smsc.bell.until(
                lambda text=text: text.encode() in self._texts(), text, SENT_S
            )
        await self.smsc.bell.until(self._is_whole, "all segments", SENT_S)

    def _texts(self) -> set[bytes]:
        return {submitted.pdu["short_message"] for submitted in self.smsc.submitted}

    def _is_whole(self) -> bool:
        """Of each long message there are as many segments as its first says."""
        parts = [p.pdu["short_message"] for p in _messages(self.smsc.submitted)]
        long = [text for text in parts if text.startswith(UDH)]
        return not long or len(long) >= long[0][4]

    def reset(self, usernames: set[str]) -> None:
        """Give these users the quotas they began with."""
        for username in sorted(usernames & QUOTAS.keys()):
            self.console.line(f"user -u {username}")
            for quota in QUOTAS[username]:
                self.console.line(f"mt_messaging_cred quota {quota}")
            self.console.line("ok")


def _messages(submitted: list[Submitted]) -> list[Submitted]:
    return [s for s in submitted if not s.pdu["short_message"].startswith(b"marker ")]


def _seen(response: Response, submitted: list[Submitted]) -> Seen:
    varies = ("Server", "Date")
    sent = sorted((masked(s.pdu.raw) for s in _messages(submitted)), key=_place)
    return Seen(
        response.status_line,
        tuple((name, value) for name, value in response.headers if name not in varies),
        UUID.sub(b"<UUID>", response.body),
        tuple(sent),
    )


def _place(octets: bytes) -> int:
    """Of a segment in its message."""
    start = octets.find(UDH + b"?")
    return octets[start + 5] if start > 0 else 0


def masked(octets: bytes) -> bytes:
    """A submit_sm without sequence number, segment reference and absolute times of its own."""
    octets = octets[:12] + b"----" + octets[16:]
    octets = re.sub(rb"(?s)\x05\x00\x03.(?=[\x02-\x05][\x01-\x05])", UDH + b"?", octets)
    return ABSOLUTE_TIME.sub(b"\0<time>", octets)


class Pair:
    """Both sides; every request goes to both."""

    def __init__(self, first: Side, second: Side) -> None:
        self.sides = (first, second)

    async def ask(self, request: Request) -> tuple[Seen, Seen]:
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(side.ask(request)) for side in self.sides]
        return asked[0].result(), asked[1].result()

    async def reset(self, usernames: set[str]) -> None:
        for side in self.sides:
            await asyncio.to_thread(side.reset, usernames)


def provisioning(smsc_port: int) -> Iterator[str]:
    """As for the recording, but for what 0.11.0 has not, and a route that breaks it (Q89)."""
    for line in golden.load("http_api")["provisioning_jcli"]:
        if not line.startswith("custom_tlvs "):
            yield line.replace("port 27750", f"port {smsc_port}").replace(
                "quota http_throughput 1", "quota http_throughput 0.0001"
            )
    yield "mtrouter -r 5"


@contextlib.asynccontextmanager
async def side(target: Target, broker: RabbitMq, vhost: str) -> AsyncIterator[Side]:
    """A gateway, provisioned and bound."""
    async with AsyncExitStack() as stack:
        smsc, redis = Smsc(), Redis("--appendonly", "no")
        await smsc.open()
        stack.push_async_callback(smsc.close)
        redis.start()
        stack.callback(redis.close)
        at_once = {"http-api": {"login_longest_delay_s": "0"}}  # of ours; Jasmin has none
        site = replace(sites.console(0), flags=(), cfg=at_once)
        gateway = Gateway(target, site, amqp=(broker.port, vhost), redis=redis.port)
        stack.callback(shutil.rmtree, gateway.folder, ignore_errors=True)
        stack.push_async_callback(asyncio.to_thread, gateway.stop)
        await asyncio.to_thread(gateway.start)
        made = await asyncio.to_thread(Side, gateway, smsc)
        stack.callback(made.console.close)
        for line in provisioning(smsc.port):
            await asyncio.to_thread(made.console.line, line)
        for system_id in ("smppuser", "smppuser2", "smppuser4"):
            await smsc.is_bound(system_id)
        await _throttled(made)
        yield made


async def _throttled(made: Side) -> None:
    """From now on the user with a throughput is too fast for hours."""
    query = (("username", "q_thr"), ("password", "pwd"), ("to", "15550001"), ("content", "first"))
    await made.ask(Request("GET", "/send", "query", query))


__all__ = ["CLOSED", "NO_ANSWER", "NeverHappened", "Pair", "Seen", "Side", "masked", "side"]

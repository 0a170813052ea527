"""A listening REST API on memory adapters, over the real /send or a scripted one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jasmin_compat.gateway.batches import BatchMessage
from jasmin_compat.gateway.site import Site
from jasmin_compat.servers.http.answers import Answer
from jasmin_compat.servers.http.connections import HttpPolicy, listen
from jasmin_compat.servers.http.login_delay import LoginDelay, LoginPolicy
from jasmin_compat.servers.http.params import Arguments
from jasmin_compat.servers.rest.app import Resources, RestApi
from jasmin_compat.servers.rest.batches import BatchLimits
from jasmin_compat.servers.rest.sendbatch import BatchPorts, SendBatch
from jasmin_compat.wire.amqp_names import BATCH_MESSAGES
from jasmin_compat.wire.batch_messages import read_batch_message
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeClock
from tests.http_client import HttpAnswer, ask
from tests.servers.http.api import RecordingQueues

BATCH_ID = "5f0a3a9e-3a5c-4f0e-8b67-2f6c9d1f4a01"
LOGIN = "Authorization: Basic ZnVsbDpwd2Q=\r\n"
"""full, pwd"""


@dataclass
class Script:
    """What the HTTP API's resources answer, and were asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Arguments]] = field(default_factory=list)
    instead: Callable[[Arguments], Awaitable[Answer]] | None = None
    """Instead of /send and /rate."""

    def resource(self, name: str) -> Callable[[Arguments], Awaitable[Answer]]:
        async def answer(arguments: Arguments) -> Answer:
            if self.instead is not None:
                return await self.instead(arguments)
            return self.answer(name, arguments)

        return answer

    def answer(self, name: str, arguments: Arguments) -> Answer:
        self.asked.append((name, arguments))
        return self.answers.get(name, Answer(status=200, body=b"{}"))

    def balance(self, arguments: Arguments) -> Answer:
        return self.answer("balance", arguments)


@dataclass
class RunningRest:
    """The parts a test looks at."""

    port: int
    script: Script
    queues: RecordingQueues
    clock: FakeClock

    @property
    def batch(self) -> list[BatchMessage]:
        """What was queued, as its consumer reads it."""
        return [read_batch_message(message) for message in self.queues.published]

    async def ask(
        self, method: str, target: str, body: bytes = b"", *, headers: str = LOGIN
    ) -> HttpAnswer:
        head = f"{method} {target} HTTP/1.1\r\nHost: gw\r\n{headers}"
        if body or method == "POST":
            head += f"Content-Length: {len(body)}\r\n"
        return await ask(self.port, head.encode("latin-1") + b"\r\n" + body)


@asynccontextmanager
async def running_rest(
    site: Site | None = None,
    *,
    policy: HttpPolicy | None = None,
    limits: BatchLimits | None = None,
    now: datetime = NOW,
    **options: Any,
) -> AsyncIterator[RunningRest]:
    clock, script = FakeClock(), Script()
    queues = RecordingQueues(clock=clock)
    await queues.declare([BATCH_MESSAGES])
    ports = BatchPorts(
        balance=script.balance,
        site=lambda: site or builders.site(),
        queues=queues,
        unix=clock.unix,
        local_now=lambda: now,
        new_batch_id=lambda: BATCH_ID,
    )
    resources = Resources(
        send=script.resource("send"),
        rate=script.resource("rate"),
        balance=script.balance,
        sendbatch=SendBatch(ports, limits or BatchLimits()),
        logins=LoginDelay(LoginPolicy(free=options.get("free_logins", 10)), clock),
        log_privacy=options.get("log_privacy", False),
    )
    api = RestApi(
        resources,
        policy=policy or HttpPolicy(),
        unix=clock.unix,
        powered_by=options.get("powered_by", "Jasmin 0.11.1"),
    )
    listener = await listen(api.server, "127.0.0.1", 0)
    try:
        yield RunningRest(listener.port, script, queues, clock)
    finally:
        await listener.close(1)

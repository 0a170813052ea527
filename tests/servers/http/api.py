"""A listening HTTP API on memory adapters, and what it queued."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.flows.mt import MtPorts
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import ConnectorId, MsgId, QueuedSubmit
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import Binding
from jasmin_compat.runtime.current import Current
from jasmin_compat.servers.http.app import HttpApi, Resources
from jasmin_compat.servers.http.balance import Balance
from jasmin_compat.servers.http.connections import HttpPolicy, Listener, listen
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.http.login_delay import LoginDelay, LoginPolicy
from jasmin_compat.servers.http.metrics import Connectors, Metrics
from jasmin_compat.servers.http.rate import Rate
from jasmin_compat.servers.http.send import Send, SendPolicy
from jasmin_compat.smpp.split import LongContent
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding
from jasmin_compat.wire.submit_messages import read_submit
from tests import builders
from tests.builders import CID, NOW
from tests.fakes import FakeClock, FakeScripts


class RecordingQueues(MemoryQueues):
    """Memory queues that remember what was given to them."""

    def __init__(self, *, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.published: list[QueueMessage] = []

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        self.published.append(message)
        await super().publish(message, mandatory=mandatory)


@dataclass
class RunningApi:
    """The parts a test looks at."""

    port: int
    listener: Listener
    api: HttpApi
    queues: RecordingQueues
    store: MemoryStore
    site: Current[Site]
    quotas: MemoryQuotas

    @property
    def queued(self) -> list[QueuedSubmit]:
        """What was published, as a connector reads it."""
        return [read_submit(message) for message in self.queues.published]


@asynccontextmanager
async def running_api(
    site: Site | None = None,
    *,
    policy: HttpPolicy | None = None,
    log_privacy: bool = False,
    long_content: LongContent | None = None,
    bindings: tuple[Binding, ...] = (submit_binding(CID), submit_binding("con2")),
    is_bound: Callable[[ConnectorId], bool] = lambda _cid: True,
    connectors: Connectors = dict,
    logins: LoginDelay | None = None,
) -> AsyncIterator[RunningApi]:
    clock = FakeClock()
    policy, long_content = policy or HttpPolicy(), long_content or LongContent()
    queues = RecordingQueues(clock=clock)
    store = MemoryStore(policy=DlrPolicy(), clock=clock)
    await queues.declare(bindings)
    current = Current(site or builders.site())
    numbers = count(1)

    quotas = MemoryQuotas()
    ports = MtPorts(
        outlook=builders.outlook(is_bound=is_bound),
        site=current,
        queues=queues,
        store=store,
        quotas=quotas,
        scripts=FakeScripts(),
        monotonic=clock.monotonic,
        new_msgid=lambda _routable, _cid: MsgId(f"00000000-0000-4000-8000-{next(numbers):012}"),
        local_now=lambda: NOW,
        new_bid=lambda: "11111111-1111-4111-8111-111111111111",
    )
    tally = HttpTally(unix=clock.unix)
    send = Send(
        ports=ports,
        policy=SendPolicy(
            long_content=long_content,
            log_privacy=log_privacy,
            body_timeout_s=policy.request_timeout_s,
        ),
        tally=tally,
    )
    resources = Resources(
        send=send,
        rate=Rate(ports=ports, policy=send.policy, tally=tally),
        balance=Balance(site=current, quotas=quotas, tally=tally),
        tally=tally,
        logins=logins or LoginDelay(LoginPolicy(), clock),
    )
    metrics = Metrics(http=tally.counts, connectors=connectors)
    api = HttpApi(resources, metrics=metrics, policy=policy, unix=clock.unix)
    listener = await listen(api.server, "127.0.0.1", 0)
    try:
        yield RunningApi(listener.port, listener, api, queues, store, current, quotas)
    finally:
        await listener.close(1)

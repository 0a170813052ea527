"""A listening HTTP API on memory adapters, and what it queued."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.flows.mt import MtPorts
from jasmin_compat.gateway.directory import Directory
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import MsgId, QueuedSubmit
from jasmin_compat.ports import Binding
from jasmin_compat.runtime.current import Current
from jasmin_compat.servers.http.app import HttpApi
from jasmin_compat.servers.http.connections import HttpPolicy, Listener, listen
from jasmin_compat.servers.http.send import Send, SendPolicy
from jasmin_compat.smpp.split import LongContent
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding, submit_key
from tests import builders
from tests.builders import CID, NOW
from tests.fakes import FakeClock


@dataclass
class RunningApi:
    """The parts a test looks at."""

    port: int
    listener: Listener
    api: HttpApi
    queues: MemoryQueues
    store: MemoryStore
    directory: Current[Directory]
    queued: list[QueuedSubmit] = field(default_factory=list)


@asynccontextmanager
async def running_api(
    directory: Directory | None = None,
    *,
    policy: HttpPolicy | None = None,
    log_privacy: bool = False,
    bindings: tuple[Binding, ...] = (submit_binding(CID), submit_binding("con2")),
) -> AsyncIterator[RunningApi]:
    clock = FakeClock()
    policy = policy or HttpPolicy()
    queues = MemoryQueues(clock=clock)
    store = MemoryStore(policy=DlrPolicy(), clock=clock)
    await queues.declare(bindings)
    current = Current(directory or builders.directory())
    queued: list[QueuedSubmit] = []
    numbers = count(1)

    def write(submit: QueuedSubmit) -> QueueMessage:
        queued.append(submit)
        return QueueMessage(
            exchange="messaging",
            routing_key=submit_key(submit.cid),
            body=b"",
            message_id=submit.msgid,
        )

    ports = MtPorts(
        directory=current,
        queues=queues,
        store=store,
        new_msgid=lambda _routable, _cid: MsgId(f"00000000-0000-4000-8000-{next(numbers):012}"),
        local_now=lambda: NOW,
        write_submit=write,
    )
    send = Send(
        ports=ports,
        policy=SendPolicy(
            long_content=LongContent(),
            log_privacy=log_privacy,
            body_timeout_s=policy.request_timeout_s,
        ),
        unix=clock.unix,
    )
    api = HttpApi(send, policy=policy, unix=clock.unix)
    listener = await listen(api.server, "127.0.0.1", 0)
    try:
        yield RunningApi(listener.port, listener, api, queues, store, current, queued)
    finally:
        await listener.close(1)

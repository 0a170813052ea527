"""The world of a chaos run: a gateway whose broker and Redis are behind things that break."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Site
from tests.chaos import plan
from tests.chaos.redis_pair import RestlessPair
from tests.chaos.wire import Wire
from tests.faults.sink import Sink
from tests.faults.smsc import Smsc
from tests.faults.world import World, site
from tests.services import RabbitMq, free_port

CONSUMED = ("submit.sm.", "DLRLookup-", "dlr_thrower")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run."""

    seed: int
    rate_per_s: float
    minutes: float | None = None
    """Of faults; None: each kind once."""
    pace: plan.Pace = plan.LONG
    warm_s: float = 60.0

    @property
    def is_short(self) -> bool:
        return self.minutes is None


@dataclass(slots=True, kw_only=True)
class ChaosWorld(World):
    """A world whose Redis has a replica, and whose broker is reached through a wire of ours."""

    pair: RestlessPair
    wire: Wire
    _open: dict[str, str] = field(default_factory=dict)
    """Accepted messages that may not be done: destination → message id."""
    _looked_at: int = 0
    """Accepted messages that were looked at."""

    def still_open(self) -> int:
        """Messages whose way is not over, and receipts nobody has taken."""
        accepted, told = self.sent.accepted, self.sink.acknowledged
        self._open.update(itertools.islice(accepted.items(), self._looked_at, None))
        self._looked_at = len(accepted)
        self._open = {
            to: msgid
            for to, msgid in self._open.items()
            if not (to in self.smsc.submits and (msgid, 1) in told and (msgid, 2) in told)
        }
        return len(self._open) + self.smsc.receipts_due - len(self.smsc.receipts_taken)

    async def depths(self) -> Mapping[str, int]:
        """Queues with messages in them, delivered or not."""
        if await asyncio.to_thread(self._messages_in_queues) == 0:
            return {}
        depths = await self._queues("messages")
        return {name: number for name, number in depths.items() if number}

    async def consumed(self) -> list[str]:
        """The queues of the path of a message."""
        consumers = await self._queues("consumers")
        return sorted(name for name, n in consumers.items() if n and name.startswith(CONSUMED))

    def _messages_in_queues(self) -> int:
        vhost = self.gateway.vhost
        each = f'[M || [{{_, M}}] <- rabbit_amqqueue:info_all(<<"{vhost}">>, [messages])]'
        return int(self.rabbitmq.eval(f"lists:sum({each})"))

    async def _queues(self, column: str) -> dict[str, int]:
        words = ("list_queues", "-p", self.gateway.vhost, "--no-table-headers", "name", column)
        listing = await asyncio.to_thread(self.rabbitmq.ctl, *words)
        lines = [line.split("\t") for line in listing.splitlines() if line.strip()]
        return {name: int(number) for name, number in lines}


@contextlib.asynccontextmanager
async def open_chaos_world(rabbitmq: RabbitMq, options: Options) -> AsyncIterator[ChaosWorld]:
    """Peers, Redis and the gateway, all started."""
    smsc, sink, pair, wire = Smsc(), Sink(), RestlessPair(), Wire(rabbitmq.port)
    async with contextlib.AsyncExitStack() as opened:
        opened.callback(pair.close)
        await asyncio.to_thread(pair.start)
        for peer in (smsc, sink, wire):
            await peer.open()
            opened.push_async_callback(peer.close)
        vhost = f"chaos{smsc.port}"
        await asyncio.to_thread(rabbitmq.add_vhosts, vhost)
        wanted = chaos_site(smsc, pair, options)
        gateway = Gateway(Ours(), wanted, amqp=(wire.port, vhost), redis=free_port())
        world = ChaosWorld(
            gateway=gateway,
            smsc=smsc,
            sink=sink,
            rabbitmq=rabbitmq,
            redis=pair.master,
            pair=pair,
            wire=wire,
        )
        opened.push_async_callback(world.stop)
        await world.start()
        yield world


def chaos_site(smsc: Smsc, pair: RestlessPair, options: Options) -> Site:
    """That of the other fault tests, with what notices a black hole, and Redis by its Sentinel."""
    wanted = site(smsc.port)
    cfg = {name: dict(keys) for name, keys in wanted.cfg.items()}
    cfg["amqp-broker"] |= {"connection_failure_retry_delay": "1", "heartbeat": "5"}
    cfg["smpp-client"] = {"window": "100"}  # an answer takes its time on a busy machine
    cfg["redis-client"] = {"sentinels": f"127.0.0.1:{pair.sentinel.port}", "wait_replicas": "1"}
    if options.is_short:
        cfg["dlr"] = {"receipt_retry_delays_s": "1,2,5"}
    # Whoever is starved answers late; that is no fault of the plan.
    connectors = tuple(replace(c, keys={**c.keys, "res_to": "30"}) for c in wanted.connectors)
    return replace(wanted, name="chaos", cfg=cfg, connectors=connectors)

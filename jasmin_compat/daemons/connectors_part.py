"""The part that keeps SMPP client connectors bound, sends their queues, takes what SMSCs send."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from jasmin_compat.daemons.frame import Frame
from jasmin_compat.daemons.log_specs import connector_log_spec
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import consume_policy, fleet_policy, submit_policy
from jasmin_compat.flows.connector_queue import ConnectorQueue
from jasmin_compat.flows.fleet import Fleet
from jasmin_compat.flows.mo import Inbound, InboundPorts
from jasmin_compat.flows.submit import SubmitPorts, Submits
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import ConnectorId, MsgId
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import Queues, Quotas, Scripts, Store
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.servers.measures import Measured
from jasmin_compat.smpp_io.client import ConnectorCounts, MakeLink, SmppClient, plain_link
from jasmin_compat.smpp_io.wire_log import WireLoggedLink, log_to_stderr
from jasmin_compat.wire.amqp_names import lookup_binding, submit_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the parts of a gateway share: the HTTP API reaches the same, but for the counts."""

    site: Callable[[], Site]
    queues: Queues
    store: Store
    quotas: Quotas
    scripts: Scripts
    intercepts: bool = True
    ids: MsgIds
    lookup_pid: str
    counts: dict[ConnectorId, ConnectorCounts] = field(default_factory=dict)
    """Since the process started, stops and starts of the connector between. Of one that runs, its
    BoundConnector brings them up to date."""


def make_fleet(frame: Frame, reach: Reach) -> "Fleet[BoundConnector]":
    """For connectors_part to run."""

    def build(connector: Callable[[], SmppConnector]) -> BoundConnector:
        return BoundConnector(frame, reach, connector)

    fleet = Fleet(reach.site, build, queues=reach.queues, policy=fleet_policy(frame.settings))
    frame.sources.append(lambda: [m for one in fleet.running() for m in one.measured()])
    frame.queues.append(lambda: [submit_key(cid) for cid in reach.site().connectors])
    return fleet


def counted(fleet: "Fleet[BoundConnector]", reach: Reach) -> dict[ConnectorId, ConnectorCounts]:
    """Of every connector of the site, in its order, whether it runs or not."""
    numbers = {}
    for cid in reach.site().connectors:
        running = fleet.running_as(cid)
        known = running.counted() if running is not None else reach.counts.get(cid)
        numbers[cid] = known or ConnectorCounts()
    return numbers


def connectors_part(fleet: "Fleet[BoundConnector]", reach: Reach) -> Part:
    """Runs the connectors that the site starts; the others only get their queues."""

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await reach.queues.declare([lookup_binding(reach.lookup_pid)])
        await fleet.run(stop, started)

    return Part("SMPPClientManagerPB", run)


def _link_maker(frame: Frame) -> MakeLink:
    if not frame.settings.logging.wire:
        return plain_link
    log_to_stderr()
    return partial(WireLoggedLink, log_privacy=frame.settings.sm_listener.log_privacy)


class BoundConnector:
    """One connector, all its parts, from its start to its stop."""

    def __init__(self, frame: Frame, reach: Reach, connector: Callable[[], SmppConnector]) -> None:
        keys = connector()
        frame.logs.add(connector_log_spec(keys, frame.read))
        policy = submit_policy(frame.settings)
        self._inbound = Inbound(
            InboundPorts(
                connector=connector,
                queues=reach.queues,
                store=reach.store,
                new_msgid=lambda cid: MsgId(reach.ids.of_deliver(cid=cid)),
                local_now=frame.clock.local_now,
            ),
            log_privacy=policy.log_privacy,
        )
        self._link = SmppClient(
            connector,
            self._inbound,
            clock=frame.clock,
            random=random.random,
            make_link=_link_maker(frame),
        )
        self._link.counts = reach.counts.setdefault(keys.cid, self._link.counts)
        ports = SubmitPorts(
            link=self._link,
            connector=connector,
            queues=reach.queues,
            store=reach.store,
            clock=frame.clock,
            local_now=frame.clock.local_now,
        )
        self._submits = Submits(ports, policy)
        self._queue = ConnectorQueue(
            self._submits, ports, policy, consume_policy=consume_policy(frame.settings)
        )

    @property
    def session(self) -> str:
        return self._link.session_state.value

    async def run(self, stop: asyncio.Event) -> None:
        """Bound until `stop`; then its queue is drained before it unbinds."""
        leave = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run(leave), name=f"smpp client {self._link.cid}")
            await self._queue.run(stop)
            leave.set()

    def use_connector(self) -> None:
        self._link.use_connector()

    def counted(self) -> ConnectorCounts:
        return self._link.counted()

    def measured(self) -> list[Measured]:
        cid = str(self._link.cid)
        labels = {"cid": cid}
        return [
            Measured(prefix="smppc", counts=self.counted(), labels=labels),
            Measured(prefix="submit", counts=self._submits.counts, labels=labels),
            Measured(prefix="inbound", counts=self._inbound.counts, labels=labels),
            Measured(
                prefix="consumer", counts=self._queue.counts, labels={"queue": f"submit.sm.{cid}"}
            ),
        ]

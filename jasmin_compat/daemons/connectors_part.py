"""The part that keeps SMPP client connectors bound, sends their queues, takes what SMSCs send."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from jasmin_compat.daemons.frame import Frame
from jasmin_compat.daemons.log_specs import connector_log_spec
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import consume_policy, submit_policy
from jasmin_compat.flows.connector_queue import ConnectorQueue
from jasmin_compat.flows.mo import Inbound, InboundPorts
from jasmin_compat.flows.submit import SubmitPorts, Submits
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import ConnectorId, MsgId
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import Queues, Store
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.servers.measures import Measured
from jasmin_compat.smpp_io.client import SmppClient
from jasmin_compat.wire.amqp_names import lookup_binding, submit_binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What connectors reach."""

    site: Callable[[], Site]
    queues: Queues
    store: Store
    ids: MsgIds
    lookup_pid: str


def connectors_part(frame: Frame, site: Site, reach: Reach) -> Part:
    """Runs the connectors that the site starts; the others only get their queues."""

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        cids = site.connectors
        bindings = [submit_binding(cid) for cid in cids]
        await reach.queues.declare([*bindings, lookup_binding(reach.lookup_pid)])
        started()
        async with asyncio.TaskGroup() as tasks:
            for cid in site.started:
                tasks.create_task(_run_connector(frame, cid, reach, stop), name=f"connector {cid}")

    return Part("SMPPClientManagerPB", run)


async def _run_connector(frame: Frame, cid: ConnectorId, reach: Reach, stop: asyncio.Event) -> None:
    """Bound until `stop`; then its queue is drained before it unbinds."""

    def connector() -> SmppConnector:
        return reach.site().connectors[cid]

    frame.logs.add(connector_log_spec(connector(), frame.read))
    policy = submit_policy(frame.settings)
    inbound_ports = InboundPorts(
        connector=connector,
        queues=reach.queues,
        store=reach.store,
        new_msgid=lambda cid: MsgId(reach.ids.of_deliver(cid=cid)),
        local_now=frame.clock.local_now,
    )
    inbound = Inbound(inbound_ports, log_privacy=policy.log_privacy)
    link = SmppClient(connector, inbound, clock=frame.clock, random=random.random)
    ports = SubmitPorts(
        link=link,
        connector=connector,
        queues=reach.queues,
        store=reach.store,
        clock=frame.clock,
        local_now=frame.clock.local_now,
    )
    submits = Submits(ports, policy)
    queue = ConnectorQueue(submits, ports, policy, consume_policy=consume_policy(frame.settings))
    labels = {"cid": str(cid)}
    frame.sources.append(
        lambda: [
            Measured(prefix="smppc", counts=link.counts, labels=labels),
            Measured(prefix="submit", counts=submits.counts, labels=labels),
            Measured(prefix="inbound", counts=inbound.counts, labels=labels),
            Measured(prefix="consumer", counts=queue.counts, labels={"queue": f"submit.sm.{cid}"}),
        ]
    )
    leave = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(link.run(leave), name=f"smpp client {cid}")
        await queue.run(stop)
        leave.set()

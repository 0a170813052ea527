"""The part that charges late bills, and keeps MO messages until they can be routed.

No route leads anywhere yet, so they wait in RouterPB_deliver_sm_all, where Jasmin's router looks
for them, instead of being dropped as Jasmin drops what no route takes (W-MO-04).
"""

import asyncio
import logging
from collections.abc import Callable

from jasmin_compat.daemons.frame import Frame
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import consume_policy
from jasmin_compat.flows.consume import Source, consume
from jasmin_compat.flows.late_bills import charge_late_bill
from jasmin_compat.gateway.messages import Verdict
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import Queues, Quotas
from jasmin_compat.servers.measures import Measured
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import ROUTER_BILLS, ROUTER_BILLS_TAG, ROUTER_MO


def router_part(frame: Frame, *, queues: Queues, site: Callable[[], Site], quotas: Quotas) -> Part:
    """Declares both queues, at every reconnect again; consumes that of the bills."""
    source = Source(
        queue=ROUTER_BILLS.queue,
        consumer_tag=ROUTER_BILLS_TAG,
        prefetch=frame.settings.router.bills_prefetch,
        log=logging.getLogger("jasmin-router"),
    )
    frame.sources.append(
        lambda: [
            Measured(prefix="quotas", counts=quotas.counts),
            Measured(prefix="consumer", counts=source.counts, labels={"queue": source.queue}),
        ]
    )
    frame.queues.append(lambda: [source.queue, ROUTER_MO.queue])

    async def handle(message: QueueMessage) -> Verdict:
        return await charge_late_bill(message, site=site, quotas=quotas)

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await queues.declare([ROUTER_MO, ROUTER_BILLS])
        started()
        policy = consume_policy(frame.settings)
        await consume(queues, source, handle, stop=stop, policy=policy)

    return Part("RouterPB", run)

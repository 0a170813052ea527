"""The part that keeps MO messages until they can be routed.

No route leads anywhere yet, so they wait in RouterPB_deliver_sm_all, where Jasmin's router looks
for them, instead of being dropped as Jasmin drops what no route takes (W-MO-04).
"""

import asyncio
from collections.abc import Callable

from jasmin_compat.daemons.frame import Frame
from jasmin_compat.daemons.parts import Part
from jasmin_compat.ports import Queues
from jasmin_compat.wire.amqp_names import ROUTER_MO


def router_part(_frame: Frame, *, queues: Queues) -> Part:
    """Declares the queue, at every reconnect again."""

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await queues.declare([ROUTER_MO])
        started()
        await stop.wait()

    return Part("RouterPB", run)

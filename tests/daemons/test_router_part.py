"""MO messages are kept where Jasmin's router looks for them."""

from pathlib import Path

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.daemons.router_part import router_part
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.daemons.frames import frame, running
from tests.fakes import FakeClock


async def test_an_mo_message_stays_in_the_routers_queue(tmp_path: Path) -> None:
    # covers: W-MO-04
    queues = MemoryQueues(clock=FakeClock())
    async with frame(tmp_path) as of_test:
        parts = [router_part(of_test, queues=queues)]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            mo = QueueMessage(exchange="messaging", routing_key="deliver.sm.abc", body=b"mo")
            await queues.publish(mo)
            assert await queues.depth("RouterPB_deliver_sm_all") == 1

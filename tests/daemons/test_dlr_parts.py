"""An answer and a receipt in, two callbacks out."""

import asyncio
from pathlib import Path

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.daemons.dlr_parts import lookup_part, thrower_part
from jasmin_compat.daemons.outside import open_calls
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.gateway.messages import SmppMsgId, SubmitReplied
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.dlr_messages import write_lookup
from tests.builders import MSGID, http_request, receipt
from tests.daemons.frames import frame, running
from tests.faults.sink import Sink
from tests.waiting import until


async def test_both_levels_reach_the_client_and_nothing_is_kept(tmp_path: Path) -> None:
    # covers: DLR-03 DLR-13
    clock, sink = SystemClock(), Sink()
    await sink.open()
    queues = MemoryQueues(clock=clock)
    async with frame(tmp_path) as of_test, open_calls(of_test) as calls:
        store = MemoryStore(policy=dlr_policy(of_test.settings), clock=clock)
        url = f"http://127.0.0.1:{sink.port}/dlr"
        await store.remember(http_request(url=url, method="GET"))
        parts = [
            thrower_part(of_test, queues=queues, calls=calls),
            lookup_part(of_test, queues=queues, store=store),
        ]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            replied = SubmitReplied(msgid=MSGID, status="ESME_ROK", smpp_msgid=SmppMsgId("M13"))
            await queues.publish(write_lookup(replied))
            await until(lambda: (MSGID, 1) in sink.acknowledged)
            await queues.publish(write_lookup(receipt()))
            await until(lambda: (MSGID, 2) in sink.acknowledged)
            await until(lambda: store.counts.records == 0)
    assert sink.statuses == {(MSGID, 1): "ESME_ROK", (MSGID, 2): "DELIVRD"}
    await sink.close()
    await asyncio.sleep(0)

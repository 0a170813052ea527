"""An answer and a receipt in, two callbacks out."""

import asyncio
from pathlib import Path

import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.daemons.dlr_parts import lookup_part, thrower_part
from jasmin_compat.daemons.outside import open_calls
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.gateway.messages import SmppMsgId, SubmitReplied
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_names import HELD_DLRS
from jasmin_compat.wire.dlr_messages import write_callback, write_lookup
from tests import http_sink
from tests.builders import MSGID, http_dlr, http_request, receipt, smpp_dlr
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


# covers: W-DLR-16
async def test_receipts_for_smpp_senders_are_held_and_their_depth_is_asked_for(
    tmp_path: Path,
) -> None:
    queues = MemoryQueues(clock=SystemClock())
    async with frame(tmp_path) as of_test, open_calls(of_test) as calls:
        part = thrower_part(of_test, queues=queues, calls=calls)
        async with running(of_test, lambda: run_parts(of_test, [part])):
            await queues.publish(write_callback(smpp_dlr()))
            await until(lambda: queues.counts.published == 2)
        assert await queues.depth(HELD_DLRS.queue) == 1
        asked_for = [name for names in of_test.queues for name in names()]
        assert asked_for == ["dlr_thrower", HELD_DLRS.queue]


@pytest.mark.parametrize(
    ("settings", "open_calls_"),
    [
        ({"DLR_THROWER_PREFETCH": "2"}, 2),
        ({"CALLBACKS_CONNECTIONS": "3"}, 3),
        ({"CALLBACKS_CONNECTIONS_PER_HOST": "4"}, 4),
    ],
    ids=lambda value: next(iter(value)).lower() if isinstance(value, dict) else "",
)
async def test_each_bound_of_calls_is_a_setting(
    tmp_path: Path, settings: dict[str, str], open_calls_: int
) -> None:
    # covers: W-MO-14
    queues, release = MemoryQueues(clock=SystemClock()), asyncio.Event()
    async with (
        http_sink.sink(lambda _: http_sink.Answer(release=release)) as receiver,
        frame(tmp_path, CALLBACKS_SLOT_WAIT_S="60", **settings) as of_test,
        open_calls(of_test) as calls,
    ):
        part = thrower_part(of_test, queues=queues, calls=calls)
        async with running(of_test, lambda: run_parts(of_test, [part])):
            for _ in range(10):
                await queues.publish(write_callback(http_dlr(url=receiver.url("/dlr"))))
            await until(lambda: len(receiver.received) == open_calls_)
            for _ in range(20):  # turns in which one more would begin
                await asyncio.sleep(0)
            assert len(receiver.received) == open_calls_
            release.set()
            await until(lambda: len(receiver.received) == 10)

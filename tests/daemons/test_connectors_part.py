"""A connector binds, sends what is queued, takes what the SMSC sends, and unbinds in order."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.daemons.connectors_part import Reach, connectors_part, make_fleet
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.daemons.router_part import router_part
from jasmin_compat.gateway.messages import QueuedSubmit
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.smpp_io import wire_log
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import SmscPlan
from jasmin_compat.wire.submit_messages import write_submit
from tests import builders
from tests.builders import CID, MSGID, connector, submit_sm
from tests.daemons.frames import frame, running
from tests.fakes import FakeScripts
from tests.waiting import until


@pytest.fixture
def _wire_log() -> Iterator[None]:
    """As it was before."""
    yield
    wire_log.log.handlers.clear()
    wire_log.log.propagate = True


# covers: OPS-06
@pytest.mark.usefixtures("_wire_log")
@pytest.mark.parametrize("wire", ["", "1"])
async def test_messages_go_both_ways_until_the_stop(
    tmp_path: Path, wire: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = {"JASMIN_TLV_WIRE_LOG": wire}
    clock = SystemClock()
    queues = MemoryQueues(clock=clock)
    smsc = Simulator(SmscPlan(), random=Random(1), now=clock.local_now, account=lambda _entry: None)
    async with serving(smsc) as listener, frame(tmp_path, **shown) as of_test:
        towards = connector(port=listener.port, submit_throughput=0)
        site = builders.site(connectors={CID: towards}, started={CID: True})
        store = MemoryStore(policy=dlr_policy(of_test.settings), clock=clock)
        reach = Reach(
            site=lambda: site,
            queues=queues,
            store=store,
            ids=MsgIds(),
            quotas=MemoryQuotas(),
            scripts=FakeScripts(),
            lookup_pid="main",
        )
        parts = [
            router_part(of_test, queues=queues, site=reach.site, quotas=reach.quotas),
            connectors_part(make_fleet(of_test, reach), reach),
        ]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            await queues.publish(write_submit(_queued()))
            await until(lambda: smsc.counts.submits == 1)
            await until(lambda: _depth_is(queues, "DLRLookup-main", 1))
            smsc.send_message("33611", "1234", b"hello")
            await until(lambda: _depth_is(queues, "RouterPB_deliver_sm_all", 1))
            await until(lambda: smsc.counts.taken["mo"] == 1)
        assert await queues.depth(f"submit.sm.{CID}") == 0
    assert "Requesting bind as transceiver" in (tmp_path / f"default-{CID}.log").read_text()
    assert ("INFO jasmin.tlv.wire OUT pdu=submit_sm" in capsys.readouterr().err) == bool(wire)


async def _depth_is(queues: MemoryQueues, queue: str, depth: int) -> bool:
    return await queues.depth(queue) == depth


def _queued() -> QueuedSubmit:
    return QueuedSubmit(
        msgid=MSGID,
        cid=CID,
        parts=(submit_sm(),),
        source_addr_is_null=True,
        source="httpapi",
        priority=0,
        created_at=SystemClock().local_now(),
    )

"""The simulator against our own client: its answers, receipts, messages and its account."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from jasmin_compat.ports import Answered, Unanswered
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import Bind, QuerySm
from jasmin_compat.smpp.receipts import read_receipt
from jasmin_compat.smpp_io.client import SmppClient
from jasmin_compat.smpp_io.server import Listener
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import Ids, Receipts, Refusal, SmscPlan
from tests.builders import submit_sm
from tests.smpp_io.peers import Inbox, RawConnection, running_client
from tests.waiting import until

SOON = Receipts(delay_s=0)


@dataclass
class Bench:
    simulator: Simulator
    listener: Listener
    client: SmppClient
    inbox: Inbox
    account: list[Any] = field(default_factory=list)


def simulator(plan: SmscPlan, account: list[Any]) -> Simulator:
    return Simulator(plan, random=Random(1), now=SystemClock().local_now, account=account.append)


@asynccontextmanager
async def bench(plan: SmscPlan, inbox: Inbox | None = None, **keys: Any) -> AsyncIterator[Bench]:
    account: list[Any] = []
    smsc = simulator(plan, account)
    taken = inbox or Inbox()
    async with serving(smsc) as listener, running_client(listener.port, taken, **keys) as client:
        await client.wait_until_can_submit()
        yield Bench(smsc, listener, client, taken, account)


async def test_each_submit_is_answered_and_accounted() -> None:
    async with bench(SmscPlan(ids=Ids(prefix="m"))) as b:
        parts = [submit_sm(short_message=b"a"), submit_sm(short_message=b"b", source_addr=b"99")]
        assert await b.client.submit(parts) == (Answered(0, b"m1"), Answered(0, b"m2"))
    (first, second) = b.account
    assert first["content_sha256"] == hashlib.sha256(b"a").hexdigest()
    assert {k: second[k] for k in ("submit", "from", "to", "segment", "status", "message_id")} == {
        "submit": 2,
        "from": "99",
        "to": "15550001",
        "segment": "1/1",
        "status": "ESME_ROK",
        "message_id": "m2",
    }


async def test_refusals_are_answered_and_accounted() -> None:
    plan = SmscPlan(refusals=(Refusal(0x58, every=2),))
    async with bench(plan) as b:
        outcomes = await b.client.submit([submit_sm()] * 4)
    refused = Answered(0x58, b"")
    assert outcomes == (Answered(0, b"1"), refused, Answered(0, b"2"), refused)
    assert b.simulator.counts.answers == {"ESME_ROK": 2, "ESME_RTHROTTLED": 2}


async def test_it_can_leave_submits_unanswered() -> None:
    async with bench(SmscPlan(refusals=(Refusal(None),)), response_timeout_s=0.05) as b:
        assert await b.client.submit([submit_sm()]) == (Unanswered("response timeout"),)
    assert b.account[0]["status"] == "none"


async def test_answers_may_come_late_and_out_of_order() -> None:
    async with bench(SmscPlan(delay_s=0.01, delay_spread_s=0.05)) as b:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(b.client.submit([submit_sm()]), name="submit") for _ in range(5)
            ]
            done: list[Any] = []
            for task in running:
                task.add_done_callback(done.append)
        ids = [task.result()[0].message_id for task in running]
    assert ids == [b"1", b"2", b"3", b"4", b"5"]
    assert done != running


async def test_a_receipt_follows_the_answer_and_its_acknowledgement_is_accounted() -> None:
    plan = SmscPlan(receipts=Receipts(delay_s=0, first_state="ACCEPTD"))
    async with bench(plan) as b:
        await b.client.submit([submit_sm(registered_delivery=1, source_addr=b"1234")])
        await until(lambda: b.simulator.counts.taken["receipt"] == 2)
    receipts = [read_receipt(pdu) for pdu in b.inbox.seen]
    assert {(r.raw_id, r.stat) for r in receipts if r} == {("1", "ACCEPTD"), ("1", "DELIVRD")}
    told = [entry for entry in b.account if "receipt" in entry]
    assert {(e["receipt"], e["stat"], e["sends"]) for e in told} == {
        ("1", "ACCEPTD", 1),
        ("1", "DELIVRD", 1),
    }


async def test_a_receipt_that_is_refused_is_sent_again_until_it_is_taken() -> None:
    async with bench(SmscPlan(receipts=SOON, retry_s=0.02), Inbox(status=0x14)) as b:
        await b.client.submit([submit_sm(registered_delivery=1)])
        await until(lambda: len(b.inbox.seen) == 3)
        b.inbox.status = 0
        await until(lambda: b.simulator.outbox.waiting == 0)
    assert b.account[-1]["sends"] >= 4


async def test_a_receipt_waits_for_an_esme_that_comes_back() -> None:
    plan = SmscPlan(receipts=Receipts(delay_s=0.05))
    async with bench(plan, reconnect_on_loss_s=0.2) as b:
        await b.client.submit([submit_sm(registered_delivery=1)])
        b.listener.drop()
        await b.client.wait_until_cannot_submit()
        await until(lambda: len(b.inbox.seen) == 1)
    assert b.simulator.counts.binds == 2


async def test_a_subscribers_message_is_delivered() -> None:
    async with bench(SmscPlan()) as b:
        b.simulator.send_message("336", "1234", b"hello")
        await until(lambda: b.simulator.counts.taken["mo"] == 1)
    assert [pdu.source_addr for pdu in b.inbox.seen] == [b"336"]


async def test_a_bind_with_another_password_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    smsc = simulator(SmscPlan(password="right"), [])
    async with serving(smsc) as listener:
        async with running_client(listener.port, password="wrong"):
            await until(lambda: smsc.counts.binds_refused == 1)
        async with running_client(listener.port, password="right") as client:
            await client.wait_until_can_submit()
    assert "Bind failed [ESME_RINVPASWD]" in caplog.text


async def test_binds_can_be_refused() -> None:
    smsc = simulator(SmscPlan(bind_status=0x0D), [])
    async with serving(smsc) as listener, running_client(listener.port):
        await until(lambda: smsc.counts.binds_refused >= 2)


async def test_other_operations_are_refused() -> None:
    async with serving(simulator(SmscPlan(), [])) as listener:
        connection = RawConnection(*await asyncio.open_connection("127.0.0.1", listener.port))
        connection.write(commands.BIND_TRANSCEIVER, 1, Bind(system_id=b"a"))
        assert (await connection.read()).command_status == 0
        connection.write(commands.QUERY_SM, 2, QuerySm(message_id=b"1"))
        assert (await connection.read()).command_status == 0x03
        connection.writer.close()

"""Late bills are charged; MO messages are kept where Jasmin's router looks for them."""

from dataclasses import replace
from pathlib import Path

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.daemons.router_part import router_part
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.messages import LateBill
from jasmin_compat.servers.measures import families
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.bill_messages import write_late_bill
from tests import builders
from tests.daemons.frames import frame, running
from tests.fakes import FakeClock
from tests.waiting import until

PAYING = builders.user("u", mt=MtCredential(quotas=Quotas(balance=10.0)))
SITE = builders.site(PAYING)


# covers: BILL-06 W-BILL-03
async def test_late_bills_are_charged_and_a_bad_one_is_kept(tmp_path: Path) -> None:
    queues, quotas = MemoryQueues(clock=FakeClock()), MemoryQuotas()
    async with frame(tmp_path) as of_test:
        parts = [router_part(of_test, queues=queues, site=lambda: SITE, quotas=quotas)]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            bill = write_late_bill(LateBill(bid="b1", uid="u", amount=1.5))
            await queues.publish(replace(bill, headers={"user-id": "u", "amount": "many"}))
            await queues.publish(bill)
            await until(lambda: quotas.left(PAYING).balance == 8.5)
        metrics = families(measured for source in of_test.sources for measured in source())
        told = {family.name: [sample.value for sample in family.samples] for family in metrics}
    assert await queues.depth("RouterPB_bill_request_submit_sm_resp_all.dead") == 1
    assert told["jasmin_compat_quotas_charged_late"] == [1.0]
    assert told["jasmin_compat_consumer_acked"] == [1.0]


async def test_an_mo_message_stays_in_the_routers_queue(tmp_path: Path) -> None:
    # covers: W-MO-04
    queues = MemoryQueues(clock=FakeClock())
    async with frame(tmp_path) as of_test:
        parts = [router_part(of_test, queues=queues, site=lambda: SITE, quotas=MemoryQuotas())]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            mo = QueueMessage(exchange="messaging", routing_key="deliver.sm.abc", body=b"mo")
            await queues.publish(mo)
            assert await queues.depth("RouterPB_deliver_sm_all") == 1

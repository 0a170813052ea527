"""The three outages of golden/amqp_loss_{idle,load,drop}.json, for HTTP and receipts.

Every answer, submit_sm, receipt and callback is accounted for; the SMSC sends a receipt again that
is not acknowledged. Jasmin 0.11.0 loses what it accepts afterwards, and the receipts it takes
meanwhile, and never resumes: that is shown (outage_table.py), not asserted.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from compat_tests.outage import QUEUES, Outage
from compat_tests.targets.external import External
from compat_tests.targets.gateway import Target
from compat_tests.world import opened
from tests.services import RabbitMq


async def idle(outage: Outage) -> None:
    """It is away for some seconds without traffic, but for one message and the receipts of ten."""
    await outage.send(10)
    await outage.told()
    await outage.stop_broker()
    outage.report()
    await asyncio.sleep(2)
    await outage.send(1)
    await asyncio.sleep(3)
    await outage.start_broker()
    async with outage.traffic():
        await outage.resumed()


async def load(outage: Outage) -> None:
    """It is away for eight seconds under ten messages a second."""
    outage.report()
    async with outage.traffic():
        await asyncio.sleep(6)
        await outage.stop_broker()
        await asyncio.sleep(8)
        await outage.start_broker()
        await outage.resumed()


async def drop(outage: Outage) -> None:
    """It closes every connection under ten messages a second, and stays."""
    outage.report()
    async with outage.traffic():
        await asyncio.sleep(3)
        await outage.drop_connections()
        await outage.resumed()


COURSES = {course.__name__: course for course in (idle, load, drop)}


@pytest_asyncio.fixture(scope="module")
async def server(target: Target | External) -> AsyncIterator[RabbitMq]:
    """A broker to stop, with a virtual host for each outage."""
    if isinstance(target, External):
        pytest.skip("the broker of an external gateway is not ours to stop")
    broker = RabbitMq()
    try:
        await asyncio.to_thread(broker.start)
        await asyncio.to_thread(broker.add_vhosts, *COURSES)
        yield broker
    finally:
        await asyncio.to_thread(broker.close)


# covers: W-AMQP-01 W-AMQP-02 W-AMQP-03 W-AMQP-04 W-AMQP-05 W-AMQP-06 W-AMQP-08 HTTP-33
@pytest.mark.outage
@pytest.mark.timeout(300)
@pytest.mark.quirk("Q18", "Q166")
@pytest.mark.parametrize("name", COURSES)
async def test_nothing_accepted_is_lost_when_the_broker_goes_away(
    target: Target,
    server: RabbitMq,
    name: str,
    mended: Callable[[str], bool],
    pytestconfig: pytest.Config,
) -> None:
    async with opened("outage", target, rabbitmq=server, vhost=name) as world:
        account = await Outage(world, server).run(COURSES[name])
    account.keep(name, pytestconfig.getoption("--outage-accounts"))
    assert account.asked == account.accepted + account.odd + account.refused
    if mended("Q166"):
        assert (account.receipts_lost, account.callbacks_lost) == (0, 0)
    if mended("Q18"):
        assert (account.odd, account.lost, account.submitted_twice) == (0, 0, 0)
        assert account.slow == 0
        assert account.pings_answered == account.pings
        assert (account.left_in_queues, account.queues_consumed) == (0, len(QUEUES))
        assert account.first_success_s is not None

"""What messages cost: charged at /send and when the SMSC answers (contract/http-api.md §11)."""

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from compat_tests.peers.console import logged_in
from compat_tests.peers.pickles import show
from compat_tests.peers.smsc import Answer
from compat_tests.peers.tap import Tap
from compat_tests.targets.site import GROUP, User
from compat_tests.waiting import asked
from compat_tests.world import World

LONG = "x" * 300
"""Two parts."""
NOT_CHARGED = 'Error "Cannot charge submit_sm, check RouterPB log file for details"'
_ORDERS = itertools.count(500)


@dataclass(frozen=True, slots=True)
class Payer:
    """A user with a route of its own."""

    world: World
    user: User
    number: str

    async def send(self, **arguments: str) -> str:
        return await self.world.accepted(user=self.user, to=self.number, **arguments)

    async def is_refused(self, **arguments: str) -> None:
        response = await self.world.send(user=self.user, to=self.number, **arguments)
        assert (response.status, response.text) == (403, NOT_CHARGED)

    async def left(self) -> tuple[object, object]:
        """Of /balance: balance and sms_count."""
        who = (("username", self.user.username), ("password", self.user.password))
        response = await self.world.get("/balance", *who)
        assert response.status == 200, response.raw
        told = json.loads(response.text)
        return told["balance"], told["sms_count"]

    async def has(self, balance: object, sms_count: object = "ND") -> None:
        """Wait for it: what the answer costs is charged behind it."""

        async def is_so() -> bool:
            return await self.left() == (balance, sms_count)

        await asked(is_so, f"balance of {balance} and {sms_count}")


async def payer(world: World, number: str, *, rate: str, cid: str = "con1", **quotas: str) -> Payer:
    """Quotas are named as at the console."""
    uid, order = f"p{number[-6:]}", next(_ORDERS)
    lines = (f"mt_messaging_cred quota {name} {value}" for name, value in quotas.items())
    async with logged_in(world.gateway.host, world.processes.console_port) as at:
        await at.saves(
            "user -a", f"uid {uid}", f"gid {GROUP}", f"username {uid}", "password pw", *lines
        )
        await at.saves("filter -a", f"fid f{uid}", "type userfilter", f"uid {uid}")
        await at.saves(
            *("mtrouter -a", "type staticmtroute", f"order {order}", f"filters f{uid}"),
            *(f"connector smppc({cid})", f"rate {rate}"),
        )
    return Payer(world, User(uid, "pw"), number)


# ---------------------------------------------------------------- at /send


# covers: CRED-16 BILL-01
async def test_a_message_costs_the_rate_of_its_route(main: World, number: str) -> None:
    p = await payer(main, number, rate="1.5", balance="10")
    assert await p.left() == (10.0, "ND")
    await p.send()
    assert await p.left() == (8.5, "ND")
    line = await main.log_line("router.log", f"[uid:{p.user.username}] charged for submit_sm")
    assert line.endswith(f" User [uid:{p.user.username}] charged for submit_sm amount: 1.5")


# covers: BILL-01
async def test_who_cannot_pay_is_refused_and_keeps_what_it_has(main: World, number: str) -> None:
    p = await payer(main, number, rate="1.5", balance="2.75")
    await p.send()
    await p.is_refused()
    assert await p.left() == (1.25, "ND")
    await main.log_line("router.log", "WARNING", "Not enough balance (1.25) for charging: 1.5")
    assert len(await main.smsc.got(number)) == 1


# covers: CRED-18 BILL-04
async def test_a_quota_of_messages_is_counted_down(main: World, number: str) -> None:
    p = await payer(main, number, rate="0", sms_count="1")
    await p.send()
    assert await p.left() == ("ND", 0)
    await p.is_refused()
    await main.log_line("router.log", "WARNING", "Not enough submit_sm_count (0) for charging: 1")
    line = await main.log_line("router.log", f"User's [uid:{p.user.username}]")
    assert line.endswith("submit_sm_count decremented for submit_sm: 1")


# covers: CRED-19
async def test_what_is_unlimited_is_not_determined(main: World, number: str) -> None:
    p = await payer(main, number, rate="1.5")
    await p.send()
    assert await p.left() == ("ND", "ND")


# covers: LONG-09
async def test_each_part_of_a_long_message_is_paid(main: World, number: str) -> None:
    p = await payer(main, number, rate="1", balance="5", sms_count="3")
    await p.send(content=LONG)
    assert await p.left() == (3.0, 1)
    await p.is_refused(content=LONG)
    await p.send()
    assert await p.left() == (2.0, 0)


# covers: CRED-27
async def test_what_the_smsc_refuses_stays_paid(main: World, number: str) -> None:
    main.smsc.script(number, Answer(status=0x45))
    p = await payer(main, number, rate="1", balance="5", sms_count="3", early_percent="25")
    msgid = await p.send()
    await main.log_line("messages.log", msgid, "[status:ERROR/CommandStatus.ESME_RSUBMITFAIL]")
    assert await p.left() == (4.75, 2)


# covers: BILL-01
async def test_of_50_at_a_time_as_many_pass_as_are_paid_for(main: World, number: str) -> None:
    p = await payer(main, number, rate="1", balance="10")
    async with asyncio.TaskGroup() as tasks:
        sending = [tasks.create_task(main.send(user=p.user, to=number)) for _ in range(50)]
    assert Counter(task.result().status for task in sending) == {200: 10, 403: 40}
    assert await p.left() == (0.0, "ND")


# covers: BILL-05 CONF-02
async def test_without_billing_feature_nothing_is_charged(other: World, number: str) -> None:
    p = await payer(other, number, rate="1.5", cid="other", balance="1", sms_count="1")
    for _ in range(2):
        msgid = await p.send()
        [submit] = await other.tap.got(msgid, "submit.sm.other")
        assert set(submit.headers) == {"source_connector", "created_at"}
    assert await p.left() == (1.0, 1)


# ---------------------------------------------------------------- when the SMSC answers


@asynccontextmanager
async def billing_tap(world: World) -> AsyncIterator[Tap]:
    gateway, tap = world.processes, Tap()
    await tap.open("127.0.0.1", gateway.amqp_port, gateway.vhost, exchange="billing")
    try:
        yield tap
    finally:
        await tap.close()


# covers: CRED-17 BILL-03 BILL-06
async def test_what_is_not_paid_early_is_paid_when_the_smsc_answers(
    main: World, number: str
) -> None:
    main.smsc.script(number, Answer(after_s=0.5))
    p = await payer(main, number, rate="1", balance="10", early_percent="20")
    async with billing_tap(main) as tap:
        msgid = await p.send()
        assert await p.left() == (9.8, "ND")
        await p.has(9.0)
        [bill] = tap.messages
    [submit] = await main.tap.got(msgid, "submit.sm.con1")
    bill_of_submit = show(submit.headers["submit_sm_bill"])
    assert bill_of_submit["state"]["amounts"] == {"submit_sm": 0.2, "submit_sm_resp": 0.8}
    assert bill.routing_key == f"bill_request.submit_sm_resp.{p.user.username}"
    assert bill.headers == {"user-id": p.user.username, "amount": "0.8"}
    assert bill.wire_types == {"user-id": "S", "amount": "S"}
    assert bill.body.decode() == bill.msgid
    text = f"User [uid:{p.user.username}] charged for amount: 0.8 (bid:{bill.msgid})"
    assert (await main.log_line("router.log", bill.msgid)).endswith(text)


# covers: LONG-09 BILL-03
async def test_all_parts_are_paid_with_one_bill_when_the_smsc_answers(
    main: World, number: str
) -> None:
    p = await payer(main, number, rate="2", balance="10", early_percent="25")
    async with billing_tap(main) as tap:
        await p.send(content=LONG)
        await p.has(6.0)
        assert [bill.headers["amount"] for bill in tap.messages] == ["3.0"]


# covers: BILL-07 W-BILL-06
@pytest.mark.quirk("Q63")
async def test_who_has_not_enough_when_the_smsc_answers_is_not_charged(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    main.smsc.script(number, Answer(after_s=1.0))
    p = await payer(main, number, rate="1", balance="1", early_percent="20")
    await p.send()
    async with logged_in(main.gateway.host, main.processes.console_port) as at:
        await at.saves(f"user -u {p.user.username}", "mt_messaging_cred quota balance 0.5")
    line = await main.log_line("router.log", f"[uid:{p.user.username}] have no sufficient balance")
    assert "(0.5/0.8) for this billing [bid:" in line
    assert await p.left() == (0.5, "ND")
    if mended("Q63"):
        await main.grows_beyond("RouterPB_bill_request_submit_sm_resp_all.dead", 0)


# ---------------------------------------------------------------- and what was charged stays so


# covers: JCLI-11 JCLI-18
async def test_the_console_shows_raises_keeps_and_loads_what_is_left(
    spare: World, number: str
) -> None:
    p = await payer(spare, number, rate="1.5", balance="10", sms_count="7")
    uid = p.user.username
    await p.send()
    async with logged_in(spare.gateway.host, spare.processes.console_port) as at:
        shown = await at.asks(f"user -s {uid}")
        assert "mt_messaging_cred quota balance 8.5\n" in shown
        assert "mt_messaging_cred quota sms_count 6\n" in shown
        listed = await at.asks("user -l")
        assert re.search(rf"^#{uid} +{GROUP} +{uid} +8\.5 +6 ", listed, re.MULTILINE), listed
        await at.asks("persist")
        await p.send()
        await at.saves(f"user -u {uid}", "mt_messaging_cred quota balance +5")
        assert await p.left() == (12.0, 5)
        await at.saves(f"user -u {uid}", "mt_messaging_cred quota http_throughput 9")
        assert await p.left() == (12.0, 5)
        session = await spare.smsc.is_bound("con1")
        await at.asks("load")
    assert await p.left() == (8.5, 6)
    await spare.smsc.bell.until(lambda: session.closed_at, "end of the session")
    await spare.smsc.is_bound("con1")  # the next scenario finds the connector again


# covers: W-BILL-04 PERS-03
@pytest.mark.quirk("Q61")
async def test_what_was_charged_is_charged_after_kill_9(
    spare: World, number: str, mended: Callable[[str], bool]
) -> None:
    p = await payer(spare, number, rate="1.5", balance="10")
    async with logged_in(spare.gateway.host, spare.processes.console_port) as at:
        await at.asks("persist")
    await p.send()
    assert await p.left() == (8.5, "ND")
    gateway = spare.processes
    await asyncio.to_thread(gateway.kill)
    await asyncio.to_thread(gateway.start)
    assert await p.left() == (8.5 if mended("Q61") else 10.0, "ND")

"""A late bill is charged once; what cannot be charged is dropped, kept or tried again."""

import logging

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.flows.late_bills import AWAY_S, charge_late_bill
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.messages import Ack, Dead, Delay, LateBill, Verdict
from jasmin_compat.gateway.site import Site
from jasmin_compat.wire.bill_messages import write_late_bill
from tests import builders

PAYING = builders.user("u", mt=MtCredential(quotas=Quotas(balance=2.0)))
UNLIMITED = builders.user("free")


class Desk:
    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "jasmin-router")
        self.site = builders.site(PAYING, UNLIMITED)
        self.quotas = MemoryQuotas(lambda user: self.known.users.get(user.uid))
        self.known = self.site
        self._caplog = caplog

    async def charge(self, amount: float, uid: str = "u", bid: str = "b1") -> Verdict:
        message = write_late_bill(LateBill(bid=bid, uid=uid, amount=amount))
        return await charge_late_bill(message, site=lambda: self.site, quotas=self.quotas)

    def balance(self) -> float | None:
        return self.quotas.left(PAYING).balance

    def lines(self) -> list[str]:
        return [f"{record.levelname} {record.getMessage()}" for record in self._caplog.records]


@pytest.fixture
def desk(caplog: pytest.LogCaptureFixture) -> Desk:
    return Desk(caplog)


# covers: CRED-17 BILL-03
async def test_it_is_charged_once(desk: Desk) -> None:
    assert await desk.charge(1.5) == await desk.charge(1.5) == Ack()
    assert desk.balance() == 0.5
    assert desk.lines() == ["INFO User [uid:u] charged for amount: 1.5 (bid:b1)"]


# covers: BILL-07 W-BILL-06
async def test_who_has_not_enough_is_not_charged_and_the_bill_is_kept(desk: Desk) -> None:
    text = (
        "User [uid:u] have no sufficient balance (2.0/2.5) for this billing [bid:b1] request:"
        " rejected"
    )
    assert await desk.charge(2.5) == Dead(text)
    assert (desk.balance(), desk.lines()) == (2.0, [f"ERROR {text}"])


# covers: W-BILL-02
async def test_who_has_an_unlimited_balance_pays_nothing(desk: Desk) -> None:
    assert await desk.charge(2.5, "free") == Ack()
    assert desk.quotas.left(UNLIMITED).balance is None
    assert desk.lines() == []


# covers: W-BILL-09
async def test_of_a_user_that_is_gone_it_is_dropped(desk: Desk) -> None:
    assert await desk.charge(2.5, "nobody") == Ack()
    assert desk.lines() == ["ERROR User [uid:nobody] not found, billing request [bid:b1] rejected"]


async def test_a_name_of_several_lines_is_one_line(desk: Desk) -> None:
    await desk.charge(1.0, uid="a\nINFO b", bid="\x1b[2J")
    (line,) = desk.lines()
    assert line == (
        "ERROR User [uid:a\\nINFO b] not found, billing request [bid:\\x1b[2J] rejected"
    )


async def test_what_cannot_be_written_comes_again(desk: Desk) -> None:
    desk.known = Site()
    assert await desk.charge(1.0) == Delay(AWAY_S)
    assert desk.lines() == ["ERROR User [uid:u] cannot be charged: user u was removed"]
    desk.known = desk.site
    assert await desk.charge(1.0) == Ack()
    assert desk.balance() == 1.0

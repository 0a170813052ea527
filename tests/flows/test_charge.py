"""Charging a sender is told in router.log in Jasmin's words."""

import logging
from collections.abc import Callable

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.flows.charge import charge_sender, refund_sender
from jasmin_compat.gateway.charging import Charge, Left, Price, charge_of, charged
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.refusals import NotCharged
from jasmin_compat.gateway.users import User
from jasmin_compat.wire.pickled_bills import PickledBill
from tests import builders


def user(balance: float | None, count: int | None) -> User:
    quotas = Quotas(balance=balance, submit_sm_count=count)
    return builders.user("u", mt=MtCredential(quotas=quotas))


PRICE = Price(at_submit=0.5, at_response=1.5, counts=True)


def charge(parts: int, price: Price = PRICE) -> Charge:
    made = charge_of(price, parts)
    assert made is not None
    return made


def bill(price: Price = PRICE) -> PickledBill:
    amounts = {"at_submit": price.at_submit, "at_response": price.at_response}
    return PickledBill(bid="b", uid="u", counts=price.counts, **amounts)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO, "jasmin-router")
    return lambda: [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


# covers: LONG-09
async def test_what_was_taken_is_told(lines: Callable[[], list[str]]) -> None:
    quotas, sender = MemoryQuotas(), user(10.0, 5)
    await charge_sender(sender, charge(3), bill(), parts=3, quotas=quotas)
    assert quotas.left(sender) == Left(balance=8.5, submit_sm_count=2)
    assert lines() == [
        "INFO User [uid:u] charged for submit_sm amount: 1.5",
        "INFO User's [uid:u] submit_sm_count decremented for submit_sm: 3",
    ]
    await refund_sender(sender, charge(3), quotas=quotas)
    assert quotas.left(sender) == Left(balance=10.0, submit_sm_count=5)
    assert lines()[2:] == [
        "INFO User [uid:u] refunded for submit_sm amount: 1.5, submit_sm_count: 3"
    ]


@pytest.mark.parametrize(
    ("price", "line"),
    [
        (Price(at_submit=1.0), "INFO User [uid:u] charged for submit_sm amount: 1.0"),
        (Price(counts=True), "INFO User's [uid:u] submit_sm_count decremented for submit_sm: 1"),
    ],
)
async def test_what_costs_nothing_is_not_told(
    lines: Callable[[], list[str]], price: Price, line: str
) -> None:
    await charge_sender(
        user(10.0, 5), charge(1, price), bill(price), parts=1, quotas=MemoryQuotas()
    )
    assert lines() == [line]


# covers: BILL-04
@pytest.mark.parametrize(
    ("sender", "line"),
    [
        (user(5.5, 5), "WARNING Not enough balance (5.5) for charging: 2.0"),
        (user(10.0, 2), "WARNING Not enough submit_sm_count (2) for charging: 1"),
    ],
)
async def test_who_cannot_pay_is_told(
    lines: Callable[[], list[str]], sender: User, line: str
) -> None:
    with pytest.raises(NotCharged) as refused:
        await charge_sender(sender, charge(3), bill(), parts=3, quotas=MemoryQuotas())
    assert lines() == [line]
    assert (refused.value.bid, refused.value.amount, refused.value.parts) == ("b", 2.0, 3)


async def test_what_cannot_be_written_is_told(lines: Callable[[], list[str]]) -> None:
    quotas = MemoryQuotas(lambda _: None)
    with pytest.raises(NotCharged):
        await charge_sender(user(10.0, 5), charge(1), bill(), parts=1, quotas=quotas)
    assert lines() == ["ERROR User [uid:u] cannot be charged: user u was removed"]


# covers: W-BILL-07
def test_amounts_are_jasmins_to_the_last_digit() -> None:
    """Plain floats: clients read them in /balance."""
    left = Left(balance=1, submit_sm_count=None)
    for _ in range(3):
        left = charged(left, charge(1, Price(at_submit=0.1)))
    assert left.balance == 1 - 0.1 - 0.1 - 0.1 == 0.7000000000000001

"""What a message costs, and what is left after it."""

import pytest

from jasmin_compat.gateway.charging import (
    FREE,
    Charge,
    Left,
    NotEnoughBalance,
    NotEnoughCount,
    Price,
    charge_of,
    charged,
    price_of,
    quota_of,
    refunded,
)
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Target
from tests import builders


def price(rate: float, quotas: Quotas) -> Price:
    route = Route(selection="default", targets=(Target("smppc", ConnectorId("c")),), rate=rate)
    return price_of(route, builders.user(mt=MtCredential(quotas=quotas)))


# covers: CRED-26 CRED-17
@pytest.mark.parametrize(
    ("rate", "quotas", "expected"),
    [
        (0.0, Quotas(balance=1.0), FREE),
        (2.0, Quotas(), FREE),
        (2.0, Quotas(submit_sm_count=1), Price(counts=True)),
        (2.0, Quotas(balance=1.0), Price(at_submit=2.0)),
        (
            2.0,
            Quotas(balance=1.0, early_decrement_balance_percent=25.0),
            Price(at_submit=0.5, at_response=1.5),
        ),
        (2.0, Quotas(balance=1.0, submit_sm_count=1), Price(at_submit=2.0, counts=True)),
    ],
)
def test_the_price_of_a_part(rate: float, quotas: Quotas, expected: Price) -> None:
    assert price(rate, quotas) == expected


def test_nothing_is_asked_for_a_free_message() -> None:
    assert charge_of(FREE, 3) is None


# covers: LONG-09
def test_parts_are_paid_each() -> None:
    charge = charge_of(Price(at_submit=0.5, at_response=1.5, counts=True), 3)
    assert charge == Charge(amount=1.5, count=3, needed=6.0)
    left = charged(Left(balance=6.0, submit_sm_count=3), charge)
    assert left == Left(balance=4.5, submit_sm_count=0)
    assert refunded(left, charge) == Left(balance=6.0, submit_sm_count=3)


@pytest.mark.parametrize(
    ("left", "error"),
    [
        (Left(balance=5.9, submit_sm_count=None), NotEnoughBalance),
        (Left(balance=None, submit_sm_count=2), NotEnoughCount),
    ],
)
def test_what_the_answer_costs_must_be_there_too(left: Left, error: type[Exception]) -> None:
    with pytest.raises(error):
        charged(left, Charge(amount=1.5, count=3, needed=6.0))


def test_what_is_unlimited_stays_so() -> None:
    nothing = quota_of(Quotas())
    charge = Charge(amount=1.5, count=3, needed=6.0)
    assert charged(nothing, charge) == refunded(nothing, charge) == nothing

"""Late bills are Jasmin's on the wire, and what no bill is, is refused."""

from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway.messages import LateBill
from jasmin_compat.wire.amqp_messages import Undecodable
from jasmin_compat.wire.bill_messages import late_bill, read_late_bill, write_late_bill
from jasmin_compat.wire.pickled_bills import PickledBill, write_bill
from jasmin_compat.wire.submit_messages import read_submit
from tests import builders, golden
from tests.wire.jasmin_pickles import FLOWS, message_of, published

RECORDED = published("bill_request.submit_sm_resp.billed")
BILL = LateBill(bid="b1", uid="u", amount=4.5)


def pickled(at_response: float, bid: str = "b4550b22-4e25-4103-8087-e8a1bbc7b1eb") -> bytes:
    bill = PickledBill(bid=bid, uid="full", at_submit=0.5, at_response=at_response)
    return write_bill(bill, builders.user())


# covers: BILL-06
@pytest.mark.parametrize("event", RECORDED, ids=range(len(RECORDED)))
def test_it_is_written_as_jasmin_does(event: Any) -> None:
    message = message_of(event)
    assert set(event["properties"]) == {"message_id", "headers"}
    assert write_late_bill(read_late_bill(message)) == message


def test_there_are_recorded_ones() -> None:
    assert {event["properties"]["headers"]["amount"] for event in RECORDED} == {"1.5", "4.5"}


BILLED = [
    (flow["name"], [e for e in flow["amqp"] if e.get("event") == "publish"])
    for name in FLOWS
    for flow in golden.load(name)["flows"]
    if any(e.get("exchange") == "billing" for e in flow["amqp"])
]


# covers: BILL-03 LONG-09
@pytest.mark.parametrize("published", [p for _, p in BILLED], ids=[name for name, _ in BILLED])
def test_it_follows_from_the_bill_of_the_message_as_recorded(published: Any) -> None:
    submit = read_submit(message_of(published[0]))
    recorded = next(read_late_bill(message_of(e)) for e in published if e["exchange"] == "billing")
    assert submit.bill is not None
    bill = late_bill(submit.bill, len(submit.parts))
    assert bill is not None
    assert (bill.uid, bill.amount) == (recorded.uid, recorded.amount)


# covers: LONG-09
def test_its_amount_is_that_of_all_parts_added_up_as_jasmin_does() -> None:
    bill = late_bill(pickled(0.1), 6)
    assert bill is not None
    assert (bill.uid, bill.amount) == ("full", 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1)
    assert bill.amount != 0.1 * 6


def test_it_is_the_same_bill_each_time() -> None:
    bills = [late_bill(pickled(1.0, bid), 1) for bid in ("a" * 36, "a" * 36, "b" * 36)]
    assert all(bill is not None and bill.bid not in {"a" * 36, "b" * 36} for bill in bills)
    assert bills[0] == bills[1] != bills[2]


def test_nothing_is_to_be_paid_where_nothing_is_left_to_pay() -> None:
    assert late_bill(pickled(0.0), 3) is None


# covers: W-BILL-03
@pytest.mark.parametrize(
    "headers",
    [
        {"user-id": "u"},
        {"amount": "1.0"},
        *({"user-id": "u", "amount": amount} for amount in ("", "one", "nan", "inf", "-1.0")),
    ],
)
def test_what_is_no_bill_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Undecodable):
        read_late_bill(replace(write_late_bill(BILL), headers=headers))


def test_a_bill_without_an_id_is_refused() -> None:
    with pytest.raises(Undecodable):
        read_late_bill(replace(write_late_bill(BILL), message_id=""))


def test_numbers_on_the_wire_are_taken_for_what_they_say() -> None:
    message = replace(write_late_bill(BILL), headers={"user-id": 7, "amount": 2})
    assert read_late_bill(message) == LateBill(bid="b1", uid="7", amount=2.0)

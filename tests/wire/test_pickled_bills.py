"""Bills: what Jasmin wrote is read, what we write is the same but for the secret."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway.users import GroupId, User, UserId
from jasmin_compat.wire.pickled_bills import BadBill, PickledBill, read_bill, write_bill
from jasmin_compat.wire.pickles import unpickle
from tests.wire.jasmin_pickles import as_dumped, from_recorder, headers_of, published

USER = User(
    uid=UserId("full"),
    gid=GroupId("gmain"),
    username="full",
    password_md5=bytes.fromhex("9003d1df22eb4d3820015070385194c8"),
)
BILLED = [event for event in published("submit.sm.con") if "header_pickles" in event]


@pytest.mark.parametrize("event", BILLED, ids=range(len(BILLED)))
def test_bills_of_jasmin_are_read(event: Any) -> None:
    octets = headers_of(event)["submit_sm_bill"]
    state = event["header_pickles"]["submit_sm_bill"]["dump"]["state"]
    assert isinstance(octets, bytes)

    assert read_bill(octets) == PickledBill(
        bid=state["bid"],
        uid=state["user"]["state"]["uid"],
        at_submit=state["amounts"]["submit_sm"],
        at_response=state["amounts"]["submit_sm_resp"],
        counts=bool(state["actions"]["decrement_submit_sm_count"]),
    )


# covers: W-BILL-08
def test_a_bill_is_jasmins_but_for_the_password() -> None:
    recorded = BILLED[0]["header_pickles"]["submit_sm_bill"]["dump"]
    expected: Any = copy.deepcopy(from_recorder(recorded))
    expected["state"]["user"]["state"]["password"] = {"$bytes": bytes(16).hex()}
    bill = PickledBill(bid=recorded["state"]["bid"], uid="full")

    written = write_bill(bill, USER)

    assert as_dumped(unpickle(written)) == expected
    assert USER.password_md5 not in written
    assert USER.password_md5.decode("latin-1").encode() not in written


def test_what_was_written_is_read() -> None:
    bill = PickledBill(bid="b", uid="full", at_submit=0.5, at_response=1.5, counts=True)

    assert read_bill(write_bill(bill, USER)) == bill


def test_bills_that_differ_in_their_id_are_told_apart() -> None:
    bids = ("a" * 36, "b" * 36, "c" * 35, "\u00e9" * 18)  # the last two take the long way
    for bid in bids + bids:
        bill = PickledBill(bid=bid, uid="full", at_response=1.5)
        assert read_bill(write_bill(bill, USER)) == bill


def test_another_text_of_that_length_is_not_taken_for_the_id() -> None:
    long = "u" * 36
    for bid in ("b1", "b2"):
        bill = PickledBill(bid=bid, uid=long, at_response=1.5)
        assert read_bill(write_bill(bill, replace(USER, uid=UserId(long)))) == bill


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80\x02N.",
        b"\x80\x02cjasmin.routing.Bills\nSubmitSmBill\n)\x81.",
        b"\x80\x02cjasmin.routing.Bills\nSubmitSmBill\n)\x81}X\x04\0\0\0userNsb.",
        write_bill(PickledBill(bid="b", uid="full"), USER).replace(b"\x01\0\0\0b", b"\0\0\0\0N"),
        write_bill(PickledBill(bid="b", uid="full"), USER).replace(b"G" + bytes(8), b"N", 1),
        write_bill(PickledBill(bid="b", uid="full"), USER).replace(b"amounts", b"AMOUNTS"),
    ],
)
def test_other_pickles_are_refused(octets: bytes) -> None:
    with pytest.raises(BadBill):
        read_bill(octets)

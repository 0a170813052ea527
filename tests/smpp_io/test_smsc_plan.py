"""What the simulated SMSC chooses."""

from collections import Counter
from datetime import datetime
from random import Random

import pytest

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.smpp.receipts import Report, code_receipt_id, read_receipt
from jasmin_compat.smpp_io.smsc_plan import (
    Ids,
    Receipts,
    Refusal,
    Refusals,
    SmscPlan,
    final_state,
    message_from,
    receipt_of,
    wants_report,
)
from tests.builders import submit_sm

AT = datetime(2026, 11, 23, 12, 0, 0)


@pytest.mark.parametrize(
    ("ids", "made"),
    [
        (Ids(), ["1", "2", "10"]),
        (Ids(style="hex", width=8, first=0xFF), ["000000ff", "00000100", "00000108"]),
        (Ids(prefix="m", first=0), ["m0", "m1", "m9"]),
    ],
)
def test_ids_are_counted_in_their_style(ids: Ids, made: list[str]) -> None:
    assert [ids.nth(n, Random(0)) for n in (1, 2, 10)] == made


def test_random_ids_are_uuids_and_follow_the_seed() -> None:
    first = Ids(style="uuid").nth(1, Random(5))
    assert first == Ids(style="uuid").nth(1, Random(5))
    assert (len(first), first[14]) == (36, "4")


def test_refusals_apply_in_their_order_to_their_destinations() -> None:
    plan = SmscPlan(refusals=(Refusal(0x0B, to="336"), Refusal(0x58, every=2), Refusal(None)))
    refusals, random = Refusals(), Random(0)
    statuses = [refusals.status_for(plan, to, random) for to in ("336", "1", "336", "1", "1", "1")]
    assert statuses == [0x0B, None, 0x0B, 0x58, None, 0x58]


def test_a_share_is_refused_at_random() -> None:
    plan = SmscPlan(refusals=(Refusal(0x58, share=0.25),))
    refusals, random = Refusals(), Random(0)
    seen = Counter(refusals.status_for(plan, "1", random) for _ in range(4000))
    assert seen[0x58] == pytest.approx(1000, abs=100)
    assert seen[0] == 4000 - seen[0x58]


def test_final_states_follow_their_weights() -> None:
    receipts = Receipts(states=(("DELIVRD", 3), ("UNDELIV", 1)))
    random = Random(0)
    seen = Counter(final_state(receipts, random) for _ in range(4000))
    assert seen["UNDELIV"] == pytest.approx(1000, abs=100)


@pytest.mark.parametrize(
    ("when", "asked", "state", "told"),
    [
        ("requested", 0, "DELIVRD", False),
        ("requested", 1, "DELIVRD", True),
        ("requested", 1, "UNDELIV", True),
        ("requested", 2, "DELIVRD", False),
        ("requested", 2, "UNDELIV", True),
        ("requested", 0x11, "DELIVRD", True),
        ("always", 0, "DELIVRD", True),
        ("never", 1, "DELIVRD", False),
    ],
)
def test_a_receipt_is_told_to_who_asked(when: str, asked: int, state: str, told: bool) -> None:
    receipts = Receipts(when=when)  # type: ignore[arg-type]
    assert wants_report(receipts, submit_sm(registered_delivery=asked), state) == told


@pytest.mark.parametrize("form", ["text", "tlv", "both"])
@pytest.mark.parametrize("pdu", ["deliver_sm", "data_sm"])
@pytest.mark.parametrize("stat", ["DELIVRD", "UNDELIV", "REJECTD"])
def test_a_receipt_is_read_as_it_was_meant(form: str, pdu: str, stat: str) -> None:
    submit = submit_sm(source_addr=b"1234", source_addr_ton=2)
    receipts = Receipts(form=form, pdu=pdu)  # type: ignore[arg-type]
    report = Report(message_id="m1", stat=stat, submitted_at=AT, done_at=AT)
    command_id, body = receipt_of(receipts, submit, report)
    assert isinstance(body, DeliverSm if pdu == "deliver_sm" else DataSm)
    assert command_id == (commands.DELIVER_SM if pdu == "deliver_sm" else commands.DATA_SM)
    assert (body.source_addr, body.destination_addr) == (b"15550001", b"1234")
    assert (body.dest_addr_ton, body.esm_class) == (2, 0x04)
    read = read_receipt(body)
    assert read is not None
    assert (read.raw_id, read.stat) == ("m1", stat)


@pytest.mark.parametrize(
    ("bases", "answered", "told"), [(0, "00ff", "00ff"), (1, "00ff", "255"), (2, "255", "ff")]
)
def test_ids_in_receipts_may_have_another_base(bases: int, answered: str, told: str) -> None:
    report = Report(message_id=answered, stat="DELIVRD", submitted_at=AT, done_at=AT)
    _, body = receipt_of(Receipts(id_bases=bases), submit_sm(), report)  # type: ignore[arg-type]
    read = read_receipt(body)
    assert read is not None
    assert read.raw_id == told
    assert code_receipt_id(told, bases) == answered.upper().lstrip("0")  # type: ignore[arg-type]


def test_a_subscribers_message_is_no_receipt() -> None:
    message = message_from("336", "1234", b"hello", 0)
    assert read_receipt(message) is None
    assert (message.source_addr, message.short_message) == (b"336", b"hello")

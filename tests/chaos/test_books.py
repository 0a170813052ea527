"""The books of a chaos run: which fault a repetition counts under."""

from dataclasses import replace

from tests.chaos.books import CALL, SUBMIT, Happened, Seen, came_twice, table

SMSC_RESET = Happened("reset", 100.0, 106.0, submit_again="no response")
KILLED = Happened("killed", 103.0, 110.0, submit_again="not recorded", call_again="no ack")


def seen(what: str, *times: float, asked_at: float = 98.0, done_at: float | None = None) -> Seen:
    return Seen(what, "whose", asked_at, done_at, times)


def test_a_repetition_counts_under_the_first_fault_that_may_be_its_cause() -> None:
    things = [
        seen(SUBMIT, 99.0, 101.0),
        seen(SUBMIT, 105.0, 107.0, 130.0),
        seen(SUBMIT, 70.0, 120.0, asked_at=70.0, done_at=120.5),  # it waited for long
        seen(CALL, 99.0, 104.0, done_at=99.0),
        seen(CALL, 99.0, done_at=99.0),
    ]
    twice = came_twice([SMSC_RESET, KILLED], things)
    assert twice.by_cause == {
        (SUBMIT, "reset", "no response"): 4,
        (CALL, "killed", "no ack"): 1,
    }
    assert twice.unexplained == []


def test_what_no_fault_explains_stays_open() -> None:
    things = [
        seen(SUBMIT, 98.5, 99.5),  # before it
        seen(SUBMIT, 108.0, 109.0, asked_at=107.0),  # after it
        seen(SUBMIT, 70.0, 101.0, asked_at=70.0, done_at=80.0),  # done long before
        seen(CALL, 101.0, 102.0, done_at=101.0),  # no fault for a callback
    ]
    twice = came_twice([SMSC_RESET], things)
    assert not twice.by_cause
    assert twice.unexplained == things


def test_a_fault_covers_what_was_asked_for_or_answered_while_it_lasted() -> None:
    assert SMSC_RESET.covers(asked_at=99.0, told_at=100.5)
    assert SMSC_RESET.covers(asked_at=105.9, told_at=112.0)
    assert not SMSC_RESET.covers(asked_at=98.0, told_at=99.0)
    assert not replace(SMSC_RESET, ended=101.0).covers(asked_at=102.0, told_at=103.0)


def test_columns_of_numbers_stand_to_the_right() -> None:
    rows = [("a", "1"), ("long", "20.5")]
    assert table(("what", "times"), rows).splitlines() == [
        "what  times",
        "a         1",
        "long   20.5",
    ]

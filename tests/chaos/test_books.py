"""The books of a chaos run: what counts under which fault, and how memory is compared."""

from dataclasses import replace

from tests.chaos.books import CALL, MIB, SUBMIT, Happened, Memory, Seen, came_twice, table

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


def test_memory_is_compared_with_what_the_process_was_when_it_was_warm() -> None:
    memory = Memory()
    for at in range(200):
        memory.note("old", 1, at, (50 + (at == 60)) * MIB)
        memory.note("young", 2 if at < 100 else 3, at, (40 if at < 130 else 45) * MIB)
        memory.note("newborn", 4 if at < 190 else 5, at, (30 if at < 195 else 33) * MIB)
    old, young, newborn = (
        next(row for row in memory.rows((20, 24), (195, 199)) if row.name == name)
        for name in ("old", "young", "newborn")
    )
    assert (old.processes, old.before, old.peak, old.own, old.after, old.grown) == (
        1, *(size * MIB for size in (50, 51, 50, 50, 0)),
    )  # fmt: skip
    assert (young.processes, young.before, young.own, young.grown) == (
        2,
        40 * MIB,
        40 * MIB,
        5 * MIB,
    )
    assert (newborn.own, newborn.grown) == (0, 3 * MIB)


def test_columns_of_numbers_stand_to_the_right() -> None:
    rows = [("a", "1"), ("long", "20.5")]
    assert table(("what", "times"), rows).splitlines() == [
        "what  times",
        "a         1",
        "long   20.5",
    ]

"""The books of the fault tests: which repetition is a fault's, and the table of all."""

from tests.faults.books import Repeat, Row, Window, repeats, row, table

AT = Window(10.0, 14.0)


def test_all_but_the_first_are_repetitions() -> None:
    seen = [(0.0, [1.0]), (0.5, [1.0, 2.0, 5.0]), (0.7, [])]
    assert repeats(seen) == [Repeat(0.5, 2.0), Repeat(0.5, 5.0)]


def test_a_fault_explains_what_came_again_of_messages_on_their_way() -> None:
    inside = [Repeat(*times) for times in [(9.0, 15.0), (9.0, 12.0), (11.0, 19.0), (11.0, 12.0)]]
    assert row("f", 1, "callback", "why", seen=inside, at=AT).is_as_promised
    for outside in [Repeat(8.0, 9.0), Repeat(15.0, 16.0)]:
        assert not row("f", 1, "callback", "why", seen=[*inside, outside], at=AT).is_as_promised


def test_without_a_cause_nothing_may_come_twice() -> None:
    assert row("f", 1, "callback", "", seen=[], at=AT).is_as_promised
    assert not row("f", 1, "callback", "", seen=[Repeat(9.0, 15.0)], at=AT).is_as_promised


def test_the_table_names_a_fault_once() -> None:
    rows = [
        Row("dlrd killed", 2000, "submit_sm", 0, "", 0),
        Row("dlrd killed", 2000, "callback", 12, "dlrd died", 0),
    ]
    again = [Row.of_property(value) for _, value in (r.as_property() for r in rows)]
    assert table(again).splitlines() == [
        "fault        accepted  came twice  times  cause",
        "dlrd killed      2000  submit_sm       0  may not come twice",
        "                       callback       12  dlrd died",
    ]

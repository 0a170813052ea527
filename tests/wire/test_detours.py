"""The delay ladder and the dead letters as they stand in message headers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable

NOW = 1_790_000_000.0
MESSAGE = QueueMessage(
    exchange="messaging",
    routing_key="dlr.deliver_sm",
    body=b"DELIVRD",
    message_id="id",
    headers={"type": "deliver_sm", "n": 1},
)


@pytest.mark.parametrize(
    ("wait_s", "rung_s"),
    [(0, 1), (0.5, 1), (1, 1), (1.5, 2), (10, 10), (20, 30), (300, 300), (301, 300), (9e9, 300)],
)
def test_a_delay_takes_the_first_rung_that_is_long_enough(wait_s: float, rung_s: int) -> None:
    out = detours.delayed(MESSAGE, to="DLRLookup-main", now=NOW, until=NOW + wait_s)
    assert (out.exchange, out.routing_key) == ("", f"jasmin_compat.delay.{rung_s}")
    read = detours.read_delayed(out)
    assert read == detours.Delayed("DLRLookup-main", NOW + min(wait_s, 300), NOW + wait_s)


def test_the_marks_are_text() -> None:
    out = detours.delayed(MESSAGE, to="q", now=NOW, until=NOW + 700)
    marks = {name: value for name, value in out.headers.items() if name.startswith("x-jc-")}
    assert marks == {
        "x-jc-exchange": "messaging",
        "x-jc-key": "dlr.deliver_sm",
        "x-jc-to": "q",
        "x-jc-due": "1790000300.000",
        "x-jc-until": "1790000700.000",
    }


def test_the_way_back_restores_the_message() -> None:
    out = detours.delayed(MESSAGE, to="q", now=NOW, until=NOW + 30)
    taken = detours.as_published(out)  # as every adapter hands messages out
    back = detours.straight_to("q", detours.out_of_ladder(taken))
    assert (back.exchange, back.routing_key) == ("", "q")
    assert not {"x-jc-to", "x-jc-due"} & back.headers.keys()
    assert detours.as_published(back) == MESSAGE


def test_going_straight_twice_keeps_where_it_was_published_first() -> None:
    once = detours.as_published(detours.straight_to("q", MESSAGE))
    assert detours.as_published(detours.straight_to("q.dead", once)) == MESSAGE


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-jc-to": "q"},
        {"x-jc-to": "q", "x-jc-due": "soon"},
        {"x-jc-to": "q", "x-jc-due": "nan"},
        {"x-jc-to": "q" * 256, "x-jc-due": "1"},
        {"x-jc-to": "q", "x-jc-due": "1", "x-jc-until": "inf"},
    ],
)
def test_a_stray_message_in_the_ladder_is_undecodable(headers: dict[str, str]) -> None:
    with pytest.raises(Undecodable):
        detours.read_delayed(replace(MESSAGE, headers=headers))


def test_a_dead_message_says_why_and_when() -> None:
    out = detours.dead(MESSAGE, queue="q", reason="r" * 900, now=NOW)
    assert out.routing_key == "q.dead"
    assert detours.why_dead(out) == ("r" * 500, "1790000000")
    assert detours.raised(detours.as_published(out)) == MESSAGE


def test_a_raised_message_has_all_its_attempts_again() -> None:
    tried = {"x-jc-tries": "4", "x-jc-first": "1790000000", "x-jc-crashes": "2"}
    worn = replace(MESSAGE, headers={**MESSAGE.headers, **tried})
    assert detours.raised(worn) == MESSAGE


def test_who_goes_by_the_routing_key_gets_it() -> None:
    """Unless the queue is named as the key: then nobody else needs to get a copy."""
    assert detours.for_any_reader("DLRLookup-main", MESSAGE) is MESSAGE
    submit = replace(MESSAGE, routing_key="submit.sm.c")
    assert detours.for_any_reader("submit.sm.c", submit) == replace(submit, exchange="")


def test_what_migrate_broker_moved_is_as_it_was_published_first() -> None:
    """Else it would be published to an exchange that is gone when it goes on."""
    moved = replace(MESSAGE, exchange="jasmin_compat.moving")
    assert detours.as_published(moved) == MESSAGE
    delayed = detours.delayed(MESSAGE, to="q", now=NOW, until=NOW + 1)
    moved = replace(delayed, exchange="jasmin_compat.moving")
    assert detours.as_published(moved) == detours.as_published(delayed)


def test_a_message_that_never_was_elsewhere_stays_as_it_is() -> None:
    assert detours.as_published(MESSAGE) is MESSAGE
    assert detours.why_dead(MESSAGE) == ("", "")


@given(st.floats(0, 1e6), st.dictionaries(st.text(max_size=6), st.text(max_size=9)))
def test_every_message_comes_out_of_the_ladder_as_it_went_in(
    wait_s: float, headers: dict[str, str]
) -> None:
    message = replace(MESSAGE, headers=headers)
    now, hops = NOW, 0
    out = detours.delayed(message, to="q", now=now, until=NOW + wait_s)
    while detours.read_delayed(out).until > detours.read_delayed(out).due:
        delayed = detours.read_delayed(out)
        now, hops = delayed.due, hops + 1
        again = detours.out_of_ladder(detours.as_published(out))
        out = detours.delayed(again, to="q", now=now, until=delayed.until)
    assert hops <= wait_s // 300 + 1
    assert detours.as_published(detours.out_of_ladder(out)) == message

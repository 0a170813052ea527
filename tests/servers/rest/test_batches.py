"""The body of a batch; test_recorded.py has what Jasmin made of sixty."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.rest.batches import (
    BadBatch,
    BadSchedule,
    Batch,
    BatchLimits,
    Draft,
    TooMuch,
    read_batch,
)
from jasmin_compat.servers.rest.login import Login
from tests.builders import NOW

LOGIN = Login("full", "pwd")
MESSAGE = {"to": "1", "content": "x"}


def read(body: object, **limits: int) -> Batch:
    return read_batch(body, LOGIN, now=NOW, limits=BatchLimits(**limits))


# covers: REST-09 REST-10
def test_a_message_wins_over_the_globals_and_each_recipient_has_its_own() -> None:
    batch = read(
        {
            "globals": {"from": "g", "hex_content": "41", "password": "other"},
            "messages": [{"to": ["1", 2], "from": "m"}, {"from": "m"}],
        }
    )
    rest = {"from": "m", "hex-content": "41"}
    other = Login("full", "other")
    assert batch.drafts == (
        Draft(other, ("1",), {**rest, "to": "1"}),
        Draft(other, ("2",), {**rest, "to": 2}),
    )


# covers: REST-11
def test_when_it_is_to_be_sent() -> None:
    later = (NOW + timedelta(seconds=90)).strftime("%Y-%m-%d %H:%M:%S")
    for at, seconds in ((None, 0), ("0s", 0), ("90s", 90), (later, 90 - NOW.microsecond / 1e6)):
        batch = read({"messages": [MESSAGE], "batch_config": {"schedule_at": at}})
        assert batch.countdown_s == pytest.approx(seconds)


# covers: REST-12
@pytest.mark.parametrize(
    ("at", "title"),
    [
        ("2000-01-01 00:00:00", "Cannot schedule batch in past date"),
        ("tomorrow", "Cannot parse scheduled_at value"),
        ("31622401s", "Cannot parse scheduled_at value"),
        ("9" * 5000 + "s", "Cannot parse scheduled_at value"),
        ("2099-01-01 00:00:00", "Cannot parse scheduled_at value"),
    ],
)
def test_a_time_that_cannot_be_kept(at: str, title: str) -> None:
    with pytest.raises(BadSchedule) as refused:
        read({"batch_config": {"schedule_at": at}})
    assert refused.value.title == title


def test_more_messages_than_allowed() -> None:
    body = {"messages": [{"to": ["1", "2", "3"], "content": "x"}]}
    assert len(read(body, max_messages=3).drafts) == 3
    with pytest.raises(TooMuch, match="2 messages"):
        read(body, max_messages=2)


def test_globals_count_for_each_message() -> None:
    body = {"globals": {"content": "x" * 1000}, "messages": [{"to": "1"}, {"to": ["2", "3"]}]}
    assert len(read(body, max_octets=3300).drafts) == 3
    with pytest.raises(TooMuch, match="3000 octets"):
        read(body, max_octets=3000)


scalars: Any = st.none() | st.integers() | st.sampled_from(["", "1", "5s", "x"])
messages = st.dictionaries(
    st.sampled_from(["to", "content", "password"]), scalars | st.lists(scalars)
)
objects = st.fixed_dictionaries(
    {},
    optional={
        "messages": scalars | st.lists(scalars | messages) | messages,
        "globals": scalars | messages | st.lists(st.lists(scalars)),
        "batch_config": scalars | st.dictionaries(st.just("schedule_at"), scalars),
    },
)


@given(objects)
def test_any_body_is_a_batch_or_none(body: object) -> None:
    try:
        batch = read(body)
    except (BadBatch, BadSchedule, TooMuch):
        return
    assert all("to" in draft.params and "password" not in draft.params for draft in batch.drafts)

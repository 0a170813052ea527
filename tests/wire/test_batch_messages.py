"""Batches on our own queues."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.batches import BatchMessage, BatchReport
from jasmin_compat.gateway.users import UserId
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.batch_messages import (
    read_batch_message,
    read_batch_report,
    write_batch_message,
    write_batch_report,
)
from tests import builders

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.builds(
        BatchMessage,
        batch_id=st.uuids().map(str),
        number=st.integers(1, 10**6),
        uid=st.none() | st.text().map(UserId),
        username=st.text(),
        to=st.lists(st.text()).map(tuple),
        params=st.dictionaries(st.text(), values),
        callback_url=st.text(),
        errback_url=st.text(),
        due=st.floats(0, 4e9),
    )
)
def test_a_message_comes_back_as_it_went(message: BatchMessage) -> None:
    written = write_batch_message(message)
    assert read_batch_message(written) == message
    assert written.routing_key == "jasmin_compat.batch"
    assert written.message_id == f"{message.batch_id}-{message.number}"


@given(
    st.builds(
        BatchReport,
        url=st.text(),
        batch_id=st.text(),
        to=st.lists(st.text()).map(tuple),
        status=st.sampled_from([0, 1]),
        text=st.text(),
    )
)
def test_a_report_comes_back_as_it_went(report: BatchReport) -> None:
    assert read_batch_report(write_batch_report(report, message_id="B-1")) == report


# covers: W-REST-01
def test_there_is_no_password_in_it() -> None:
    fields = json.loads(write_batch_message(builders.batch_message()).body)
    assert "password" not in fields
    assert fields["params"] == {"to": "1", "content": "hello"}


def _with(**fields: object) -> bytes:
    whole = json.loads(write_batch_message(builders.batch_message()).body)
    return json.dumps(whole | fields).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        *(_with(**{name: 5}) for name in ("batch_id", "username", "to", "params", "errback_url")),
        *(_with(number=number) for number in (None, "1", True, float("inf"), float("nan"))),
        _with(uid=1),
        _with(to=[1]),
        _with(due="soon"),
    ],
)
def test_anything_else_is_undecodable(body: bytes) -> None:
    message = QueueMessage(exchange="", routing_key="jasmin_compat.batch", body=body)
    with pytest.raises(Undecodable):
        read_batch_message(message)


@given(st.binary())
def test_garbage_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        read_batch_report(QueueMessage(exchange="", routing_key="x", body=body))

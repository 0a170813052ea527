"""Messages for connectors, against those a Jasmin published."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.messages import ConnectorId, MsgId, QueuedSubmit
from jasmin_compat.smpp.pdus import SubmitSm
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.field_tables import encode_table
from jasmin_compat.wire.submit_messages import read_submit, write_submit, write_submit_resp
from tests.builders import http_request
from tests.wire.jasmin_pickles import message_of, published

SUBMITS = list(published("submit.sm.con"))


@pytest.mark.parametrize("event", SUBMITS, ids=range(len(SUBMITS)))
def test_what_jasmin_published_is_read_and_written_back(event: Any) -> None:
    message = message_of(event)
    submit = read_submit(message)
    written = write_submit(submit)

    assert replace(written, body=message.body) == message
    assert list(written.headers) == list(message.headers)
    assert {type(value) for value in written.headers.values()} <= {str, bytes}
    assert read_submit(written) == submit
    assert submit.cid == "con1"
    encode_table(written.headers)


SUBMIT = QueuedSubmit(
    msgid=MsgId("m"),
    cid=ConnectorId("con1"),
    parts=(SubmitSm(destination_addr=b"1"),),
    source_addr_is_null=True,
    source="httpapi",
    priority=0,
    created_at=datetime(2026, 11, 23, 13, 57),
)


@given(
    st.builds(
        QueuedSubmit,
        msgid=st.text("0123456789abcdef-", min_size=1).map(MsgId),
        cid=st.just(ConnectorId("con1")),
        parts=st.just(SUBMIT.parts),
        source_addr_is_null=st.booleans(),
        source=st.sampled_from(["httpapi", "smppsapi"]),
        priority=st.integers(0, 4),
        created_at=st.datetimes(),
        bill=st.none() | st.binary(min_size=1),
        expiration=st.none() | st.datetimes(),
        tries=st.integers(0, 99),
        request=st.none() | st.builds(http_request, msgid=st.just(MsgId("m")), url=st.text()),
    )
)
def test_every_message_comes_back(submit: QueuedSubmit) -> None:
    if submit.request is not None:
        submit = replace(submit, request=replace(submit.request, msgid=submit.msgid))
    assert read_submit(write_submit(submit)) == submit


MESSAGE = write_submit(SUBMIT)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(replace(MESSAGE, message_id=""), id="no message-id"),
        pytest.param(replace(MESSAGE, routing_key="elsewhere"), id="another key"),
        pytest.param(replace(MESSAGE, body=b"hello"), id="no pickle"),
        pytest.param(replace(MESSAGE, headers={}), id="no headers"),
        *(
            pytest.param(replace(MESSAGE, headers={**MESSAGE.headers, **wrong}), id=str(wrong))
            for wrong in (
                {"source_connector": "carrier pigeon"},
                {"created_at": "yesterday"},
                {"x-jc-dlr": "sc=httpapi&level=9"},
                {"x-jc-dlr": "%"},
                {"expiration": "tomorrow"},
                {"submit_sm_bill": "none"},
                {"submit_sm_bill": 5},
                {"x-jc-tries": "many"},
            )
        ),
    ],
)
def test_other_messages_are_undecodable(message: QueueMessage) -> None:
    with pytest.raises(Undecodable):
        read_submit(message)


# covers: SMPPC-29
@pytest.mark.parametrize("event", published("submit.sm.resp."))
def test_a_copy_of_an_answer_stands_where_jasmin_puts_it(event: Any) -> None:
    message = message_of(event)
    ours = write_submit_resp(
        MsgId(message.message_id),
        ConnectorId("con1"),
        command_status=0,
        message_id=b"m1",
        now=datetime.fromisoformat(str(message.headers["created_at"])),
    )

    assert replace(ours, body=message.body) == message

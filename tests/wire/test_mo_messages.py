"""Messages connectors received, against those a Jasmin published."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from jasmin_compat.gateway.messages import ConnectorId, MoReceived, MsgId
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.field_tables import encode_table
from jasmin_compat.wire.mo_messages import read_mo, write_mo
from tests.wire.jasmin_pickles import message_of, published

MOS = list(published("deliver.sm."))


@pytest.mark.parametrize("event", MOS, ids=range(len(MOS)))
def test_what_jasmin_published_is_read_and_written_back(event: Any) -> None:
    message = message_of(event)
    mo = read_mo(message)
    written = write_mo(mo)
    created_at = message.headers["created_at"]  # a moment after it was received

    assert (
        replace(written, body=message.body, headers={**written.headers, "created_at": created_at})
        == message
    )
    assert list(written.headers) == list(message.headers)
    assert read_mo(written) == mo
    encode_table(written.headers)


def test_recordings_hold_joined_messages_and_parts() -> None:
    mos = [read_mo(message_of(event)) for event in MOS]

    assert {(mo.concatenated, mo.will_be_concatenated) for mo in mos} == {
        (False, False),
        (True, False),
        (False, True),
    }
    assert {type(mo.pdu) for mo in mos} == {DeliverSm, DataSm}


MESSAGE = write_mo(
    MoReceived(
        msgid=MsgId("m"),
        cid=ConnectorId("con1"),
        pdu=DeliverSm(),
        received_at=datetime(2026, 11, 23),
    )
)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(replace(MESSAGE, message_id=""), id="no message-id"),
        pytest.param(replace(MESSAGE, body=b"hello"), id="no pickle"),
        pytest.param(replace(MESSAGE, headers={}), id="no connector"),
    ],
)
def test_other_messages_are_undecodable(message: QueueMessage) -> None:
    with pytest.raises(Undecodable):
        read_mo(message)

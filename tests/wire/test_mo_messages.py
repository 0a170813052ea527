"""Messages connectors received, against those a Jasmin published."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from jasmin_compat.gateway.messages import (
    ConnectorId,
    EsmeReceiver,
    HttpReceiver,
    MoReceived,
    MoRouted,
    MsgId,
)
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.field_tables import encode_table
from jasmin_compat.wire.mo_messages import read_mo, read_routed, write_mo, write_routed
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


# ---------------------------------------------------------------- to the thrower

ROUTED = list(published("deliver_sm_thrower."))


# covers: AMQP-01
@pytest.mark.parametrize("event", ROUTED, ids=range(len(ROUTED)))
def test_what_jasmin_routed_is_read_and_written_back(event: Any) -> None:
    message = message_of(event)
    mo = read_routed(message)
    written = write_routed(mo)
    pickles = {"dst-connectors": message.headers["dst-connectors"]}  # tests/wire/test_smpp_pdu3.py

    assert replace(written, body=message.body, headers={**written.headers, **pickles}) == message
    assert list(written.headers) == list(message.headers)
    assert read_routed(written) == mo
    encode_table(written.headers)


def test_recordings_hold_every_kind_of_route() -> None:
    mos = [read_routed(message_of(event)) for event in ROUTED]

    assert {(type(mo.receivers[0]), mo.is_failover, len(mo.receivers)) for mo in mos} == {
        (HttpReceiver, False, 1),
        (EsmeReceiver, False, 1),
        (HttpReceiver, True, 2),
    }
    assert {type(mo.pdu) for mo in mos} == {DeliverSm, DataSm}


RECEIVER = HttpReceiver(cid=ConnectorId("http1"), url="http://h/mo", method="POST")
MO = MoRouted(msgid=MsgId("m"), cid=ConnectorId("con1"), pdu=DeliverSm(), receivers=(RECEIVER,))
ROUTE = write_routed(MO)


@pytest.mark.parametrize(
    "mo",
    [
        MO,
        replace(MO, receivers=(RECEIVER, RECEIVER), is_failover=True),
        replace(MO, receivers=(EsmeReceiver("e1"), EsmeReceiver("e2")), is_failover=True),
        replace(MO, pdu=DataSm(), tries=2, first_tried_at=1.5),
    ],
)
def test_every_routed_message_comes_back(mo: MoRouted) -> None:
    assert read_routed(write_routed(mo)) == mo


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(replace(ROUTE, message_id=""), id="no message-id"),
        pytest.param(replace(ROUTE, body=b"hello"), id="no pickle"),
        pytest.param(replace(ROUTE, headers={}), id="no headers"),
        pytest.param(replace(ROUTE, routing_key="deliver_sm_thrower.smpps"), id="another key"),
        *(
            pytest.param(replace(ROUTE, headers={**ROUTE.headers, **wrong}), id=str(wrong)[:60])
            for wrong in (
                {"route-type": "roundrobin"},
                {"dst-connectors": "http1"},
                {"dst-connectors": 5},
                {"dst-connectors": ROUTE.body},
                {"x-jc-tries": "many"},
            )
        ),
    ],
)
def test_other_routed_messages_are_undecodable(message: QueueMessage) -> None:
    with pytest.raises(Undecodable):
        read_routed(message)

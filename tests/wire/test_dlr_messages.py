"""Messages on the way of a delivery report, against those a Jasmin published."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.messages import (
    ConnectorId,
    HttpDlr,
    MsgId,
    ReceiptArrived,
    SmppDlr,
    SmppMsgId,
    SubmitReplied,
)
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.dlr_messages import (
    read_callback,
    read_lookup,
    write_callback,
    write_lookup,
)
from jasmin_compat.wire.field_tables import encode_table
from tests.wire.jasmin_pickles import message_of, published

LOOKUPS = list(published("dlr."))
CALLBACKS = list(published("dlr_thrower."))


@pytest.mark.parametrize("event", LOOKUPS, ids=range(len(LOOKUPS)))
def test_lookups_of_jasmin_are_read_and_written_back(event: Any) -> None:
    message = message_of(event)
    written = write_lookup(read_lookup(message))

    assert written == message
    assert list(written.headers) == list(message.headers)


@pytest.mark.parametrize("event", CALLBACKS, ids=range(len(CALLBACKS)))
def test_callbacks_of_jasmin_are_read_and_written_back(event: Any) -> None:
    message = message_of(event)
    written = write_callback(read_callback(message))

    assert written == message
    assert list(written.headers) == list(message.headers)


def test_recordings_hold_every_kind() -> None:
    keys = {event["routing_keys"][0] for event in (*LOOKUPS, *CALLBACKS)}
    kinds = {event["properties"]["headers"].get("type") for event in LOOKUPS}

    assert keys == {
        "dlr.submit_sm_resp",
        "dlr.deliver_sm",
        "dlr_thrower.http",
        "dlr_thrower.smpps",
    }
    assert kinds == {"submit_sm_resp", "deliver_sm", "data_sm"}


IDS = st.text(min_size=1, max_size=20)
MSGIDS = st.text("0123456789abcdef-", min_size=1).map(MsgId)
TRIES = st.integers(0, 99)
TIMES = st.none() | st.integers(0, 2**40).map(float)
TON, NPI = st.integers(0, 255), st.integers(0, 255)

REPLIES = st.builds(
    SubmitReplied,
    msgid=MSGIDS,
    status=st.sampled_from(["ESME_ROK", "ESME_RTHROTTLED", "RESERVEDSTATUS_VENDOR_SPECIFIC"]),
    smpp_msgid=st.none() | st.text(max_size=20).map(SmppMsgId),
    more_smpp_msgids=st.lists(IDS, max_size=4).map(tuple),
    tries=TRIES,
).filter(lambda replied: replied.smpp_msgid is not None or replied.status != "ESME_ROK")
"""A success has an id, if an empty one."""
RECEIPTS = st.builds(
    ReceiptArrived,
    smpp_msgid=st.text().map(SmppMsgId),
    cid=st.just(ConnectorId("con1")),
    pdu=st.sampled_from(["deliver_sm", "data_sm"]),
    raw_id=IDS,
    stat=IDS,
    sub=IDS,
    dlvrd=IDS,
    submit_date=IDS,
    done_date=IDS,
    err=IDS,
    text=st.text(),
    tries=TRIES,
)
HTTP_DLRS = st.builds(
    HttpDlr,
    msgid=MSGIDS,
    url=st.text(),
    method=st.sampled_from(["GET", "POST"]),
    message_status=IDS,
    level=st.sampled_from([1, 2]),
    connector=st.text(),
    id_smsc=st.text(),
    sub=IDS,
    dlvrd=IDS,
    subdate=IDS,
    donedate=IDS,
    err=st.text(),
    text=st.text(),
    tries=TRIES,
    first_tried_at=TIMES,
)
SMPP_DLRS = st.builds(
    SmppDlr,
    msgid=MSGIDS,
    message_status=IDS,
    err=IDS | st.sampled_from(["99", "099"]),
    system_id=IDS,
    source_addr=st.text(),
    source_addr_ton=TON,
    source_addr_npi=NPI,
    destination_addr=st.text(),
    dest_addr_ton=TON,
    dest_addr_npi=NPI,
    sub_date=IDS,
    tries=TRIES,
    first_tried_at=TIMES,
)


# covers: W-DLR-18 W-AMQP-12
@given(REPLIES | RECEIPTS)
def test_every_lookup_comes_back_through_a_table_of_ascii(event: Any) -> None:
    message = write_lookup(event)
    encode_table(message.headers)

    assert read_lookup(message) == event


# covers: W-AMQP-12
@given(HTTP_DLRS | SMPP_DLRS)
def test_every_callback_comes_back_through_a_table_of_ascii(callback: Any) -> None:
    message = write_callback(callback)
    encode_table(message.headers)

    assert read_callback(message) == callback


def test_a_success_without_an_id_has_the_header_that_jasmins_lookup_wants() -> None:
    message = write_lookup(SubmitReplied(msgid=MsgId("m"), status="ESME_ROK"))

    assert message.headers == {"type": "submit_sm_resp", "smpp_msgid": ""}


def test_further_ids_stand_in_a_header_of_ours() -> None:
    replied = SubmitReplied(
        msgid=MsgId("m"),
        status="ESME_ROK",
        smpp_msgid=SmppMsgId("A"),
        more_smpp_msgids=(SmppMsgId("B C"), SmppMsgId("D")),
    )

    assert write_lookup(replied).headers["x-jc-ids"] == "B%20C D"


# covers: DLR-17
def test_numbers_a_jasmin_wrote_for_texts_are_texts() -> None:
    callback = message_of(next(e for e in CALLBACKS if "http" in e["routing_keys"][0]))
    numbers = {**callback.headers, "connector": 12345, "id_smsc": 12345, "err": 99}
    read = read_callback(replace(callback, headers=numbers))

    assert isinstance(read, HttpDlr)
    assert (read.connector, read.id_smsc, read.err) == ("12345", "12345", "99")


HTTP = message_of(next(e for e in CALLBACKS if e["routing_keys"][0] == "dlr_thrower.http"))
SMPP = message_of(next(e for e in CALLBACKS if e["routing_keys"][0] == "dlr_thrower.smpps"))
REPLY = message_of(next(e for e in LOOKUPS if e["routing_keys"][0] == "dlr.submit_sm_resp"))
RECEIPT = message_of(next(e for e in LOOKUPS if e["routing_keys"][0] == "dlr.deliver_sm"))


def without(message: QueueMessage, name: str) -> QueueMessage:
    headers = {key: value for key, value in message.headers.items() if key != name}
    return replace(message, headers=headers)


# covers: W-DLR-17
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(without(REPLY, "type"), id="no type"),
        pytest.param(replace(REPLY, headers={"type": "enquire_link"}), id="another type"),
        pytest.param(replace(REPLY, message_id=""), id="no message-id"),
        pytest.param(replace(REPLY, body=b"\xff"), id="status is no text"),
        *(pytest.param(without(RECEIPT, name), id=f"no {name}") for name in RECEIPT.headers),
    ],
)
def test_other_lookups_are_undecodable(message: QueueMessage) -> None:
    with pytest.raises(Undecodable):
        read_lookup(message)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(replace(HTTP, message_id=""), id="no message-id"),
        pytest.param(replace(HTTP, routing_key="dlr_thrower.fax"), id="another key"),
        pytest.param(replace(HTTP, headers={**HTTP.headers, "level": 3}), id="level 3"),
        pytest.param(replace(HTTP, headers={**HTTP.headers, "method": "PUT"}), id="PUT"),
        *(
            pytest.param(without(HTTP, name), id=f"no {name}")
            for name in ("url", "method", "level", "message_status", "connector")
        ),
        *(
            pytest.param(without(SMPP, name), id=f"no {name} for an ESME")
            for name in SMPP.headers
            if name != "try-count"
        ),
        pytest.param(
            replace(SMPP, headers={**SMPP.headers, "dest_addr_npi": "AddrNpi.X"}), id="no such NPI"
        ),
    ],
)
def test_other_callbacks_are_undecodable(message: QueueMessage) -> None:
    with pytest.raises(Undecodable):
        read_callback(message)

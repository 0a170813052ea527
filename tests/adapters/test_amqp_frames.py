"""Frames of the hot path: against those a TCP tap saw of a real Jasmin, and against pamqp."""

import contextlib
import datetime
import decimal
from typing import Any

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import body, commands, encode, header

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_frames import BrokenFrame, Unwritable
from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage
from jasmin_compat.wire.field_tables import MAX_TABLE_OCTETS
from tests import golden

SHAPES = [shape["example"] for shape in golden.load("amqp_wire")["message_shapes"]]
FRAME_HEAD, METHOD_ID = 7, 4


def named(example: dict[str, Any]) -> str:
    return f"{example['method']} {example['args']['routing_key']}"


def recorded(example: dict[str, Any]) -> QueueMessage:
    """The recorded message as we hold it."""
    properties = example["properties"]
    headers: dict[str, HeaderValue] = {
        name: field["value"] if "value" in field else bytes.fromhex(field["hex"])
        for name, field in properties.get("headers", {}).items()
    }
    return QueueMessage(
        exchange=example["args"]["exchange"],
        routing_key=example["args"]["routing_key"],
        body=bytes.fromhex(example["body_hex"]),
        message_id=properties.get("message_id", ""),
        headers=headers,
        reply_to=properties.get("reply_to"),
        priority=properties.get("priority"),
    )


# covers: W-AMQP-12 W-AMQP-13
@pytest.mark.parametrize("example", SHAPES, ids=named)
def test_properties_are_octet_for_octet_what_jasmin_writes(example: dict[str, Any]) -> None:
    octets = bytes.fromhex(example["header_frame_hex"])
    message = recorded(example)
    assert frames.content_header(message, persistent=False) == octets
    assert frames.read_message(message.exchange, message.routing_key, octets, message.body) == (
        message
    )


@pytest.mark.parametrize("example", SHAPES[:3], ids=named)
def test_a_persistent_message_has_one_property_more(example: dict[str, Any]) -> None:
    octets = frames.content_header(recorded(example), persistent=True)
    read = header.ContentHeader()
    read.unmarshal(octets)
    assert read.properties.delivery_mode == 2
    assert read.properties.message_id == recorded(example).message_id
    assert frames.read_message(
        example["args"]["exchange"], example["args"]["routing_key"], octets, recorded(example).body
    ) == recorded(example)


@pytest.mark.parametrize("mandatory", [True, False])
def test_basic_publish_is_what_pamqp_writes(mandatory: bool) -> None:
    theirs = commands.Basic.Publish(
        exchange="messaging", routing_key="submit.sm.c", mandatory=mandatory
    )
    assert frames.publish_method(5, "messaging", "submit.sm.c", mandatory) == (
        pamqp.frame.marshal(theirs, 5)
    )


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 250])
def test_a_body_is_cut_to_the_size_of_frames(size: int) -> None:
    octets = bytes(range(size))
    properties = frames.content_header(
        QueueMessage(exchange="", routing_key="q", body=octets), persistent=False
    )
    theirs = pamqp.frame.marshal(header.ContentHeader(0, size), 3) + b"".join(
        pamqp.frame.marshal(body.ContentBody(octets[at : at + 100]), 3)
        for at in range(0, size, 100)
    )
    assert frames.content(3, properties, octets, frame_max=108) == theirs


@pytest.mark.parametrize("tag", [1, 2**40])
@pytest.mark.parametrize("multiple", [True, False])
def test_acks_are_what_pamqp_writes(tag: int, multiple: bool) -> None:
    theirs = pamqp.frame.marshal(commands.Basic.Ack(tag, multiple), 9)
    assert frames.ack(9, tag, multiple=multiple) == theirs
    assert frames.read_method_id(theirs, FRAME_HEAD) == frames.BASIC_ACK
    assert frames.read_tag(theirs, FRAME_HEAD) == (tag, int(multiple))


def test_nack_requeues_one() -> None:
    theirs = pamqp.frame.marshal(commands.Basic.Nack(7, False, True), 9)
    assert frames.nack(9, 7) == theirs


def test_the_heartbeat_is_what_pamqp_writes() -> None:
    assert pamqp.frame.marshal(pamqp.heartbeat.Heartbeat(), 0) == frames.HEARTBEAT_FRAME


@pytest.mark.parametrize("redelivered", [True, False])
def test_a_delivery_is_read(redelivered: bool) -> None:
    deliver = commands.Basic.Deliver("tag", 2**33, redelivered, "messaging", "dlr.deliver_sm")
    octets = pamqp.frame.marshal(deliver, 4)
    assert frames.read_method_id(octets, FRAME_HEAD) == frames.BASIC_DELIVER
    assert frames.read_deliver(octets, FRAME_HEAD) == frames.Delivered(
        2**33, redelivered, "messaging", "dlr.deliver_sm"
    )


def test_a_return_is_read() -> None:
    octets = pamqp.frame.marshal(commands.Basic.Return(312, "NO_ROUTE", "messaging", "k"), 4)
    assert frames.read_method_id(octets, FRAME_HEAD) == frames.BASIC_RETURN
    assert frames.read_return(octets, FRAME_HEAD) == frames.Returned(
        312, "NO_ROUTE", "messaging", "k"
    )


def test_what_a_connection_says_is_read() -> None:
    close = pamqp.frame.marshal(commands.Connection.Close(320, "CONNECTION_FORCED", 0, 0), 0)
    assert frames.read_method_id(close, FRAME_HEAD) == frames.CONNECTION_CLOSE
    assert frames.read_close(close, FRAME_HEAD) == "320 CONNECTION_FORCED"
    blocked = pamqp.frame.marshal(commands.Connection.Blocked("low on memory"), 0)
    assert frames.read_method_id(blocked, FRAME_HEAD) == frames.CONNECTION_BLOCKED
    assert frames.read_reason(blocked, FRAME_HEAD) == "low on memory"
    unblocked = pamqp.frame.marshal(commands.Connection.Unblocked(), 0)
    assert frames.read_method_id(unblocked, FRAME_HEAD) == frames.CONNECTION_UNBLOCKED


def test_properties_that_jasmin_does_not_use_are_passed_over() -> None:
    theirs = commands.Basic.Properties(
        content_type="text/plain",
        content_encoding="utf-8",
        headers={"type": "deliver_sm"},
        delivery_mode=2,
        priority=3,
        correlation_id="c",
        reply_to="r",
        expiration="60000",
        message_id="m",
        timestamp=datetime.datetime.now(datetime.UTC),
        message_type="t",
        user_id="guest",
        app_id="a",
    )
    octets = header.ContentHeader(0, 4, theirs).marshal()
    assert frames.read_message("x", "k", octets, b"body") == QueueMessage(
        exchange="x",
        routing_key="k",
        body=b"body",
        message_id="m",
        headers={"type": "deliver_sm"},
        reply_to="r",
        priority=3,
    )


# covers: W-AMQP-13
def test_field_types_of_others_are_read_or_left_out() -> None:
    table = encode.field_table(
        {
            "text": "prêt",
            "small": 1,
            "negative": -300,
            "large": 2**40,
            "yes": True,
            "octets": bytearray(b"\xff\x00"),
            "nothing": None,
            "x-death": [{"count": 1, "queue": "q"}],
            "table": {"a": {"b": "c"}},
            "at": datetime.datetime.now(datetime.UTC),
            "float": 1.5,
            "decimal": decimal.Decimal("3.14"),
            "last": "z",
        }
    )
    assert frames.read_table(table + b"tail", 0) == (
        {
            "text": "prêt",
            "small": 1,
            "negative": -300,
            "large": 2**40,
            "yes": 1,
            "octets": b"\xff\x00",
            "last": "z",
        },
        len(table),
    )


def test_what_a_quorum_queue_put_in_is_left_out() -> None:
    theirs = commands.Basic.Properties(headers={"x-delivery-count": 3, "type": "deliver_sm"})
    octets = header.ContentHeader(0, 0, theirs).marshal()
    assert frames.read_message("", "", octets, b"").headers == {"type": "deliver_sm"}


def test_integers_are_unsigned_as_jasmin_has_them() -> None:
    table = b"\x00\x00\x00\x07\x01nI\xff\xff\xff\xff"
    assert frames.read_table(table, 0) == ({"n": 2**32 - 1}, len(table))


def test_a_copy_of_a_message_of_others_can_be_written() -> None:
    """Text beyond ASCII keeps its octets; numbers that do not fit become text."""
    headers: dict[str, HeaderValue] = {
        "text": "prêt",
        "large": 2**40,
        "negative": -1,
        "é": "a name nobody can read",
        "octets": b"\x80",
        "n": 7,
    }
    message = QueueMessage(exchange="", routing_key="q", body=b"", headers=headers)
    octets = frames.content_header(message, persistent=True)
    assert frames.read_message("", "q", octets, b"").headers == {
        "text": "prêt",
        "large": str(2**40),
        "negative": "-1",
        "octets": b"\x80",
        "n": 7,
    }


@pytest.mark.parametrize(
    "table",
    [
        b"\x00\x00\x00\x03\x01n?",
        b"\x00\x00\x00\x02\x01n",
        b"\x00\x00\x00\x07\x01nS\xff\xff\xff\xff",
        b"\x00\x00\xff\x00\x01nI\x00\x00\x00\x01",
        b"\x00\x00\x00\x06\x01nI\x00\x00\x00\x01",
        b"\x00",
    ],
)
def test_a_broken_table_raises_only_our_error(table: bytes) -> None:
    properties = b"\x00\x3c\x00\x00" + bytes(8) + b"\x20\x00" + table
    with pytest.raises(BrokenFrame):
        frames.read_message("", "", properties, b"")


@given(st.binary(max_size=60))
def test_garbage_raises_only_our_error(octets: bytes) -> None:
    properties = b"\x00\x3c\x00\x00" + bytes(8) + octets
    try:
        message = frames.read_message("", "", properties, b"")
    except BrokenFrame:
        return
    assert isinstance(message, QueueMessage)


TEXT = st.text(st.characters(max_codepoint=127), max_size=30)


@given(
    TEXT,
    st.dictionaries(TEXT.filter(bool), TEXT | st.integers(0, 2**31 - 1), max_size=5),
    st.none() | TEXT.filter(bool),
    st.none() | st.integers(0, 255),
    st.booleans(),
)
def test_what_was_written_is_read(
    message_id: str,
    headers: dict[str, HeaderValue],
    reply_to: str | None,
    priority: int | None,
    persistent: bool,
) -> None:
    message = QueueMessage(
        exchange="e",
        routing_key="k",
        body=b"b",
        message_id=message_id,
        headers=headers,
        reply_to=reply_to,
        priority=priority,
    )
    octets = frames.content_header(message, persistent)
    assert frames.read_message("e", "k", octets, b"b") == message
    assert frames.read_body_size(octets) == 1


@pytest.mark.parametrize("text", ["x" * 256, "é" * 128])
def test_a_name_too_long_for_a_short_string_is_refused(text: str) -> None:
    with pytest.raises(Unwritable, match="256 octets"):
        frames.short_string(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"message_id": "x" * 256},
        {"reply_to": "x" * 256},
        {"headers": {"n": "x" * MAX_TABLE_OCTETS}},
        {"headers": {"n": "é" * MAX_TABLE_OCTETS}},
        {"headers": {"n" * 256: "x"}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any]) -> None:
    message = QueueMessage(exchange="e", routing_key="k", body=b"", **fields)
    with pytest.raises(Unwritable):
        frames.content_header(message, persistent=True)


# -- copies


def header_of(properties: commands.Basic.Properties, size: int = 3) -> bytes:
    return bytes(header.ContentHeader(0, size, properties).marshal())


FULL = {
    "content_type": "text/plain",
    "content_encoding": "utf-8",
    "headers": {"text": "t", "n": 1, "x-death": [{"count": 2}], "octets": bytearray(b"\xff")},
    "priority": 3,
    "correlation_id": "c",
    "reply_to": "r",
    "expiration": "1000",
    "message_id": "m",
    "timestamp": datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC),
    "user_id": "guest",
}


@pytest.mark.parametrize("properties", [{}, {"headers": {"n": 1}}, FULL])
@pytest.mark.parametrize("before", [None, 1, 2])
@pytest.mark.parametrize("after", [None, 1, 2])
def test_a_copy_differs_in_its_delivery_mode_only(
    properties: dict[str, Any], before: int | None, after: int | None
) -> None:
    came = header_of(commands.Basic.Properties(**properties, delivery_mode=before))
    wanted = header_of(commands.Basic.Properties(**properties, delivery_mode=after))
    assert frames.copied_header(came, after) == wanted


FLAGGED = bytes.fromhex("003c00000000000000000003ffff")
"""A header payload that says it has every property."""


def test_a_copy_has_no_headers_of_the_brokers_own() -> None:
    """Jasmin could not read them."""
    broker = {"x-delivery-count": 3, "x-acquired-count": 1 << 40}
    came = header_of(commands.Basic.Properties(headers={"a": "1", **broker, "b": "2"}))
    wanted = header_of(commands.Basic.Properties(headers={"a": "1", "b": "2"}))
    assert frames.copied_header(came, None) == wanted


@given(octets=st.binary(max_size=60) | st.binary(max_size=60).map(FLAGGED.__add__))
def test_of_garbage_no_copy_is_made(octets: bytes) -> None:
    with contextlib.suppress(frames.BrokenFrame):
        frames.copied_header(octets, 2)

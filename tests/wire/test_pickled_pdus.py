"""PDUs in queues: what Jasmin wrote, against what it had on the wire; what we write, against it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.codec import decode, encode_body
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.split import LongContent, split
from jasmin_compat.wire import pickled_pdus
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_pdus import (
    MAX_PARTS,
    BadPdu,
    PickledMo,
    PickledSubmit,
    read_mo,
    read_submit,
    write_mo,
    write_submit,
    write_submit_resp,
)
from jasmin_compat.wire.pickled_tlvs import read_tlvs
from jasmin_compat.wire.pickles import unpickle
from tests import golden
from tests.smpp import bodies
from tests.wire.jasmin_pickles import FLOWS, published


def with_wire(key: str, direction: str, kinds: Any) -> list[Any]:
    """Bodies a Jasmin published under `key`, and the PDUs of that flow on the wire."""
    found = []
    for name in FLOWS:
        for flow in golden.load(name)["flows"]:
            events = [
                event
                for event in flow["amqp"]
                if event.get("event") == "publish" and event["routing_keys"][0].startswith(key)
            ]
            wire = [
                decode(bytes.fromhex(s["hex"])).body
                for s in flow.get("smsc") or ()
                if s["dir"] == direction
            ]
            pdus = [pdu for pdu in wire if type(pdu) in kinds]
            if len(events) == 1 and pdus:
                found.append(pytest.param(events[0], pdus, id=flow["name"]))
    return found


SUBMITS = with_wire("submit.sm.con", "gw->smsc", (SubmitSm,))
MOS = with_wire("deliver.sm.", "smsc->gw", (DeliverSm, DataSm))


def body(event: Any) -> bytes:
    return bytes.fromhex(event["body_hex"])


def is_of_http(event: Any) -> bool:
    return bool(event["properties"]["headers"]["source_connector"] == "httpapi")


# ---------------------------------------------------------------- submit_sm


@pytest.mark.parametrize(("event", "sent"), SUBMITS)
def test_a_message_of_jasmin_is_what_jasmin_sent(event: Any, sent: list[SubmitSm]) -> None:
    submit = read_submit(body(event))

    assert submit.source_addr_is_null == (is_of_http(event) and not sent[0].source_addr)
    assert [encode_body(part) for part in submit.parts] == [
        encode_body(part) for part in sent[: len(submit.parts)]
    ]


def test_recordings_hold_messages_of_every_kind() -> None:
    assert len(SUBMITS) == 54
    assert len(MOS) == 59


@pytest.mark.parametrize("event", list(published("submit.sm.con")))
def test_what_is_written_is_what_jasmin_writes(event: Any) -> None:
    submit = read_submit(body(event))
    theirs = unpickle(body(event))
    ours = unpickle(write_submit(submit, is_of_http=is_of_http(event)))

    assert comparable(ours) == comparable(theirs)


def comparable(found: Any) -> Any:
    """Without sequence number and the microseconds SMPP cannot carry."""
    state = dict(found.state, seqNum=None, params=dict(found.state["params"]))
    for name, value in state["params"].items():
        if isinstance(value, datetime):
            tenths = value.microsecond // 100_000
            state["params"][name] = value.replace(microsecond=100_000 * tenths)
    state["custom_tlvs"] = read_tlvs({}, state["custom_tlvs"], ())  # ours have the type resolved
    if "nextPdu" in state:
        state["nextPdu"] = comparable(state["nextPdu"])
    return Instance(found.name, state)


PARTS = st.lists(bodies.values(SubmitSm), min_size=1, max_size=3).map(tuple)


@given(PARTS, st.booleans(), st.booleans())
def test_every_message_comes_back(parts: Any, of_http: bool, is_null: bool) -> None:
    if is_null:
        parts = tuple(replace(part, source_addr=b"") for part in parts)
    submit = PickledSubmit(parts, is_null)
    octets = write_submit(submit, is_of_http=of_http)
    back = read_submit(octets)

    assert back.source_addr_is_null == is_null
    assert [replace(part, tlvs=()) for part in back.parts] == [
        replace(part, tlvs=()) for part in parts
    ]
    for ours, theirs in zip(back.parts, parts, strict=True):
        assert sorted(map(repr, ours.tlvs)) == sorted(map(repr, theirs.tlvs))
    assert pickled_pdus._read_submit(unpickle(octets)) == back  # the machine agrees


@given(
    st.text(),
    st.sampled_from((*pickled_pdus._ANY_SUBMIT.literals, pickled_pdus._BETWEEN, b"uub.")),
    st.binary(max_size=8),
)
def test_content_that_looks_like_the_template_comes_back(
    text: str, literal: bytes, tail: bytes
) -> None:
    content = text.encode()[:20] + literal + tail
    payload = (Tlv(0x0424, content), Tlv(0x1400, content))
    part = SubmitSm(short_message=content, source_addr=tail, tlvs=payload)
    submit = PickledSubmit((part, part), source_addr_is_null=False)

    assert read_submit(write_submit(submit, is_of_http=False)) == submit


# covers: LONG-12
def test_a_message_of_most_parts_comes_back() -> None:
    template = SubmitSm(destination_addr=b"1", data_coding=8)
    policy = LongContent(max_parts=MAX_PARTS)
    parts = split(template, b"\xff" * 134 * MAX_PARTS, policy=policy, reference=1)
    octets = write_submit(PickledSubmit(parts, True), is_of_http=True)

    assert len(parts) == MAX_PARTS
    assert read_submit(octets).parts == parts


LONG = SubmitSm(source_addr=b"1" * 4096)


def test_a_field_of_any_length_jasmin_queues_comes_back() -> None:
    submit = PickledSubmit((LONG,), source_addr_is_null=False)
    assert read_submit(write_submit(submit, is_of_http=False)) == submit


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((SubmitSm(),) * (MAX_PARTS + 1), id="too many parts"),
        pytest.param((replace(LONG, source_addr=b"1" * 4097),), id="too long a field"),
        pytest.param((SubmitSm(short_message=bytes(1 << 20)),), id="too long in all"),
    ],
)
def test_more_than_a_message_can_be_is_refused_though_it_is_ours(parts: tuple[SubmitSm]) -> None:
    with pytest.raises(BadPdu):
        read_submit(write_submit(PickledSubmit(parts, False), is_of_http=True))


PART = b"csmpp.pdu.operations\nSubmitSM\n)\x81q\x00}(X\x06\0\0\0params}X\x07\0\0\0nextPduh\x00ub"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80\x02N.",
        b"\x80\x02cposix\nsystem\n.",
        b"\x80\x02csmpp.pdu.operations\nSubmitSM\n)\x81.",
        pytest.param(b"\x80\x02" + PART + b".", id="a part that is its own next"),
        write_mo(PickledMo(DeliverSm(), "con1", datetime(2026, 1, 1)), None),
        write_submit(PickledSubmit((SubmitSm(),), True), is_of_http=True)[:-1],
        write_submit(PickledSubmit((SubmitSm(),), True), is_of_http=True).replace(b"]", b"N", 1),
    ],
)
def test_other_bodies_are_refused(octets: bytes) -> None:
    with pytest.raises(BadPdu):
        read_submit(octets)
    if b"RoutableDeliverSm" not in octets:
        with pytest.raises(BadPdu):
            read_mo(octets)


# ---------------------------------------------------------------- submit_sm_resp


@pytest.mark.parametrize("event", published("submit.sm.resp."))
def test_a_copy_of_a_response_is_jasmins(event: Any) -> None:
    theirs = unpickle(body(event))
    assert isinstance(theirs, Instance)
    params: Any = theirs.state["params"]
    status, number = theirs.state["status"], theirs.state["seqNum"]
    assert isinstance(status, int)
    assert isinstance(number, int)

    ours = unpickle(write_submit_resp(status, params.get("message_id", b""), number))

    assert ours == theirs


def test_a_status_without_a_name_is_a_reserved_one() -> None:
    found = unpickle(write_submit_resp(0x0401, b"", None))

    assert isinstance(found, Instance)
    assert found.state["status"] == -2
    assert found.state["seqNum"] is None


# ---------------------------------------------------------------- deliver_sm, data_sm


@pytest.mark.parametrize(("event", "received"), MOS)
def test_an_mo_of_jasmin_is_what_it_received(event: Any, received: list[Any]) -> None:
    mo = read_mo(body(event))

    assert mo.cid == event["properties"]["headers"]["connector-id"]
    assert [replace(mo.pdu, tlvs=())] == [replace(pdu, tlvs=()) for pdu in received]
    assert sorted(map(repr, mo.pdu.tlvs)) == sorted(map(repr, received[0].tlvs))


@pytest.mark.parametrize("event", published("deliver.sm."))
def test_an_mo_is_written_as_jasmin_writes_it(event: Any) -> None:
    theirs: Any = unpickle(body(event))
    pdu = theirs.state["pdu"].state
    if pdu["params"]["esm_class"] is None:
        return  # put together of parts by Jasmin, which takes the esm_class off
    ours: Any = unpickle(write_mo(read_mo(body(event)), pdu["seqNum"]))
    assert isinstance(ours, Instance)

    for each in (ours, theirs):
        each.state["pdu"] = comparable(each.state["pdu"])
        each.state["pdu"].state["seqNum"] = pdu["seqNum"]
    assert ours == theirs


@given(bodies.values(DeliverSm) | bodies.values(DataSm), st.datetimes(), st.text())
def test_every_mo_comes_back(pdu: Any, received_at: datetime, cid: str) -> None:
    mo = PickledMo(pdu, cid, received_at)
    back = read_mo(write_mo(mo, 5))

    assert replace(back, pdu=replace(back.pdu, tlvs=())) == replace(mo, pdu=replace(pdu, tlvs=()))
    assert sorted(map(repr, back.pdu.tlvs)) == sorted(map(repr, pdu.tlvs))

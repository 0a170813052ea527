"""Cutting against the submit_sm a real Jasmin sent; recognising what others cut."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.codec import decode
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.split import (
    LongContent,
    Segment,
    content_of,
    count_segments,
    limits,
    segment_of,
    split,
    user_data,
)
from tests import golden

MESSAGE_PAYLOAD = 0x0424


def long_messages() -> list[Any]:
    """What each request of several parts made Jasmin send."""
    steps = [(case["id"], case) for case in golden.load("http_api")["cases"] if "id" in case]
    steps += [(flow["name"], flow) for flow in golden.load("flows_altconfig")["flows"]]
    found = []
    for name, step in steps:
        sent = [s["hex"] for s in step.get("smsc") or () if s["dir"] == "gw->smsc"]
        bodies = [decode(bytes.fromhex(octets)).body for octets in sent]
        parts = [body for body in bodies if isinstance(body, SubmitSm)]
        if len(parts) > 1:
            found.append(pytest.param(parts, id=name))
    return found


LONG = long_messages()


def as_sent_whole(parts: list[SubmitSm], method: str) -> tuple[SubmitSm, bytes]:
    """The template and content that were cut (less what was beyond the last part)."""
    cut = 6 if method == "udh" else 0
    content = b"".join(part.short_message[cut:] for part in parts)
    return replace(parts[-1], esm_class=3, short_message=b"", tlvs=()), content


# covers: LONG-01 LONG-02 LONG-03 LONG-04 LONG-05 LONG-06 LONG-11
@pytest.mark.parametrize("parts", LONG)
def test_parts_are_those_jasmin_sends(parts: list[SubmitSm]) -> None:
    method = "udh" if parts[0].esm_class == 0x40 else "sar"
    segment = segment_of(parts[0])
    assert segment is not None
    template, content = as_sent_whole(parts, method)

    made = split(
        template,
        content,
        policy=LongContent(method=method, max_parts=8),
        reference=segment.reference,
    )

    assert list(made) == parts


def test_recordings_hold_long_messages_of_both_methods() -> None:
    assert len(LONG) == 40


@pytest.mark.parametrize(
    ("data_coding", "octets", "segments"),
    [
        *((c, o, n) for c in (0, 1, 11, 0xF1) for o, n in ((160, 1), (161, 2), (306, 2), (307, 3))),
        *(
            (c, o, n)
            for c in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14)
            for o, n in ((140, 1), (141, 2), (268, 2), (269, 3))
        ),
        (0, 0, 1),
    ],
)
def test_limits_by_data_coding(data_coding: int, octets: int, segments: int) -> None:
    assert count_segments(octets, data_coding) == segments
    parts = split(
        SubmitSm(data_coding=data_coding), bytes(octets), policy=LongContent(), reference=1
    )
    assert len(parts) == segments


# covers: LONG-07 W-MT-22
def test_content_beyond_the_last_part_is_cut_off_and_can_be_told_beforehand() -> None:
    parts = split(SubmitSm(), bytes(766), policy=LongContent(max_parts=5), reference=1)

    assert len(parts) == 5
    assert sum(len(user_data(part)) for part in parts) == 765
    assert count_segments(766, 0) == 6


# covers: W-MT-23
@pytest.mark.parametrize(
    ("data_coding", "content", "cut_at"),
    [
        (0, b"x" * 152 + b"\x1b\x65" + b"x" * 100, 153),
        (8, b"\0x" * 66 + b"\xd8\x3d\xde\0" * 9, 134),
    ],
    ids=["an escape of GSM 03.38", "a surrogate pair"],
)
def test_parts_are_cut_by_octets_whatever_they_hold(
    data_coding: int, content: bytes, cut_at: int
) -> None:
    """Kept (Q38): the number of parts is what clients are charged by."""
    first, second = split(
        SubmitSm(data_coding=data_coding), content, policy=LongContent(), reference=1
    )
    assert user_data(first) == content[:cut_at]
    assert user_data(second) == content[cut_at:]


def test_a_short_message_keeps_every_field_of_its_template() -> None:
    template = SubmitSm(esm_class=3, registered_delivery=1, tlvs=(Tlv(0x1401, b"x"),))

    assert split(template, b"hi", policy=LongContent(), reference=1) == (
        replace(template, short_message=b"hi"),
    )


def test_every_part_may_ask_for_a_receipt() -> None:
    template = SubmitSm(registered_delivery=1)
    policy = LongContent(receipts="all")

    parts = split(template, bytes(400), policy=policy, reference=1)

    assert [part.registered_delivery for part in parts] == [1, 1, 1]


def test_parts_without_any_mark() -> None:
    parts = split(SubmitSm(esm_class=3), bytes(161), policy=LongContent(method="none"), reference=1)

    assert [len(part.short_message) for part in parts] == [153, 8]
    assert [segment_of(part) for part in parts] == [None, None]
    assert {part.esm_class for part in parts} == {3}


@given(
    st.binary(max_size=1200),
    st.sampled_from([0, 3, 8]),
    st.sampled_from(["udh", "sar"]),
    st.integers(1, 255),
)
def test_parts_join_to_the_content(
    content: bytes, data_coding: int, method: Any, reference: int
) -> None:
    policy = LongContent(method=method, max_parts=255)
    template = SubmitSm(data_coding=data_coding)

    parts = split(template, content, policy=policy, reference=reference)

    assert b"".join(map(user_data, parts)) == content
    assert all(len(part.short_message) <= limits(data_coding).single for part in parts)
    if len(parts) > 1:
        kind = "udh8" if method == "udh" else "sar"
        total = len(parts)
        expected = [Segment(kind, reference, total, n) for n in range(1, total + 1)]
        assert [segment_of(part) for part in parts] == expected


def sar(reference: bytes, total: bytes, number: bytes) -> tuple[Tlv, ...]:
    return Tlv(0x020C, reference), Tlv(0x020E, total), Tlv(0x020F, number)


@pytest.mark.parametrize(
    ("message", "segment"),
    [
        pytest.param(
            DeliverSm(esm_class=0x40, short_message=b"\x05\x00\x03\xff\x02\x01ab"),
            Segment("udh8", 255, 2, 1),
            id="8-bit reference",
        ),
        pytest.param(
            DeliverSm(esm_class=0x40, short_message=b"\x06\x08\x04\x01\x02\x03\x02ab"),
            Segment("udh16", 0x0102, 3, 2),
            id="16-bit reference",
        ),
        pytest.param(
            SubmitSm(
                esm_class=0x43,
                short_message=b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x02ab",
            ),
            Segment("udh8", 7, 2, 2),
            id="behind another element",
        ),
        pytest.param(
            DataSm(esm_class=0x40, tlvs=(Tlv(MESSAGE_PAYLOAD, b"\x05\x00\x03\x09\x02\x02ab"),)),
            Segment("udh8", 9, 2, 2),
            id="in message_payload",
        ),
        pytest.param(
            SubmitSm(tlvs=sar(b"\x01\x00", b"\x02", b"\x01")), Segment("sar", 256, 2, 1), id="sar"
        ),
        pytest.param(SubmitSm(short_message=b"\x05\x00\x03\xff\x02\x01ab"), None, id="no UDHI"),
        pytest.param(SubmitSm(esm_class=0x40), None, id="UDHI and nothing"),
        pytest.param(SubmitSm(esm_class=0x40, short_message=b"\x06\x05"), None, id="cut header"),
        pytest.param(
            SubmitSm(esm_class=0x40, short_message=b"\x03\x00\x03\x01\x02\x01"),
            None,
            id="element longer than its header",
        ),
        pytest.param(
            SubmitSm(esm_class=0x40, short_message=b"\x05\x00\x03\x01\x02\x03a"),
            None,
            id="third of two",
        ),
        pytest.param(
            SubmitSm(esm_class=0x40, short_message=b"\x05\x00\x03\x01\x02\x00a"), None, id="0 of 2"
        ),
        pytest.param(SubmitSm(tlvs=sar(b"\0\1", b"\2", b"\1")[:2]), None, id="sar without number"),
        pytest.param(SubmitSm(tlvs=sar(b"", b"\2", b"\1")), None, id="sar of no octets"),
    ],
)
def test_segments_are_recognised(message: SubmitSm | DataSm, segment: Segment | None) -> None:
    assert segment_of(message) == segment


@given(st.binary(max_size=30), st.integers(0, 255))
def test_no_header_breaks_recognition(content: bytes, esm_class: int) -> None:
    message = DeliverSm(esm_class=esm_class, short_message=content)
    segment = segment_of(message)

    assert segment is None or 1 <= segment.number <= segment.total
    assert content.endswith(user_data(message))


def test_content_is_short_message_or_payload() -> None:
    payload = (Tlv(MESSAGE_PAYLOAD, b"long"),)

    assert content_of(DeliverSm(short_message=b"short", tlvs=payload)) == b"short"
    assert content_of(DeliverSm(tlvs=payload)) == b"long"
    assert content_of(DataSm(tlvs=payload)) == b"long"
    assert content_of(DeliverSm()) == b""

"""Octets are typed, or negotiated; tests of whole sessions are in test_terminal.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.jcli.telnet import NEGOTIATION, Answer, Event, Resized, Telnet, Typed


def heard(octets: bytes) -> list[Event]:
    telnet = Telnet()
    return [event for octet in octets if (event := telnet.take(octet)) is not None]


def test_the_first_octets_are_jasmins() -> None:
    assert NEGOTIATION.hex() == "fffd22fffd1ffffd03fffb01"


@pytest.mark.parametrize(
    ("octets", "events"),
    [
        (b"ab", [Typed(b"a"), Typed(b"b")]),
        (b"\r\n", [Typed(b"\n")]),
        (b"\r\0", [Typed(b"\r")]),
        (b"\rx", [Typed(b"\rx")]),
        (b"\r\xff\xff", [Typed(b"\r"), Typed(b"\xff")]),
        (b"\xff\xff", [Typed(b"\xff")]),
        (b"\xff\xfb\x22", [Answer(bytes.fromhex("fffa220102fff0"))]),
        (b"\xff\xfc\x22\xff\xfb\x22", [Answer(bytes.fromhex("fffa220102fff0fffd22"))]),
        (b"\xff\xfd\x05", [Answer(b"\xff\xfc\x05")]),
        (b"\xff\xfb\x05", [Answer(b"\xff\xfe\x05")]),
        (b"\xff\xfd\x01", []),
        (b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", [Resized()]),
        (b"\xff\xfa\x1f\xff\xff\x50\x00\x18\xff\xf0", [Resized()]),
        (b"\xff\xfa\x1f\x00\x50\xff\xf0", []),
        (b"\xff\xfa\xff\xf0", []),
        (b"\xff\x00x", [Typed(b"x")]),
    ],
    ids=lambda value: value.hex() if isinstance(value, bytes) else "",
)
def test_octets_bring_about(octets: bytes, events: list[Event]) -> None:
    assert heard(octets) == events


def test_a_subnegotiation_without_end_is_not_kept() -> None:
    assert heard(b"\xff\xfa\x1f" + b"\0" * 100_000 + b"\xff\xf0a") == [Typed(b"a")]


@given(st.binary(max_size=300))
def test_answers_are_whole_commands(octets: bytes) -> None:
    for event in heard(octets):
        if isinstance(event, Answer):
            assert event.octets[0] == 255
            assert len(event.octets) in {3, 7, 10}

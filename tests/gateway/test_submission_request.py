"""From read arguments to a routable message (contract/http-api.md §3.3-§6)."""

from itertools import cycle

import pytest

from jasmin_compat.gateway.messages import MtRoutable, Overrides
from jasmin_compat.gateway.refusals import BadHexContent, Malformed
from jasmin_compat.gateway.submission_request import (
    SendArguments,
    build_mt,
    gsm_octets,
    hex_octets,
)
from jasmin_compat.smpp.pdus import SubmitSm, Tlv
from jasmin_compat.smpp.split import LongContent
from tests import builders


def arguments(**fields: object) -> SendArguments:
    values = {"to": b"15550001", "source_addr": None, "data_coding": 0, "content": b"hello"}
    return SendArguments(**(values | fields))  # type: ignore[arg-type]


def built(asked: SendArguments, **policy: object) -> MtRoutable:
    return build_mt(
        asked,
        builders.user(),
        long_content=LongContent(**policy),  # type: ignore[arg-type]
        next_reference=cycle([7]).__next__,
    )


# covers: HTTP-22
@pytest.mark.parametrize(("digits", "octets"), [(b"", b""), (b"0a0B", b"\n\x0b")])
def test_hex_content_is_any_octets(digits: bytes, octets: bytes) -> None:
    assert hex_octets(digits) == octets


# covers: HTTP-23
@pytest.mark.parametrize("digits", [b"0", b"0g", b"0x41", b"41 42", b"4142\n"])
def test_bad_hex_content_is_shown_as_python_shows_it(digits: bytes) -> None:
    with pytest.raises(BadHexContent) as refused:
        hex_octets(digits)
    assert refused.value.shown == repr(digits)


# covers: HTTP-24 HTTP-25
@pytest.mark.parametrize(
    ("text", "octets"),
    [("hé €", b"h\x05 \x1be"), ("\N{GRINNING FACE}", b"?"), ("", b"")],
)
def test_text_becomes_gsm_with_replacement(text: str, octets: bytes) -> None:
    assert gsm_octets(text.encode()) == octets


def test_text_that_is_no_utf8_is_refused_in_pythons_words() -> None:
    with pytest.raises(Malformed) as refused:
        gsm_octets(b"\xff\xfe")
    assert refused.value.reason == (
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    )


# covers: HTTP-11 HTTP-15
def test_a_short_message_is_one_part_with_jasmins_defaults() -> None:
    routable = built(arguments(source_addr=b"ACME", wants_receipt=True))
    assert routable.parts == (
        SubmitSm(
            source_addr_ton=2,
            source_addr_npi=1,
            source_addr=b"ACME",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=b"15550001",
            esm_class=3,
            registered_delivery=1,
            short_message=b"hello",
        ),
    )
    assert (routable.source, routable.content) == ("httpapi", b"hello")


@pytest.mark.parametrize(("sender", "is_null"), [(None, True), (b"", False)])
def test_a_blank_sender_is_a_sender(sender: bytes | None, is_null: bool) -> None:
    routable = built(arguments(source_addr=sender))
    assert routable.source_addr_is_null is is_null
    assert routable.parts[0].source_addr == b""


def test_of_several_parts_only_the_last_asks_for_a_receipt() -> None:
    routable = built(arguments(content=b"a" * 400, wants_receipt=True))
    assert [part.registered_delivery for part in routable.parts] == [0, 0, 1]
    assert [part.short_message[:6] for part in routable.parts] == [
        bytes((5, 0, 3, 7, 3, number)) for number in (1, 2, 3)
    ]
    assert routable.content == b"a" * 400


# covers: W-MT-24
def test_every_part_carries_the_senders_tlvs() -> None:
    mine = Tlv(0x1401, b"\x07")
    routable = built(arguments(content=b"a" * 200, tlvs=(mine,)), method="none")
    assert [part.tlvs for part in routable.parts] == [(mine,), (mine,)]


def test_a_reference_is_taken_only_for_several_parts() -> None:
    references = iter(())  # would raise StopIteration
    build_mt(
        arguments(),
        builders.user(),
        long_content=LongContent(),
        next_reference=references.__next__,
    )


def test_what_was_asked_for_travels_along() -> None:
    wish, overrides = builders.wish(), Overrides(priority=3)
    routable = built(arguments(dlr=wish, tags=("5", "vip"), overrides=overrides))
    assert (routable.dlr, routable.tags, routable.overrides) == (wish, ("5", "vip"), overrides)

"""The differential test: what it asks, what it does not compare, what it takes for a quirk."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given

from compat_tests import quirks
from compat_tests.differing import quirks_seen
from compat_tests.differing.gateways import CLOSED, NO_ANSWER, Seen, masked
from compat_tests.differing.requests import Request, requests
from compat_tests.peers import smpp

PAIRS = (("to", "1"), ("content", "é"))
OK = Seen("HTTP/1.1 200 OK", (), b'Success "<UUID>"', ())
OK_SENT = replace(OK, submits=(b"submit_sm",))
CRASH = Seen("HTTP/1.1 500 Internal Server Error", (), b"<b>Processing Failed</b>", ())


@pytest.mark.parametrize(
    ("request_", "target", "body"),
    [
        (Request("GET", "/send", "query", PAIRS), "/send?to=1&content=%C3%A9", b""),
        (Request("POST", "/send", "form", PAIRS), "/send", b"to=1&content=%C3%A9"),
        (Request("POST", "/send", "form", PAIRS, 1), "/send?to=1", b"content=%C3%A9"),
        (Request("POST", "/send", "json", PAIRS), "/send", b'{"to": "1", "content": "\\u00e9"}'),
    ],
    ids=["query", "form", "both", "json"],
)
def test_arguments_stand_where_the_transport_has_them(
    request_: Request, target: str, body: bytes
) -> None:
    head, _, sent = request_.octets.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0].decode() == f"{request_.method} {target} HTTP/1.1"
    assert sent == body


@given(requests())
def test_any_request_is_http(drawn: Request) -> None:
    head, blank, _ = drawn.octets.partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0].decode("ascii")
    method, target, version = line.split(" ")
    assert (method, version, blank) == (drawn.method, "HTTP/1.1", b"\r\n\r\n")
    if drawn.transport == "query" and drawn.arguments:
        names = [name for name, _ in parse_qsl(target.partition("?")[2], keep_blank_values=True)]
        assert names == [name for name, _ in drawn.arguments]


def submit(seq: int, text: bytes, validity: str) -> bytes:
    fields = {"destination_addr": "1", "short_message": text, "validity_period": validity}
    return bytes(smpp.build("submit_sm", seq, 0, fields))


def test_what_varies_between_two_gateways_is_not_compared() -> None:
    one = submit(1, b"\x05\x00\x03\x07\x02\x01a", "261124111500000+")
    other = submit(9, b"\x05\x00\x03\xff\x02\x01a", "261124111500100+")
    assert masked(one) == masked(other)
    assert masked(one) != masked(submit(1, b"\x05\x00\x03\x07\x02\x01b", "261124111500000+"))
    relative = submit(1, b"a", "000000000100000R")
    assert masked(relative)[16:] == relative[16:]


LONG = (("to", "1" * 21),)
REFUSED = "HTTP/1.1 400 Bad Request"
BROKEN = "HTTP/1.1 500 Internal Server Error"


@pytest.mark.parametrize(
    ("path", "arguments", "theirs", "ours", "number"),
    [
        ("/send", LONG, OK, (REFUSED, b"Destination address is longer than 20 octets."), "Q22"),
        ("/send", PAIRS, OK, (REFUSED, b"Destination address is longer than 20 octets."), None),
        ("/send", LONG, OK, (REFUSED, b"Unknown error"), None),
        ("/send", (("from", 5),), OK, OK_SENT, "Q22"),
        ("/send", (("from", []),), OK, (REFUSED, b"x is neither text nor a number."), "Q22"),
        ("/send", (("from", "5"),), OK, OK_SENT, None),
        ("/send", (("validity-period", "5"),), OK, OK_SENT, "Q19"),
        ("/send", (("from", "a\0b"),), OK, (REFUSED, b"Source address has a NUL octet."), "Q23"),
        ("/send", (("content", {}),), NO_ANSWER, (BROKEN, b"Unknown error"), "Q140"),
        ("/send", PAIRS, NO_ANSWER, (BROKEN, b"Unknown error"), None),
        ("/rate", (("to", b"\xff"),), CRASH, (REFUSED, b"invalid value: [\\xff]."), "Q141"),
        ("/send", (("to", b"\xff"),), CRASH, (REFUSED, b"invalid value: [\\xff]."), None),
        ("/send", (("sdt", []),), (REFUSED, b"x"), (BROKEN, b"Unknown error"), "Q142"),
        ("/send", (("sdt", "x"),), (REFUSED, b"x"), (BROKEN, b"Unknown error"), None),
        ("/send", (("sdt", []),), OK, (BROKEN, b"Unknown error"), None),
        ("/rate", (("content", "x" * 17000),), CLOSED, (REFUSED, b""), "Q144"),
        ("/rate", (("content", "x" * 16000),), CLOSED, (REFUSED, b""), None),
        (
            "/send",
            (("dlr-url", []),),
            OK,
            (REFUSED, b"Argument [dlr-url] has an invalid value: [[]]."),
            "Q143",
        ),
    ],
)
def test_a_difference_is_a_quirk_only_where_the_request_is_of_its_kind(
    path: str,
    arguments: tuple[tuple[str, Any], ...],
    theirs: Seen | tuple[str, bytes],
    ours: Seen | tuple[str, bytes],
    number: str | None,
) -> None:
    seen = [
        side if isinstance(side, Seen) else Seen(side[0], (), b'Error "%s"' % side[1], ())
        for side in (theirs, ours)
    ]
    transport = "json" if path == "/send" else "query"
    request = Request("POST", path, transport, arguments)
    assert quirks_seen.name_of(request, *seen) == number


def test_every_quirk_that_is_named_stands_in_the_file() -> None:
    assert quirks_seen.QUIRKS.keys() <= quirks.read().keys()

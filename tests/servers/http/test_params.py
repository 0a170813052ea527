"""Reading and checking HTTP arguments (contract/http-api.md §2, §3; golden http_api)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.http.params import (
    MAX_URL_OCTETS,
    SEND,
    Arguments,
    BadArguments,
    BadForm,
    Unreadable,
    check,
    check_send,
    media_type,
    read_json,
    read_multipart,
    read_query,
    with_send_defaults,
)
from jasmin_compat.wire.dlr_messages import write_callback
from jasmin_compat.wire.field_tables import MAX_TABLE_OCTETS, encode_table
from tests import builders

GOOD: Arguments = {
    b"username": b"full",
    b"password": b"pwd",
    b"to": b"15550001",
    b"content": b"hello",
}


def refusal(arguments: Arguments) -> tuple[int, bytes]:
    with pytest.raises(BadArguments) as refused:
        check_send(dict(arguments))
    return refused.value.status, refused.value.reason


# covers: HTTP-34
@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        (b"", {}),
        (b"a=1&b=2", {b"a": b"1", b"b": b"2"}),
        (b"a=1;b=2", {b"a": b"1", b"b": b"2"}),
        (b"a=", {b"a": b""}),
        (b"a", {}),
        (b"a=1&a=2", {b"a": b"1"}),
        (b"a=b=c", {b"a": b"b=c"}),
        (b"a+b=c+d", {b"a b": b"c d"}),
        (b"a=%2B%zz%e9%C3%A9", {b"a": b"+%zz\xe9\xc3\xa9"}),
        (b"=x", {b"": b"x"}),
        (b"a=\xc3\xa9", {b"a": b"\xc3\xa9"}),
    ],
)
def test_a_query_is_read_as_twisted_reads_it(query: bytes, arguments: Arguments) -> None:
    assert read_query(query) == arguments


def test_arguments_keep_the_order_they_came_in() -> None:
    assert list(read_query(b"to=1&a=2&to=3&b=4")) == [b"to", b"a", b"b"]


# covers: HTTP-03
def test_json_members_become_arguments_and_keep_their_types() -> None:
    octets = '{"to": "é", "n": 5, "x": 1.5, "t": true, "z": null, "l": ["1"], "d": {"a": 1}}'
    assert read_json(octets.encode()) == {
        b"to": b"\xc3\xa9",
        b"n": 5,
        b"x": 1.5,
        b"t": True,
        b"z": None,
        b"l": ["1"],
        b"d": {"a": 1},
    }


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"{bad", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"[1]", "'list' object has no attribute 'items'"),
        (b'"text"', "'str' object has no attribute 'items'"),
        (b"null", "'NoneType' object has no attribute 'items'"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
        (b"\xff\xff", "codec can't decode"),
    ],
    ids=["broken", "empty", "list", "string", "null", "half a pair", "deep", "no text"],
)
def test_a_body_that_is_no_json_object_is_an_unknown_error(octets: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_json(octets)
    assert refused.value.status == 500
    assert refused.value.reason.startswith(b"Unknown error: ")
    assert reason.encode() in refused.value.reason


# covers: HTTP-04
def test_a_multipart_body_gives_its_fields_in_order() -> None:
    body = (
        b"preamble\r\n--X\r\n"
        b'Content-Disposition: form-data; name="to"\r\n\r\n1555\r\n--X\r\n'
        b"Content-Type: text/plain\r\ncontent-disposition: form-data; name=content\r\n\r\n"
        b"a\r\nb\xff\r\n--X\r\n"
        b'Content-Disposition: form-data; name="to"\r\n\r\nsecond\r\n--X--\r\nepilogue'
    )
    read = read_multipart(body, 'multipart/form-data; boundary="X"')
    assert list(read.items()) == [(b"to", b"1555"), (b"content", b"a\r\nb\xff")]


def test_a_multipart_body_may_end_without_its_closing_boundary() -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="to"\r\n\r\n1555'
    assert read_multipart(body, "multipart/form-data; boundary=X") == {b"to": b"1555"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--X\r\n", "multipart/form-data"),
        (b"--X\r\nno blank line", "multipart/form-data; boundary=X"),
        (b"--X\r\nContent-Type: text/plain\r\n\r\nx", "multipart/form-data; boundary=X"),
        (b"--X\xb1\r\n", "multipart/form-data; boundary=X\udcb1"),
        (b"--\xe2\x82\xac\r\n", "multipart/form-data; boundary=\u20ac"),
    ],
    ids=["no boundary", "no blank line", "no name", "no UTF-8", "no ASCII"],
)
def test_a_multipart_body_that_breaks_its_format_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(BadForm):
        read_multipart(body, content_type)


@given(octets=st.binary(max_size=100), value=st.binary(max_size=30), name=st.binary(max_size=30))
def test_any_boundary_and_any_name_are_read_or_refused(
    octets: bytes, value: bytes, name: bytes
) -> None:
    """As aiohttp gives a header: octets that are no UTF-8 are surrogates."""
    content_type = b"multipart/form-data; boundary=" + value
    part = b'--X\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + octets
    with contextlib.suppress(BadForm):
        read_multipart(octets, content_type.decode(errors="surrogateescape"))
    with contextlib.suppress(BadForm):
        read_multipart(part, "multipart/form-data; boundary=X")


@given(st.binary(max_size=300))
def test_garbage_is_read_or_refused_as_ours(octets: bytes) -> None:
    read_query(octets)
    with contextlib.suppress(BadArguments):
        read_json(octets)
    with contextlib.suppress(BadForm):
        read_multipart(octets, "multipart/form-data; boundary=X")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("application/x-www-form-urlencoded; charset=utf-8", "application/x-www-form-urlencoded"),
        ("multipart/form-data; boundary=X", "multipart/form-data"),
        ("Text/Plain", "Text/Plain"),
    ],
)
def test_the_media_type_stands_before_the_parameters(header: str, kind: str) -> None:
    assert media_type(header) == kind


# covers: HTTP-19
@pytest.mark.parametrize(
    ("given_", "dlr", "level", "method"),
    [
        ({}, b"no", None, None),
        ({b"dlr": b"yes"}, b"yes", 1, b"POST"),
        ({b"dlr": b"no", b"dlr-url": b"http://x"}, b"yes", 1, b"POST"),
        ({b"dlr": b"no", b"dlr-level": b"2"}, b"yes", b"2", b"POST"),
        ({b"dlr": b"no", b"dlr-method": b"get"}, b"no", None, b"GET"),
        ({b"dlr-level": b"3", b"dlr-method": b"get"}, b"yes", b"3", b"GET"),
    ],
)
def test_what_is_asked_of_dlr_fills_in_the_rest(
    given_: Arguments, dlr: bytes, level: object, method: object
) -> None:
    filled = with_send_defaults(dict(given_))
    assert filled[b"dlr"] == dlr
    assert filled.get(b"dlr-level") == level
    assert filled.get(b"dlr-method") == method
    assert (filled[b"coding"], filled[b"custom_tlvs"]) == (b"0", [])


def test_a_good_request_passes() -> None:
    assert check_send(dict(GOOD))[b"content"] == b"hello"


# covers: HTTP-06 HTTP-07 HTTP-08 HTTP-09 HTTP-10 HTTP-16 HTTP-21
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "Mandatory argument [to] is not found."),
        ({b"foo": b"1"}, "Argument [foo] is unknown."),
        ({b"content": b"x", b"foo": b"1"}, "Mandatory argument [to] is not found."),
        (GOOD | {b"foo": b"1"}, "Argument [foo] is unknown."),
        (GOOD | {b"to": b"abc", b"foo": b"1"}, "Argument [to] has an invalid value: [abc]."),
        (
            {b"username": b"x" * 17, b"to": b"1"},
            "Argument [username] has an invalid value: [xxxxxxxxxxxxxxxxx].",
        ),
        ({b"to": b"1", b"username": b"x"}, "Mandatory argument [password] is not found."),
        (GOOD | {b"coding": b"11"}, "Argument [coding] has an invalid value: [11]."),
        (GOOD | {b"coding": b""}, "Argument [coding] has an invalid value: []."),
        (GOOD | {b"priority": b"4"}, "Argument [priority] has an invalid value: [4]."),
        (GOOD | {b"sdt": b"x"}, "Argument [sdt] has an invalid value: [x]."),
        (
            GOOD | {b"dlr-url": b"ftp://x"},
            "Argument [dlr-url] has an invalid value: [ftp://x].",
        ),
        (
            GOOD | {b"dlr-url": b"http://h/" + b"x" * MAX_URL_OCTETS},
            "Argument [dlr-url] is longer than 15000 octets.",
        ),
        (GOOD | {b"dlr-url": ["x"]}, 'Argument [dlr-url] has an invalid value: [["x"]].'),
        (GOOD | {b"dlr-method": b"put"}, "Argument [dlr-method] has an invalid value: [PUT]."),
        (GOOD | {b"tags": b"a_b"}, "Argument [tags] has an invalid value: [a_b]."),
        (GOOD | {b"to": 15550001.5}, "Argument [to] has an invalid value: [15550001.5]."),
        (GOOD | {b"dlr": True}, "Argument [dlr] has an invalid value: [True]."),
        (
            GOOD | {b"hex-content": b"00"},
            "content and hex-content cannot be used both in same request.",
        ),
    ],
)
def test_the_first_thing_wrong_is_told(arguments: Arguments, reason: str) -> None:
    assert refusal(arguments) == (400, reason.encode())


@pytest.mark.parametrize("letter", ["x", "é", "%", " ", "\U0001f600"])
def test_the_longest_url_still_fits_into_a_callback_message(letter: str) -> None:
    """Whatever it is made of, and with the longest text a receipt can have beside it."""
    octets = (b"http://h/" + letter.encode() * MAX_URL_OCTETS)[:MAX_URL_OCTETS]
    url = octets.decode(errors="ignore")
    assert check_send(GOOD | {b"dlr-url": url.encode()})
    message = write_callback(builders.http_dlr(level=2, url=url, text="é" * 254))
    assert len(encode_table(message.headers)) < MAX_TABLE_OCTETS


def test_content_may_be_missing_only_if_hex_content_is_there() -> None:
    without = {name: value for name, value in GOOD.items() if name != b"content"}
    assert refusal(without) == (400, b"content or hex-content not present.")
    assert check_send(without | {b"hex-content": b""})


# covers: HTTP-49
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (GOOD | {b"to": None}, "expected string or bytes-like object, got 'NoneType'"),
        (GOOD | {b"dlr-method": 5}, "'int' object has no attribute 'upper'"),
    ],
)
def test_what_jasmin_stumbles_over_is_an_unknown_error(arguments: Arguments, reason: str) -> None:
    assert refusal(arguments) == (500, f"Unknown error: {reason}".encode())


def test_values_that_are_lists_or_objects_are_not_compared_with_patterns() -> None:
    assert check_send(GOOD | {b"to": ["1"], b"priority": {"a": 1}})


def test_a_trailing_newline_passes() -> None:
    assert check_send(GOOD | {b"to": b"15550001\n", b"priority": b"1\n"})


def test_other_endpoints_have_no_defaults_so_nothing_at_all_is_told() -> None:
    with pytest.raises(BadArguments, match="Mandatory arguments not found"):
        check({}, {argument.name: argument for argument in SEND})

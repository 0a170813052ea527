"""Checked arguments as typed values, and what JSON types lead to (golden http-088 to 113)."""

import pytest

from jasmin_compat.gateway.messages import DlrWish, Overrides
from jasmin_compat.gateway.refusals import BadHexContent, Malformed, Unsendable
from jasmin_compat.gateway.users import BadCredentials
from jasmin_compat.servers.http.params import Arguments, Value, check_send
from jasmin_compat.servers.http.send_arguments import (
    as_ascii,
    authenticated,
    content_of,
    dlr_shown,
    password_of,
    send_arguments,
    username_of,
)
from tests import builders

GOOD: Arguments = {
    b"username": b"full",
    b"password": b"pwd",
    b"to": b"15550001",
    b"content": "hé".encode(),
}


def checked(**changes: Value) -> Arguments:
    return check_send(
        GOOD | {name.replace("_", "-").encode(): value for name, value in changes.items()}
    )


def with_hex(value: Value) -> Arguments:
    arguments = dict(GOOD)
    del arguments[b"content"]
    return check_send(arguments | {b"hex-content": value})


# covers: HTTP-26
@pytest.mark.parametrize(
    ("coding", "octets"),
    [(b"0", b"h\x05"), (b"8", b"h\xc3\xa9"), (b"3", b"h\xc3\xa9"), (0, b"h\xc3\xa9")],
    ids=["text 0", "8", "3", "number 0"],
)
def test_only_coding_0_as_a_text_converts_the_content(coding: Value, octets: bytes) -> None:
    assert content_of(checked(coding=coding)) == octets


def test_hex_content_is_never_converted() -> None:
    assert content_of(with_hex(b"1b80ff")) == b"\x1b\x80\xff"


def test_hex_content_of_another_json_type_is_bad_hex() -> None:
    with pytest.raises(BadHexContent) as refused:
        content_of(with_hex(5))
    assert refused.value.shown == "5"


@pytest.mark.parametrize(
    ("content", "kind"), [(5, "int"), (None, "NoneType"), (["a"], "list"), (True, "bool")]
)
def test_content_of_another_json_type_is_refused(content: Value, kind: str) -> None:
    with pytest.raises(Malformed) as refused:
        content_of(checked(content=content))
    assert refused.value.reason == f"'{kind}' object has no attribute 'encode'"


def test_credentials_are_texts() -> None:
    arguments = checked(username=5)
    assert username_of(arguments) == "5"
    assert password_of(arguments) == "pwd"
    assert password_of(checked(password=5)) is None


def test_a_password_that_is_no_text_breaks_where_there_is_such_a_user() -> None:
    site = builders.site(builders.user("alice", "pwd"))
    with pytest.raises(Malformed, match="'int' object has no attribute 'encode'"):
        authenticated(checked(username=b"alice", password=5), site)
    with pytest.raises(BadCredentials):
        authenticated(checked(username=b"bob", password=5), site)


@pytest.mark.parametrize("octets", [b"\xff\xfe"])
def test_a_username_that_is_no_utf8_is_refused(octets: bytes) -> None:
    with pytest.raises(Malformed, match="codec can't decode byte 0xff in position 0"):
        username_of(checked(username=octets))


def test_a_password_is_ascii() -> None:
    assert as_ascii("pwd") == "pwd"
    with pytest.raises(Malformed) as refused:
        as_ascii("pé")
    assert refused.value.reason == (
        "'ascii' codec can't encode character '\\xe9' in position 1: ordinal not in range(128)"
    )


def test_a_plain_request_asks_for_nothing() -> None:
    read = send_arguments(checked(), b"hello")
    assert (read.to, read.source_addr, read.data_coding) == (b"15550001", None, 0)
    assert (read.overrides, read.wants_receipt, read.dlr) == (Overrides(), False, None)
    assert (read.tags, read.tlvs, read.content) == ((), (), b"hello")


# covers: HTTP-17 HTTP-18
def test_everything_asked_for_is_read() -> None:
    read = send_arguments(
        checked(
            **{"from": b"ACME"},
            coding=b"8",
            priority=b"2",
            sdt=b"000000000100000R",
            validity_period=b"60",
            dlr_url=b"http://h/p",
            dlr_level=b"3",
            dlr_method=b"get",
            tags=b"5,vip-1",
        ),
        b"x",
    )
    assert (read.source_addr, read.data_coding) == (b"ACME", 8)
    assert read.overrides == Overrides(
        priority=2, schedule_delivery_time=b"000000000100000R", validity_minutes=60
    )
    assert read.wants_receipt
    assert read.dlr == DlrWish(url="http://h/p", level=3, method="GET")
    assert read.tags == ("5", "vip-1")


def test_a_receipt_without_an_address_for_it_is_asked_of_the_smsc_only() -> None:
    read = send_arguments(checked(dlr=b"yes"), b"x")
    assert (read.wants_receipt, read.dlr) == (True, None)


@pytest.mark.parametrize(
    ("value", "octets"),
    [(b"", b""), (None, None), (1234, b"1234"), (1.5, b"1.5"), (b"\xff", b"\xff")],
)
def test_a_sender_may_be_a_number(value: Value, octets: bytes | None) -> None:
    assert send_arguments(checked(**{"from": value}), b"x").source_addr == octets


@pytest.mark.parametrize(
    ("tags", "read"), [(b"", ("",)), (b",", ("", "")), (b"1,,2", ("1", "", "2"))]
)
def test_empty_tags_are_tags(tags: bytes, read: tuple[str, ...]) -> None:
    assert send_arguments(checked(tags=tags), b"x").tags == read


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"to": 15550001}, "'int' object has no attribute 'decode'"),
        ({"to": ["1"]}, "'list' object has no attribute 'decode'"),
        ({"to": {"a": 1}}, "'dict' object has no attribute 'decode'"),
        ({"tags": 77}, "'int' object has no attribute 'split'"),
        ({"tags": ["77"]}, "'list' object has no attribute 'split'"),
        ({"custom_tlvs": {"a": 1}}, "invalid literal for int() with base 10: 'a'"),
        (
            {"priority": ["1"]},
            "int() argument must be a string, a bytes-like object or a real number, not 'list'",
        ),
        ({"validity-period": b"9" * 5000}, "Exceeds the limit (4300 digits)"),
        ({"dlr-url": b"http://\xff"}, "'utf-8' codec can't decode byte 0xff"),
        ({"sdt": ["x"]}, "'list' object has no attribute 'decode'"),
    ],
)
def test_types_that_mean_nothing_are_refused(changes: dict[str, Value], reason: str) -> None:
    arguments = check_send(GOOD | {name.encode(): value for name, value in changes.items()})
    with pytest.raises(Malformed) as refused:
        send_arguments(arguments, b"x")
    assert reason in refused.value.reason


@pytest.mark.parametrize("sender", [["x"], {"a": 1}])
def test_a_sender_that_is_no_text_cannot_be_sent(sender: Value) -> None:
    with pytest.raises(Unsendable, match="neither text nor a number"):
        send_arguments(check_send(GOOD | {b"from": sender}), b"x")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "No"),
        ({"dlr": ["yes"]}, "No"),
        ({"dlr": b"yes"}, "All"),
        ({"dlr_level": b"1"}, "SMS-C"),
        ({"dlr_level": 1}, "All"),
        ({"dlr_level": b"2"}, "Terminal"),
        ({"dlr_level": b"3"}, "All"),
    ],
)
def test_the_log_shows_the_level_as_jasmin_does(changes: dict[str, Value], shown: str) -> None:
    assert dlr_shown(checked(**changes)) == shown

"""Lines of the access log (contract/http-api.md §17)."""

from typing import Any

import pytest

from jasmin_compat.servers.http.access_log import Access, combined, without_values

HIDES = frozenset(("password",))


def access(**fields: Any) -> Access:
    values: dict[str, Any] = {
        "peer": "127.0.0.1",
        "method": "GET",
        "uri": "/ping?a=b",
        "version": (1, 1),
        "headers": {},
        "status": 200,
        "body_octets": 11,
    }
    return Access(**(values | fields))


# covers: HTTP-47
def test_a_line_is_in_combined_format() -> None:
    line = combined(access(), unix=1_795_442_145.9, hides=HIDES)
    assert line == (
        '"127.0.0.1" - - [23/Nov/2026:13:55:45 +0000] "GET /ping?a=b HTTP/1.1" 200 11 "-" "-"'
    )


def test_who_sent_it_from_where_is_shown() -> None:
    headers = {"Referer": "http://r/", "User-Agent": "curl/8"}
    line = combined(access(headers=headers, body_octets=0), unix=0, hides=HIDES)
    assert line.endswith(' 200 - "http://r/" "curl/8"')


def test_quotes_and_odd_octets_cannot_forge_a_line() -> None:
    headers = {"User-Agent": 'x" 200 1 "-"\té\udcff'}
    line = combined(access(headers=headers), unix=0, hides=HIDES)
    assert line.endswith('"x\\" 200 1 \\"-\\"\\t\\xc3\\xa9\\xff"')


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"it's", "it's"),
        (b'a"b', r"a\"b"),
        (b'it\'s "x"', "it's " + r"\"x\""),
        (b"\xc3\xa9\xff\t\n\\", "\\xc3\\xa9\\xff\\t\\n\\\\"),
    ],
)
def test_octets_are_escaped_as_twisted_does(octets: bytes, shown: str) -> None:
    agent = octets.decode(errors="surrogateescape")
    line = combined(access(headers={"User-Agent": agent}), unix=0, hides=HIDES)
    assert line.endswith(f'"-" "{shown}"')


# covers: W-HTTP-01
@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("/send?username=u&password=secret&to=1", "/send?username=u&password=***&to=1"),
        ("/send?password=secret;to=1", "/send?password=***;to=1"),
        ("/send?p%61ssword=secret", "/send?p%61ssword=***"),
        ("/send?password=a=b&password=c", "/send?password=***&password=***"),
        ("/send?password", "/send?password"),
        ("/send", "/send"),
    ],
)
def test_passwords_are_not_in_it(uri: str, shown: str) -> None:
    assert without_values(uri, HIDES) == shown


def test_what_else_is_hidden_is_told() -> None:
    hides = frozenset(("password", "content"))
    assert without_values("/send?content=hi&to=1", hides) == "/send?content=***&to=1"

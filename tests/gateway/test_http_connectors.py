"""Where MO messages are delivered, against a real Jasmin's answers."""

import functools

import pytest

from jasmin_compat.gateway.http_connectors import HttpConnector, http_connector_from
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.unusable import Unusable
from tests.console_recordings import answers, told


def added(_line: str, **typed: str) -> str:
    made = http_connector_from(**typed)
    return f"Successfully added Httpcc [HttpConnector] with cid:{made.cid}"


# covers: JCLI-14 JCLI-21
def test_the_console_is_answered_as_by_jasmin() -> None:
    """Jasmin checks all three when they are saved."""
    typed: dict[str, str] = {}
    checked = 0
    for line, answer in answers("httpccm"):
        key, _, value = line.partition(" ")
        if line == "httpccm -a":
            typed = {}
        elif key in {"cid", "url", "method"}:
            typed[key] = value
        elif line == "ok" and len(typed) == 3:
            assert told(functools.partial(added, **typed), line) == answer
            checked += 1
    assert checked == 10


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "HTTPS://a.example.com:8080/x?y=1",
        "http://10.0.0.1/",
        "http://[::1]:80",
        "http://a-b.io?x",
        "http://example.museum./",
    ],
)
def test_urls_jasmin_takes(url: str) -> None:
    assert http_connector_from(cid="abc", url=url, method="get").url == url


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "ftp://x.com",
        "http://user:pw@host.com/",
        "http://",
        "http://a.com/a b",
        "http://single/",
        "http://a.com:x/",
        "http://a.com/\n",
        "http://-a.com/",
    ],
)
def test_urls_jasmin_refuses(url: str) -> None:
    with pytest.raises(Unusable, match="HttpConnector url syntax is invalid"):
        http_connector_from(cid="abc", url=url, method="GET")


def test_the_method_is_kept_as_written() -> None:
    made = HttpConnector(cid=ConnectorId("abc"), url="http://localhost", method="Post")
    assert (made.method, made.verb) == ("Post", "POST")

"""Answers in octets (contract/http-api.md §1, §20; golden README 1)."""

import pytest

from jasmin_compat.gateway import refusals
from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import ConnectorId, MsgId
from jasmin_compat.gateway.users import BadCredentials
from jasmin_compat.servers.http.answers import (
    NOT_FOUND,
    PONG,
    REFUSALS,
    Answer,
    Manner,
    broken,
    in_json,
    in_words,
    method_not_allowed,
    not_implemented,
    octets_of,
    refuse,
    refuse_arguments,
    release,
    success,
    too_large,
)
from jasmin_compat.servers.http.params import BadArguments, Unreadable

DATE = b"Mon, 23 Nov 2026 13:55:45 GMT"
CANNOT_SEND = "Cannot send submit_sm, check SMPPClientManagerPB log file for details"


def written(answer: Answer, **manner: object) -> tuple[str, dict[str, str], bytes]:
    octets = octets_of(answer, Manner(**manner), date=DATE)  # type: ignore[arg-type]
    head, _, body = octets.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    del headers["Server"], headers["Date"]
    return status, headers, body


def test_what_is_found_early_has_a_length() -> None:
    refusal = refuse_arguments(BadArguments(b"Argument [x] is unknown."))
    assert written(in_words(refusal), closes=True) == (
        "HTTP/1.1 400 Bad Request",
        {"Connection": "close", "Content-Type": "text/plain", "Content-Length": "32"},
        b'Error "Argument [x] is unknown."',
    )


def test_what_is_decided_later_is_chunked() -> None:
    assert written(success(MsgId("m1"))) == (
        "HTTP/1.1 200 OK",
        {"Transfer-Encoding": "chunked", "Content-Type": "text/plain"},
        b'c\r\nSuccess "m1"\r\n0\r\n\r\n',
    )


def test_http_1_0_gets_its_version_and_no_chunks() -> None:
    assert written(success(MsgId("m1")), version=(1, 0), closes=True) == (
        "HTTP/1.0 200 OK",
        {"Content-Type": "text/plain"},
        b'Success "m1"',
    )


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        (PONG, {"Content-Type": "text/html", "Content-Length": "11"}),
        (success(MsgId("m1")), {"Content-Type": "text/plain"}),
    ],
    ids=["early", "late"],
)
def test_head_gets_no_body(answer: Answer, headers: dict[str, str]) -> None:
    assert written(answer, is_head=True) == ("HTTP/1.1 200 OK", headers, b"")


# covers: HTTP-23 HTTP-28 HTTP-29 HTTP-33 HTTP-49
@pytest.mark.parametrize(
    ("refused", "status", "text", "counter"),
    [
        (refusals.BadHexContent("b'zz'"), 400, "Invalid hex-content data: 'b'zz''", None),
        (
            BadCredentials("{0}"),
            403,
            "Authentication failure for username:{0}",
            "auth_error_count",
        ),
        (refusals.Malformed("no such month"), 500, "Unknown error: no such month", None),
        (refusals.NoRoute(), 412, "No route found", "route_error_count"),
        (
            refusals.NoBoundConnector(),
            412,
            "Failover route has no bound connectors",
            "route_error_count",
        ),
        (refusals.NoConnector(ConnectorId("c")), 500, CANNOT_SEND, "server_error_count"),
        (refusals.NotRemembered(MsgId("m")), 500, CANNOT_SEND, "server_error_count"),
        (refusals.NotQueued(MsgId("m"), ConnectorId("c")), 500, CANNOT_SEND, "server_error_count"),
    ],
)
def test_each_refusal_has_jasmins_status_and_text(
    refused: refusals.Refused | BadCredentials, status: int, text: str, counter: str | None
) -> None:
    refusal = refuse(refused)
    assert (refusal.status, in_words(refusal).body) == (status, f'Error "{text}"'.encode())
    assert (refusal.is_late, refusal.counter) == (True, counter)


def test_no_refusal_is_forgotten() -> None:
    by_status = {refusals.Intercepted}
    assert REFUSALS.keys() | by_status == {*refusals.Refused.__subclasses__(), BadCredentials}


# covers: INT-02
@pytest.mark.parametrize(
    ("http_status", "status", "body"),
    [
        (404, 404, b'Error "Interception specific error code 404"'),
        (520, 520, b'Error "Interception specific error code 520"'),
        (200, 400, b'Error "Failed running interception script, check log for details"'),
        (None, 400, b'Error "Failed running interception script, check log for details"'),
    ],
)
def test_a_script_chooses_the_status(http_status: int | None, status: int, body: bytes) -> None:
    statuses = Statuses(http_status=http_status, smpp_status=255)
    refusal = refuse(refusals.Intercepted(statuses))
    assert (refusal.status, in_words(refusal).body) == (status, body)
    assert refusal.counter == "interceptor_error_count"


def test_a_status_http_does_not_know_goes_out_as_twisted_names_it() -> None:
    refusal = refuse(refusals.Intercepted(Statuses(http_status=520, smpp_status=255)))
    octets = octets_of(in_words(refusal), Manner(), date=b"now")
    assert octets.startswith(b"HTTP/1.1 520 Unknown Status\r\n")


@pytest.mark.parametrize(
    ("logged", "line"),
    [
        (refuse(refusals.NoRoute()).logged, "412: RouteNotFoundError (No route found)"),
        (refuse(refusals.Malformed("why")).logged, "why"),
        (
            refuse(BadCredentials("foo")).logged,
            "403: AuthenticationError (Authentication failure for username:foo)",
        ),
        (
            refuse_arguments(BadArguments(b"Argument [\xff] is unknown.")).logged,
            "400: UrlArgsValidationError (Argument [\\xff] is unknown.)",
        ),
        (refuse_arguments(Unreadable("why")).logged, "why"),
    ],
)
def test_the_log_line_is_jasmins(logged: str, line: str) -> None:
    assert logged == line


def test_a_password_is_answered_but_not_logged() -> None:
    refused = BadArguments(b"Argument [password] has an invalid value: [secret\n].")
    refusal = refuse_arguments(refused)
    assert b"secret" in in_words(refusal).body
    assert "secret" not in refusal.logged
    assert refusal.logged.endswith("(Argument [password] has an invalid value: [***].)")


def test_an_error_of_ours_is_named_and_no_more() -> None:
    refusal = broken(KeyError("dsn=secret"))
    assert in_words(refusal).status == 500
    assert in_words(refusal).body == b'Error "Unknown error: KeyError"'
    assert in_json(refusal).body == b'"Unknown error: KeyError"'
    assert in_json(refusal).content_type == b"application/json"


def test_half_a_surrogate_pair_does_not_break_an_answer() -> None:
    assert in_words(refuse(refusals.Malformed("\ud800"))).body == b'Error "Unknown error: \\ud800"'


def test_pages_escape_what_the_client_sent() -> None:
    page = method_not_allowed("/ping?<script>", "POST")
    assert b"(at /ping?&lt;script&gt;)" in page.body
    assert page.allow == "HEAD, GET"
    assert b"treat a &lt;B&gt; request" in not_implemented("<B>").body


def test_a_path_that_is_no_utf8_is_shown_as_it_came() -> None:
    assert b"(at /\xff)" in method_not_allowed("/\udcff", "POST").body


# covers: HTTP-39
def test_the_release_is_a_setting() -> None:
    assert release("0.12.0").body == b"0.12.0"
    assert NOT_FOUND.status == 404


# covers: W-HTTP-10
def test_a_large_request_ends_the_connection() -> None:
    answer = too_large(1024)
    assert (answer.status, answer.closes) == (413, True)
    assert b"1024 octets" in answer.body

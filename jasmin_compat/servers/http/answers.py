"""Answers in octets, with Jasmin's status codes, texts and headers (contract/http-api.md §1, §20).

Two ways of writing one: what is found before authentication has a Content-Length, what is decided
later is chunked (golden README 1). Pages for unknown paths and methods are Twisted's.
"""

import html
import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple

from jasmin_compat.gateway.messages import MsgId
from jasmin_compat.gateway.refusals import (
    BadHexContent,
    Intercepted,
    InterceptionFailed,
    InterceptorAway,
    InterceptorNotSet,
    Malformed,
    NoBoundConnector,
    NoConnector,
    NoRoute,
    NotAuthorized,
    NotCharged,
    NotQueued,
    NotRemembered,
    Refused,
    TooFast,
    Unsendable,
    ValueFiltered,
)
from jasmin_compat.gateway.users import BadCredentials
from jasmin_compat.servers.http.params import BadArguments
from jasmin_compat.smpp.twins import quick_init

TEXT: Final = b"text/plain"
JSON: Final = b"application/json"
HTML: Final = b"text/html"
_PAGE: Final = b"text/html; charset=utf-8"
_SERVER: Final = b"jasmin-compat"
_ALLOWED: Final = "HEAD, GET"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered, before it is known how the client's HTTP wants it."""

    status: int
    body: bytes
    content_type: bytes = TEXT
    is_late: bool = False
    """Decided after the arguments were checked."""
    allow: str | None = None
    closes: bool = False
    """The rest of what the client sends is not read."""
    failed_login: str | None = None
    """The user name, where it or the password was wrong: whoever answers may wait (login_delay)."""


class Manner(NamedTuple):
    """How this client's HTTP wants its answer; a tuple, as it is a key on every request."""

    version: tuple[int, int] = (1, 1)
    is_head: bool = False
    closes: bool = False


def octets_of(answer: Answer, manner: Manner, *, date: bytes) -> bytes:
    """Status line, headers and body; the header set is Jasmin's."""
    head = _head(answer.status, answer.content_type, answer.is_late, answer.allow, manner)
    head %= date if answer.is_late else (date, len(answer.body))
    if manner.is_head:
        return head + b"\r\n"
    if answer.is_late and manner.version >= (1, 1):
        return head + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(answer.body), answer.body)
    return head + b"\r\n" + answer.body


@lru_cache(maxsize=64)
def _head(
    status: int, content_type: bytes, is_late: bool, allow: str | None, manner: Manner
) -> bytes:
    """`%s` stands for the date, `%d` for the length."""
    lines = [
        b"HTTP/%d.%d %s"
        % (*manner.version, _STATUS_LINES.get(status) or b"%d Unknown Status" % status)
    ]
    if is_late and manner.version >= (1, 1) and not manner.is_head:
        lines.append(b"Transfer-Encoding: chunked")
    if manner.closes and manner.version >= (1, 1):
        lines.append(b"Connection: close")
    lines += [b"Server: " + _SERVER, b"Date: %s"]
    if allow is not None:
        lines.append(b"Allow: " + allow.encode())
    its_type, length = b"Content-Type: " + content_type, b"Content-Length: %d"
    if is_late:
        lines.append(its_type)
    elif content_type == HTML:  # the type nobody asked for is what Twisted adds last
        lines += [length, its_type]
    else:
        lines += [its_type, length]
    return b"\r\n".join([*lines, b""])


_STATUS_LINES = {status.value: f"{status.value} {status.phrase}".encode() for status in HTTPStatus}

# ---------------------------------------------------------------- /send


def success(msgid: MsgId) -> Answer:
    return Answer(status=200, body=f'Success "{msgid}"'.encode(), is_late=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: what to answer, to count and to log."""

    status: int
    text: bytes
    logged: str
    """Without secrets."""
    counter: str | None = None
    """Field of HttpCounts."""
    is_late: bool = True
    failed_login: str | None = None
    """As in Answer."""


def in_words(refusal: Refusal) -> Answer:
    """As `/send` answers it."""
    body = b'Error "%s"' % refusal.text
    return Answer(
        status=refusal.status,
        body=body,
        is_late=refusal.is_late,
        failed_login=refusal.failed_login,
    )


def in_json(refusal: Refusal) -> Answer:
    """As `/rate` and `/balance` do."""
    text = refusal.text.decode(errors="backslashreplace")
    answer = as_json(text, status=refusal.status, is_late=refusal.is_late)
    if refusal.failed_login is None:
        return answer
    return replace(answer, failed_login=refusal.failed_login)


def as_json(value: object, *, status: int = 200, is_late: bool) -> Answer:
    body = json.dumps(value).encode()
    return Answer(status=status, body=body, content_type=JSON, is_late=is_late)


def refuse_arguments(refused: BadArguments) -> Refusal:
    text = _PASSWORD.sub(rb"\1***\2", refused.reason).decode(errors="backslashreplace")
    if refused.status != HTTPStatus.BAD_REQUEST:
        logged = text.removeprefix("Unknown error: ")
    else:
        logged = f"400: UrlArgsValidationError ({text})"
    return Refusal(refused.status, refused.reason, logged, is_late=False)


_PASSWORD = re.compile(rb"^(Argument \[password\] has an invalid value: \[).*(\]\.)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Row:
    status: int
    text: str
    """A format over the refusal."""
    counter: str | None = None
    jasmin: str = "UrlArgsValidationError"
    """The class Jasmin's log names."""


_CANNOT_SEND = _Row(
    500,
    "Cannot send submit_sm, check SMPPClientManagerPB log file for details",
    "server_error_count",
    "ServerError",
)
REFUSALS: dict[type[Refused | BadCredentials], _Row] = {
    BadHexContent: _Row(400, "Invalid hex-content data: '{0.shown}'"),
    BadCredentials: _Row(
        403,
        "Authentication failure for username:{0.username}",
        "auth_error_count",
        "AuthenticationError",
    ),
    NotAuthorized: _Row(
        400,
        "Authorization failed for user [{0.username}] ({0.reason}).",
        jasmin="CredentialValidationError",
    ),
    ValueFiltered: _Row(
        400,
        "Value filter failed for user [{0.username}] ({0.value_filter} filter mismatch).",
        jasmin="CredentialValidationError",
    ),
    InterceptorNotSet: _Row(
        503, "InterceptorPB not set !", "interceptor_error_count", "InterceptorNotSetError"
    ),
    InterceptorAway: _Row(
        503,
        "InterceptorPB not connected !",
        "interceptor_error_count",
        "InterceptorNotConnectedError",
    ),
    InterceptionFailed: _Row(
        400,
        "Failed running interception script, check log for details",
        "interceptor_error_count",
        "InterceptorRunError",
    ),
    Unsendable: _Row(400, "{0.reason}"),
    TooFast: _Row(
        403, "User throughput exceeded", "throughput_error_count", "ThroughputExceededError"
    ),
    NotCharged: _Row(
        403,
        "Cannot charge submit_sm, check RouterPB log file for details",
        "charging_error_count",
        "ChargingError",
    ),
    Malformed: _Row(500, "Unknown error: {0.reason}"),
    NoRoute: _Row(412, "No route found", "route_error_count", "RouteNotFoundError"),
    NoBoundConnector: _Row(
        412,
        "Failover route has no bound connectors",
        "route_error_count",
        "ConnectorNotFoundError",
    ),
    NoConnector: _CANNOT_SEND,
    NotQueued: _CANNOT_SEND,
    NotRemembered: _CANNOT_SEND,
}


def refuse(refused: Refused | BadCredentials) -> Refusal:
    row = _of_statuses(refused) if isinstance(refused, Intercepted) else REFUSALS[type(refused)]
    text = row.text.format(refused)
    logged = f"{row.status}: {row.jasmin} ({text})"
    if isinstance(refused, Malformed):
        logged = refused.reason
    return Refusal(
        row.status,
        text.encode(errors="backslashreplace"),
        logged,
        row.counter,
        failed_login=refused.username if isinstance(refused, BadCredentials) else None,
    )


def _of_statuses(refused: Intercepted) -> _Row:
    """The status a script wants; that it wants 200 means nothing (routing.md §6.2)."""
    status = refused.statuses.http_status
    if status is None or status == HTTPStatus.OK:
        return REFUSALS[InterceptionFailed]
    text = f"Interception specific error code {status}"
    return _Row(status, text, "interceptor_error_count", "InterceptorRunError")


def logged(refusal: Refusal, reason: Exception, *, log_privacy: bool) -> str:
    """What the log says of it."""
    if log_privacy and isinstance(reason, BadHexContent):
        return f"{refusal.status}: UrlArgsValidationError (Invalid hex-content data)"
    return refusal.logged


def broken(error: Exception) -> Refusal:
    """Our own mistake, in Jasmin's form."""
    text = f"Unknown error: {type(error).__name__}"
    return Refusal(500, text.encode(), text)


# ---------------------------------------------------------------- pages

PONG: Final = Answer(status=200, body=b"Jasmin/PONG", content_type=HTML)


def release(text: str) -> Answer:
    """`GET /` says which release it is."""
    return Answer(status=200, body=text.encode(), content_type=HTML)


def _page(status: int, title: str, text: str, allow: str | None = None) -> Answer:
    body = (
        f"\n<html>\n  <head><title>{status} - {title}</title></head>\n  <body>\n"
        f"    <h1>{title}</h1>\n    <p>{text}</p>\n  </body>\n</html>\n"
    )
    return Answer(
        status=status,
        body=body.encode(errors="surrogateescape"),
        content_type=_PAGE,
        allow=allow,
    )


NOT_FOUND: Final = _page(404, "No Such Resource", "Sorry. No luck finding that resource.")


def method_not_allowed(uri: str, method: str) -> Answer:
    """POST where only GET and HEAD are."""
    return _page(
        405,
        "Method Not Allowed",
        f'Your browser approached me (at {html.escape(uri)}) with the method "{method}".  '
        f"I only allow the methods {_ALLOWED} here.",
        _ALLOWED,
    )


def not_implemented(method: str) -> Answer:
    """Any other method."""
    return _page(501, "Huh?", f"I don't know how to treat a {html.escape(method)} request.")


# ---------------------------------------------------------------- bounds


def too_large(max_octets: int) -> Answer:
    """The body is not read; Jasmin has no bound (W-HTTP-10)."""
    body = f'Error "The request is larger than {max_octets} octets"'.encode()
    return Answer(status=413, body=body, closes=True)


TOO_MANY: Final = Answer(status=503, body=b'Error "Too many requests at a time"', closes=True)
TOO_SLOW: Final = Answer(
    status=408, body=b'Error "The request did not arrive in time"', closes=True
)
BAD_REQUEST: Final = Answer(status=400, body=b"", closes=True)

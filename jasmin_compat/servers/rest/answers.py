"""Answers in octets: JSON as Falcon has it, titles as Jasmin (contract/http-api.md §19.2)."""

import json
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from jasmin_compat.servers.http.answers import Answer

_SERVER: Final = b"jasmin-compat"
_HELP: Final = {
    "text": "Documentation related to this error",
    "href": "http://docs.jasminsms.com/en/latest/apis/rest/index.html",
    "rel": "help",
}
_LOGIN_WANTED: Final = "Please provide a valid Basic auth token"
_PHRASES: Final = {
    413: "Payload Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}
"""Where Falcon says it in other words than Python, or than one version of it."""
_WITHOUT_BODY: Final = frozenset((204, 304))


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    """Status, body, and the headers that differ."""

    status: int
    body: bytes
    allow: str | None = None
    varies: bool = False
    """Falcon's own errors say `Vary: Accept`."""
    closes: bool = False
    """The rest of what the client sends is not read."""
    failed_login: str | None = None
    """The user name, where it or the password was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestManner:
    """How this client's HTTP wants its answer, and what is said of us."""

    version: tuple[int, int]
    is_head: bool
    closes: bool
    powered_by: str | None


def octets_of(answer: RestAnswer, manner: RestManner, *, date: bytes) -> bytes:
    """Status line, headers and body."""
    head = _head(answer.status, answer.allow, answer.varies, manner) % date
    if answer.status in _WITHOUT_BODY:
        return head + b"\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(answer.body)
    return head if manner.is_head else head + answer.body


@lru_cache(maxsize=64)
def _head(status: int, allow: str | None, varies: bool, manner: RestManner) -> bytes:
    """All but the length; `%s` stands for the date."""
    lines = [b"HTTP/%d.%d %d %s" % (*manner.version, status, _phrase(status).encode())]
    if manner.closes and manner.version >= (1, 1):
        lines.append(b"Connection: close")
    lines += [b"Server: " + _SERVER, b"Date: %s"]
    if allow is not None:
        lines.append(b"Allow: " + allow.encode())
    if varies:
        lines.append(b"Vary: Accept")
    lines.append(b"Content-Type: application/json")
    if manner.powered_by is not None:
        lines.append(b"Powered-By: " + manner.powered_by.encode().replace(b"%", b"%%"))
    return b"\r\n".join([*lines, b""])


def _phrase(status: int) -> str:
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Status"


def _json(value: object) -> bytes:
    """As Jasmin writes results: ASCII."""
    return json.dumps(value).encode()


def _error_json(fields: dict[str, object]) -> bytes:
    """As Falcon writes errors: UTF-8."""
    return json.dumps(fields, ensure_ascii=False).encode(errors="backslashreplace")


# ---------------------------------------------------------------- results


def result(answer: Answer) -> RestAnswer:
    """What the HTTP API answered, passed on: quotes at both ends are lost, and so the last one of
    `Success "<id>"` and of `Error "…"`; clients have been written for that (W-REST-04, Q105)."""
    text = answer.body.decode(errors="replace").strip('"')
    if answer.status != HTTPStatus.OK:
        # an interceptor's script may want any status; where Falcon has no name for it, Jasmin
        # answers 500 (W-REST-07)
        is_possible = HTTPStatus.OK < answer.status <= 999
        status = answer.status if is_possible else HTTPStatus.INTERNAL_SERVER_ERROR
        body = _json({"message": text})
        return RestAnswer(status=int(status), body=body, failed_login=answer.failed_login)
    if "{" not in text:
        return data(text)
    try:
        return data(json.loads(text))
    except ValueError:
        return BROKEN


def data(value: object) -> RestAnswer:
    return RestAnswer(status=200, body=_json({"data": value}))


def options(allow: str) -> RestAnswer:
    return RestAnswer(status=200, body=b"null", allow=allow)


# ---------------------------------------------------------------- errors


def error(
    status: int, title: str, description: str | None = None, *, closes: bool = False
) -> RestAnswer:
    fields: dict[str, object] = {"title": title}
    if description is not None:
        fields = _described(title, description)
    return RestAnswer(status=status, body=_error_json(fields), varies=True, closes=closes)


def _described(title: str, description: str) -> dict[str, object]:
    return {"title": title, "description": description}


def no_login(title: str) -> RestAnswer:
    fields = {**_described(title, _LOGIN_WANTED), "link": _HELP}
    return RestAnswer(status=401, body=_error_json(fields), varies=True)


def method_not_allowed(allow: str) -> RestAnswer:
    body = _error_json({"title": "405 Method Not Allowed"})
    return RestAnswer(status=405, body=body, varies=True, allow=allow)


def unparsable(octets: bytes) -> RestAnswer:
    return error(412, "Cannot parse JSON data", f"Got unparseable json data: {octets!r}")


def bad_text(reason: str) -> RestAnswer:
    return error(500, "Jasmin httpapi unknown error", reason)


def too_large(max_octets: int) -> RestAnswer:
    text = f"The request is larger than {max_octets} octets"
    return error(413, "413 Payload Too Large", text, closes=True)


NOT_JSON: Final = RestAnswer(
    status=415,
    body=_error_json(
        {
            **_described("Unsupported media type", "This API supports JSON media type only."),
            "link": _HELP,
        }
    ),
    varies=True,
)
NOT_FOUND: Final = error(404, "404 Not Found")
BAD_METHOD: Final = error(400, "Bad request", "Invalid HTTP method")
BROKEN: Final = error(500, "500 Internal Server Error")
BROKEN_BODY: Final = error(400, "400 Bad Request", closes=True)
TOO_SLOW: Final = error(408, "408 Request Timeout", closes=True)
TOO_MANY: Final = error(503, "503 Service Unavailable", "Too many requests at a time", closes=True)

"""The REST API: which resource, which method, who asks, and how the answer goes out (§19).

The HTTP API's resources are called as functions, in the same process: nothing is kept of a
password.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from jasmin_compat.runtime.mistakes import without_texts
from jasmin_compat.servers.http.access_log import without_values
from jasmin_compat.servers.http.answers import PONG, Answer
from jasmin_compat.servers.http.connections import HttpPolicy, Reply, Server
from jasmin_compat.servers.http.login_delay import LoginDelay
from jasmin_compat.servers.http.params import Arguments
from jasmin_compat.servers.http.requests import BrokenBody, TooLarge, TooSlow, body_of
from jasmin_compat.servers.rest import answers
from jasmin_compat.servers.rest.accept import accepts_json
from jasmin_compat.servers.rest.answers import RestAnswer, RestManner
from jasmin_compat.servers.rest.login import Login, NoLogin, read_login
from jasmin_compat.servers.rest.parameters import (
    BadText,
    balance_arguments,
    rate_arguments,
    send_arguments,
    with_dashes,
    with_login,
)
from jasmin_compat.servers.rest.sendbatch import SendBatch

log: Final = logging.getLogger("jasmin-restapi")
_SECURE: Final = "secure"
_METHODS: Final = {
    "ping": "GET",
    "secure/balance": "GET",
    "secure/rate": "GET",
    "secure/send": "POST",
    "secure/sendbatch": "POST",
}
_KNOWN_METHODS: Final = frozenset(
    (
        *("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"),
        *("CHECKIN", "CHECKOUT", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH"),
        *("REPORT", "UNCHECKIN", "UNLOCK", "UPDATE", "VERSION-CONTROL"),
    )
)
"""To Falcon; any other is a bad request."""
_SECRET: Final = frozenset(("password",))
_PRIVATE: Final = frozenset(("content", "hex-content", "hex_content"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What requests are passed on to."""

    send: Callable[[Arguments], Awaitable[Answer]]
    rate: Callable[[Arguments], Awaitable[Answer]]
    balance: Callable[[Arguments], Answer]
    sendbatch: SendBatch
    logins: LoginDelay
    """The HTTP API's."""
    log_privacy: bool = False
    """No text of a message is logged."""


class RestApi:
    """Requests to answers; `server` is what listens."""

    def __init__(
        self,
        resources: Resources,
        *,
        policy: HttpPolicy,
        unix: Callable[[], float],
        powered_by: str | None,
    ) -> None:
        self.server = Server(self._handle, policy=policy)
        self._resources = resources
        self._policy = policy
        self._unix = unix
        self._powered_by = powered_by
        self._hides = _SECRET | _PRIVATE if resources.log_privacy else _SECRET
        self._running = 0

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._running >= self._policy.max_requests:
            self.server.counts.refused_requests += 1
            return self._reply(request, answers.TOO_MANY, None)
        self._running += 1
        try:
            return await self._answered(request)
        finally:
            self._running -= 1

    async def _answered(self, request: web.BaseRequest) -> Reply:
        path = _path(request)
        if not accepts_json(request.headers.get("Accept")):
            return self._reply(request, answers.NOT_JSON, None)
        login = None
        if path.partition("/")[0] == _SECURE:
            try:
                login = read_login(_header(request, "Authorization"))
            except NoLogin as refused:
                return self._reply(request, answers.no_login(str(refused)), None)
        if path not in _METHODS:
            return self._reply(request, answers.NOT_FOUND, login)
        refused_method = _wrong_method(request.method, _METHODS[path])
        if refused_method is not None:
            return self._reply(request, refused_method, login)
        answer = await self._result(request, path, login)
        if answer.failed_login is not None:
            await self._resources.logins.failed(request.remote, answer.failed_login)
        return self._reply(request, answer, login)

    async def _result(self, request: web.BaseRequest, path: str, login: Login | None) -> RestAnswer:
        try:
            if login is None:
                return answers.result(PONG)
            if _METHODS[path] == "POST":
                return await self._post(request, path, login)
            return await self._get(request, path, login)
        except BadText as error:
            return answers.bad_text(str(error))
        except Exception as error:  # noqa: BLE001 - logged
            _log_mistake(request, path, error)
            return answers.BROKEN

    async def _get(self, request: web.BaseRequest, path: str, login: Login) -> RestAnswer:
        if path == "secure/balance":
            return answers.result(self._resources.balance(balance_arguments(login)))
        query = request.raw_path.partition("?")[2].encode(errors="surrogateescape")
        return answers.result(await self._resources.rate(rate_arguments(query, login)))

    async def _post(self, request: web.BaseRequest, path: str, login: Login) -> RestAnswer:
        try:
            octets = await body_of(request, self._policy.request_timeout_s)
        except TooLarge:
            self.server.counts.too_large += 1
            return answers.too_large(self._policy.max_request_octets)
        except TooSlow:
            self.server.counts.too_slow += 1
            return answers.TOO_SLOW
        except BrokenBody:
            return answers.BROKEN_BODY
        if path == "secure/send":
            return await self._send(octets, login)
        return await self._resources.sendbatch.answer(login, octets)

    async def _send(self, octets: bytes, login: Login) -> RestAnswer:
        try:
            members = json.loads(octets)
        except (ValueError, RecursionError):
            return answers.unparsable(octets)
        if not isinstance(members, dict):
            return answers.BROKEN
        arguments = send_arguments(with_dashes(with_login(members, login)))
        return answers.result(await self._resources.send(arguments))

    def _reply(self, request: web.BaseRequest, answer: RestAnswer, login: Login | None) -> Reply:
        version = (request.version.major, request.version.minor)
        closes = (
            answer.closes
            or not request.keep_alive
            or version < (1, 1)
            or not self._policy.keep_alive_s
        )
        _log(request, answer.status, login, self._hides)
        manner = RestManner(
            version=version,
            is_head=request.method == "HEAD",
            closes=closes,
            powered_by=self._powered_by,
        )
        date = formatdate(self._unix(), usegmt=True).encode()
        octets = answers.octets_of(answer, manner, date=date)
        return Reply(octets, closes=closes, take_s=self._policy.request_timeout_s)


def _log_mistake(request: web.BaseRequest, path: str, error: Exception) -> None:
    log.error("[%s] /%s broke\n%s", request.remote, path, without_texts(error))


def _log(request: web.BaseRequest, status: int, login: Login | None, hides: frozenset[str]) -> None:
    """Jasmin's line, but for what `hides` names in the query (W-HTTP-01)."""
    raw_path, _, query = request.raw_path.partition("?")
    uri = unquote(raw_path)
    if query:
        uri = without_values(f"{uri}?{query}", hides)
    log.log(
        logging.INFO if status == 200 else logging.ERROR,
        "[%s] %s@%s %s %s",
        status,
        _printable(login.username if login is not None else "*"),
        request.remote,
        _printable(request.method),
        _printable(uri),
    )


def _printable(text: str) -> str:
    """So that no client can forge a line."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _path(request: web.BaseRequest) -> str:
    """Without slashes in front, which count nothing; in Jasmin they let a request pass without
    credentials (Q107)."""
    return unquote(request.raw_path.partition("?")[0]).lstrip("/")


def _header(request: web.BaseRequest, name: str) -> str | None:
    value = request.headers.get(name)
    return None if value is None else _shown(value)


def _shown(text: str) -> str:
    """Octets beyond ASCII as WSGI has them, one character each."""
    return text.encode(errors="surrogateescape").decode("latin-1")


def _wrong_method(method: str, wanted: str) -> RestAnswer | None:
    if method == wanted:
        return None
    if method == "OPTIONS":
        return answers.options(wanted)
    if method in _KNOWN_METHODS:
        return answers.method_not_allowed(f"{wanted}, OPTIONS")
    return answers.BAD_METHOD

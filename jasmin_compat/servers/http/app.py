"""The HTTP API: which resource, which method, and how the answer goes out (contract §1)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from jasmin_compat.runtime.mistakes import without_texts
from jasmin_compat.servers.http import answers
from jasmin_compat.servers.http.access_log import Access, combined
from jasmin_compat.servers.http.answers import Answer, Manner, octets_of
from jasmin_compat.servers.http.balance import Balance
from jasmin_compat.servers.http.connections import HttpPolicy, Reply, Server
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.http.login_delay import LoginDelay
from jasmin_compat.servers.http.metrics import Metrics
from jasmin_compat.servers.http.params import BadForm, read_query
from jasmin_compat.servers.http.rate import Rate
from jasmin_compat.servers.http.requests import BrokenBody, TooLarge, TooSlow, query_of
from jasmin_compat.servers.http.send import Send

log: Final = logging.getLogger("jasmin-http-api")
access_logger: Final = logging.getLogger("jasmin-http-access")
"""Whole lines: its handler adds nothing."""
_SECRET: Final = frozenset(("password",))
_PRIVATE: Final = frozenset(("content", "hex-content"))
_OLDEST: Final = (1, 0)
_OF_USERS: Final = {"send": answers.in_words, "rate": answers.in_json, "balance": answers.in_json}
"""How each words what went wrong."""
_METHODS: Final = {
    "send": ("GET", "POST", "HEAD"),  # HEAD sends (W-HTTP-09): clients see it, so it stays
    "rate": ("GET", "HEAD"),
    "balance": ("GET", "HEAD"),
    "ping": ("GET", "HEAD"),
    "metrics": ("GET", "HEAD"),
    "": ("GET", "HEAD"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What users ask."""

    send: Send
    rate: Rate
    balance: Balance
    tally: HttpTally
    logins: LoginDelay


class HttpApi:
    """Requests to answers; `server` is what listens."""

    def __init__(
        self,
        resources: Resources,
        *,
        metrics: Metrics,
        policy: HttpPolicy,
        unix: Callable[[], float],
        release: str = "0.11.1",
    ) -> None:
        self.resources = resources
        self._metrics = metrics
        self.server = Server(self._handle, policy=policy)
        self._policy = policy
        self._unix = unix
        self._release = answers.release(release)
        self._hides = _SECRET | _PRIVATE if resources.send.policy.log_privacy else _SECRET
        self._running = 0
        self._date = (0, b"")

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._running >= self._policy.max_requests:
            self.server.counts.refused_requests += 1
            return self._reply(request, answers.TOO_MANY)
        if request.version < _OLDEST:  # HTTP/0.9 knows no status; Twisted calls it bad, too
            return self._reply(request, answers.BAD_REQUEST)
        self._running += 1
        try:
            return self._reply(request, await self._answer(request))
        finally:
            self._running -= 1

    async def _answer(self, request: web.BaseRequest) -> Answer:
        name = resource_name(request.raw_path)
        if name not in _METHODS:
            return answers.NOT_FOUND
        if request.method not in _METHODS[name]:
            return _wrong_method(request)
        if name in _OF_USERS:
            answer = await self._ask(name, request)
            if answer.failed_login is not None:
                await self.resources.logins.failed(request.remote, answer.failed_login)
            return answer
        if name == "ping":
            log.info("Received ping from %s", request.remote)
            return answers.PONG
        if name == "metrics":
            return Answer(status=200, body=self._metrics.page())
        return self._release

    async def _ask(self, name: str, request: web.BaseRequest) -> Answer:
        try:
            if name == "send":
                return await self.resources.send.answer(request)
            arguments = read_query(query_of(request))  # a body is none of theirs
            if name == "rate":
                return await self.resources.rate.answer_arguments(arguments)
            return self.resources.balance.answer_arguments(arguments)
        except (TooLarge, TooSlow, BadForm, BrokenBody) as bad:
            return self._bad_body(bad)
        except Exception as error:  # noqa: BLE001 - logged
            _log_mistake(request, name, error)
            return _OF_USERS[name](answers.broken(error))

    def _bad_body(self, bad: Exception) -> Answer:
        if isinstance(bad, TooLarge):
            self.server.counts.too_large += 1
            return answers.too_large(self._policy.max_request_octets)
        if isinstance(bad, TooSlow):
            self.server.counts.too_slow += 1
            return answers.TOO_SLOW
        return answers.BAD_REQUEST

    def _reply(self, request: web.BaseRequest, answer: Answer) -> Reply:
        version = (request.version.major, request.version.minor)
        closes = (
            answer.closes
            or not request.keep_alive
            or version < (1, 1)
            or not self._policy.keep_alive_s
        )
        unix = self._unix()
        if access_logger.isEnabledFor(logging.INFO):
            self._log_access(request, answer, unix)
        manner = Manner(version=version, is_head=request.method == "HEAD", closes=closes)
        octets = octets_of(answer, manner, date=self._http_date(unix))
        return Reply(octets, closes=closes, take_s=self._policy.request_timeout_s)

    def _log_access(self, request: web.BaseRequest, answer: Answer, unix: float) -> None:
        access = Access(
            peer=request.remote or "-",
            method=request.method,
            uri=request.raw_path,
            version=(request.version.major, request.version.minor),
            headers=request.headers,
            status=answer.status,
            body_octets=0 if request.method == "HEAD" else len(answer.body),
        )
        access_logger.info("%s", combined(access, unix=unix, hides=self._hides))

    def _http_date(self, unix: float) -> bytes:
        """Made once a second."""
        second = int(unix)
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]


def _log_mistake(request: web.BaseRequest, name: str, error: Exception) -> None:
    log.error("[%s] /%s broke\n%s", request.remote, name, without_texts(error))


def _wrong_method(request: web.BaseRequest) -> Answer:
    if request.method == "POST":
        return answers.method_not_allowed(request.raw_path, request.method)
    return answers.not_implemented(request.method)


_KNOWN: Final = {"/send": "send", "/ping": "ping", "/": ""}


def resource_name(raw_path: str) -> str | None:
    """The one segment of the path; None where there are more.

    Like Twisted: empty segments in front count nothing, others do; escapes are undone.
    """
    path = raw_path.partition("?")[0]
    if path in _KNOWN:
        return _KNOWN[path]
    *before, last = path[1:].split("/")
    return None if any(before) else unquote(last)

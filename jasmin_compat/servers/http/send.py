"""`/send`: from a request to an answer (contract/http-api.md §3)."""

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from jasmin_compat.flows.mt import MtPorts, accept_mt
from jasmin_compat.gateway.messages import MsgId
from jasmin_compat.gateway.refusals import Refused
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.submission_request import build_mt
from jasmin_compat.gateway.users import BadCredentials, User, UserId, authenticate
from jasmin_compat.servers.http.answers import (
    Answer,
    refuse,
    refuse_arguments,
    success,
)
from jasmin_compat.servers.http.params import Arguments, BadArguments, check_send
from jasmin_compat.servers.http.requests import arguments_of
from jasmin_compat.servers.http.send_arguments import (
    as_ascii,
    content_of,
    dlr_shown,
    password_of,
    send_arguments,
    username_of,
)
from jasmin_compat.smpp.split import LongContent
from jasmin_compat.wire.log_lines import mt_accepted

log: Final = logging.getLogger("jasmin-http-api")
MAX_REFERENCE: Final = 255


@dataclass(slots=True)
class HttpCounts:
    """Jasmin's httpapi counters (contract/logs-and-metrics.md §5, §6), since start, but for
    `last_request_at`, `last_success_at` and `created_at`: unix seconds, None before the first."""

    request_count: int = 0
    interceptor_count: int = 0
    auth_error_count: int = 0
    route_error_count: int = 0
    interceptor_error_count: int = 0
    throughput_error_count: int = 0
    charging_error_count: int = 0
    server_error_count: int = 0
    success_count: int = 0
    last_request_at: float | None = None
    last_success_at: float | None = None
    created_at: float | None = None


@dataclass(slots=True)
class HttpUserCounts:
    """A user's part in it, since the first request that was authenticated; times in unix seconds,
    0 for never."""

    connects_count: int = 0
    """Requests."""
    submit_sm_request_count: int = 0
    """Those to send."""
    last_activity_at: float = 0.0
    qos_last_submit_sm_at: float = 0.0
    """Of the last message that was accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPolicy:
    """What the settings say of `/send`."""

    long_content: LongContent
    log_privacy: bool = False
    body_timeout_s: float = 60.0


class Send:
    """The resource. One per process: it counts the references of long messages."""

    def __init__(self, *, ports: MtPorts, policy: SendPolicy, unix: Callable[[], float]) -> None:
        self.counts = HttpCounts(created_at=unix())
        self.users: dict[UserId, HttpUserCounts] = {}
        """By who was ever authenticated; whoever drops a user takes them out."""
        self._ports = ports
        self.policy = policy
        self._unix = unix
        self._next_reference = itertools.cycle(range(1, MAX_REFERENCE + 1)).__next__

    async def answer(self, request: web.BaseRequest) -> Answer:
        """Raises what reading the body may raise: see arguments_of."""
        self._count_request()
        try:
            arguments = await arguments_of(request, timeout_s=self.policy.body_timeout_s)
            return success(await self._taken(arguments))
        except (BadArguments, Refused, BadCredentials) as refused:
            return self.refused(refused)

    async def answer_arguments(self, arguments: Arguments) -> Answer:
        """The same for arguments that came another way, unchecked: the REST API's."""
        self._count_request()
        try:
            return success(await self._taken(arguments))
        except (BadArguments, Refused, BadCredentials) as refused:
            return self.refused(refused)

    async def take_as(self, user: User, arguments: Arguments) -> MsgId:
        """The same for a message whose sender was authenticated before; username and password
        among the arguments are looked at for their syntax only.

        Raises: BadArguments, Refused; `refused` says what Jasmin answers then.
        """
        self._count_request()
        return await self._taken(arguments, user)

    def refused(self, reason: BadArguments | Refused | BadCredentials) -> Answer:
        """The answer; it is logged and counted."""
        refusal = refuse_arguments(reason) if isinstance(reason, BadArguments) else refuse(reason)
        log.error("Error: %s", refusal.logged)
        if refusal.counter is not None:
            setattr(self.counts, refusal.counter, getattr(self.counts, refusal.counter) + 1)
        return refusal.answer

    def _count_request(self) -> None:
        self.counts.request_count += 1
        self.counts.last_request_at = self._unix()

    async def _taken(self, arguments: Arguments, user: User | None = None) -> MsgId:
        """`user` instead of whom the arguments name."""
        msgid = await self._accepted(check_send(arguments), user)
        self.counts.success_count += 1
        self.counts.last_success_at = self._unix()
        return msgid

    async def _accepted(self, arguments: Arguments, user: User | None) -> MsgId:
        content = content_of(arguments)
        if user is None:
            user = _authenticated(arguments, self._ports.site())
        counts = self._count(user.uid)
        routable = build_mt(
            send_arguments(arguments, content),
            user,
            long_content=self.policy.long_content,
            next_reference=self._next_reference,
        )
        queued = await accept_mt(routable, self._ports)
        counts.qos_last_submit_sm_at = self._unix()
        if log.isEnabledFor(logging.INFO):
            line = mt_accepted(
                queued,
                uid=user.uid,
                dlr=dlr_shown(arguments),
                content=content,
                log_privacy=self.policy.log_privacy,
            )
            log.info("%s", line)
        return queued.msgid

    def _count(self, uid: UserId) -> HttpUserCounts:
        """One more request of the user, who is in the site at this moment."""
        counts = self.users.setdefault(uid, HttpUserCounts())
        counts.connects_count += 1
        counts.submit_sm_request_count += 1
        counts.last_activity_at = self._unix()
        return counts


def _authenticated(arguments: Arguments, site: Site) -> User:
    """Raises: BadCredentials, Malformed."""
    username, password = username_of(arguments), password_of(arguments)
    if password is None:
        raise BadCredentials(username)
    known = username in site.uids
    return authenticate(site, username, as_ascii(password) if known else password)

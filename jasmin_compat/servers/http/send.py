"""`/send`: from a request to an answer (contract/http-api.md §3)."""

import itertools
import logging
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from jasmin_compat.flows.mt import MtPorts, accept_mt
from jasmin_compat.gateway.messages import MsgId
from jasmin_compat.gateway.permissions import authorize_send, filter_values, with_default_source
from jasmin_compat.gateway.refusals import NotCharged, Refused, TooFast
from jasmin_compat.gateway.submission_request import build_mt
from jasmin_compat.gateway.users import BadCredentials, User
from jasmin_compat.servers.http.answers import (
    Answer,
    in_words,
    logged,
    refuse,
    refuse_arguments,
    success,
)
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.http.params import Arguments, BadArguments, check_send
from jasmin_compat.servers.http.requests import arguments_of
from jasmin_compat.servers.http.send_arguments import (
    authenticated,
    content_of,
    dlr_shown,
    send_arguments,
)
from jasmin_compat.smpp.split import LongContent
from jasmin_compat.wire.log_lines import Asked, mt_accepted, mt_not_charged, mt_too_fast

log: Final = logging.getLogger("jasmin-http-api")
MAX_REFERENCE: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPolicy:
    """What the settings say of `/send`."""

    long_content: LongContent
    log_privacy: bool = False
    body_timeout_s: float = 60.0


class Send:
    """The resource. One per process: it counts the references of long messages."""

    def __init__(self, *, ports: MtPorts, policy: SendPolicy, tally: HttpTally) -> None:
        self.tally = tally
        self.policy = policy
        self._ports = ports
        self._next_reference = itertools.cycle(range(1, MAX_REFERENCE + 1)).__next__

    async def answer(self, request: web.BaseRequest) -> Answer:
        """Raises what reading the body may raise: see arguments_of."""
        self.tally.request()
        try:
            arguments = await arguments_of(request, timeout_s=self.policy.body_timeout_s)
            return success(await self._taken(arguments))
        except (BadArguments, Refused, BadCredentials) as refused:
            return self.refused(refused)

    async def answer_arguments(self, arguments: Arguments) -> Answer:
        """The same for arguments that came another way, unchecked: the REST API's."""
        self.tally.request()
        try:
            return success(await self._taken(arguments))
        except (BadArguments, Refused, BadCredentials) as refused:
            return self.refused(refused)

    async def take_as(self, user: User, arguments: Arguments) -> MsgId:
        """The same for a message whose sender was authenticated before; username and password
        among the arguments are looked at for their syntax only.

        Raises: BadArguments, Refused; `refused` says what Jasmin answers then.
        """
        self.tally.request()
        return await self._taken(arguments, user)

    def refused(self, reason: BadArguments | Refused | BadCredentials) -> Answer:
        """The answer; it is logged and counted."""
        refusal = refuse_arguments(reason) if isinstance(reason, BadArguments) else refuse(reason)
        if isinstance(reason, TooFast):
            log.error("%s", mt_too_fast(reason))
        elif isinstance(reason, NotCharged):
            log.error("%s", mt_not_charged(reason))
        log.error("Error: %s", logged(refusal, reason, log_privacy=self.policy.log_privacy))
        self.tally.count(refusal.counter)
        return in_words(refusal)

    async def _taken(self, arguments: Arguments, user: User | None = None) -> MsgId:
        """`user` instead of whom the arguments name."""
        msgid = await self._accepted(check_send(arguments), user)
        self.tally.success()
        return msgid

    async def _accepted(self, arguments: Arguments, user: User | None) -> MsgId:
        content = content_of(arguments)
        if user is None:
            user = authenticated(arguments, self._ports.site())
        counts = self.tally.user(user.uid)
        counts.submit_sm_request_count += 1
        routable = build_mt(
            send_arguments(arguments, content),
            user,
            long_content=self.policy.long_content,
            next_reference=self._next_reference,
        )
        authorize_send(user, arguments, is_long=len(routable.parts) > 1)
        filter_values(
            user, arguments | {b"content": content} if b"content" in arguments else arguments
        )
        queued = await accept_mt(with_default_source(routable), self._ports)
        counts.qos_last_submit_sm_at = self.tally.unix()
        if log.isEnabledFor(logging.INFO):
            line = mt_accepted(
                queued,
                Asked(
                    uid=user.uid,
                    dlr=dlr_shown(arguments),
                    own_source=None if b"from" in arguments else user.mt.source_address,
                ),
                content=content,
                log_privacy=self.policy.log_privacy,
            )
            log.info("%s", line)
        return queued.msgid

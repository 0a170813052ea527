"""`/rate`: what a message would cost, without sending it (contract/http-api.md §14)."""

import itertools
import logging
from dataclasses import dataclass
from typing import Final

from jasmin_compat.flows.mt import MtPorts, price_mt
from jasmin_compat.gateway.permissions import authorize, with_default_source
from jasmin_compat.gateway.refusals import Refused
from jasmin_compat.gateway.submission_request import build_mt
from jasmin_compat.gateway.users import BadCredentials
from jasmin_compat.servers.http.answers import (
    Answer,
    as_json,
    in_json,
    logged,
    refuse,
    refuse_arguments,
)
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.http.params import Arguments, BadArguments, check_rate
from jasmin_compat.servers.http.send import MAX_REFERENCE, SendPolicy
from jasmin_compat.servers.http.send_arguments import authenticated, rate_arguments

log: Final = logging.getLogger("jasmin-http-api")
_COUNTED: Final = {"auth_error_count", "interceptor_error_count"}
"""Other refusals count for `/send` only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """The answer in its words; Jasmin's order of keys."""

    unit_rate: float
    submit_sm_count: int


class Rate:
    """The resource."""

    def __init__(self, *, ports: MtPorts, policy: SendPolicy, tally: HttpTally) -> None:
        self._ports = ports
        self._long_content = policy.long_content
        self._log_privacy = policy.log_privacy
        self._tally = tally
        self._next_reference = itertools.cycle(range(1, MAX_REFERENCE + 1)).__next__

    async def answer_arguments(self, arguments: Arguments) -> Answer:
        self._tally.request()
        reason: Exception
        try:
            rated = await self._rated(check_rate(arguments))
        except BadArguments as refused:
            reason, refusal = refused, refuse_arguments(refused)
        except (Refused, BadCredentials) as refused:
            reason, refusal = refused, refuse(refused)
        else:
            answer = {"unit_rate": rated.unit_rate, "submit_sm_count": rated.submit_sm_count}
            return as_json(answer, is_late=True)
        log.error("Error: %s", logged(refusal, reason, log_privacy=self._log_privacy))
        if refusal.counter in _COUNTED:
            self._tally.count(refusal.counter)
        return in_json(refusal)

    async def _rated(self, arguments: Arguments) -> Rated:
        asked = rate_arguments(arguments)
        user = authenticated(arguments, self._ports.site())
        self._tally.user(user.uid).rate_request_count += 1
        routable = build_mt(
            asked, user, long_content=self._long_content, next_reference=self._next_reference
        )
        authorize(user, "http_rate", "Cannot check rate")
        price = await price_mt(with_default_source(routable), self._ports)
        return Rated(
            unit_rate=price.at_submit + price.at_response, submit_sm_count=len(routable.parts)
        )

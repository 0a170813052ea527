"""`/balance`: what a user has left (contract/http-api.md §15)."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from jasmin_compat.gateway.permissions import authorize
from jasmin_compat.gateway.refusals import Refused
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import BadCredentials
from jasmin_compat.ports import Quotas
from jasmin_compat.servers.http.answers import (
    Answer,
    as_json,
    in_json,
    refuse,
    refuse_arguments,
)
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.http.params import Arguments, BadArguments, check_balance
from jasmin_compat.servers.http.send_arguments import authenticated

log: Final = logging.getLogger("jasmin-http-api")
UNLIMITED: Final = "ND"


class Balance:
    """The resource."""

    def __init__(self, *, site: Callable[[], Site], quotas: Quotas, tally: HttpTally) -> None:
        self._site = site
        self._quotas = quotas
        self._tally = tally

    def answer_arguments(self, arguments: Arguments) -> Answer:
        """Of all that is refused, Jasmin says here at once."""
        self._tally.request()
        try:
            return as_json(self._left(check_balance(arguments)), is_late=False)
        except BadArguments as refused:
            refusal = refuse_arguments(refused)
        except (Refused, BadCredentials) as refused:
            refusal = replace(refuse(refused), is_late=False)
        log.error("Error: %s", refusal.logged)
        self._tally.count(refusal.counter)
        return in_json(refusal)

    def _left(self, arguments: Arguments) -> dict[str, float | str]:
        user = authenticated(arguments, self._site())
        self._tally.user(user.uid).balance_request_count += 1
        authorize(user, "http_balance", "Cannot check balance")
        left = self._quotas.left(user)
        return {
            "balance": UNLIMITED if left.balance is None else left.balance,
            "sms_count": UNLIMITED if left.submit_sm_count is None else left.submit_sm_count,
        }

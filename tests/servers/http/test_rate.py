"""`/rate`."""

import json
from dataclasses import replace

from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.filters import SourceAddrFilter
from jasmin_compat.servers.http.counts import HttpUserCounts
from tests import builders
from tests.http_client import ask, get
from tests.servers.http.api import running_api

RICH = builders.user(mt=MtCredential(quotas=Quotas(balance=10.0, submit_sm_count=9)))
RATED = {0: replace(builders.default_route(builders.CID), rate=1.5)}
ASKED = "/rate?username=full&password=pwd&to=15550001"


# covers: HTTP-43 HTTP-44 ROUTE-07
async def test_the_price_of_a_part_and_the_number_of_parts() -> None:
    async with running_api(builders.site(RICH, mt_routes=RATED)) as api:
        answer = await ask(api.port, get(ASKED + "&content=" + 161 * "a"))
        assert answer.body == b'{"unit_rate": 1.5, "submit_sm_count": 2}'
        assert answer.header("Content-Type") == "application/json"
        balance = await ask(api.port, get("/balance?username=full&password=pwd"))
        assert balance.body == b'{"balance": 10.0, "sms_count": 9}'
        assert not api.queued
        counts = api.api.resources.tally.users[RICH.uid]
        assert counts == HttpUserCounts(
            connects_count=2,
            rate_request_count=1,
            balance_request_count=1,
            last_activity_at=counts.last_activity_at,
        )


# covers: HTTP-43 W-HTTP-08
async def test_the_route_is_that_of_the_sender_it_names() -> None:
    of_acme = (SourceAddrFilter("^ACME$"),)
    acme = replace(RATED[0], selection="static", filters=of_acme, rate=2.5)
    async with running_api(builders.site(RICH, mt_routes={10: acme, **RATED})) as api:
        for query, unit_rate in (("&from=ACME", 2.5), ("&from=ANY", 1.5), ("", 1.5)):
            answer = await ask(api.port, get(ASKED + query))
            assert json.loads(answer.body)["unit_rate"] == unit_rate


# covers: HTTP-46
async def test_a_refusal_is_a_json_text_and_does_not_count_as_one_of_send() -> None:
    async with running_api(builders.site(RICH, mt_routes={})) as api:
        answer = await ask(api.port, get(ASKED))
        assert (answer.status, answer.body) == (412, b'"No route found"')
        counts = api.api.resources.tally.counts
        assert (counts.request_count, counts.route_error_count) == (1, 0)
        await ask(api.port, get(ASKED.replace("pwd", "no")))
        assert counts.auth_error_count == 1


async def test_what_follows_from_a_bad_argument_is_said_at_once() -> None:
    async with running_api() as api:
        answer = await ask(api.port, get(ASKED + "&dlr=yes"))
    assert (answer.status, answer.body) == (400, b'"Argument [dlr] is unknown."')
    assert answer.header("Content-Length") == "28"

"""`/balance`."""

import pytest

from jasmin_compat.gateway.credentials import GRANTED, MtCredential, Quotas
from tests import builders
from tests.http_client import ask, get
from tests.servers.http.api import running_api

ASKED = "/balance?username=full&password=pwd"


# covers: HTTP-41 CRED-19
@pytest.mark.parametrize(
    ("quotas", "body"),
    [
        (Quotas(), b'{"balance": "ND", "sms_count": "ND"}'),
        (Quotas(balance=5.5), b'{"balance": 5.5, "sms_count": "ND"}'),
        (Quotas(submit_sm_count=3), b'{"balance": "ND", "sms_count": 3}'),
    ],
)
async def test_what_is_left(quotas: Quotas, body: bytes) -> None:
    user = builders.user(mt=MtCredential(quotas=quotas))
    async with running_api(builders.site(user)) as api:
        answer = await ask(api.port, get(ASKED))
    assert (answer.status, answer.body) == (200, body)
    assert answer.header("Content-Type") == "application/json"


# covers: HTTP-42
async def test_who_may_not_ask() -> None:
    user = builders.user(mt=MtCredential(granted=GRANTED - {"http_balance"}))
    async with running_api(builders.site(user)) as api:
        answer = await ask(api.port, get(ASKED))
        wrong = await ask(api.port, get(ASKED.replace("pwd", "no")))
    expected = b'"Authorization failed for user [full] (Cannot check balance)."'
    assert (answer.status, answer.body) == (400, expected)
    assert (wrong.status, wrong.body) == (403, b'"Authentication failure for username:full"')

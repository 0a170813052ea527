"""`/secure/sendbatch`, its queue and its answer."""

import json
from dataclasses import replace

import pytest

from jasmin_compat.gateway.users import UserId
from jasmin_compat.ports import BrokerAway
from jasmin_compat.servers.http.answers import Answer
from jasmin_compat.servers.rest.batches import BatchLimits
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests import builders
from tests.servers.rest.api import BATCH_ID, RunningRest, running_rest


async def send(api: RunningRest, body: object) -> tuple[int, dict[str, object]]:
    answer = await api.ask("POST", "/secure/sendbatch", json.dumps(body).encode())
    return answer.status, json.loads(answer.body)


# covers: REST-08
async def test_it_is_answered_when_all_is_queued() -> None:
    body = {"messages": [{"to": ["1", "2"], "content": "x"}, {"to": "3", "content": "y"}]}
    async with running_rest() as api:
        status, answer = await send(api, body)
        assert (status, answer) == (200, {"data": {"batchId": BATCH_ID, "messageCount": 3}})
        assert await api.queues.depth("jasmin_compat.batch") == 3
        assert [(m.number, m.to, m.uid) for m in api.batch] == [
            (1, ("1",), "full"),
            (2, ("2",), "full"),
            (3, ("3",), "full"),
        ]


# covers: W-REST-01
async def test_no_password_is_queued() -> None:
    async with running_rest() as api:
        await send(api, {"messages": [{"to": "1", "content": "x"}]})
        assert b"pwd" not in api.queues.published[0].body


async def test_a_message_may_have_credentials_of_its_own() -> None:
    site = builders.site(builders.user(), builders.user("other", "opw"))
    message = {"to": "1", "content": "x", "username": "other"}
    body = {
        "messages": [
            {**message, "password": "opw"},
            {**message, "password": "wrong"},
            {**message, "password": "é"},
        ]
    }
    async with running_rest(site) as api:
        await send(api, body)
        assert [message.uid for message in api.batch] == [UserId("other"), None, None]
        assert {message.username for message in api.batch} == {"other"}


# covers: REST-14
async def test_who_may_not_see_a_balance_sends_no_batch() -> None:
    async with running_rest() as api:
        api.script.answers["balance"] = Answer(status=403, body=b'"no"')
        assert await send(api, {"messages": [{"to": "1", "content": "x"}]}) == (
            412,
            {
                "title": "Authentication failed",
                "description": "Authentication failed for user: full",
            },
        )
        assert api.batch == []


async def test_more_messages_than_allowed_are_refused_before_any_is_queued() -> None:
    async with running_rest(limits=BatchLimits(max_messages=2)) as api:
        status, answer = await send(api, {"messages": [{"to": ["1", "2", "3"], "content": "x"}]})
        assert status == 413
        assert answer["description"] == "The batch holds more than 2 messages"
        assert api.batch == []


async def test_a_broker_that_goes_away_is_said_and_how_many_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running_rest(limits=BatchLimits(published_at_once=1)) as api:
        publish = api.queues.publish

        async def publish_two(message: QueueMessage, *, mandatory: bool = True) -> None:
            if len(api.queues.published) == 2:
                raise BrokerAway("gone")
            await publish(message, mandatory=mandatory)

        monkeypatch.setattr(api.queues, "publish", publish_two)
        status, answer = await send(api, {"messages": [{"to": ["1", "2", "3"], "content": "x"}]})
        assert (status, answer["title"]) == (500, "Cannot queue batch")
        assert answer["description"] == "2 of 3 messages were queued; they will be sent"


async def test_a_user_who_is_gone_meanwhile_is_nobody() -> None:
    site = replace(builders.site(), uids={})
    async with running_rest(site) as api:
        await send(api, {"messages": [{"to": "1", "content": "x"}]})
        assert api.batch[0].uid is None

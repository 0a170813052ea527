"""A message of a batch at the gate of `/send`; who is told what is recorded from Jasmin."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jasmin_compat.gateway.batches import Accepted, BatchMessage, Declined, PutOff, report_of
from jasmin_compat.gateway.users import GroupId, UserId
from jasmin_compat.servers.http.params import read_json, read_query
from jasmin_compat.servers.rest.batch_sending import BatchSending
from jasmin_compat.servers.rest.parameters import send_arguments, texts
from tests import builders
from tests.servers.http.api import RunningApi, running_api


def message(**params: Any) -> BatchMessage:
    return builders.batch_message(params={"to": "15550001", "content": "hello", **params})


def sending(api: RunningApi) -> BatchSending:
    return BatchSending(api.api.resources.send, site=api.site)


async def test_it_is_queued_as_a_message_of_its_sender() -> None:
    async with running_api() as api:
        outcome = await sending(api)(message(content="é", coding=0))
        assert outcome == Accepted(f'Success "{api.queued[0].msgid}"')
        assert api.queued[0].parts[0].short_message == b"\x05"


async def test_a_refusal_is_what_send_answers() -> None:
    async with running_api() as api:
        send = sending(api)
        assert await send(message(to="x")) == Declined(
            'Error "Argument [to] has an invalid value: [x]."'
        )
        assert await send(message(to=None)) == Declined(
            'Error "Mandatory argument [to] is not found."'
        )
        assert await send(message(to="\ud800")) == Declined(
            "Unknown error: 'utf-8' codec can't encode character '\\ud800' in position 0: "
            "surrogates not allowed"
        )
        assert api.api.resources.tally.counts.request_count == 2


@pytest.mark.parametrize("change", ["removed", "disabled", "group", "nobody"])
async def test_a_sender_who_is_gone_is_refused_as_at_send(change: str) -> None:
    user = builders.user()
    site = {
        "removed": builders.site(builders.user("other")),
        "disabled": builders.site(replace(user, enabled=False)),
        "group": replace(builders.site(), groups={}),
        "nobody": builders.site(),
    }[change]
    asked = replace(message(), uid=None) if change == "nobody" else message()
    async with running_api(site) as api:
        assert await sending(api)(asked) == Declined(
            'Error "Authentication failure for username:full"'
        )
        assert api.api.resources.tally.counts.auth_error_count == 1


# covers: W-REST-03
async def test_a_broker_that_is_away_puts_it_off() -> None:
    async with running_api(bindings=()) as api:
        outcome = await sending(api)(message())
        assert isinstance(outcome, PutOff)
        assert "Cannot send submit_sm" in outcome.text


async def test_the_password_changed_meanwhile_does_not_matter() -> None:
    site = builders.site(builders.user(password="new"))
    assert site.users[UserId("full")].gid == GroupId("gmain")
    async with running_api(site) as api:
        assert isinstance(await sending(api)(message()), Accepted)


RECORDED = json.loads(gzip.decompress(Path(__file__).with_name("recorded.json.gz").read_bytes()))


# covers: REST-13
def test_what_is_asked_and_told_is_what_jasmins_worker_does() -> None:
    for row in RECORDED["worker"]:
        [asked] = row["asked"]
        body = asked["body"].encode()
        sent = read_json(body) if body else read_query(asked["query"].encode())
        assert send_arguments(row["params"]) == sent
        status, text = asked["answered"]
        one = replace(message(), to=tuple(texts(row["params"]["to"])), **row["config"])
        report = report_of(one, Accepted(text) if status == 200 else Declined(text))
        told = [] if report is None else [(report.url, report.to, report.status, report.text)]
        assert told == [
            (call["url"], tuple(texts(call["to"])), call["status"], call["text"])
            for call in row["called"]
        ]

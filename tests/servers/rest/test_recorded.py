"""Every answer is Jasmin 0.12's, as recorded from its own REST application (record.py)."""

import gzip
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from jasmin_compat.gateway.batches import BatchMessage
from jasmin_compat.servers.http.answers import Answer
from jasmin_compat.servers.http.params import Arguments, read_json, read_query
from tests.servers.rest.api import BATCH_ID, RunningRest, running_rest

RECORDED = json.loads(gzip.decompress(Path(__file__).with_name("recorded.json.gz").read_bytes()))
ROWS: list[dict[str, Any]] = RECORDED["answers"]


def _is_posed(row: dict[str, Any]) -> bool:
    """Not what no web server hands on, blanks at an end of a header and CONNECT; not a /ping that
    fails; not a time that would have to be the one of the recording."""
    pings = [asked for asked in row["asked"] if asked["resource"] == "ping"]
    return (
        row["method"] != "CONNECT"
        and all(value == value.strip() for _, value in row["headers"])
        and all(asked["answered"][0] == 200 for asked in pings)
        and all(given["countdown"] < 10**6 for given in row["given"])
    )


def quirk(row: dict[str, Any]) -> str | None:
    """Where ours has to differ."""
    is_html = row["answer_headers"] and not row["answer"].startswith("{")
    if row["method"] == "FOO":
        return "Q109"  # aiohttp's parser knows no such method: 400 without a body
    if row["method"] not in ("HEAD", "OPTIONS") and is_html:
        return "Q105"  # an error without a body, or in XML under the name of JSON
    token = next((v.partition(" ")[2] for n, v in row["headers"] if n == "Authorization"), "")
    if row["status"].startswith("500") and "asked" in row and not row["asked"] and token in COLONS:
        return "Q106"
    if row["target"].startswith("//secure"):
        return "Q107"
    if row["status"].startswith("500") and row["asked"]:
        status = row["asked"][0]["answered"][0]
        if status in (299, 520):
            return "Q108"
    return None


COLONS = ("!!!", "ZnVsbA==", "ZnVsbDpwd2Q6eA==", "====")
"""Tokens with no colon, or two."""


def arguments_of(asked: dict[str, Any]) -> Arguments:
    if asked["body"]:
        return read_json(asked["body"].encode("latin-1"))
    return read_query(asked["query"].encode())


def test_the_recording_is_whole() -> None:
    assert len(ROWS) == 390
    found = [quirk(row) for row in ROWS if _is_posed(row)]
    assert {name: found.count(name) for name in set(found) if name} == QUIRKS


QUIRKS = {"Q105": 21, "Q106": 4, "Q107": 2, "Q108": 4, "Q109": 12}


# covers: REST-01 REST-02 REST-03 REST-04 REST-05 REST-06 REST-07 REST-08 REST-09 REST-10
# covers: REST-11 REST-12 REST-14 REST-16 REST-18G
async def test_every_recorded_request_is_answered_as_recorded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "jasmin-restapi")
    async with running_rest() as api:
        for row in filter(_is_posed, ROWS):
            caplog.clear()
            found = await _answered(api, row)
            found["log"] = [f"{r.levelname} {r.getMessage()}" for r in caplog.records]
            if quirk(row) is None:
                assert found == _expected(row), (row["method"], row["target"], row["body"])


async def _answered(api: RunningRest, row: dict[str, Any]) -> dict[str, Any]:
    api.script.asked.clear()
    api.queues.published.clear()
    api.script.answers = {
        asked["resource"]: Answer(status=asked["answered"][0], body=asked["answered"][1].encode())
        for asked in row["asked"]
    }
    headers = "".join(f"{name}: {value}\r\n" for name, value in row["headers"])
    body = row["body"].encode("latin-1")
    answer = await api.ask(row["method"], row["target"], body, headers=headers)
    return {
        "status": answer.status_line.partition(" ")[2],
        "headers": {h for h in answer.header_set() if h[0] not in ("content-length", "connection")},
        "body": answer.body.decode("latin-1"),
        "asked": api.script.asked[:],
        "given": sorted((_given(m, api.clock.unix()) for m in api.batch), key=str),
    }


def _given(message: BatchMessage, now: float) -> dict[str, Any]:
    return {
        "username": message.username,
        "params": message.params,
        "callback_url": message.callback_url,
        "errback_url": message.errback_url,
        "countdown": message.due - now if message.due else 0,
    }


def _expected(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": row["status"],
        "headers": {(name, v) for name, v in row["answer_headers"] if name != "content-length"},
        "body": row["answer"].replace("BATCH", BATCH_ID),
        "asked": [
            (a["resource"], arguments_of(a)) for a in row["asked"] if a["resource"] != "ping"
        ],
        "given": sorted((_expected_given(given) for given in row["given"]), key=str),
        "log": [re.sub("password=[^&]*", "password=***", line) for line in row["log"]],  # Q21
    }


def _expected_given(given: dict[str, Any]) -> dict[str, Any]:
    config, params = given["args"]
    username, _ = params.pop("username"), params.pop("password")
    return {
        "username": username,
        "params": params,
        "callback_url": str(config.get("callback_url") or ""),
        "errback_url": str(config.get("errback_url") or ""),
        "countdown": given["countdown"],
    }

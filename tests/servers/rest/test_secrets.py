"""No password and no text of a message is in a log of the REST API, whatever goes wrong."""

import base64
import itertools
import json
import logging

import pytest

from jasmin_compat.servers.http.answers import Answer
from tests.servers.rest.api import running_rest

PASSWORD, TEXT = "PwdMark", "TextMark"
BASIC = base64.b64encode(f"full:{PASSWORD}".encode()).decode()
SEND = json.dumps({"to": "15550001", "content": TEXT}).encode()
BATCH = json.dumps({"messages": [{"to": "15550001", "content": TEXT}]}).encode()
ASKED = [
    ("GET", "/secure/balance", b""),
    ("GET", f"/secure/rate?to=1&content={TEXT}&password={PASSWORD}", b""),
    ("GET", "/secure/nowhere", b""),
    ("PUT", "/secure/send", SEND),
    ("POST", "/secure/send", SEND),
    ("POST", "/secure/send", SEND[:-1]),
    ("POST", "/secure/send", b"[" + SEND + b"]"),
    ("POST", "/secure/sendbatch", BATCH),
    ("POST", "/secure/sendbatch", BATCH[:-1]),
    ("POST", "/secure/sendbatch", b'{"messages": "' + TEXT.encode() + b'"}'),
    ("POST", "/secure/sendbatch", b'{"messages": [3, "' + TEXT.encode() + b'"]}'),
]


# covers: W-HTTP-01
async def test_whatever_breaks_no_log_shows_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def broken(_arguments: object) -> Answer:
        raise ValueError(f"{PASSWORD} {TEXT}")

    logins = (f"Basic {BASIC}", f"Basic {PASSWORD}", PASSWORD, f"{BASIC} x y")
    async with running_rest(log_privacy=True, free_logins=10_000) as api:
        for login, instead, asked in itertools.product(logins, (None, broken), ASKED):
            api.script.instead = instead
            await api.ask(*asked, headers=f"Authorization: {login}\r\n")
    assert "ValueError" in caplog.text
    formatter = logging.Formatter("%(message)s")
    for record in caplog.records:
        line = formatter.format(record)
        shown = [mark for mark in (PASSWORD, BASIC, TEXT) if mark in line]
        assert shown == [], line

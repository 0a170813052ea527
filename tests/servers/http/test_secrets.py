"""No password, and under log_privacy no message text, is in any log, whatever goes wrong."""

import asyncio
import json
import logging
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from jasmin_compat.ports import BrokerAway
from jasmin_compat.servers.http.connections import HttpPolicy
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests import builders
from tests.builders import user
from tests.http_client import connect, post
from tests.servers.http.api import running_api

RIGHT, WRONG = "RightMark", "WrongMark"
TEXT, HEX = "TextMark", "abcdefMarkNoHex"
MARKS = ("Mark", "4d61726b", TEXT.encode().hex())
"""All of them have it, as text and in hexadecimal digits."""
FORM = "application/x-www-form-urlencoded"
GOOD = {"username": "full", "password": RIGHT, "to": "15550001", "content": TEXT}


def cases() -> Iterator[dict[str, object]]:
    """Arguments that end in each kind of answer."""
    yield GOOD
    yield GOOD | {"password": WRONG}
    yield GOOD | {"username": "nobody"}
    yield GOOD | {"password": RIGHT * 20}
    yield GOOD | {"password": RIGHT + "\n"}
    yield GOOD | {"password": RIGHT + "é"}
    yield GOOD | {"to": "x"}
    yield GOOD | {"coding": "99"}
    yield GOOD | {"coding": "8"}
    yield GOOD | {"zzz": "1"}
    yield GOOD | {"priority": "9"}
    yield GOOD | {"from": "x" * 30}
    yield GOOD | {"dlr-url": "nowhere"}
    yield GOOD | {"custom_tlvs": "["}
    yield GOOD | {"hex-content": HEX}
    yield {name: value for name, value in GOOD.items() if name != "content"} | {"hex-content": HEX}
    yield {name: value for name, value in GOOD.items() if name != "content"} | {
        "hex-content": TEXT.encode().hex()
    }
    yield {name: value for name, value in GOOD.items() if name != "to"}
    yield GOOD | {"content": TEXT * 200}


def odd_json() -> Iterator[object]:
    yield [RIGHT, TEXT]
    yield RIGHT
    yield GOOD | {"password": [RIGHT]}
    yield GOOD | {"password": {RIGHT: RIGHT}}
    yield GOOD | {"content": [TEXT]}
    yield GOOD | {"hex-content": [TEXT]}
    yield GOOD | {"content": None}
    yield GOOD | {"custom_tlvs": [[1, None, "Int1", TEXT]]}


def of(path: str, arguments: dict[str, object]) -> Iterator[bytes]:
    query = urlencode(arguments)
    yield f"GET {path}?{query} HTTP/1.1\r\nHost: gw\r\n\r\n".encode()
    yield f"PUT {path}?{query} HTTP/1.1\r\nHost: gw\r\n\r\n".encode()
    yield f"GET {path}x?{query} HTTP/1.1\r\nHost: gw\r\n\r\n".encode()
    yield f"GET {path}?{query} HTTP/1.1\r\nHost: gw\r\nX Y\x00: z\r\n\r\n".encode()
    yield f"GET {path}?{query} HTTP/9\r\n\r\n".encode()
    yield post(path, query.encode(), FORM)
    yield post(path, json.dumps(arguments).encode(), "application/json")
    yield post(path, json.dumps(arguments).encode()[:-1], "application/json")
    parts = "".join(
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in arguments.items()
    )
    yield post(path, f"{parts}--X--\r\n".encode(), "multipart/form-data; boundary=X")
    yield post(path, f"{parts}--X\r\n".encode(), "multipart/form-data; boundary=X")


def requests() -> list[bytes]:
    paths = ("/send", "/rate", "/balance", "/ping", "/metrics", "/")
    found = [r for path in paths[:3] for arguments in cases() for r in of(path, arguments)]
    found += [r for path in paths[3:] for r in of(path, GOOD)]
    found += [post("/send", json.dumps(value).encode(), "application/json") for value in odd_json()]
    return found


async def drive(port: int, requests: list[bytes]) -> None:
    for request in requests:
        client = await connect(port)
        client.writer.write(request)
        client.writer.write_eof()
        async with asyncio.timeout(10):
            await client.reader.read()
        client.close()


def assert_nothing_shows(caplog: pytest.LogCaptureFixture) -> None:
    formatter = logging.Formatter("%(message)s")
    for record in caplog.records:
        line = formatter.format(record)  # with its traceback, if it has one
        assert not [mark for mark in MARKS if mark.lower() in line.lower()], (record.name, line)


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


# covers: W-HTTP-01
async def test_whatever_is_asked_no_log_shows_a_password_or_a_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = builders.site(user("full", RIGHT))
    async with running_api(site, log_privacy=True) as api:
        await drive(api.port, requests())
        assert len(api.queued) > 10
    assert len(caplog.records) > 500
    assert_nothing_shows(caplog)


# covers: W-HTTP-01
@pytest.mark.parametrize("error", [ValueError(f"{RIGHT} {TEXT}"), BrokerAway("gone")])
async def test_whatever_breaks_no_log_shows_them(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_api(builders.site(user("full", RIGHT)), log_privacy=True) as api:

        async def publish(_message: QueueMessage, *, mandatory: bool = True) -> None:
            raise error

        monkeypatch.setattr(api.queues, "publish", publish)
        await drive(api.port, list(of("/send", GOOD)))
    assert [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert_nothing_shows(caplog)


# covers: W-HTTP-10
async def test_nor_when_a_bound_is_met(caplog: pytest.LogCaptureFixture) -> None:
    policy = HttpPolicy(max_request_octets=1024, max_header_octets=1024, request_timeout_s=0.05)
    async with running_api(builders.site(user("full", RIGHT)), policy=policy) as api:
        body = (f"password={RIGHT}&content={TEXT}&x=" + "y" * 2000).encode()
        slow = post("/send", body[:60], FORM).replace(b"Length: 60", b"Length: 90")
        client = await connect(api.port)
        client.writer.write(slow)
        assert (await client.read()).status == 408
        client.close()
        await drive(api.port, [post("/send", body, FORM), b"GET /send?" + body + b" HTTP/1.1\r\n"])
    assert_nothing_shows(caplog)

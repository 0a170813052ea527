"""Resources and methods (contract/http-api.md §1)."""

import asyncio
import logging

import pytest

from jasmin_compat.ports import BrokerAway
from jasmin_compat.servers.http.app import resource_name
from jasmin_compat.servers.http.connections import HttpPolicy
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests.http_client import ask, connect, get
from tests.servers.http.api import running_api
from tests.waiting import until

SEND = "/send?username=full&password=pwd&to=15550001&content=hello"


# covers: HTTP-38
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", ""),
        ("/?a=b", ""),
        ("//", ""),
        ("/send?x=/y", "send"),
        ("//send", "send"),
        ("/%73end", "send"),
        ("/send/", None),
        ("/send/x", None),
        ("/SEND", "SEND"),
        ("http://gw/send", None),
        ("*", ""),
    ],
)
def test_a_path_names_a_resource_as_twisted_reads_it(path: str, name: str | None) -> None:
    assert resource_name(path) == name


# covers: HTTP-40
async def test_ping_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-http-api")
    async with running_api() as api:
        assert (await ask(api.port, get("/ping"))).body == b"Jasmin/PONG"
    assert caplog.messages == ["Received ping from 127.0.0.1"]


async def test_the_date_is_the_clocks() -> None:
    async with running_api() as api:
        answer = await ask(api.port, get("/"))
    assert answer.header("Date") == "Mon, 21 Sep 2026 14:13:20 GMT"


# covers: HTTP-47 W-HTTP-01
async def test_each_request_is_in_the_access_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-http-access")
    async with running_api() as api:
        await ask(api.port, get(SEND, headers="User-Agent: curl/8\r\n"))
    assert [r.getMessage() for r in caplog.records if r.name == "jasmin-http-access"] == [
        '"127.0.0.1" - - [21/Sep/2026:14:13:20 +0000] "GET /send?username=full&password=***'
        '&to=15550001&content=hello HTTP/1.1" 200 46 "-" "curl/8"'
    ]


async def test_what_a_client_left_unescaped_is_logged_escaped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-http-access")
    async with running_api() as api:
        await ask(api.port, get("/ping?x=é&y=%C3%BC"))
    assert "GET /ping?x=%C3%A9&y=%C3%BC HTTP/1.1" in caplog.text


async def test_under_log_privacy_no_text_is_in_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running_api(log_privacy=True) as api:
        await ask(api.port, get(SEND))
        await ask(api.port, get(SEND.replace("content=hello", "hex-content=68656c6c6f")))
    assert "hello" not in caplog.text
    assert "68656c6c6f" not in caplog.text


async def test_an_error_of_ours_is_answered_and_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_api() as api:

        async def publish(_message: QueueMessage, *, mandatory: bool = True) -> None:
            raise ZeroDivisionError(mandatory)

        monkeypatch.setattr(api.queues, "publish", publish)
        answer = await ask(api.port, get(SEND))
        assert (answer.status, answer.body) == (500, b'Error "Unknown error: ZeroDivisionError"')
        assert (await ask(api.port, get("/ping"))).status == 200
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 1


async def test_requests_beyond_the_bound_are_answered_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release, waiting = asyncio.Event(), asyncio.Event()

    async def publish(_message: QueueMessage, *, mandatory: bool = True) -> None:
        waiting.set()
        await release.wait()
        raise BrokerAway(str(mandatory))

    async with running_api(policy=HttpPolicy(max_requests=1)) as api:
        monkeypatch.setattr(api.queues, "publish", publish)
        first = await connect(api.port)
        first.writer.write(get(SEND))
        async with asyncio.timeout(10):
            await waiting.wait()
        assert (await ask(api.port, get("/ping"))).status == 503
        release.set()
        assert (await first.read()).status == 500
        assert (await ask(api.port, get("/ping"))).status == 200
        first.close()


# covers: W-HTTP-07
async def test_a_client_that_hangs_up_does_not_undo_its_message(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release, waiting = asyncio.Event(), asyncio.Event()
    async with running_api() as api:
        publish = api.queues.publish

        async def slowly(message: QueueMessage, *, mandatory: bool = True) -> None:
            waiting.set()
            await release.wait()
            await publish(message, mandatory=mandatory)

        monkeypatch.setattr(api.queues, "publish", slowly)
        client = await connect(api.port)
        client.writer.write(get(SEND))
        async with asyncio.timeout(10):
            await waiting.wait()
        client.writer.transport.abort()
        await until(lambda: api.api.server.counts.open == 0)
        release.set()
        await until(lambda: len(api.queued) == 1)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_a_stop_lets_a_request_at_work_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    release, waiting = asyncio.Event(), asyncio.Event()
    async with running_api() as api:
        publish = api.queues.publish

        async def slowly(message: QueueMessage, *, mandatory: bool = True) -> None:
            waiting.set()
            await release.wait()
            await publish(message, mandatory=mandatory)

        monkeypatch.setattr(api.queues, "publish", slowly)
        client, idle = await connect(api.port), await connect(api.port)
        assert (await idle.ask(get("/ping"))).status == 200
        client.writer.write(get(SEND))
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            await waiting.wait()
            tasks.create_task(api.listener.close(5), name="stop")
            assert await idle.is_closed()
            release.set()
            assert (await client.read()).status == 200
        await until(lambda: api.api.server.counts.open == 0)
        with pytest.raises(ConnectionError):
            await connect(api.port)
        client.close()
        idle.close()
    assert len(api.queued) == 1

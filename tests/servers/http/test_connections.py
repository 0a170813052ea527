"""Bounds of the server: connections, heads, slow clients (W-HTTP-10, design D11)."""

import asyncio
import contextlib
import logging
from pathlib import Path

import pytest

from jasmin_compat.servers.certificate import Certificate
from jasmin_compat.servers.http.connections import HttpPolicy, Server, listen
from tests.http_client import ask, connect, get, post
from tests.servers.http.api import RunningApi, running_api
from tests.waiting import until

PING = get("/ping")


def policy(**fields: object) -> HttpPolicy:
    return HttpPolicy(**fields)  # type: ignore[arg-type]


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with running_api() as api:
        client = await connect(api.port)
        for _ in range(3):
            assert (await client.ask(PING)).status == 200
        client.close()
        assert api.api.server.counts.accepted == 1
        await until(lambda: api.api.server.counts.open == 0)


@pytest.mark.parametrize(
    "request_",
    [get("/ping", headers="Connection: close\r\n"), get("/ping", version="1.0")],
    ids=["asked for", "HTTP/1.0"],
)
async def test_a_connection_is_closed_where_it_must_be(request_: bytes) -> None:
    async with running_api() as api:
        client = await connect(api.port)
        assert (await client.ask(request_)).status == 200
        assert await client.is_closed()
        client.close()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with running_api() as api:
        client = await connect(api.port)
        client.writer.write(PING + get("/nope") + PING)
        assert [(await client.read()).status for _ in range(3)] == [200, 404, 200]
        client.close()


async def test_connections_beyond_the_bound_are_answered_503() -> None:
    async with running_api(policy=policy(max_connections=1)) as api:
        first = await connect(api.port)
        assert (await first.ask(PING)).status == 200
        second = await connect(api.port)
        assert (await second.read()).status == 503
        assert await second.is_closed()
        first.close()
        second.close()
        counts = api.api.server.counts
        await until(lambda: counts.open == 0)
        assert (counts.accepted, counts.refused) == (1, 1)
        assert (await ask(api.port, PING)).status == 200


async def _refused(api: RunningApi, head: bytes) -> bool:
    client = await connect(api.port)
    client.writer.write(head)
    try:
        answer = await client.read()
    except (asyncio.IncompleteReadError, ConnectionError):
        return True
    finally:
        client.close()
    return answer.status == 400


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 30 + b"\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 900 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\r\n\r\n",
    ],
    ids=["request line", "header line", "headers", "unfinished", "TLS", "no version"],
)
async def test_a_head_beyond_its_bounds_ends_the_connection(head: bytes) -> None:
    async with running_api(
        policy=policy(max_header_octets=1024, max_headers=20, keep_alive_s=0.2)
    ) as api:
        assert await _refused(api, head)
        assert (await ask(api.port, PING)).status == 200


async def test_the_sum_of_a_head_is_bounded_though_each_line_is_short() -> None:
    async with running_api(policy=policy(max_header_octets=1024, max_headers=500)) as api:
        client = await connect(api.port)
        client.writer.write(b"GET / HTTP/1.1\r\n" + (b"X: " + b"y" * 60 + b"\r\n") * 40)
        assert (await client.read()).status == 400
        assert await client.is_closed()
        client.close()
        assert api.api.server.counts.bad_requests == 1


async def test_a_body_nobody_asked_for_is_not_taken_for_a_head() -> None:
    async with running_api() as api:
        client = await connect(api.port)
        client.writer.write(b"POST /ping HTTP/1.1\r\nHost: gw\r\nContent-Length: 200000\r\n\r\n")
        assert (await client.read()).status == 405
        for _ in range(200):
            client.writer.write(b"x" * 1000)
            await client.writer.drain()
        assert (await client.ask(PING)).status == 200
        client.close()
        assert api.api.server.counts.bad_requests == 0


async def test_a_request_line_of_one_word_and_a_space_is_no_http() -> None:
    async with running_api() as api:
        client = await connect(api.port)
        assert (await client.ask(b"CONNECT \r\nHost: gw\r\n\r\n")).status == 400
        assert await client.is_closed()
        client.close()


async def test_a_client_that_sends_nothing_is_let_go() -> None:
    async with running_api(policy=policy(keep_alive_s=0.05)) as api:
        client = await connect(api.port)
        client.writer.write(b"GET / HT")
        assert await client.is_closed()
        client.close()


async def test_a_head_that_comes_octet_by_octet_is_not_waited_for() -> None:
    async with running_api(policy=policy(keep_alive_s=0.2)) as api:
        client, counts = await connect(api.port), api.api.server.counts
        assert (await client.ask(PING)).status == 200  # the second one on a connection, too
        client.writer.write(b"GET /ping HTTP/1.1\r\nX: ")
        server = api.api.server
        for sent in range(20, 20_000):
            client.writer.write(b"x")
            await until(
                lambda n=sent: not server.connections or server.connections[0]._head_octets >= n  # type: ignore[misc]
            )
            if counts.open == 0:
                break
        assert await client.is_closed()
        client.close()
        assert (counts.open, counts.bad_requests) == (0, 0)


async def test_what_is_at_work_and_what_was_refused_is_counted() -> None:
    async with running_api(policy=policy(max_requests=1, max_request_octets=1024)) as api:
        counts = api.api.server.counts
        api.api._running = 1
        assert (await ask(api.port, PING)).status == 503
        api.api._running = 0
        form = "application/x-www-form-urlencoded"
        assert (await ask(api.port, post("/send", b"x" * 2000, form))).status == 413
        slow = post("/send", b"x", form).replace(b"Length: 1", b"Length: 5")
        async with asyncio.TaskGroup() as tasks:
            client = await connect(api.port)
            client.writer.write(slow)
            await until(lambda: counts.at_work == 1)
            answer = tasks.create_task(client.read(), name="answer")
            client.writer.write(b"xxxx")
        client.close()
        assert answer.result().status == 400
        assert (counts.at_work, counts.requests) == (0, 3)
        assert (counts.refused_requests, counts.too_large, counts.too_slow) == (1, 1, 0)


async def test_a_request_as_long_as_twisted_takes_is_taken() -> None:
    target = "/ping?x=" + "a" * 16_000
    async with running_api() as api:
        assert (await ask(api.port, get(target))).status == 200


async def test_a_request_line_with_unescaped_octets_is_taken_in_any_pieces() -> None:
    line = "GET /nope?x=é&y=ü HTTP/1.1\r\nHost: é\r\n\r\n".encode()
    async with running_api() as api:
        client = await connect(api.port)
        for at in range(1, len(line)):
            client.writer.write(line[:at])
            await client.writer.drain()
            await until(lambda: api.api.server.connections[0]._head_octets >= at)  # type: ignore[attr-defined] # noqa: B023
            assert (await client.ask(line[at:])).status == 404
        client.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /ping HTTP/1.1\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nX: y\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHOST: h\r\n\r\n",
        b"\r\nGET /ping HTTP/1.1\r\nhost: h\r\n\r\n",
    ],
    ids=["no header", "another header", "upper case", "blank line first"],
)
async def test_a_health_check_may_come_without_host(request_: bytes) -> None:
    async with running_api() as api:
        client = await connect(api.port)
        for _ in range(2):
            assert (await client.ask(request_)).status == 200
        client.close()


async def test_without_keep_alive_each_connection_serves_one_request() -> None:
    async with running_api(policy=policy(keep_alive_s=0)) as api:
        client = await connect(api.port)
        answer = await client.ask(PING)
        assert answer.header("Connection") == "close"
        assert await client.is_closed()
        client.close()


async def test_a_client_that_takes_no_answers_is_cut_off() -> None:
    async with running_api(policy=policy(request_timeout_s=0.05)) as api:
        client = await connect(api.port)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        page = get("/nope?" + "x" * 2000) * 50
        for _ in range(2000):
            if api.api.server.counts.open == 0:
                break
            client.writer.write(page)
            await asyncio.sleep(0.001)
        client.writer.transport.abort()
        await until(lambda: api.api.server.counts.open == 0)
        assert api.api.server.counts.not_taken == 1


@pytest.mark.parametrize("hello", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"])
async def test_who_does_not_speak_tls_where_it_is_wanted_is_let_go(
    hello: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    pem = str(Path(__file__).parents[2] / "tls" / "localhost.pem")
    async with running_api() as api:
        server = Server(api.api.server.request_handler, policy=policy(request_timeout_s=0.1))
        listener = await listen(server, "127.0.0.1", 0, tls=Certificate(pem, pem).context)
        client = await connect(listener.port)
        client.writer.write(hello)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                await client.reader.read()
        client.close()
        await listener.close(1)
        assert server.counts.accepted == 0
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_port_in_use_is_an_error() -> None:
    async with running_api() as api:
        server = Server(api.api.server.request_handler, policy=policy())
        with pytest.raises(OSError, match="address already in use"):
            await listen(server, "127.0.0.1", api.port)

"""Arguments from query and body, and bodies that do not come as they should."""

import asyncio

import pytest

from jasmin_compat.servers.http.connections import HttpPolicy
from tests.http_client import HttpAnswer, ask, connect, get, post
from tests.servers.http.api import running_api

FORM = "application/x-www-form-urlencoded"
GOOD = b"username=full&password=pwd&to=15550001&content=hello"


async def answered(request: bytes, **policy: object) -> HttpAnswer:
    async with running_api(policy=HttpPolicy(**policy)) as api:  # type: ignore[arg-type]
        return await ask(api.port, request)


@pytest.mark.parametrize(
    "request_",
    [
        get("/send?" + GOOD.decode()),
        post("/send", GOOD, FORM),
        post("/send", GOOD, FORM + "; charset=utf-8"),
        post("/send?" + GOOD.decode(), b"", FORM),
        post("/send?" + GOOD.decode(), b"", "multipart/form-data; boundary=X"),
        post(
            "/send?username=full&password=pwd", b'{"to": "1", "content": "x"}', "application/json"
        ),
        get("/send?" + GOOD.decode() + "é"),
    ],
    ids=["query", "form", "form with charset", "both", "empty multipart", "json", "raw utf-8"],
)
async def test_arguments_come_from_query_and_body(request_: bytes) -> None:
    assert (await answered(request_)).status == 200


async def test_a_later_source_replaces_an_earlier_one() -> None:
    async with running_api() as api:
        await ask(api.port, post("/send?to=2&content=q", GOOD, FORM))
    assert api.queued[0].parts[0].destination_addr == b"15550001"
    assert api.queued[0].parts[0].short_message == b"hello"


async def test_octets_of_a_query_arrive_as_they_are() -> None:
    async with running_api() as api:
        target = b"/send?username=full&password=pwd&to=1&coding=3&content=\xc3\xa9\xff"
        await ask(api.port, b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    assert api.queued[0].parts[0].short_message == b"\xc3\xa9\xff"


async def test_json_is_read_with_get_too_as_jasmin_does() -> None:
    answer = await answered(get("/send", headers="Content-Type: application/json\r\n"))
    assert answer.body == b'Error "Unknown error: Expecting value: line 1 column 1 (char 0)"'


# covers: W-HTTP-10
async def test_a_body_beyond_the_bound_is_answered_413() -> None:
    answer = await answered(post("/send", b"x" * 2000, FORM), max_request_octets=1024)
    assert answer.status == 413
    assert answer.header("Connection") == "close"


async def test_a_body_that_does_not_come_is_answered_408() -> None:
    head = b"POST /send HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: 10\r\n\r\nabc"
    answer = await answered(head % FORM.encode(), request_timeout_s=0.05)
    assert answer.status == 408
    assert answer.header("Connection") == "close"


async def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    request = post("/send", GOOD, FORM, headers="Expect: 100-continue\r\n")
    head, _, body = request.partition(b"\r\n\r\n")
    async with running_api() as api:
        client = await connect(api.port)
        client.writer.write(head + b"\r\n\r\n")
        async with asyncio.timeout(10):
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await client.ask(body)).status == 200
        client.close()


async def test_http_1_0_has_no_such_thing() -> None:
    request = post("/send", GOOD, FORM, headers="Expect: 100-continue\r\n")
    answer = await answered(request.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert answer.status_line == "HTTP/1.0 200 OK"


@pytest.mark.parametrize(
    "request_",
    [
        post("/send", b"--X\r\nnothing", "multipart/form-data; boundary=X"),
        b"POST /send HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["multipart", "chunked"],
)
async def test_a_broken_body_is_answered_400(request_: bytes) -> None:
    answer = await answered(request_)
    assert answer.status_line == "HTTP/1.1 400 Bad Request"


async def test_a_client_that_leaves_in_the_middle_breaks_nothing() -> None:
    async with running_api() as api:
        client = await connect(api.port)
        client.writer.write(post("/send", GOOD, FORM)[:-5])
        await client.writer.drain()
        client.close()
        await client.writer.wait_closed()
        assert (await ask(api.port, get("/ping"))).status == 200
    assert api.queued == []

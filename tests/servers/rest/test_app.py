"""Bounds of the server, and what its log says; test_recorded.py has the answers."""

import asyncio
import logging

import pytest

from jasmin_compat.servers.http.answers import Answer
from jasmin_compat.servers.http.connections import HttpPolicy
from tests.http_client import connect
from tests.servers.rest.api import LOGIN, running_rest

REFUSABLE = [
    ("GET", "/secure/balance"),
    ("GET", "/secure/rate"),
    ("POST", "/secure/send"),
    ("POST", "/secure/sendbatch"),
]


# covers: REST-15
async def test_the_version_is_shown_unless_it_shall_not_be() -> None:
    async with running_rest() as api:
        assert (await api.ask("GET", "/ping")).header("Powered-By") == "Jasmin 0.11.1"
    async with running_rest(powered_by=None) as api:
        assert (await api.ask("GET", "/ping")).header("Powered-By") is None


async def test_a_body_beyond_its_bound_is_not_read() -> None:
    async with running_rest(policy=HttpPolicy(max_request_octets=1024)) as api:
        answer = await api.ask("POST", "/secure/send", b"{" + b" " * 2000 + b"}")
        assert answer.status == 413
        assert b"larger than 1024 octets" in answer.body


async def test_a_slow_body_is_given_up() -> None:
    async with running_rest(policy=HttpPolicy(request_timeout_s=0.05)) as api:
        connection = await connect(api.port)
        head = f"POST /secure/send HTTP/1.1\r\nHost: gw\r\n{LOGIN}Content-Length: 10\r\n\r\n{{"
        answer = await connection.ask(head.encode())
        assert (answer.status, answer.header("Connection")) == (408, "close")
        connection.close()


async def test_more_requests_than_allowed_are_told_so() -> None:
    async with running_rest(policy=HttpPolicy(max_requests=1)) as api:
        held, go = asyncio.Event(), asyncio.Event()

        async def slow(_arguments: object) -> Answer:
            held.set()
            await go.wait()
            return Answer(status=200, body=b"{}")

        api.script.instead = slow
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(api.ask("GET", "/secure/rate"))
            await held.wait()
            assert (await api.ask("GET", "/ping")).status == 503
            go.set()
        assert first.result().status == 200


async def test_connections_are_kept() -> None:
    async with running_rest() as api:
        connection = await connect(api.port)
        for _ in range(2):
            answer = await connection.ask(b"GET /ping HTTP/1.1\r\nHost: gw\r\n\r\n")
            assert answer.body == b'{"data": "Jasmin/PONG"}'
        connection.close()


async def test_our_own_mistake_is_logged_and_answered_as_falcons(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_rest() as api:

        async def broken(_arguments: object) -> Answer:
            raise ZeroDivisionError

        api.script.instead = broken
        answer = await api.ask("GET", "/secure/rate")
        assert (answer.status, answer.body) == (500, b'{"title": "500 Internal Server Error"}')
        assert "ZeroDivisionError" in caplog.text


# covers: W-HTTP-01
async def test_the_log_holds_no_password_and_no_forged_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "jasmin-restapi")
    forged = "Authorization: Basic YQpbMjAwXTp4\r\n"  # a\n[200]:x
    async with running_rest() as api:
        await api.ask("GET", "/secure/rate?password=secret&to=1%0Ax", headers=forged)
    assert caplog.messages == ["[200] a\\n[200]@127.0.0.1 GET /secure/rate?password=***&to=1%0Ax"]


# covers: W-HTTP-04
@pytest.mark.parametrize(("method", "target"), REFUSABLE)
async def test_a_wrong_password_waits_for_its_answer_and_a_right_one_does_not(
    method: str, target: str
) -> None:
    async with running_rest(free_logins=0) as api:
        assert (await api.ask(method, target, b"{}")).status == 200
        no = Answer(status=403, body=b"no", failed_login="full")
        api.script.answers = {"send": no, "rate": no, "balance": no}
        async with asyncio.TaskGroup() as tasks:
            late = tasks.create_task(api.ask(method, target, b"{}"))
            await api.clock.advance_to_sleeper(0.1)
        assert late.result().status in (403, 412)


async def test_a_question_mark_without_a_question_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "jasmin-restapi")
    async with running_rest() as api:
        await api.ask("GET", "/%70ing?")
    assert caplog.messages == ["[200] *@127.0.0.1 GET /ping"]


# covers: REST-02
async def test_slashes_in_front_do_not_let_anybody_in() -> None:
    async with running_rest() as api:
        answer = await api.ask("POST", "//secure/send", b"{}", headers="")
        assert answer.status == 401
        assert api.script.asked == []

"""The HTTP API as a client meets it (contract/http-api.md)."""

import json
import re
from collections.abc import Callable

import pytest

from compat_tests.peers import http_client
from compat_tests.world import World, msgid_of

COMBINED = re.compile(
    r'"(?P<ip>[\d.]+)" - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
    r'"(?P<request>[^"]+)" (?P<status>\d{3}) (?P<size>\d+|-) '
    r'"(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
)


# covers: HTTP-01 HTTP-37
async def test_get_send_queues_one_message_and_answers_its_id(main: World, number: str) -> None:
    response = await main.send(to=number, content="one")

    assert response.header("Content-Type") == "text/plain"
    assert response.header("Transfer-Encoding") == "chunked"
    msgid_of(response)
    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["short_message"] == b"one"


# covers: HTTP-02
async def test_post_send_takes_a_form(main: World, number: str) -> None:
    form = f"username=alice&password=secret&to={number}&content=by+form".encode()
    kind = "application/x-www-form-urlencoded"

    msgid_of(await main.http(http_client.request("POST", "/send", form, kind)))

    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["short_message"] == b"by form"


# covers: HTTP-03
async def test_post_send_takes_json(main: World, number: str) -> None:
    arguments = {"username": "alice", "password": "secret", "to": number, "content": "by json"}
    body = json.dumps(arguments).encode()

    msgid_of(await main.http(http_client.request("POST", "/send", body, "application/json")))

    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["short_message"] == b"by json"


# covers: HTTP-34
async def test_of_a_repeated_argument_the_first_counts(main: World, number: str) -> None:
    target = f"/send?username=alice&password=secret&to={number}&to=33999&content=hello"

    msgid_of(await main.http(http_client.request("GET", target)))

    assert len(await main.smsc.got(number)) == 1
    assert main.smsc.submits("33999") == []


# covers: HTTP-17 HTTP-18
async def test_dlr_without_level_and_method_calls_back_at_level_1_by_post(
    main: World, number: str
) -> None:
    msgid = await main.accepted(to=number, dlr="yes", dlr_url=main.sink.url("/defaults"))

    [call] = await main.sink.got("/defaults")
    assert call.method == "POST"
    assert call.arguments == {
        "id": msgid,
        "level": "1",
        "message_status": "ESME_ROK",
        "connector": "con1",
    }


# covers: HTTP-18
async def test_dlr_method_may_be_of_any_case(main: World, number: str) -> None:
    url = main.sink.url("/case-of-method")

    await main.accepted(to=number, dlr="yes", dlr_url=url, dlr_method="gEt")

    [call] = await main.sink.got("/case-of-method")
    assert call.method == "GET"


# covers: HTTP-19
@pytest.mark.parametrize("also", [{}, {"dlr_level": "1"}])
async def test_a_dlr_url_asks_for_the_dlr_even_against_dlr_no(
    main: World, number: str, also: dict[str, str]
) -> None:
    path = f"/forced{len(also)}"

    await main.accepted(to=number, dlr="no", dlr_url=main.sink.url(path), **also)

    assert len(await main.sink.got(path)) == 1
    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["registered_delivery"] == 1


# covers: HTTP-29
async def test_without_a_route_send_answers_412(connectors: World, number: str) -> None:
    response = await connectors.send(to=number)

    assert (response.status, response.text) == (412, 'Error "No route found"')
    assert connectors.smsc.submitted == []


# covers: HTTP-39
@pytest.mark.quirk("Q1")
async def test_the_root_shows_the_release(main: World, mended: Callable[[str], bool]) -> None:
    response = await main.get("/")

    assert (response.status, response.text) == (200, "0.11.1" if mended("Q1") else "0.11.0")


# covers: HTTP-40
async def test_ping_answers_pong_and_logs_it(main: World) -> None:
    response = await main.get("/ping")

    assert (response.status, response.text) == (200, "Jasmin/PONG")
    await main.log_line("http-api.log", "Received ping from 127.0.0.1")


# covers: HTTP-47 W-HTTP-01
@pytest.mark.quirk("Q21")
async def test_the_access_log_has_the_combined_format(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    response = await main.send(to=number, content="a&b")

    line = await main.log_line("http-accesslog.log", f"to={number}")
    seen = COMBINED.fullmatch(line)
    assert seen is not None, line
    password = "***" if mended("Q21") else "secret"
    assert seen["request"] == (
        f"GET /send?username=alice&password={password}&to={number}&content=a%26b HTTP/1.1"
    )
    assert (seen["ip"], seen["status"]) == ("127.0.0.1", "200")
    assert seen["size"] == str(len(response.body))


# covers: HTTP-07 HTTP-28 HTTP-37
async def test_a_refused_request_leaves_its_text_in_the_log(main: World, number: str) -> None:
    response = await main.get(
        "/send", ("username", "alice"), ("password", "no"), ("to", number), ("content", "x")
    )

    assert response.status == 403
    assert response.text == 'Error "Authentication failure for username:alice"'
    await main.log_line("http-api.log", "ERROR", "Error: ", "failure for username:alice")
    assert "secret" not in main.gateway.log("http-api.log")


# covers: HTTP-48 CONF-02
async def test_the_port_comes_from_the_environment(main: World) -> None:
    assert main.gateway.http_port != 1401
    assert (await main.get("/ping")).status == 200

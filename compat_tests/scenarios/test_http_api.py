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


HTTPAPI = (
    "request interceptor auth_error route_error interceptor_error throughput_error charging_error "
    "server_error success"
)
SMPPC = (
    "connected disconnected bound submit_sm_request submit_sm deliver_sm data_sm interceptor elink "
    "throttling_error interceptor_error other_submit_error"
)
SMPPSAPI = (
    "connected connect disconnect interceptor bound_trx bound_rx bound_tx bind_trx bind_rx bind_tx "
    "unbind submit_sm_request submit_sm deliver_sm data_sm elink throttling_error "
    "interceptor_error other_submit_error"
)


async def metrics_of(world: World) -> dict[str, int]:
    """The samples of the page; raises where a line is none."""
    page = (await world.get("/metrics")).text
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {name: int(value) for name, value in (line.split(" ") for line in lines)}


# covers: OPS-03 W-HTTP-03
async def test_metrics_have_jasmins_names_in_jasmins_order(main: World) -> None:
    response = await main.get("/metrics")

    assert (response.status, response.header("Content-Type")) == (200, "text/plain")
    assert response.text.endswith("\n\n")
    kinds = [line.split(" ") for line in response.text.splitlines() if line.startswith("# TYPE")]
    assert {kind for *_, kind in kinds} == {"counter"}
    assert [name for _, _, name, _ in kinds] == [
        f"{prefix}_{name}_count"
        for prefix, names in (("httpapi", HTTPAPI), ("smppc", SMPPC), ("smppsapi", SMPPSAPI))
        for name in names.split()
    ]
    texts = [line for line in response.text.splitlines() if line.startswith("# HELP")]
    assert len(texts) == len(kinds)
    assert "# HELP httpapi_interceptor_count Successful http request count." in texts


# covers: OPS-03
async def test_metrics_count_what_was_asked_and_sent(main: World, number: str) -> None:
    before = await metrics_of(main)
    msgid_of(await main.send(to=number, content="counted"))
    await main.smsc.got(number)
    wrong = ("username", "alice"), ("password", "no"), ("to", number), ("content", "x")
    assert (await main.get("/send", *wrong)).status == 403
    assert (await main.get("/balance", *wrong[:2])).status == 403

    after = await metrics_of(main)
    grown = {name: after[name] - before[name] for name in before}
    assert grown["httpapi_request_count"] == 3
    assert (grown["httpapi_success_count"], grown["httpapi_auth_error_count"]) == (1, 2)
    assert grown['smppc_submit_sm_request_count{cid="con1"}'] == 1


# covers: HTTP-36 HTTP-38
@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        ("POST", "/ping", 405, "HEAD, GET"),
        ("POST", "/metrics", 405, "HEAD, GET"),
        ("POST", "/", 405, "HEAD, GET"),
        ("PUT", "/send", 501, None),
        ("DELETE", "/metrics", 501, None),
        ("GET", "/metrics/", 404, None),
        ("GET", "/Ping", 404, None),
        ("GET", "//ping", 200, None),
        ("HEAD", "/ping", 200, None),
        ("HEAD", "/metrics", 200, None),
    ],
)
async def test_paths_and_methods_there_are_and_are_not(
    main: World, method: str, target: str, status: int, allow: str | None
) -> None:
    request = f"{method} {target} HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n"
    response = await main.http(request.encode())

    assert (response.status, response.header("Allow")) == (status, allow)


# covers: HTTP-47
async def test_the_access_log_escapes_and_shows_what_was_spoken(main: World, number: str) -> None:
    agent = 'it\'s "x"\té\\'
    head = f"HEAD /ping?{number} HTTP/1.0\r\nUser-Agent: {agent}\r\nReferer: http://r/\r\n\r\n"
    assert (await main.http(head.encode())).status == 200

    line = await main.log_line("http-accesslog.log", number)
    assert line.endswith(
        f'"HEAD /ping?{number} HTTP/1.0" 200 - "http://r/" "it\'s \\"x\\"\\t\\xc3\\xa9\\\\"'
    )

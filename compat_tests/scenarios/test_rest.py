"""The REST API as a client meets it (contract/http-api.md §19).

Jasmin 0.11.0 runs it apart, over Celery, with addresses that are constants, and 0.12 is on no
index: what 0.12's own application answers is recorded in tests/servers/rest, and compared there.
"""

import base64
import json
from typing import Any

import pytest

from compat_tests.peers import http_client
from compat_tests.peers.http_client import Response
from compat_tests.targets.gateway import Gateway
from compat_tests.waiting import eventually
from compat_tests.world import World

LOGIN = base64.b64encode(b"alice:secret").decode()


async def ask(
    main: World, method: str, target: str, body: object = None, *, login: str | None = LOGIN
) -> Response:
    if main.target != "ours" or not isinstance(main.gateway, Gateway):
        pytest.skip("its REST API is not in the process under test")
    port = int(main.gateway.site.cfg["rest-api"]["port"])
    octets = b"" if body is None else json.dumps(body).encode()
    head, _, _ = http_client.request(method, target, octets, "application/json").partition(
        b"\r\n\r\n"
    )
    if login is not None:
        head += f"\r\nAuthorization: Basic {login}".encode()
    return await http_client.exchange(main.gateway.host, port, head + b"\r\n\r\n" + octets)


def data_of(response: Response) -> Any:
    assert response.status == 200, response.raw
    assert response.header("Content-Type") == "application/json"
    return json.loads(response.body)["data"]


# covers: REST-01 REST-15
async def test_ping_needs_no_login(main: World) -> None:
    response = await ask(main, "GET", "/ping", login=None)

    assert data_of(response) == "Jasmin/PONG"
    assert response.header("Powered-By") == "Jasmin 0.11.1"


# covers: REST-02
async def test_without_a_login_nothing_else_is_answered(main: World) -> None:
    response = await ask(main, "GET", "/secure/balance", login=None)

    assert response.status == 401
    assert json.loads(response.body)["title"] == "Authentication required"


# covers: REST-03 REST-04
async def test_balance_and_rate(main: World, number: str) -> None:
    balance = data_of(await ask(main, "GET", "/secure/balance"))
    rate = data_of(await ask(main, "GET", f"/secure/rate?to={number}&content=x"))

    assert balance == {"balance": "ND", "sms_count": "ND"}
    assert rate == {"unit_rate": 0.0, "submit_sm_count": 1}


# covers: REST-05 REST-06
async def test_a_message_reaches_the_smsc(main: World, number: str) -> None:
    body = {"to": number, "hex_content": "00480069", "coding": 8, "from": "REST"}

    answer = data_of(await ask(main, "POST", "/secure/send", body))

    assert answer.startswith('Success "')
    assert not answer.endswith('"')
    [submitted] = await main.smsc.got(number)
    assert submitted.pdu["short_message"] == b"\x00H\x00i"
    assert submitted.pdu["source_addr"] == "REST"
    await main.log_line("rest-api.log", "INFO", "[200] alice@127.0.0.1 POST /secure/send")


# covers: REST-18G
async def test_custom_tlvs_are_on_the_wire(main: World, number: str) -> None:
    body = {"to": number, "content": "x", "custom_tlvs": [[0x3000, None, "OctetString", "hi"]]}

    data_of(await ask(main, "POST", "/secure/send", body))

    [submitted] = await main.smsc.got(number)
    assert submitted.pdu.tlvs[0x3000] == b"hi"


# covers: REST-16
async def test_a_refusal_is_passed_on(main: World) -> None:
    response = await ask(main, "POST", "/secure/send", {"to": "x", "content": "y"})

    assert response.status == 400
    assert json.loads(response.body) == {
        "message": 'Error "Argument [to] has an invalid value: [x].'
    }


# covers: REST-08 REST-09 REST-10 REST-13
async def test_a_batch_is_sent_and_told_of(main: World, number: str) -> None:
    body = {
        "globals": {"content": "all", "from": "G"},
        "messages": [
            {"to": [number, f"{number}1"]},
            {"to": f"{number}2", "from": "M"},
            {"to": "no"},
        ],
        "batch_config": {
            "callback_url": main.sink.url("/batch-ok"),
            "errback_url": main.sink.url("/batch-no?a=b"),
        },
    }

    answer = data_of(await ask(main, "POST", "/secure/sendbatch", body))

    assert answer["messageCount"] == 4
    senders = []
    for to in (number, f"{number}1", f"{number}2"):
        [submitted] = await main.smsc.got(to)
        senders.append(submitted.pdu["source_addr"])
    assert senders == ["G", "G", "M"]
    told = await main.sink.got("/batch-ok", 3)
    [refused] = await main.sink.got("/batch-no")
    assert {call.arguments["batchId"] for call in [*told, refused]} == {answer["batchId"]}
    assert {call.arguments["status"] for call in told} == {"1"}
    assert all(call.arguments["statusText"].startswith('Success "') for call in told)
    assert refused.arguments == {
        "a": "b",
        "batchId": answer["batchId"],
        "to": "no",
        "status": "0",
        "statusText": 'HTTPAPI error: Error "Argument [to] has an invalid value: [no].',
    }


# covers: REST-11
async def test_a_scheduled_batch_outlives_a_kill(spare: World, number: str) -> None:
    body = {
        "messages": [{"to": number, "content": "later"}],
        "batch_config": {"schedule_at": "3s"},
    }

    answer = data_of(await ask(spare, "POST", "/secure/sendbatch", body))
    spare.processes.kill()
    await eventually(lambda: spare.processes.start() or True, "start", within_s=60)

    assert answer["scheduled"] == "3s"
    [submitted] = await spare.smsc.got(number)
    assert submitted.pdu["short_message"] == b"later"


# covers: REST-12 REST-14
@pytest.mark.parametrize(
    ("login", "at", "title"),
    [
        (LOGIN, "2000-01-01 00:00:00", "Cannot schedule batch in past date"),
        (LOGIN, "soon", "Cannot parse scheduled_at value"),
        (base64.b64encode(b"alice:wrong").decode(), None, "Authentication failed"),
    ],
)
async def test_a_batch_is_refused(main: World, login: str, at: str | None, title: str) -> None:
    body = {"messages": [], "batch_config": {"schedule_at": at}}

    response = await ask(main, "POST", "/secure/sendbatch", body, login=login)

    assert response.status == 412
    assert json.loads(response.body)["title"] == title

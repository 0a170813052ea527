"""The REST part listens, accepts, sends its batches, tells, and keeps what it had at a stop."""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest

from jasmin_compat.adapters.http_calls import HttpCallsByAiohttp
from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.http_part import make_resources
from jasmin_compat.daemons.parts import Part, run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.daemons.rest_part import RestReach, rest_part
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.wire.amqp_names import submit_binding
from tests import builders
from tests.builders import CID, user
from tests.daemons.frames import frame, running
from tests.fakes import FakeClock, FakeScripts
from tests.http_sink import sink
from tests.services import free_port
from tests.waiting import until

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"
LOGIN = {"Authorization": "Basic ZnVsbDpwd2Q="}
"""full, pwd"""


def part_of(of_test: Frame, queues: MemoryQueues, calls: HttpCallsByAiohttp) -> Part:
    site = builders.site(user("full", "pwd"))
    reach = Reach(
        site=lambda: site,
        queues=queues,
        store=MemoryStore(policy=dlr_policy(of_test.settings), clock=FakeClock()),
        ids=MsgIds(),
        quotas=MemoryQuotas(),
        scripts=FakeScripts(),
        lookup_pid="main",
    )
    http = make_resources(of_test, reach, is_bound=lambda _cid: True)
    return rest_part(of_test, RestReach(http=http, reach=reach, calls=calls))


@dataclass
class Running:
    """A REST API and a client of it."""

    http: aiohttp.ClientSession
    queues: MemoryQueues

    async def sent(self) -> int:
        return await self.queues.depth(f"submit.sm.{CID}")

    async def post(self, path: str, body: object) -> dict[str, Any]:
        async with self.http.post(path, json=body, headers=LOGIN) as answer:
            assert answer.status == 200
            return dict(await answer.json())


@contextlib.asynccontextmanager
async def rest(folder: Path, queues: MemoryQueues | None = None) -> AsyncIterator[Running]:
    port, queues = free_port(), queues or MemoryQueues(clock=SystemClock())
    await queues.declare([submit_binding(CID)])
    environment = {"REST_API_PORT": str(port), "REST_API_HTTP_THROUGHPUT_PER_WORKER": "0"}
    async with (
        contextlib.aclosing(HttpCallsClosing()) as calls,
        frame(folder, **environment) as of_test,
        running(of_test, lambda: run_parts(of_test, [part_of(of_test, queues, calls)])),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
    ):
        yield Running(http, queues)


class HttpCallsClosing(HttpCallsByAiohttp):
    """For aclosing."""

    async def aclose(self) -> None:
        await self.close()


# covers: REST-01 REST-03 REST-04 REST-05
async def test_a_message_is_accepted_into_its_connectors_queue(tmp_path: Path) -> None:
    async with rest(tmp_path) as api:
        answer = await api.post("/secure/send", {"to": "336", "content": "x"})
        assert str(answer["data"]).startswith('Success "')
        assert await api.queues.depth(f"submit.sm.{CID}") == 1
        async with api.http.get("/secure/balance", headers=LOGIN) as balance:
            assert await balance.json() == {"data": {"balance": "ND", "sms_count": "ND"}}
        async with api.http.get("/secure/rate?to=336", headers=LOGIN) as rate:
            assert await rate.json() == {"data": {"unit_rate": 0.0, "submit_sm_count": 1}}
        async with api.http.get("/ping") as ping:
            assert await ping.json() == {"data": "Jasmin/PONG"}
            assert ping.headers["Powered-By"] == "Jasmin 0.11.1"


# covers: REST-08 REST-13
async def test_a_batch_is_sent_and_told_of(tmp_path: Path) -> None:
    async with rest(tmp_path) as api, sink() as receiver:
        body = {
            "globals": {"content": "x"},
            "messages": [{"to": ["331", "332"]}, {"to": "none"}],
            "batch_config": {
                "callback_url": receiver.url("/ok"),
                "errback_url": receiver.url("/no"),
            },
        }
        answer = await api.post("/secure/sendbatch", body)
        await until(lambda: len(receiver.received) == 3)
        batch_id = answer["data"]["batchId"]
        told = [dict(parse_qsl(r.target.partition("?")[2])) for r in receiver.received]
        assert sorted((one["to"], one["status"]) for one in told) == [
            ("331", "1"),
            ("332", "1"),
            ("none", "0"),
        ]
        assert sorted(r.path for r in receiver.received) == ["/no", "/ok", "/ok"]
        assert {one["batchId"] for one in told} == {batch_id}
        assert await api.sent() == 2


# covers: REST-11
async def test_what_is_queued_at_a_stop_is_sent_after_the_next_start(tmp_path: Path) -> None:
    queues = MemoryQueues(clock=SystemClock())
    body = {"messages": [{"to": "331", "content": "x"}], "batch_config": {"schedule_at": "1s"}}
    async with rest(tmp_path, queues) as api:
        answer = await api.post("/secure/sendbatch", body)
        assert answer["data"]["scheduled"] == "1s"
        assert await api.sent() == 0
    async with rest(tmp_path, queues) as api:
        await until(lambda: _is_one(api))


async def _is_one(api: Running) -> bool:
    return await api.sent() == 1


async def test_it_is_served_by_https(tmp_path: Path) -> None:
    trust, port = ssl.create_default_context(cafile=str(PEM)), free_port()
    environment = {
        "REST_API_PORT": str(port),
        "REST_API_TLS_CERT": str(PEM),
        "REST_API_TLS_KEY": str(PEM),
    }
    queues = MemoryQueues(clock=FakeClock())
    async with (
        contextlib.aclosing(HttpCallsClosing()) as calls,
        frame(tmp_path, **environment) as of_test,
        running(of_test, lambda: run_parts(of_test, [part_of(of_test, queues, calls)])),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http,
        http.get(f"https://localhost:{port}/ping") as answer,
    ):
        assert await answer.json() == {"data": "Jasmin/PONG"}


async def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        async with (
            contextlib.aclosing(HttpCallsClosing()) as calls,
            frame(tmp_path, REST_API_PORT=str(port)) as of_test,
        ):
            parts = [part_of(of_test, MemoryQueues(clock=FakeClock()), calls)]
            with pytest.RaisesGroup(
                pytest.RaisesExc(CannotStart, match=f"RestApi: 0.0.0.0:{port}: .*in use")
            ):
                await run_parts(of_test, parts)

"""The HTTP part listens, accepts, and says when it cannot."""

import asyncio
import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.adapters.sqlite_quotas import open_sqlite_quotas
from jasmin_compat.adapters.sqlite_site import open_sqlite_site, read_sqlite_site
from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.http_part import http_part, make_resources
from jasmin_compat.daemons.parts import Part, run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.gateway.credentials import MtCredential
from jasmin_compat.gateway.credentials import Quotas as Given
from jasmin_compat.gateway.site import Site, edit_to
from jasmin_compat.ports import Quotas
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.wire.amqp_names import submit_binding
from tests import builders
from tests.builders import CID, user
from tests.daemons.frames import frame, running
from tests.fakes import FakeClock, FakeScripts
from tests.http_client import connect, get
from tests.services import free_port

SITE = builders.site(user("full", "pwd"))


def part_of(
    of_test: Frame, queues: MemoryQueues, site: Site = SITE, quotas: Quotas | None = None
) -> Part:
    store = MemoryStore(policy=dlr_policy(of_test.settings), clock=FakeClock())
    reach = Reach(
        site=lambda: site,
        queues=queues,
        store=store,
        ids=MsgIds(),
        quotas=quotas or MemoryQuotas(),
        scripts=FakeScripts(),
        lookup_pid="main",
    )
    resources = make_resources(of_test, reach, is_bound=lambda _cid: True)
    return http_part(of_test, resources, connectors=dict)


async def test_a_message_is_accepted_into_its_connectors_queue(tmp_path: Path) -> None:
    port, queues = free_port(), MemoryQueues(clock=FakeClock())
    await queues.declare([submit_binding(CID)])
    async with frame(tmp_path, HTTP_API_PORT=str(port)) as of_test:
        parts = [part_of(of_test, queues)]
        async with (
            running(of_test, lambda: run_parts(of_test, parts)),
            aiohttp.ClientSession() as http,
        ):
            arguments = {"username": "full", "password": "pwd", "to": "336", "content": "x"}
            async with http.get(f"http://127.0.0.1:{port}/send", params=arguments) as answer:
                assert (await answer.text()).startswith('Success "')
            assert await queues.depth(f"submit.sm.{CID}") == 1


# covers: BILL-01 CRED-16
async def test_of_50_requests_at_a_time_as_many_succeed_as_are_paid_for(tmp_path: Path) -> None:
    port, queues = free_port(), MemoryQueues(clock=FakeClock())
    await queues.declare([submit_binding(CID)])
    poor = user("poor", "pwd", mt=MtCredential(quotas=Given(balance=10.0)))
    site = builders.site(poor, mt_routes={0: replace(builders.default_route(), rate=1.0)})
    sent = "/send?username=poor&password=pwd&to=336&content=x"
    async with (
        frame(tmp_path, HTTP_API_PORT=str(port)) as of_test,
        open_sqlite_site(tmp_path) as store,
        open_sqlite_quotas(store.file, lambda _: poor) as quotas,
    ):
        await store.write(edit_to(site))
        parts = [part_of(of_test, queues, site, quotas)]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            connections = [await connect(port) for _ in range(50)]
            async with asyncio.TaskGroup() as tasks:
                asking = [tasks.create_task(c.ask(get(sent))) for c in connections]
            for connection in connections:
                connection.close()
    answers = Counter(task.result().status for task in asking)
    refused = {task.result().body for task in asking if task.result().status == 403}
    assert answers == {200: 10, 403: 40}
    assert refused == {b'Error "Cannot charge submit_sm, check RouterPB log file for details"'}
    assert await queues.depth(f"submit.sm.{CID}") == 10
    kept = read_sqlite_site(tmp_path)
    assert kept is not None
    assert kept.users[poor.uid].mt.quotas.balance == 0.0


async def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with frame(tmp_path, HTTP_API_PORT=str(port)) as of_test:
            parts = [part_of(of_test, MemoryQueues(clock=FakeClock()))]
            with pytest.RaisesGroup(
                pytest.RaisesExc(CannotStart, match=f"HTTPApi: 127.0.0.1:{port}: .*in use")
            ):
                await run_parts(of_test, parts)

"""The HTTP part listens, accepts, and says when it cannot."""

import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.http_part import http_part, make_resources
from jasmin_compat.daemons.parts import Part, run_parts
from jasmin_compat.daemons.policies import dlr_policy
from jasmin_compat.runtime.ids import MsgIds
from jasmin_compat.wire.amqp_names import submit_binding
from tests import builders
from tests.builders import CID, user
from tests.daemons.frames import frame, running
from tests.fakes import FakeClock, FakeScripts
from tests.services import free_port


def part_of(of_test: Frame, queues: MemoryQueues, **fields: Any) -> Part:
    site = builders.site(user("full", "pwd"), **fields)
    store = MemoryStore(policy=dlr_policy(of_test.settings), clock=FakeClock())
    reach = Reach(
        site=lambda: site,
        queues=queues,
        store=store,
        ids=MsgIds(),
        quotas=MemoryQuotas(),
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


async def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with frame(tmp_path, HTTP_API_PORT=str(port)) as of_test:
            parts = [part_of(of_test, MemoryQueues(clock=FakeClock()))]
            with pytest.RaisesGroup(
                pytest.RaisesExc(CannotStart, match=f"HTTPApi: 127.0.0.1:{port}: .*in use")
            ):
                await run_parts(of_test, parts)

"""The simulator's control port."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp_io.client import SmppClient
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_control import BadCommand, Control, refusal_from, status_from
from jasmin_compat.smpp_io.smsc_plan import Refusal, SmscPlan
from tests.smpp_io.peers import Inbox, running_client
from tests.waiting import until


@asynccontextmanager
async def controlled(inbox: Inbox | None = None) -> AsyncIterator[tuple[Control, SmppClient]]:
    smsc = Simulator(
        SmscPlan(), random=Random(1), now=SystemClock().local_now, account=lambda _entry: None
    )
    async with (
        serving(smsc) as listener,
        running_client(listener.port, inbox or Inbox()) as client,
    ):
        await client.wait_until_can_submit()
        yield Control(smsc, listener), client


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        ("ESME_RTHROTTLED", Refusal(0x58)),
        ("0x400", Refusal(0x400)),
        ("none every 10", Refusal(None, every=10)),
        ("8 share 0.5 to 336", Refusal(8, share=0.5, to="336")),
    ],
)
def test_a_rule_is_read(rule: str, refusal: Refusal) -> None:
    assert refusal_from(rule.split()) == refusal


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("ESME_RNONSENSE", "unknown status ESME_RNONSENSE"),
        ("8 every", "STATUS"),
        ("8 often 3", "STATUS"),
        ("8 every x", "invalid literal"),
    ],
)
def test_a_mistake_in_a_rule_is_told(rule: str, words: str) -> None:
    with pytest.raises(BadCommand, match=words):
        refusal_from(rule.split())


def test_a_status_is_a_name_or_a_number() -> None:
    assert [status_from(word) for word in ("ESME_ROK", "0x0b", "1024")] == [0, 11, 1024]


async def test_rules_are_put_before_the_others_and_cleared() -> None:
    async with controlled() as (control, _):
        control.obey("status ESME_RTHROTTLED every 10")
        control.obey("status 8 to 336")
        assert control.simulator.plan.refusals == (Refusal(8, to="336"), Refusal(0x58, every=10))
        assert control.obey("status clear") == {"done": True}
        assert control.simulator.plan.refusals == ()
        control.obey("delay 0.5")
        control.obey("bind ESME_RBINDFAIL")
        assert control.simulator.plan == SmscPlan(delay_s=0.5, bind_status=0x0D)


async def test_messages_are_sent_and_counted() -> None:
    inbox = Inbox()
    async with controlled(inbox) as (control, _):
        assert control.obey("mo 336 1234 hello you") == {"done": True}
        await until(lambda: len(inbox.seen) == 1)
        await until(lambda: control.simulator.outbox.waiting == 0)
        stats: Any = control.obey("stats")
    assert (stats["binds"], stats["messages"], stats["taken"], stats["connections"]) == (
        1,
        1,
        {"mo": 1},
        1,
    )
    json.dumps(stats)


@pytest.mark.parametrize("command", ["unbind", "drop"])
async def test_connections_are_ended(command: str) -> None:
    async with controlled() as (control, client):
        assert control.obey(command) == {"done": True}
        await client.wait_until_cannot_submit()
        await client.wait_until_can_submit()
        assert client.counts.connected_count == 2


@pytest.mark.parametrize("line", ["fly", "mo 336", "delay", "delay soon", "status", "bind x"])
async def test_a_mistake_is_told(line: str) -> None:
    async with controlled() as (control, _):
        answer: Any = control.obey(line)
        assert set(answer) == {"error"}


async def test_help_names_each_command() -> None:
    async with controlled() as (control, _):
        for line in ("help", ""):
            answer: Any = control.obey(line)
            assert answer["mo"] == "FROM TO TEXT"


async def test_lines_are_answered_on_a_port() -> None:
    async with (
        controlled() as (control, _),
        await asyncio.start_server(control.serve, "127.0.0.1", 0, limit=100) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"delay 1\nfly\n")
        assert json.loads(await reader.readline()) == {"done": True}
        assert "unknown command fly" in (await reader.readline()).decode()
        writer.write(b"x" * 1000 + b"\n")  # beyond the limit: the connection ends
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

"""Hostile messages in the queues of a running gateway cost an error line and a dead letter each.

What stands in them is tests/wire/test_hostile_bodies.py's; here real daemons meet the worst of it.
"""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from compat_tests.peers import broker
from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from compat_tests.waiting import asked
from compat_tests.world import World, opened
from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.pickles import unpickle
from jasmin_compat.wire.submit_messages import read_submit
from tests.services import RabbitMq
from tests.wire.jasmin_pickles import message_of, published
from tests.wire.test_hostile_bodies import DICTS, HOSTILE, LISTS, TUPLES, changed, pickled

pytestmark = [pytest.mark.process, pytest.mark.amqp, pytest.mark.redis]

VHOST = "hostile"
WITHIN_S = 60
MOST_GROWTH_MB = 20
"""Of each process; 2 where it was measured."""
LARGE = 3 << 20
SUBMIT = "submit.sm.con1"
LOOKUP = "DLRLookup-main"
THROWER = "dlr_thrower"
BILLS = "RouterPB_bill_request_submit_sm_resp_all"
MOS = "RouterPB_deliver_sm_all"
CONSUMED = (SUBMIT, LOOKUP, THROWER, BILLS)
KEYS = {
    SUBMIT: ("messaging", "submit.sm.con1"),
    LOOKUP: ("messaging", "dlr.deliver_sm"),
    THROWER: ("messaging", "dlr_thrower.http"),
    BILLS: ("billing", "bill_request.submit_sm_resp.alice"),
    MOS: ("messaging", "deliver.sm.con1"),
}


def bodies(marker: Path) -> dict[str, bytes]:
    """Of a submit_sm; the other queues have them, too."""
    good = message_of(published("submit.sm.con")[0]).body
    command = f"touch {marker}".encode()
    params = ("params", "destination_addr")
    in_place = {
        f"{hostile!r} for an address": pickled(changed(unpickle(good), params, hostile))
        for hostile in HOSTILE[:18]
        if not isinstance(hostile, str | bytes)
    }
    return {
        "no pickle": b"hello",
        "nothing": b"",
        "a command": b"cposix\nsystem\n(X" + len(command).to_bytes(4, "little") + command + b"tR.",
        "a gigabyte": b"\x80\x02c__builtin__\nbytes\nJ\0\xca\x9a\x3b\x85R.",
        "truncated": good[:-40],
        "a protocol to come": b"\x80\x06" + good[2:],
        "an eighth TON": b"\x80\x02csmpp.pdu.pdu_types\nAddrTon\nK\x08\x85R.",
        "a name of tuples": b"\x80\x04\x8c\x05smpp." + TUPLES + b"\x93.",
        "tuples": b"\x80\x02" + TUPLES + b".",
        "lists": b"\x80\x02" + LISTS + b".",
        "dicts": b"\x80\x02" + DICTS + b".",
        "many objects": b"\x80\x02" + b"}" * 1_000_000 + b".",
        "large": b"\x80\x02" + b"N" * LARGE,
        "zeros": bytes(LARGE),
        **in_place,
    }


ODD_HEADERS: tuple[dict[str, Any], ...] = (
    {},
    {"type": "deliver_sm", "cid": {"a": [1.5, {"b": None}]}},
    {"url": "x", "method": "GET", "level": [1], "message_status": "ESME_ROK", "connector": "c"},
    {"url": 1.5, "method": "GET", "level": {"1": 1}, "message_status": True},
    {"user-id": "alice", "amount": "nan"},
    {"user-id": ["alice"], "amount": "9" * 5000},
    {"source_connector": "httpapi", "created_at": "yesterday\nERROR forged \x1b[2J"},
    {"x-jc-tries": "-1", "x-jc-first": "never", "type": "submit_sm_resp"},
)


@asynccontextmanager
async def broker_of(server: RabbitMq) -> AsyncIterator[AmqpQueues]:
    policy = AmqpPolicy(port=server.port, vhost=VHOST, delays=False)
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=lambda: 0.5) as queues:
        await queues.wait_until_connected()
        yield queues


async def publish_hostile(server: RabbitMq, marker: Path) -> Counter[str]:
    """Into each queue; how many of them it got."""
    sent: Counter[str] = Counter()
    good = message_of(published("submit.sm.con")[0])
    async with broker_of(server) as queues:
        for queue, (exchange, key) in KEYS.items():
            for what, body in bodies(marker).items():
                place = {"exchange": exchange, "routing_key": key, "message_id": what}
                await queues.publish(QueueMessage(**place, body=body, headers=good.headers))
                sent[queue] += 1
    connection = await aio_pika.connect(f"{server.url}{VHOST}")
    channel = await connection.channel()
    for queue, (exchange, key) in KEYS.items():
        to = await channel.get_exchange(exchange, ensure=False)
        for headers in ODD_HEADERS:
            message = aio_pika.Message(good.body, message_id="odd\nheaders", headers=headers)
            await to.publish(message, key)
            sent[queue] += 1
    await connection.close()
    return sent


def rss_mb(gateway: Gateway) -> dict[str, float]:
    def of(pid: int) -> float:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6

    return {name: of(pid) for name, pid in gateway.pids.items()}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Messages of a client that knows nothing of it."""

    world: World

    async def flows(self, count: int, path: str) -> None:
        """Sent with level-3 DLR, received, reported twice each."""
        world, url = self.world, self.world.sink.url(path)
        to = f"336{path.strip('/'):0>8}"
        wish = {"dlr": "yes", "dlr_level": "3", "dlr_method": "GET", "dlr_url": url}
        for _ in range(count):
            await world.accepted(to=to, **wish)
        for submitted in await world.smsc.got(to, count):
            assert submitted.message_id is not None
            await world.smsc.receipt(submitted.message_id)
        await world.sink.got(path, 2 * count)


async def dies(world: World, queue: str, count: int) -> None:
    """Wait until so many lie in its dead letters, and nothing in the queue."""

    async def is_so() -> bool:
        dead = await broker.ready(world.amqp_url, f"{queue}.dead")
        assert dead <= count
        return dead == count and await broker.ready(world.amqp_url, queue) == 0

    await asked(is_so, f"{count} dead letters of {queue}", WITHIN_S)


def dead_list(gateway: Gateway) -> list[str]:
    """What `jasmin-compat dead list` shows."""
    command = [sys.executable, "-m", "jasmin_compat", "dead", "list", "--limit=999"]
    done = subprocess.run(
        [*command, "-c", str(gateway.folder / "etc" / "jasmin.cfg")],
        env=gateway.environment(gateway.target),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def lines_logged(gateway: Gateway, part: str) -> list[str]:
    logs = sorted((gateway.folder / "log").iterdir())
    return [line for log in logs for line in gateway.log(log.name).splitlines() if part in line]


async def bills_are_not_charged(world: World, server: RabbitMq) -> None:
    """A bill is looked at when the SMSC has answered: a hostile one costs an error line."""
    good = message_of(published("submit.sm.con1")[0])
    hostile = (b"\x80\x02N.", b"\x80\x02" + TUPLES + b".", b"\x80", b"\xff" * 90_000)
    async with broker_of(server) as queues:
        for number, bill in enumerate(hostile):
            headers = {**good.headers, "submit_sm_bill": bill}
            headers["created_at"] = f"{datetime.now():%F %T.%f}"  # noqa: DTZ005 (as Jasmin has it)
            message = replace(good, message_id=f"bill {number}", headers=headers)
            await queues.publish(message)
    to = read_submit(good).parts[0].destination_addr.decode()
    assert len(await world.smsc.got(to, len(hostile))) == len(hostile)
    for number in range(len(hostile)):
        await world.log_line("messages.log", f"[msgid:bill {number}] Not charged: ")


# covers: W-SEC-02 W-BILL-03 W-MT-06
async def test_they_cost_an_error_line_and_a_dead_letter(
    rabbitmq: RabbitMq, tmp_path: Path
) -> None:
    rabbitmq.add_vhosts(VHOST)
    marker = tmp_path / "it ran"
    async with opened("main", Ours(), rabbitmq=rabbitmq, vhost=VHOST) as world:
        gateway, traffic = world.processes, Traffic(world)
        await traffic.flows(100, "/1")
        before = rss_mb(gateway)

        sent = await publish_hostile(rabbitmq, marker)
        await traffic.flows(20, "/2")

        for queue in CONSUMED:
            await dies(world, queue, sent[queue])
        assert await broker.ready(world.amqp_url, MOS) == sent[MOS]  # Q15: nobody reads them yet
        await bills_are_not_charged(world, rabbitmq)
        await traffic.flows(20, "/3")
        grown = {name: mb - before[name] for name, mb in rss_mb(gateway).items()}
        for queue in CONSUMED:  # they stay dead
            await dies(world, queue, sent[queue])
        listed = await asyncio.to_thread(dead_list, gateway)
        told = lines_logged(gateway, ": cannot be read: ")
        broken = lines_logged(gateway, "Traceback")

    count = sum(sent[queue] for queue in CONSUMED)
    assert (len(told), broken) == (count, [])
    assert listed[-1] == f"{count} dead letters"
    reasons = Counter(LETTER.sub(r"\1", line) for line in listed[:-1] if LETTER.fullmatch(line))
    assert reasons == {queue: sent[queue] for queue in CONSUMED}
    assert [line for line in (*listed, *told) if not line.isprintable()] == []
    assert not marker.exists()
    assert max(grown.values()) < MOST_GROWTH_MB, grown


LETTER = re.compile(r"(\S+) \[msgid:.+?\] \S+Z \(\d+ octets\) \S.*")

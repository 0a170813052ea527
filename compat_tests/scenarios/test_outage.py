"""The broker goes away for ten seconds under load, as in golden/amqp_loss_load.json.

Ten messages a second for 40 s with level-3 DLR; the broker stops at 10 s and comes back at 20 s.
Every answer, submit_sm and callback is accounted for; the SMSC sends a receipt again that is not
acknowledged. Jasmin 0.11.0 loses what it accepted meanwhile and never resumes: that is printed, not
asserted.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from compat_tests import sites
from compat_tests.peers import http_client
from compat_tests.targets.external import External
from compat_tests.targets.gateway import Target
from compat_tests.world import World, opened
from tests.services import RabbitMq

RATE_S, SECONDS, STOP_AT_S, AWAY_S = 10, 40, 10, 10
DRAIN_S, QUIET_S = 60, 20
SLOW_S = 10
PATH = "/outage"


@dataclass(slots=True)
class Account:
    """What became of the messages."""

    asked: int = 0
    accepted: int = 0
    odd: int = 0
    """200 with a body that names no message id: Jasmin's `Success "[Failure instance…`."""
    refused: int = 0
    slow: int = 0
    submitted: int = 0
    lost: int = 0
    """Accepted (odd ones too), never submitted."""
    called_back: int = 0
    """Of two callbacks for each accepted message."""
    callbacks_lost: int = 0
    submitted_twice: int = 0
    called_back_twice: int = 0


async def ask(world: World, n: int, accepted: dict[str, str], account: Account) -> None:
    to = f"3370000{n:04}"
    arguments: list[tuple[str, str | bytes]] = [
        ("username", sites.ALICE.username),
        ("password", sites.ALICE.password),
        *(("to", to), ("content", f"message {n}"), ("dlr", "yes"), ("dlr-level", "3")),
        *(("dlr-method", "GET"), ("dlr-url", world.sink.url(PATH))),
    ]
    started = asyncio.get_running_loop().time()
    account.asked += 1
    try:
        response = await world.http(http_client.get("/send", arguments))
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        account.refused += 1
        return
    finally:
        account.slow += asyncio.get_running_loop().time() - started > SLOW_S
    if response.status != 200:
        account.refused += 1
    elif len(response.body) != len('Success ""') + 36:
        account.odd += 1
    else:
        accepted[to] = response.text[9:-1]


async def load(world: World, server: RabbitMq, account: Account) -> dict[str, str]:
    """Send at the rate while the broker goes and comes; destination → message id."""
    accepted: dict[str, str] = {}

    async def outage() -> None:
        await asyncio.sleep(STOP_AT_S)
        await asyncio.to_thread(server.stop_app)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(server.start_app)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(outage(), name="outage")
        for n in range(RATE_S * SECONDS):
            tasks.create_task(ask(world, n, accepted, account), name=f"message {n}")
            await asyncio.sleep(1 / RATE_S)
    return accepted


def submits(world: World) -> list[str]:
    return [submitted.pdu["destination_addr"] for submitted in world.smsc.submitted]


def calls(world: World) -> list[tuple[str, str]]:
    return [(c.arguments["id"], c.arguments["level"]) for c in world.sink.at(PATH)]


def wanted(accepted: dict[str, str]) -> set[tuple[str, str]]:
    """The callbacks that are due."""
    return {(msgid, level) for msgid in accepted.values() for level in "12"}


async def drained(world: World, accepted: dict[str, str]) -> None:
    """Wait until all that was accepted is done, or nothing has moved for QUIET_S."""
    loop = asyncio.get_running_loop()
    end, moved, before = loop.time() + DRAIN_S, loop.time(), (-1, -1)
    while loop.time() < min(end, moved + QUIET_S):
        now = (len(world.smsc.submitted), len(world.sink.calls))
        if now != before:
            moved, before = loop.time(), now
        if accepted.keys() <= set(submits(world)) and wanted(accepted) <= set(calls(world)):
            return
        await asyncio.sleep(0.2)


async def answer_with_receipts(world: World, done: asyncio.Event) -> None:
    """A receipt for each message submitted, sent again until it is acknowledged."""
    reported = 0
    async with asyncio.TaskGroup() as receipts:
        while not done.is_set():
            new = world.smsc.submitted[reported:]
            reported += len(new)
            for message_id in filter(None, (submitted.message_id for submitted in new)):
                receipts.create_task(report(world, message_id, done))
            await asyncio.sleep(0.2)


async def report(world: World, message_id: str, done: asyncio.Event) -> None:
    while not done.is_set():
        await asyncio.sleep(0.5)
        with contextlib.suppress(TimeoutError, IndexError):  # no answer, no session
            if (await world.smsc.receipt(message_id)).status == 0:
                return


def keep(account: Account, path: Path | None) -> None:
    print(json.dumps(asdict(account)))
    if path is not None:
        path.write_text(json.dumps(asdict(account)))


def settle(world: World, accepted: dict[str, str], account: Account) -> None:
    submitted, called, due = submits(world), calls(world), wanted(accepted)
    account.accepted = len(accepted)
    account.submitted = len(set(submitted))
    account.submitted_twice = len(submitted) - len(set(submitted))
    account.lost = len(accepted.keys() - set(submitted)) + account.odd
    account.called_back = len(due & set(called))
    account.callbacks_lost = len(due - set(called)) + 2 * account.odd
    account.called_back_twice = len(called) - len(set(called))


# covers: W-AMQP-01 W-AMQP-03 W-AMQP-04 W-AMQP-05 W-AMQP-06 HTTP-33
@pytest.mark.outage
@pytest.mark.timeout(300)
@pytest.mark.quirk("Q18")
async def test_nothing_accepted_is_lost_when_the_broker_goes_away(
    target: Target | External,
    mended: Callable[[str], bool],
    pytestconfig: pytest.Config,
) -> None:
    if isinstance(target, External):
        pytest.skip("the broker of an external gateway is not ours to stop")
    server = RabbitMq()
    await asyncio.to_thread(server.start)
    account, done = Account(), asyncio.Event()
    try:
        async with opened("outage", target, rabbitmq=server, vhost="/") as world:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(answer_with_receipts(world, done), name="receipts")
                accepted = await load(world, server, account)
                await drained(world, accepted)
                done.set()
            settle(world, accepted, account)
    finally:
        await asyncio.to_thread(server.close)
    keep(account, pytestconfig.getoption("--outage-account"))
    assert account.asked == RATE_S * SECONDS
    assert account.asked == account.accepted + account.odd + account.refused
    if mended("Q18"):
        assert (account.odd, account.lost, account.callbacks_lost) == (0, 0, 0)
        assert account.slow == 0
        assert account.accepted > account.asked // 2

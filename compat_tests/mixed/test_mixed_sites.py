"""Daemons of Jasmin 0.11.0 and ours on one broker and one Redis: nothing is lost by a swap.

Each scenario sends a thousand level-3 messages, one in twenty of three parts, and has receipts wait
at the SMSC while a daemon is swapped, there and back. Where Jasmin's daemons need it, the load
spares their own faults: the SMSC answers 30 ms after a submit_sm, for Jasmin's jasmind stores who
wants the DLR after it has queued the message, and its lookup gives up at once what it does not find
(W-DLR-01); receipts come half a second later, for it looks for their message twice,
`dlr_lookup_retry_delay` apart; and they are stopped when nothing is on the wire, for what one holds
at its end it may do twice.
"""

import asyncio
import functools
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from compat_tests.mixed import running
from compat_tests.mixed.loads import LATE, parts_of
from compat_tests.mixed.running import CALLBACKS, HELD, SUBMITS, MixedSite, Row
from compat_tests.mixed.senders import SmppSender
from compat_tests.peers.smsc import Answer
from compat_tests.targets.ours import Ours
from compat_tests.waiting import asked
from tests.services import RabbitMq

pytestmark = pytest.mark.timeout(600)

MESSAGES = 1000
WAITING = 100
"""Messages whose receipt comes after the swap."""
RETRIED = 25
ESME_RTHROTTLED = 0x58
ALL = ("dlrd", "dlrlookupd", "jasmind")

Opened = Callable[..., AbstractAsyncContextManager[MixedSite]]
Told = Callable[[Row], None]


@pytest.fixture
def opened(broker: RabbitMq, ours: Ours) -> Opened:
    return functools.partial(running.opened, broker, ours)


async def sent_before_the_swap(site: MixedSite) -> None:
    """Their receipts wait at the SMSC until they are released."""
    site.receipts.hold()
    await site.send(WAITING)
    await site.until("1")


async def called_back_in_vain(site: MixedSite) -> None:
    """Their callbacks wait for another attempt."""
    site.books.refuse_late()
    await site.send(RETRIED, path=LATE)
    await site.sink.got(LATE, RETRIED, within_s=60)


async def throttled(site: MixedSite) -> None:
    """They wait until the SMSC may be asked again: whole, for Jasmin sends every part again."""
    destinations = site.books.next_destinations(RETRIED)
    refusal = Answer(status=ESME_RTHROTTLED)
    for to in destinations:
        site.smsc.script(to, *[refusal] * parts_of(to), Answer())
    await site.send(RETRIED)
    for to in destinations:
        await site.smsc.got(to, parts_of(to))


async def queued(site: MixedSite, count: int) -> None:
    """They wait for the SMSC, and every daemon is stopped."""
    await site.smsc.close()
    await site.send(count)
    await site.stop("jasmind", "dlrlookupd", "dlrd")


async def gone_on(site: MixedSite, *, by_ours: bool) -> None:
    await site.smsc.open(site.smsc.port)
    await site.start(*ALL, by_ours=by_ours)
    site.receipts.release()
    await site.until("12")


async def swapped_there_and_back(site: MixedSite, daemon: str) -> None:
    """Receipts of what was sent before each swap come after it."""
    await sent_before_the_swap(site)
    await site.swap(daemon, to_ours=True)
    site.receipts.release()
    if daemon == "jasmind":  # nobody answers HTTP meanwhile
        await site.send(MESSAGES)
        await site.until("12")
        await sent_before_the_swap(site)
        await site.swap(daemon, to_ours=False)
    else:  # ours finishes what it holds
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(site.send(MESSAGES))
            await asked(lambda: site.has_accepted(MESSAGES // 2), "half of the load", 60)
            await site.swap(daemon, to_ours=False)
    site.receipts.release()
    await site.until("12")


def all_is_well(site: MixedSite, row: Row) -> None:
    assert row.submitted == row.accepted
    missing = site.books.due() - set(site.books.made())
    assert row.made == row.due, f"not made: {sorted(missing)[:3]}"
    assert row.twice == 0, site.books.repeats()[:3]
    assert site.reconnects() == 0


# covers: AMQP-02 W-AMQP-13
async def test_our_dlrlookupd_in_a_site_of_jasmins(opened: Opened, told: Told) -> None:
    async with opened("mixed-lookup") as site:
        await swapped_there_and_back(site, "dlrlookupd")
        told(row := site.row("(a) our dlrlookupd, the rest Jasmin's"))
        all_is_well(site, row)


# covers: AMQP-02 W-AMQP-13
async def test_our_dlrd_in_a_site_of_jasmins(opened: Opened, told: Told) -> None:
    async with opened("mixed-dlrd") as site:
        await swapped_there_and_back(site, "dlrd")
        told(row := site.row("(b) our dlrd, the rest Jasmin's"))
        all_is_well(site, row)


# covers: AMQP-02 W-AMQP-13 PERS-02 PERS-04
async def test_our_jasmind_with_jasmins_dlr_daemons(opened: Opened, told: Told) -> None:
    async with opened("mixed-jasmind") as site:
        await swapped_there_and_back(site, "jasmind")
        told(row := site.row("(c) our jasmind, the rest Jasmin's"))
        all_is_well(site, row)


# covers: PERS-02 PERS-04 W-AMQP-06
async def test_the_site_moves_to_ours_with_messages_queued(opened: Opened, told: Told) -> None:
    """Our first start reads the store Jasmin's left; then the queues are made durable."""
    async with opened("mixed-to-ours") as site:
        await sent_before_the_swap(site)
        await called_back_in_vain(site)
        await queued(site, MESSAGES)
        await site.are_in(SUBMITS, MESSAGES)
        await site.are_in(CALLBACKS, RETRIED)
        site.books.accept_late()
        await gone_on(site, by_ours=True)
        await sent_before_the_swap(site)
        await queued(site, WAITING)
        migrated = await site.migrate_broker("durable")
        assert f"queue {SUBMITS}: made anew, {WAITING} messages before, {WAITING} after" in migrated
        await gone_on(site, by_ours=True)
        told(row := site.row("(d) Jasmin's site, then ours"))
        all_is_well(site, row)


# covers: AMQP-02 W-AMQP-13 PERS-01 PERS-02 PERS-04
async def test_the_site_moves_back_with_messages_queued_and_delayed(
    opened: Opened, told: Told
) -> None:
    """From durable queues, which Jasmin's daemons could not declare, and its store written anew."""
    async with opened("mixed-to-jasmin", by_ours=ALL, durability="durable") as site:
        await sent_before_the_swap(site)
        await called_back_in_vain(site)
        await throttled(site)
        await queued(site, MESSAGES)
        migrated = await site.migrate_broker("jasmin")
        assert (
            f"queue {SUBMITS}: made anew, {MESSAGES} messages before, {MESSAGES} after" in migrated
        )
        flushed = await site.tool("delays", "--flush")
        assert re.findall(r"(?m)^(\S+): \d+ put back$", flushed) == [CALLBACKS, SUBMITS]
        await site.are_in(CALLBACKS, RETRIED)
        await site.are_in(SUBMITS, MESSAGES + RETRIED)
        store = site.gateway.folder / "store"
        for path in store.glob("jcli-prod.*"):
            path.unlink()
        await site.tool("export", "--jasmin-store", str(store))
        site.books.accept_late()
        await gone_on(site, by_ours=False)
        told(row := site.row("(e) our site, then Jasmin's"))
        all_is_well(site, row)


# covers: W-DLR-16
async def test_receipts_for_smpp_senders_are_held_until_jasmin_delivers_them(
    opened: Opened, broker: RabbitMq
) -> None:
    """As (b), with an SMPP sender bound to Jasmin's server; the broker restarts meanwhile."""
    destinations = [f"337{number:08}" for number in range(WAITING)]
    async with opened("mixed-held", by_ours=["dlrd"]) as site:
        sender, later = SmppSender(site.gateway.smpp_port), SmppSender(site.gateway.smpp_port)
        async with sender.bound():
            await sender.send(destinations)
            await site.are_in(HELD, WAITING)
        assert sender.receipts == []
        shown = await site.tool("held", "list")
        await site.stop("jasmind", "dlrlookupd", "dlrd")
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(broker.start)
        await site.are_in(HELD, WAITING)
        await site.start(
            "jasmind", by_ours=False
        )  # first: what dlrd does not reach it retries late
        await site.start("dlrlookupd", "dlrd", by_ours=False)
        async with later.bound():
            assert await site.tool("held", "flush") == f"{CALLBACKS}: {WAITING} put back\n"
            await asked(lambda: has(later, WAITING), "receipts at the sender", 60)
    held = re.findall(r"(?m)^\[msgid:(\S+)\] DELIVRD to alice$", shown)
    assert sorted(held) == sorted(sender.msgids)
    receipts = [re.match(r"id:(\S+) .* stat:DELIVRD ", text) for text in later.receipts]
    assert [receipt and receipt[1] for receipt in receipts] == held


async def has(sender: SmppSender, count: int) -> bool:
    return len(sender.receipts) >= count

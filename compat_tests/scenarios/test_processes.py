"""Starting, stopping and killing the daemons (contract/config.md §8)."""

import asyncio
import signal
import socket
from collections.abc import Callable

import pytest

from compat_tests.peers import broker
from compat_tests.waiting import eventually
from compat_tests.world import World

QUEUES = ["submit.sm.con1", "DLRLookup-main", "dlr_thrower"]


async def started(world: World) -> None:
    """Start its daemons and wait until they work."""
    await asyncio.to_thread(world.processes.start)
    await broker.until_consumed(world.amqp_url, QUEUES)
    await world.smsc.is_bound("con1")


# covers: CONF-01
async def test_the_cfg_file_named_on_the_command_line_is_read(spare: World, number: str) -> None:
    msgid = await spare.accepted(to=number)

    # publish_submit_sm_resp is in that file and is not the default.
    await spare.tap.got(msgid, "submit.sm.resp.con1")


# covers: CONF-09 W-MT-31
@pytest.mark.quirk("Q16", "Q17")
async def test_sigterm_stops_every_daemon_and_each_starts_again(
    spare: World, number: str, mended: Callable[[str], bool]
) -> None:
    gateway = spare.processes
    session = await spare.smsc.is_bound("con1")

    statuses = await asyncio.to_thread(gateway.stop)

    assert statuses == {"jasmind": 0, "dlrlookupd": 0, "dlrd": 0}
    said = gateway.output("jasmind")
    assert ("Received signal to stop Jasmin Daemon" in said) is mended("Q17")
    assert ("Stopping Jasmin Daemon ..." in said) is mended("Q17")
    await spare.smsc.bell.until(lambda: session.closed_at, "end of the session")
    assert bool(session.of("unbind")) is mended("Q16")
    await started(spare)
    await spare.accepted(to=number)
    await spare.smsc.got(number)


# covers: CONF-08 W-CFG-13
async def test_a_second_jasmind_refuses_to_start_and_ends_with_0(spare: World) -> None:
    gateway = spare.processes

    second = await asyncio.to_thread(gateway.run_second, "jasmind")

    assert second.returncode == 0
    assert "Lock not acquired ! exiting" in second.stdout
    assert (await spare.get("/ping")).status == 200


async def test_what_waits_in_the_queue_outlives_a_kill(spare: World, number: str) -> None:
    gateway = spare.processes
    port = spare.smsc.port
    await spare.smsc.is_bound("con1")
    await spare.smsc.close()
    msgids = [await spare.accepted(to=number, content=f"message {n}") for n in range(5)]
    for msgid in msgids:  # Jasmin says Success before the broker has it
        await spare.tap.got(msgid, "submit.sm.con1")

    await asyncio.to_thread(gateway.kill)
    await spare.smsc.open(port)
    await started(spare)

    submits = await spare.smsc.got(number, 5)
    assert {s.pdu["short_message"] for s in submits} == {b"message %d" % n for n in range(5)}


# covers: DLR-15
async def test_reports_wait_while_lookup_and_thrower_are_away(spare: World, number: str) -> None:
    gateway = spare.processes
    for daemon in ("dlrlookupd", "dlrd"):
        await asyncio.to_thread(gateway.end_daemon, daemon, signal.SIGTERM)
    url = spare.sink.url("/later")

    msgid = await spare.accepted(to=number, dlr="yes", dlr_level="1", dlr_url=url, dlr_method="GET")
    await spare.tap.got(msgid, "dlr.submit_sm_resp")
    assert spare.sink.at("/later") == []
    for daemon in ("dlrlookupd", "dlrd"):
        await asyncio.to_thread(gateway.start_daemon, daemon)

    [call] = await spare.sink.got("/later")
    assert call.arguments["id"] == msgid


# covers: AMQP-04
async def test_two_throwers_share_the_work(spare: World, number: str) -> None:
    gateway = spare.processes
    await asyncio.to_thread(gateway.spawn, "dlrd", "second")
    await broker.until_consumed(spare.amqp_url, ["dlr_thrower"], consumers=2)
    url = spare.sink.url("/shared")

    msgids = {
        await spare.accepted(to=number, dlr="yes", dlr_level="1", dlr_url=url) for _ in range(20)
    }

    calls = await spare.sink.got("/shared", 20)
    assert sorted(call.arguments["id"] for call in calls) == sorted(msgids)
    assert await asyncio.to_thread(gateway.end_daemon, "dlrdsecond", signal.SIGTERM) == 0


# covers: CONF-12 W-CFG-14
async def test_it_waits_for_redis_at_the_start(spare: World) -> None:
    gateway = spare.processes
    await asyncio.to_thread(gateway.stop)
    seen = gateway.output("jasmind").count("Starting Jasmin Daemon")
    with socket.socket() as nobody, gateway.with_redis(listening_nowhere(nobody)):
        await asyncio.to_thread(gateway.spawn, "jasmind")
        await eventually(
            lambda: gateway.output("jasmind").count("Starting Jasmin Daemon") > seen, "its start"
        )
        await asyncio.sleep(1)
        assert gateway.runs("jasmind")
        with pytest.raises(OSError, match="Connect call failed"):
            await spare.get("/ping")
        await asyncio.to_thread(gateway.kill)
    await started(spare)


def listening_nowhere(holder: socket.socket) -> int:
    """A port that is taken but refuses."""
    holder.bind(("127.0.0.1", 0))
    return int(holder.getsockname()[1])

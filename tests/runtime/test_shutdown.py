"""One signal asks, two end it."""

import asyncio
import os
import signal

import pytest

from jasmin_compat.runtime.shutdown import Stopping, StopRequest, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_signal_asks_and_the_second_exits(number: signal.Signals) -> None:
    asked = asyncio.Event()
    exits: list[int] = []
    with stop_on_signals(
        asyncio.get_running_loop(),
        on_stop=lambda _: asked.set(),
        on_hangup=lambda: None,
        exit_now=exits.append,
    ):
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await asked.wait()
        assert exits == []
        os.kill(os.getpid(), number)  # handled between two bytecodes, without the loop
        assert exits == [128 + number]


async def test_sighup_does_not_stop() -> None:
    hung_up, asked = asyncio.Event(), asyncio.Event()
    with stop_on_signals(
        asyncio.get_running_loop(), on_stop=lambda _: asked.set(), on_hangup=hung_up.set
    ):
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(5):
            await hung_up.wait()
    assert not asked.is_set()


async def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    with stop_on_signals(
        asyncio.get_running_loop(), on_stop=lambda _: None, on_hangup=lambda: None
    ):
        pass
    after = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    assert after == before


async def test_a_stop_ends_what_it_may_interrupt() -> None:
    stop = StopRequest()
    reached: list[str] = []

    async def start() -> None:
        try:
            async with stop.interrupts():
                reached.append("waiting")
                await asyncio.Event().wait()
        except Stopping:
            reached.append("given up")

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(start())
        await asyncio.sleep(0)
        assert not stop.is_set()
        stop.set()
        await stop.wait()
    assert reached == ["waiting", "given up"]


async def test_after_a_stop_nothing_interruptible_begins_to_wait() -> None:
    stop = StopRequest()
    stop.set()
    async with asyncio.timeout(5):
        with pytest.raises(Stopping):
            async with stop.interrupts():
                await asyncio.Event().wait()


async def test_a_timeout_of_its_own_stays_one() -> None:
    stop = StopRequest()
    with pytest.raises(TimeoutError):
        async with stop.interrupts():
            raise TimeoutError
    async with stop.interrupts():
        pass
    stop.set()

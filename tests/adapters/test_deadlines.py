"""Answers that come, that do not, and that nobody waits for any more."""

import asyncio

import pytest

from jasmin_compat.adapters.deadlines import TICKS_PER_S, Deadlines
from tests.waiting import LONG_S, until


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_an_answer_in_time_is_given() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(Deadlines().wait(answer, now() + LONG_S))
        answer.set_result(1)
    assert waiting.result() == 1


async def test_each_wait_ends_at_its_own_deadline() -> None:
    deadlines, began = Deadlines(), now()

    async def ends_after(wait_s: float) -> float:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            await deadlines.wait(answer, began + wait_s)
        return now() - began

    async with asyncio.TaskGroup() as tasks:
        long, short = (tasks.create_task(ends_after(wait_s)) for wait_s in (0.3, 0.01))
    assert 0.01 <= short.result() < 0.3 <= long.result() < LONG_S


async def test_a_deadline_that_has_passed_ends_the_wait() -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(LONG_S):
        with pytest.raises(TimeoutError):
            await Deadlines().wait(answer, now() - 1)


async def test_a_wait_that_is_cancelled_cancels_its_answer() -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(Deadlines().wait(answer, now() + LONG_S))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert answer.cancelled()


async def test_nothing_is_held_that_is_over() -> None:
    deadlines = Deadlines()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            tasks.create_task(deadlines.wait(answer, now() + 1 / TICKS_PER_S))
            asyncio.get_running_loop().call_soon(answer.set_result, None)
    assert not any(deadlines._due.values())
    await until(lambda: not deadlines._due)

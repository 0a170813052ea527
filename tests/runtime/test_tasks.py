"""Tasks beside a body: whose error comes out, and how."""

import asyncio

import pytest

from jasmin_compat.runtime.tasks import tasks_beside


class Broken(Exception):
    pass


async def test_the_bodys_error_comes_out_as_it_is_after_the_tasks_have_ended() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def body() -> None:
        async with tasks_beside() as tasks:
            task = tasks.create_task(work())
            try:
                await asyncio.sleep(0)
                raise Broken
            finally:
                task.cancel()

    with pytest.raises(Broken):
        await body()
    assert ended.is_set()


async def test_an_error_of_a_task_ends_the_body_and_comes_in_a_group() -> None:
    async def work() -> None:
        raise Broken

    async def body() -> None:
        async with tasks_beside() as tasks:
            tasks.create_task(work())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as group:
        await body()
    assert group.group_contains(Broken)

"""Parts start in order, stop in the reverse one, and fall together."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from jasmin_compat.daemons.parts import Part, run_parts
from tests.daemons.frames import frame, running


def part(name: str, said: list[str]) -> Part:
    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        said.append(f"{name} starts")
        started()
        await stop.wait()
        await asyncio.sleep(0)  # others could run now, if they were not waited for
        said.append(f"{name} drained")

    return Part(name, run)


async def test_intake_stops_first_and_each_is_drained_before_the_next(tmp_path: Path) -> None:
    said: list[str] = []
    async with frame(tmp_path) as of_test:
        parts = [part(name, said) for name in ("store", "connectors", "http")]
        async with running(of_test, lambda: run_parts(of_test, parts)):
            assert said == ["store starts", "connectors starts", "http starts"]
    assert said[3:] == ["http drained", "connectors drained", "store drained"]


async def test_it_is_not_started_before_each_part_says_so(tmp_path: Path) -> None:
    slow = asyncio.Event()

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await slow.wait()
        started()
        await stop.wait()

    async with frame(tmp_path) as of_test, asyncio.TaskGroup() as tasks:
        tasks.create_task(run_parts(of_test, [Part("slow", run)]))
        await asyncio.sleep(0)
        assert not of_test.started.is_set()
        slow.set()
        of_test.stop.set()


async def test_an_error_of_one_ends_all(tmp_path: Path) -> None:
    said: list[str] = []

    async def breaks(_stop: asyncio.Event, started: Callable[[], None]) -> None:
        started()
        raise ZeroDivisionError

    async with frame(tmp_path) as of_test:
        with pytest.RaisesGroup(ZeroDivisionError):
            await run_parts(of_test, [part("first", said), Part("second", breaks)])
    assert said == ["first starts"]

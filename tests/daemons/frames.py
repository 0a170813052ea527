"""A Frame for tests: settings from an environment, nothing on disk but in a given folder."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from jasmin_compat.daemons.frame import JASMIND, Frame, read_or_tell
from jasmin_compat.daemons.say import Say
from jasmin_compat.runtime.logs import LogPlaces, logging_to_files
from jasmin_compat.runtime.shutdown import StopRequest
from tests.services import free_port
from tests.waiting import until


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Of a daemon that keeps to `folder` and to ports of the kernel's choice."""
    return {
        "CONFIG_PATH": str(folder),
        "STORE_PATH": str(folder),
        "LOG_PATH": str(folder),
        "JASMIN_COMPAT_LOCK_PATH": str(folder),
        "HTTP_API_BIND": "127.0.0.1",
        "JCLI_PORT": str(free_port()),
        "HEALTH_JASMIND_PORT": "0",
        "HEALTH_DLRLOOKUPD_PORT": "0",
        "HEALTH_DLRD_PORT": "0",
        **more,
    }


@asynccontextmanager
async def frame(folder: Path, **more: str) -> AsyncIterator[Frame]:
    """As run_daemon makes one."""
    read = read_or_tell(JASMIND, argparse.Namespace(config=None), environment(folder, **more))
    assert read is not None
    with logging_to_files([], LogPlaces()) as logs:
        yield Frame(read=read, say=Say("test"), logs=logs, stop=StopRequest())


@asynccontextmanager
async def running(frame: Frame, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """The work, started; it is asked to stop at the end, and must."""

    async def body() -> None:
        await work()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(body())
        await until(lambda: frame.started.is_set() or task.done())
        yield
        frame.stop.set()
        async with asyncio.timeout(10):
            await asyncio.wait([task])

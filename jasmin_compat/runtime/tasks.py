"""Tasks beside a body, without their group around what the body raises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def tasks_beside() -> AsyncIterator[asyncio.TaskGroup]:
    """A TaskGroup; an error of the body comes out as it is, once the tasks have ended.

    The body cancels them on its way out. Errors of theirs come in a group, as usual.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        try:
            yield tasks
        except Exception as error:  # noqa: BLE001 - raised below, not as one of a group
            failure = error
    if failure is not None:
        raise failure

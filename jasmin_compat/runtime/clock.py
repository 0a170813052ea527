"""Where `now` comes from (ports.Clock); FakeClock in tests."""

import asyncio
import time
from datetime import datetime


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def unix(self) -> float:
        return time.time()

    def local_now(self) -> datetime:
        """Naive local time: what Jasmin writes into messages (`created_at`) and records."""
        return datetime.now()  # noqa: DTZ005

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

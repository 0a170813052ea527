"""A consumer that can do nothing without the store takes nothing while that is away.

Each message it took would be put off instead: the queue would be turned over again and again, and
out of order. And what a lookup has told while the store takes no changes, it would tell once more.
"""

from typing import Final, NoReturn

from jasmin_compat.flows.consume import Gate
from jasmin_compat.ports import Clock, Store

LOOK_S: Final = 0.25


async def mind_store(gate: Gate, store: Store, clock: Clock) -> NoReturn:
    """Close the gate while the store takes no writes, open it when it does again."""
    while True:
        if store.counts.takes_writes():
            gate.open()
        else:
            gate.close()
        await clock.sleep(LOOK_S)

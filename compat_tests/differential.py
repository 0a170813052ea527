"""Random requests to the real Jasmin 0.11.0 and to ours, live: answers and submit_sm must agree.

python -m compat_tests.differential [--examples 600] [--seed N]

Both are provisioned alike through their consoles and have an SMSC each (differing/gateways.py).
Sequences of one to four requests (differing/requests.py) go to both; status line, headers, body
and the octets of what reached the SMSC are compared, less message id, sequence number, segment
reference and absolute times, and at the end the balances. A difference must be one that QUIRKS.md
names (differing/quirks_seen.py); any other is made as small as it can be made, and printed.
"""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from compat_tests.differing.gateways import Pair, side
from compat_tests.differing.quirks_seen import name_of
from compat_tests.differing.requests import QUOTAS, SEQUENCES, Request
from compat_tests.targets.gateway import Target
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.ours import Ours
from tests.services import RabbitMq

CHARGED_S = 3.0
TARGETS: dict[str, type[Target]] = {"jasmin": Jasmin, "ours": Ours}


class Differs(AssertionError):
    """Two answers that should be one."""


class Comparison:
    """Sends sequences to both and counts what was seen."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.statuses: Counter[str] = Counter()
        self.quirks: Counter[str] = Counter()
        self.sent = 0

    async def compare(self, sequence: list[Request]) -> None:
        """Raises: Differs."""
        usernames = {str(request.of("username")) for request in sequence} & QUOTAS.keys()
        await self.pair.reset(usernames)
        for request in sequence:
            theirs, ours = await self.pair.ask(request)
            self.statuses[theirs.status_line] += 1
            self.sent += len(theirs.submits)
            if theirs == ours:
                continue
            quirk = name_of(request, theirs, ours)
            if quirk is None:
                raise Differs(
                    f"\n  {request}\n  {request.octets!r}\n    Jasmin {theirs}\n    ours   {ours}"
                )
            self.quirks[quirk] += 1
            return  # they have gone different ways: what follows may differ, too
        for username in sorted(usernames):
            await self._same_balance(username)

    async def _same_balance(self, username: str) -> None:
        """What is charged late is charged when the SMSC has answered. Raises: Differs."""
        request = Request("GET", "/balance", "query", (("username", username), ("password", "pwd")))
        theirs, ours = await self.pair.ask(request)
        end = time.monotonic() + CHARGED_S
        while theirs != ours and time.monotonic() < end:
            await asyncio.sleep(0.05)
            theirs, ours = await self.pair.ask(request)
        if theirs != ours:
            raise Differs(f"\n  balance of {username}\n    Jasmin {theirs}\n    ours   {ours}")


@contextmanager
def looping() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """An event loop in a thread; what is given runs a coroutine there and waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def check(comparison: Comparison, run: Callable[..., Any], *, examples: int, seed: int) -> None:
    """Raises: Differs, with the smallest sequence that was found."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(SEQUENCES)
    def agree(sequence: list[Request]) -> None:
        run(comparison.compare(sequence))

    agree()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m compat_tests.differential")
    parser.add_argument("--examples", type=int, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--first", choices=TARGETS, default="jasmin")
    options = parser.parse_args()
    print(f"{options.examples} sequences, seed {options.seed}", flush=True)
    broker = RabbitMq()
    broker.start()
    try:
        broker.add_vhosts("first", "second")
        with looping() as run:
            return run_both(run, broker, options)
    finally:
        broker.close()


def run_both(
    run: Callable[[Coroutine[Any, Any, Any]], Any], broker: RabbitMq, options: argparse.Namespace
) -> int:
    stack = AsyncExitStack()
    try:
        sides = [
            run(stack.enter_async_context(side(target(), broker, vhost)))
            for target, vhost in ((TARGETS[options.first], "first"), (Ours, "second"))
        ]
        comparison = Comparison(Pair(*sides))
        try:
            check(comparison, run, examples=options.examples, seed=options.seed)
        except Differs as found:
            print(f"DIFFERENT, seed {options.seed}:{found}")
            return 1
        finally:
            print(f"{sum(comparison.statuses.values())} requests, {comparison.sent} submit_sm")
            for status, count in comparison.statuses.most_common():
                print(f"{count:6} {status or 'no answer'}")
            for quirk, count in sorted(comparison.quirks.items()):
                print(f"{count:6} {quirk}")
        return 0
    finally:
        run(stack.aclose())


if __name__ == "__main__":
    sys.exit(main())

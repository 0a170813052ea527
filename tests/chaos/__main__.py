"""`python -m tests.chaos`: real processes, faults in random order, and the books at the end."""

import argparse
import asyncio
import secrets
import sys

from tests.chaos import plan
from tests.chaos.report import Report
from tests.chaos.run import Run
from tests.chaos.world import Options, open_chaos_world
from tests.services import RabbitMq


def say(line: str) -> None:
    print(line, flush=True)


async def chaos(options: Options) -> Report:
    rabbitmq = RabbitMq()
    try:
        await asyncio.to_thread(rabbitmq.start)
        async with open_chaos_world(rabbitmq, options) as world:
            say(f"logs in {world.gateway.folder}")
            return await Run(world, options, say).run()
    finally:
        rabbitmq.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of a run that is to come again")
    parser.add_argument("--minutes", type=float, default=15.0, help="of faults (15)")
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second (200)")
    parser.add_argument("--short", action="store_true", help="each kind of fault once, close by")
    given = parser.parse_args()
    seed = secrets.randbits(32) if given.seed is None else given.seed
    say(f"seed {seed}")
    options = Options(seed=seed, rate_per_s=given.rate, minutes=given.minutes)
    if given.short:
        options = Options(seed=seed, rate_per_s=given.rate, pace=plan.SHORT, warm_s=4.0)
    report = asyncio.run(chaos(options))
    say("\n" + report.text())
    return 1 if report.open else 0


if __name__ == "__main__":
    sys.exit(main())

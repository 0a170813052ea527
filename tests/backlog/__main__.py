"""Reports that wait while their receiver is away for minutes: memory, work, time to deliver.

python -m tests.backlog [--minutes 10] [--messages 30000] [--receiver refuses|hangs|500 ...]
python -m tests.backlog --redis [--minutes 10] [--messages 30000]

A run for each receiver, with the settings as they come: RabbitMQ, Redis and all daemons of its own.
The lookup is down while its queue fills; then it is started, and what it publishes waits for the
receiver, while messages for another receiver go on. With `--redis` the receiver is well, and it is
the lookup that waits, for Redis. Ends with 0 if no report is lost and no process grows by more than
20 MB.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator

from tests.backlog.watch import Phase
from tests.backlog.world import MANNERS, Manner, Plan, World, open_world
from tests.services import RabbitMq, Redis

MORE_MB = 20
WELL: tuple[Manner, ...] = ("is well",)
BY_WORD: dict[str, Manner] = {manner.split()[-1]: manner for manner in MANNERS}
ROWS = 20
"""Of the table of depths."""


def tables(world: World) -> Iterator[str]:
    """What was seen, to be read by people."""
    phases, daemons = world.watch.phases, sorted(world.before_mb)
    yield f"RSS in MB{'':14}before    peak   after  growth"
    growth = world.growth_mb()
    for daemon in daemons:
        before, after = world.before_mb[daemon], world.after_mb[daemon]
        yield (
            f"  {daemon:20}{before:8.1f}{before + growth[daemon]:8.1f}"
            f"{after:8.1f}{growth[daemon]:8.1f}"
        )
    yield f"{'phase':16}{'s':>7}{'load':>6}" + "".join(f"{'CPU ' + d:>16}" for d in daemons)
    for phase in phases:
        yield f"  {phase.name:14}{phase.lasted_s:7.1f}{phase.load:6.1f}" + "".join(
            f"{phase.cpu_s.get(d, 0.0):9.1f} s {_share(phase, d):4.0%}" for d in daemons
        )
    yield from _depths(world)
    yield from _healthy(world)
    delivered = phases[-1]
    yield (
        f"callbacks due {len(world.stock.due)}, made {len(world.made())}, "
        f"lost {len(world.lost())}, twice {len(world.twice())}, "
        f"all there {_last(world) - delivered.began:.1f} s after the return"
    )


def _share(phase: Phase, daemon: str) -> float:
    return phase.cpu_s.get(daemon, 0.0) / max(phase.lasted_s, 1e-9)


def _last(world: World) -> float:
    return max((times[0] for times in world.made().values()), default=0.0)


def _depths(world: World) -> Iterator[str]:
    """Some of the samples, evenly."""
    samples = world.watch.depths
    began = world.watch.phases[0].began
    yield "messages ready, by queue"
    for at, ready in samples[:: max(1, len(samples) // ROWS)]:
        phase = next(p.name for p in world.watch.phases if at <= p.ended)
        short = {q.removeprefix("jasmin_compat."): depth for q, depth in ready.items()}
        shown = ", ".join(f"{queue} {depth}" for queue, depth in short.items())
        yield f"  {at - began:6.1f} s  {phase:14}{shown or '-'}"


def _healthy(world: World) -> Iterator[str]:
    yield "a report for the healthy receiver, from Success to its callback"
    for phase in world.watch.phases:
        delays = world.healthy.delays_s(phase.name)
        if delays:
            p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
            yield (
                f"  {phase.name:14} of {len(delays)}: "
                f"p50 {p50:.3f} s, p99 {p99:.3f} s, latest {delays[-1]:.3f} s"
            )


async def run(plan: Plan, rabbitmq: RabbitMq, redis: Redis) -> bool:
    """One run and its tables; whether nothing was lost and nothing grew."""
    async with open_world(plan, rabbitmq, redis) as world:
        if plan.manners == WELL:
            await world.run_without_redis(redis)
        else:
            await world.run()
    print(
        f"\n==== {plan.messages + 2 * plan.by_http} reports, {plan.away_s:.0f} s away: "
        f"{'Redis' if plan.manners == WELL else f'the receiver {plan.manners[0]}'}"
    )
    print(*tables(world), sep="\n", flush=True)
    return not world.lost() and max(world.growth_mb().values()) < MORE_MB


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.backlog")
    parser.add_argument("--minutes", type=float, default=10.0, help="the receiver is away")
    parser.add_argument("--messages", type=int, default=30_000, help="reports that wait")
    parser.add_argument("--receiver", action="append", choices=list(BY_WORD), help="what it does")
    parser.add_argument("--redis", action="store_true", help="it is Redis that is away")
    parser.add_argument("--healthy", type=float, default=20.0, help="messages a second beside it")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    words = chosen.receiver or list(BY_WORD)
    runs = [WELL] if chosen.redis else [(BY_WORD[word],) for word in words]
    rabbitmq, redis = RabbitMq(), Redis()
    well = True
    try:
        rabbitmq.start()
        redis.start()
        for manners in runs:
            redis.flush()
            by_http = min(500, chosen.messages // 10)
            plan = Plan(
                manners=manners,
                messages=chosen.messages - 2 * by_http,
                by_http=by_http,
                away_s=chosen.minutes * 60,
                healthy_per_s=chosen.healthy,
                drain_s=900,
            )
            well = asyncio.run(run(plan, rabbitmq, redis)) and well
    finally:
        redis.close()
        rabbitmq.close()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

"""CPU per `/send` in the process that accepts it, and how much of it is the AMQP client's.

python -m benchmarks.send_cost [--target jasmin|ours]... [--messages 10000] [--connections 50]

Starts jasmind on a RabbitMQ and a Redis of its own; the one connector is stopped, so that nothing
is consumed. Messages without DLR come over kept connections. CPU is user and system time of the
process from /proc, the median of the rounds. Of ours, a further load is sampled while it uses CPU
(sampling/): its shares, times that CPU, are the split. Logs as by default: INFO, access log on.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.compare import cpu_s
from compat_tests.targets.console import Console
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import GROUP, Site
from tests.services import RabbitMq, Redis, free_port

HERE = Path(__file__).parent
TARGETS = {"jasmin": Jasmin, "ours": Ours}
WARM_UP = 1000
AIM_MS = 0.25
"""Of all but the AMQP client's share (issue: the whole HTTP API)."""


class Sampled(Ours):
    """Ours, to be sampled on request."""

    def environment(self, site: Site, folder: Path) -> Mapping[str, str]:
        path = os.pathsep.join((str(HERE / "sampling"), os.environ.get("PYTHONPATH", "")))
        more = {"PYTHONPATH": path, "SAMPLES": str(folder / "samples")}
        return {**super().environment(site, folder), **more}


def configured(gateway: Gateway) -> None:
    """A user and a route to a connector that is not started."""
    console = Console(gateway.console_port)
    console.session("group -a", [f"gid {GROUP}"])
    user = ("uid bench", f"gid {GROUP}", "username bench", "password bench")
    console.session("user -a", user)
    console.session("smppccm -a", ["cid bench", f"port {free_port()}"])
    route = ("type DefaultRoute", "connector smppc(bench)", "rate 0.0")
    console.session("mtrouter -a", route)
    console.close()


def load(gateway: Gateway, count: int, connections: int) -> tuple[float, dict[str, Any]]:
    """Milliseconds of CPU per request, and what the load generator says."""
    pid = gateway.pids["jasmind"]
    before = cpu_s(pid)
    command = [sys.executable, str(HERE / "load.py"), str(gateway.http_port), str(count)]
    done = subprocess.run(
        [*command, "--connections", str(connections)], check=True, capture_output=True, text=True
    )
    said = json.loads(done.stdout)
    if said["refused"]:
        raise SystemExit(f"{said['refused']} of {count} were refused:\n{gateway.ends_of_logs()}")
    return (cpu_s(pid) - before) * 1e3 / count, said


def sampled(gateway: Gateway, count: int, connections: int) -> dict[str, dict[str, int]]:
    """The counts of one load."""
    pid, samples = gateway.pids["jasmind"], gateway.folder / "samples"
    os.kill(pid, signal.SIGUSR1)
    load(gateway, count, connections)
    os.kill(pid, signal.SIGUSR2)
    end = time.monotonic() + 10
    while not samples.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return dict(json.loads(samples.read_text()))


def measure(name: str, options: argparse.Namespace) -> None:
    target: Target = Sampled() if name == "ours" else TARGETS[name]()
    with ExitStack() as stack:
        broker, redis = RabbitMq(), Redis()
        stack.callback(broker.close)
        stack.callback(redis.close)
        broker.start()
        redis.start()
        site = Site("cost", (), (), None, daemons=("jasmind",))
        gateway = Gateway(target, site, amqp=(broker.port, "/"), redis=redis.port)
        stack.callback(shutil.rmtree, gateway.folder, ignore_errors=True)
        stack.callback(gateway.stop)
        gateway.start()
        configured(gateway)
        load(gateway, WARM_UP, options.connections)
        rounds = [
            load(gateway, options.messages, options.connections) for _ in range(options.rounds)
        ]
        ms = statistics.median(round_[0] for round_ in rounds)
        rate = statistics.median(round_[1]["accept_per_s"] for round_ in rounds)
        print(f"\n{name}: {ms:.3f} ms of CPU per request, {rate:.0f} requests a second")
        if name == "ours":
            show(ms, sampled(gateway, options.messages, options.connections))


def show(ms: float, samples: dict[str, dict[str, int]]) -> None:
    """The split, and where most of it goes."""
    owners, total = samples["owners"], sum(samples["owners"].values())
    for owner, count in sorted(owners.items(), key=lambda item: -item[1]):
        print(f"  {owner:16} {ms * count / total:6.3f} ms {100 * count / total:5.1f} %")
    rest = ms * (1 - owners.get("AMQP client", 0) / total)
    verdict = "within" if rest <= AIM_MS else "beyond"
    print(f"  all but the AMQP client: {rest:.3f} ms ({verdict} {AIM_MS} ms); {total} samples")
    print("  most of it in:")
    for line, count in sorted(samples["lines"].items(), key=lambda item: -item[1])[:25]:
        print(f"    {100 * count / total:5.1f} %  {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for name in options.target or TARGETS:
        measure(name, options)


if __name__ == "__main__":
    main()

"""CPU per message of the real Jasmin 0.11.0 and of ours, on one machine, round by round.

python -m benchmarks.compare [--target jasmin|ours]... [--rounds 3] [--messages 5000] [--json FILE]

Each round starts each gateway on a fresh RabbitMQ and Redis (fsync on every write), with the rig's
SMSC and callback sink, and sends the messages without DLR, then as many with level 3 (two callbacks
each). CPU is user and system time of all the gateway's processes from /proc, from the first request
until the last submit or callback came; load generator, SMSC and sink are not counted.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Connector, Site, User
from tests.services import RabbitMq, Redis, free_port, wait_for_port

HERE = Path(__file__).parent
TICKS_S = os.sysconf("SC_CLK_TCK")
WARM_UP = 300
STILL_S = 20
"""Nothing moved for so long: what is missing is lost."""
TARGETS = {"jasmin": Jasmin, "ours": Ours}


@dataclass(slots=True)
class Phase:
    """One load and what it cost."""

    target: str
    round: int
    dlr: bool
    load: dict[str, Any]
    submitted: int
    callbacks: int
    """Different ones."""
    done_s: float
    """From the first request to the last submit or callback."""
    cpu_ms: dict[str, float]
    """Per message, by process."""
    rss_mib: dict[str, float]
    lost_submits: int = 0
    lost_callbacks: int = 0

    @property
    def gateway_ms(self) -> float:
        return sum(ms for name, ms in self.cpu_ms.items() if not name.startswith("("))


@dataclass(slots=True)
class Rig:
    """Everything around the gateway."""

    smsc_control: int
    sink_control: int
    sink_port: int
    pids: dict[str, int] = field(default_factory=dict)
    """Processes to measure; names in brackets are not the gateway's."""


def ask(port: int, what: str = "stats") -> dict[str, Any]:
    """One line to the control port of the SMSC or the sink."""
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(what.encode() + b"\n")
        return json.loads(s.makefile().readline())


def cpu_s(pid: int) -> float:
    """User and system time of a process, ended children included."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in stat[11:15]) / TICKS_S


def rss_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def site(smsc_port: int) -> Site:
    keys = {"host": "127.0.0.1", "port": str(smsc_port), "username": "u", "password": "p"}
    more = {"submit_throughput": "0", "con_loss_delay": "2", "con_fail_delay": "2"}
    return Site(
        name="bench",
        users=(User("bench", "bench"),),
        connectors=(Connector("bench", {**keys, **more}),),
        default_route="bench",
    )


@contextmanager
def program(name: str, *options: str) -> Iterator[int]:
    """One of the rig's programs; its process id."""
    command = [sys.executable, str(HERE / "rig" / name), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running(target: Target) -> Iterator[tuple[Gateway, Rig]]:
    """The gateway, bound, with everything around it, fresh."""
    with ExitStack() as stack:
        broker, redis = RabbitMq(), Redis()
        stack.callback(broker.close)
        stack.callback(redis.close)
        broker.start()
        redis.start()
        smsc, smsc_control = free_port(), free_port()
        sink, sink_control = free_port(), free_port()
        stack.enter_context(
            program("smsc.py", "--port", str(smsc), "--control", str(smsc_control), "--dlr")
        )
        stack.enter_context(program("sink.py", "--port", str(sink), "--control", str(sink_control)))
        wait_for_port(smsc_control)
        wait_for_port(sink_control)
        gateway = Gateway(target, site(smsc), amqp=(broker.port, "/"), redis=redis.port)
        stack.callback(shutil.rmtree, gateway.folder, ignore_errors=True)
        stack.callback(gateway.stop)
        gateway.start()
        rig = Rig(smsc_control, sink_control, sink)
        rig.pids = {
            **gateway.pids,
            "(rabbitmq)": int(broker.ctl("eval", "list_to_integer(os:getpid()).")),
            "(redis)": _listener(redis.port),
        }
        yield gateway, rig


def _listener(port: int) -> int:
    """The process id of a Redis."""
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.sendall(b"INFO server\r\n")
        found = re.search(rb"process_id:(\d+)", s.recv(65536))
    assert found is not None
    return int(found[1])


def measure(gateway: Gateway, rig: Rig, count: int, *, dlr: bool, number: int) -> Phase:
    """Send `count` messages, wait until all is done, and say what it cost."""
    ask(rig.smsc_control, "reset")
    ask(rig.sink_control, "reset")
    before = {name: cpu_s(pid) for name, pid in rig.pids.items()}
    started = time.monotonic()
    url = ["--dlr-url", f"http://127.0.0.1:{rig.sink_port}/dlr"] if dlr else []
    done = subprocess.run(
        [sys.executable, str(HERE / "load.py"), str(gateway.http_port), str(count), *url],
        check=True,
        capture_output=True,
        text=True,
    )
    load = json.loads(done.stdout)
    wanted = 2 * load["accepted"] if dlr else 0
    ended = _until_done(rig, load["accepted"], wanted)
    smsc, sink = ask(rig.smsc_control), ask(rig.sink_control)
    spent = {name: cpu_s(pid) - before[name] for name, pid in rig.pids.items()}
    return Phase(
        target=gateway.target.name,
        round=number,
        dlr=dlr,
        load=load,
        submitted=smsc["submits"],
        callbacks=sink["unique"],
        done_s=round(ended - started, 2),
        cpu_ms={name: round(1e3 * s / max(1, load["accepted"]), 3) for name, s in spent.items()},
        rss_mib={name: round(rss_mib(pid), 1) for name, pid in rig.pids.items()},
        lost_submits=max(0, load["accepted"] - smsc["submits"]),
        lost_callbacks=max(0, wanted - sink["unique"]),
    )


def _until_done(rig: Rig, submits: int, callbacks: int) -> float:
    """When all came, or nothing more did; monotonic seconds."""
    seen, moved = (-1, -1), time.monotonic()
    while time.monotonic() - moved < STILL_S:
        now = ask(rig.smsc_control)["submits"], ask(rig.sink_control)["unique"]
        if now != seen:
            seen, moved = now, time.monotonic()
        if now[0] >= submits and now[1] >= callbacks:
            break
        time.sleep(0.1)
    return moved


def round_of(target: Target, number: int, messages: int) -> list[Phase]:
    with running(target) as (gateway, rig):
        end = time.monotonic() + 60
        while not ask(rig.smsc_control)["binds"] and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(2)  # daemons that start after jasmind declare their queues
        for dlr in (False, True):
            measure(gateway, rig, WARM_UP, dlr=dlr, number=number)
        return [measure(gateway, rig, messages, dlr=dlr, number=number) for dlr in (False, True)]


def summary(phases: list[Phase]) -> list[str]:
    """Medians over the rounds, by target and kind of load."""
    lines = []
    for dlr in (False, True):
        lines += ["", "with level-3 DLR" if dlr else "without DLR"]
        for target in dict.fromkeys(p.target for p in phases):
            of = [p for p in phases if p.target == target and p.dlr is dlr]
            total = statistics.median(p.gateway_ms for p in of)
            parts = ", ".join(
                f"{name} {statistics.median(p.cpu_ms[name] for p in of):.3f}"
                for name in of[0].cpu_ms
            )
            rss = sum(mib for name, mib in of[-1].rss_mib.items() if not name.startswith("("))
            lost = [sum(p.lost_submits for p in of), sum(p.lost_callbacks for p in of)]
            lines += [
                f"  {target:7} {total:7.3f} ms CPU per message ({parts})",
                f"  {'':7} accepted {statistics.median(p.load['accept_per_s'] for p in of):.0f}/s,"
                f" p99 {statistics.median(p.load['p99_ms'] for p in of):.1f} ms,"
                f" all done after {statistics.median(p.done_s for p in of):.1f} s,"
                f" RSS {rss:.0f} MiB, lost {lost[0]} submits and {lost[1]} callbacks",
            ]
    return lines


def ratios(phases: list[Phase]) -> list[str]:
    """Ours as a share of Jasmin's, from the medians."""
    lines = []
    for dlr in (False, True):
        cpu = {
            target: [p.gateway_ms for p in phases if p.target == target and p.dlr is dlr]
            for target in ("jasmin", "ours")
        }
        if all(cpu.values()):
            share = statistics.median(cpu["ours"]) / statistics.median(cpu["jasmin"])
            what = "with level-3 DLR" if dlr else "without DLR"
            lines.append(f"ours / jasmin, {what}: {share:.2f}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare")
    parser.add_argument("--target", action="append", choices=list(TARGETS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    a = parser.parse_args()
    phases: list[Phase] = []
    for number in range(1, a.rounds + 1):
        for name in a.target or TARGETS:
            phases += round_of(TARGETS[name](), number, a.messages)
            for phase in phases[-2:]:
                print(json.dumps(asdict(phase)), flush=True)
    print(*summary(phases), "", *ratios(phases), sep="\n")
    if a.json is not None:
        a.json.write_text(json.dumps([asdict(p) for p in phases], indent=1))
    return (
        1 if any(p.target == "ours" and (p.lost_submits or p.lost_callbacks) for p in phases) else 0
    )


if __name__ == "__main__":
    raise SystemExit(main())

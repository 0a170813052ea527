"""Broken and odd HTTP against a running gateway of ours, for as long as one likes.

python -m compat_tests.fuzz_http [--minutes 60] [--seed N] [--jasmin] [--only NUMBER] [--out FOLDER]

Starts the gateway on a RabbitMQ and a Redis of its own with the users and routes of the recording,
and makes connection after connection (fuzzing/cases.py). It is a finding, kept with its octets:
- an answer of 5xx that Jasmin would not give: by its words, or with --jasmin by asking a live one;
- neither an answer nor the end of the connection within WITHIN_S;
- a traceback in a log, or a gateway that ends;
- memory or descriptors that grow, and at the end a /ping that takes 50 ms or more.
Ends with 0 if there was none. `--only` makes one connection of that seed again, and shows it.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from compat_tests import sites
from compat_tests.fuzzing import cases, judge
from compat_tests.fuzzing.cases import Case, Step
from compat_tests.fuzzing.client import Outcome, exchange
from compat_tests.peers.smsc import Smsc
from compat_tests.targets.console import Console
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.ours import Ours
from tests import golden
from tests.services import RabbitMq, Redis

CLIENT_TIME_S = 2
"""What the gateway gives a client to send its request, and keeps an idle connection."""
WITHIN_S = 10.0
PING_S = 0.05
CONNECTIONS = 24
LOOK_EVERY_S = 5.0
GROWTH_MIB = 48
"""Allowed beyond what it had after a tenth of the time."""
DESCRIPTORS = 20
"""Allowed beyond those at the start, once all connections have ended."""
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True, slots=True)
class Place:
    """What is fuzzed."""

    http_port: int
    pid: int
    folders: tuple[Path, ...]
    """Of its logs and of what it prints."""


@dataclass(slots=True)
class Watch:
    """What is seen of the gateway's process while it is fuzzed."""

    place: Place
    descriptors: int = 0
    """At the start."""
    early_mib: float = 0.0
    """After a tenth of the time."""
    mib: float = 0.0
    worst_ping_ms: float = 0.0
    """Under load."""
    _read: dict[Path, int] = field(default_factory=dict)

    def lives(self) -> bool:
        return Path(f"/proc/{self.place.pid}/statm").exists()

    def rss_mib(self) -> float:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.place.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def open_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.place.pid}/fd"))

    def tracebacks(self) -> list[str]:
        """Those since the last look, in logs and output."""
        found = []
        for path in (path for folder in self.place.folders for path in folder.iterdir()):
            if (path.suffix != ".log" and path.parent.name != "out") or "accesslog" in path.name:
                continue
            start = self._read.get(path, 0)
            with path.open("rb") as log:
                log.seek(start if path.stat().st_size >= start else 0)
                text = log.read().decode(errors="replace")
                self._read[path] = log.tell()
            parts = text.split(TRACEBACK)
            for before, after in itertools.pairwise(parts):
                found.append(f"{path.name}: {before[-200:]}{TRACEBACK}{after[:3000]}")
        return found


@dataclass(slots=True)
class Findings:
    """What must not be, each kind of it once with its first case."""

    out: Path
    seed: int
    known: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, text: str, case: Case | None = None) -> None:
        self.counts[what] += 1
        if what in self.known:
            return
        name = f"seed {self.seed}, --only {case.number} ({case.kind})" if case else "-"
        self.known[what] = f"{what}\n  {name}\n  {text[:3000]}"
        print(f"FINDING {self.known[what]}", flush=True)
        if case is not None:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / f"{self.seed}-{case.number}").write_bytes(case.octets)


@contextlib.asynccontextmanager
async def running(target: Target, broker: RabbitMq, vhost: str) -> AsyncIterator[Gateway]:
    """A gateway with the users, connectors and routes of the recording."""
    smsc, redis = Smsc(), Redis("--appendonly", "no")
    await smsc.open()
    redis.start()
    bounds = {"request_timeout_s": str(CLIENT_TIME_S), "keep_alive_s": str(CLIENT_TIME_S)}
    site = replace(sites.console(0), cfg={"http-api": bounds})
    gateway = Gateway(target, site, amqp=(broker.port, vhost), redis=redis.port)
    forgetting = asyncio.create_task(_forget(smsc))
    try:
        await asyncio.to_thread(gateway.start)
        await configured(gateway.console_port, smsc)
        yield gateway
    finally:
        forgetting.cancel()
        await asyncio.to_thread(gateway.stop)
        shutil.rmtree(gateway.folder, ignore_errors=True)
        await smsc.close()
        redis.close()


async def configured(console_port: int, smsc: Smsc) -> None:
    """Type what was typed for the recording, and wait for the connector most routes lead to."""
    await asyncio.to_thread(_configure, console_port, smsc.port)
    await smsc.is_bound("smppuser")


def _configure(console_port: int, smsc_port: int) -> None:
    console = Console(console_port)
    for line in golden.load("http_api")["provisioning_jcli"]:
        console.line(line.replace("port 27750", f"port {smsc_port}"))
    console.close()


async def _forget(smsc: Smsc) -> None:
    """An hour's messages need not be kept."""
    while True:
        await asyncio.sleep(1)
        smsc.submitted.clear()
        for session in smsc.sessions:
            session.received.clear()


class Fuzzer:
    """Runs cases one after the other on each of CONNECTIONS workers, until the time is over."""

    def __init__(self, place: Place, findings: Findings, *, minutes: float) -> None:
        self.port, self.findings = place.http_port, findings
        self.watch = Watch(place)
        self.endings: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.suspects: dict[str, tuple[Case, bytes]] = {}
        """5xx whose words are not known as Jasmin's, by their words."""
        self.made = 0
        self._began = time.monotonic()
        self._end = self._began + minutes * 60
        self._numbers = iter(range(10**12))

    async def run(self) -> None:
        self.watch.descriptors = self.watch.open_descriptors()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONNECTIONS):
                tasks.create_task(self._work())
            tasks.create_task(self._look())
        await self._afterwards()

    async def _work(self) -> None:
        while time.monotonic() < self._end and self.watch.lives():
            case = cases.case(self.findings.seed, next(self._numbers))
            outcome = await self._make(case)
            if b"HEAD " in case.octets and any(status >= 500 for status, _ in outcome.answers):
                await self._make(case.as_get())

    def convict(self) -> None:
        """Without a Jasmin to ask, what is not known as its words is a finding."""
        for what, (case, answer) in self.suspects.items():
            self.findings.add(what, repr(answer[:1500]), case)

    async def _make(self, case: Case) -> Outcome:
        outcome = await exchange(self.port, case, within_s=WITHIN_S)
        self._judge(case, outcome)
        return outcome

    def _judge(self, case: Case, outcome: Outcome) -> None:
        self.made += 1
        self.endings[outcome.ending] += 1
        if outcome.ending == "hung":
            self.findings.add(f"hung: {case.kind}", repr(case.octets[:1500]), case)
        for status, answer in outcome.answers:
            self.statuses[status] += 1
            if status >= 500 and judge.text_of(answer) and not judge.is_jasmins(answer):
                self.suspects.setdefault(_words(status, answer), (case, answer))

    async def _look(self) -> None:
        while time.monotonic() < self._end:
            await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, self._end - time.monotonic())))
            if not self.watch.lives():
                self.findings.add("the gateway ended", f"after {self.made} connections")
                return
            for text in self.watch.tracebacks():
                self.findings.add(f"traceback: {_last_line(text)}", text)
            self.watch.mib = self.watch.rss_mib()
            gone = time.monotonic() - self._began
            if not self.watch.early_mib and gone > (self._end - self._began) / 10:
                self.watch.early_mib = self.watch.mib
            ping_s = await ping(self.port)
            self.watch.worst_ping_ms = max(self.watch.worst_ping_ms, ping_s * 1e3)
            if int(gone / LOOK_EVERY_S) % 12 == 0:
                self._say(gone)

    def _say(self, gone_s: float) -> None:
        print(
            f"{gone_s:6.0f} s: {self.made} connections, {dict(self.endings)}, "
            f"{self.watch.mib:.0f} MiB, {self.watch.open_descriptors()} descriptors, "
            f"worst ping {self.watch.worst_ping_ms:.0f} ms, {len(self.findings.known)} findings, "
            f"{len(self.suspects)} suspects",
            flush=True,
        )

    async def _afterwards(self) -> None:
        """Once it is quiet: descriptors, memory, `/ping`."""
        if not self.watch.lives():
            return
        watch, allowed = self.watch, self.watch.descriptors + DESCRIPTORS
        end = time.monotonic() + 3 * CLIENT_TIME_S
        while watch.open_descriptors() > allowed and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        if watch.open_descriptors() > allowed:
            many = f"{watch.descriptors} before, {watch.open_descriptors()} after"
            self.findings.add("descriptors stay open", many)
        watch.mib = watch.rss_mib()
        if watch.early_mib and watch.mib > watch.early_mib + GROWTH_MIB:
            self.findings.add("memory grows", f"{watch.early_mib:.0f} MiB, then {watch.mib:.0f}")
        pings = [await ping(self.port) for _ in range(21)]
        took = f"median {statistics.median(pings) * 1e3:.1f} ms, worst {max(pings) * 1e3:.1f} ms"
        print(f"/ping afterwards: {took}")
        if statistics.median(pings) >= PING_S:
            self.findings.add("/ping is slow afterwards", took)


async def ping(port: int) -> float:
    """Seconds until it is answered; infinite if it is not."""
    octets = b"GET /ping HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n"
    case = Case(0, "ping", (Step(octets),), "wait")
    outcome = await exchange(port, case, within_s=WITHIN_S)
    right = [status for status, _ in outcome.answers] == [200]
    return outcome.took_s if right else float("inf")


async def ask_jasmin(fuzzer: Fuzzer, broker: RabbitMq, vhost: str) -> None:
    """What Jasmin answers with a 5xx, too, is no finding."""
    async with running(Jasmin(), broker, vhost) as gateway:
        for what, (case, answer) in fuzzer.suspects.items():
            theirs = await exchange(gateway.http_port, case, within_s=WITHIN_S)
            if any(found >= 500 for found, _ in theirs.answers):
                print(f"Jasmin, too: {what}")
            else:
                answers = "\n  ".join(repr(octets[:300]) for _, octets in theirs.answers)
                fuzzer.findings.add(what, f"{answer!r}\n  Jasmin: {answers}", case)


def _words(status: int, answer: bytes) -> str:
    """To tell one kind of answer from another."""
    return f"{status} {re.sub(r'[0-9]+', '0', judge.text_of(answer))[:80]!r}"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if re.match(r"[A-Za-z_.]+(Error|Exception)", line)]
    return lines[0][:120] if lines else "?"


async def fuzz(options: argparse.Namespace) -> Findings:
    findings = Findings(options.out, options.seed)
    broker = RabbitMq()
    await asyncio.to_thread(broker.start)
    try:
        broker.add_vhosts("fuzzed", "asked")
        async with running(Ours(), broker, "fuzzed") as gateway:
            folders = (gateway.folder / "out", gateway.folder / "log")
            place = Place(gateway.http_port, gateway.pids["jasmind"], folders)
            fuzzer = Fuzzer(place, findings, minutes=options.minutes)
            if options.only is not None:
                await show(gateway, cases.case(options.seed, options.only))
                return findings
            await fuzzer.run()
        if options.jasmin and fuzzer.suspects:
            await ask_jasmin(fuzzer, broker, "asked")
        else:
            fuzzer.convict()
    finally:
        broker.close()
    print(f"{fuzzer.made} connections: {dict(fuzzer.endings)}, answers {_sorted(fuzzer.statuses)}")
    watch = fuzzer.watch
    print(
        f"memory {watch.early_mib:.0f} MiB early, {watch.mib:.0f} at the end; "
        f"worst /ping under load {watch.worst_ping_ms:.0f} ms"
    )
    return findings


def _sorted(counts: Counter[int]) -> dict[int, int]:
    return dict(sorted(counts.items()))


async def show(gateway: Gateway, case: Case) -> None:
    for step in case.steps:
        print(f"after {step.after_s} s", step.octets)
    print(case.kind, case.end, await exchange(gateway.http_port, case, within_s=WITHIN_S))
    print(gateway.ends_of_logs(60))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m compat_tests.fuzz_http")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--jasmin", action="store_true", help="ask a live Jasmin 0.11.0")
    parser.add_argument("--only", type=int, help="the number of one case")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "jc-fuzz")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.minutes} minutes", flush=True)
    findings = asyncio.run(fuzz(options))
    for what, count in findings.counts.items():
        print(f"{count:6} x {findings.known[what]}")
    print("no finding" if not findings.known else f"{len(findings.known)} findings")
    return 1 if findings.known else 0


if __name__ == "__main__":
    sys.exit(main())

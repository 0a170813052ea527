"""The tool that recorded Jasmin's HTTP API, unchanged, on a gateway: which answers are others.

python -m compat_tests.http_tool [--target jasmin] [-v]

Starts the gateway, empty, on a RabbitMQ and a Redis of its own; the tool configures it through its
console, makes the 478 recorded requests and keeps what its SMSC was sent; compare.py compares that
with the recording (of 0.12-dev). Prints a line for each case that differs.
"""

import argparse
import asyncio
import gzip
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compat_tests import sites
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.ours import Ours
from tests.services import RabbitMq, Redis, free_port

GOLDEN = Path(__file__).parent / "golden"
REQUESTS = 478
TARGETS: dict[str, type[Target]] = {"jasmin": Jasmin, "ours": Ours}
CASE = re.compile(
    r"^   - (?P<number>http-\d+) (?P<what>.*)\n"
    r"       ref : (?P<recorded>.*)\n       cand: (?P<live>.*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A request whose answer, or whose submit_sm, is not the recorded one."""

    number: str
    what: str
    recorded: str
    """JSON: status line, headers, body, submit_sm; cut after 700 characters."""
    live: str


class ToolFailed(Exception):
    """It did not make every request; says what it printed."""


async def differences(http_port: int, console_port: int, folder: Path) -> list[Difference]:
    """Run the tool on a gateway that has no configuration; in the order of the recording.

    Raises:
        ToolFailed: it could not do its work.
    """
    reference, candidate = folder / "reference", folder / "candidate"
    reference.mkdir()
    candidate.mkdir()
    recorded = (GOLDEN / "http_api.json.gz").read_bytes()
    (reference / "http_api.json").write_bytes(gzip.decompress(recorded))
    ports = ("--http-port", str(http_port), "--jcli-port", str(console_port))
    smsc = ("--smsc-port", str(free_port()))
    did = await _tool("cap_http.py", *ports, *smsc, "--out", str(candidate))
    if not (candidate / "http_api.json").exists():
        raise ToolFailed(did)
    said = await _tool("compare.py", str(reference), str(candidate), "-v")
    if f"{REQUESTS} compared" not in said:
        raise ToolFailed(said)
    return [Difference(**found.groupdict()) for found in CASE.finditer(said)]


async def _tool(name: str, *arguments: str) -> str:
    """What it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(GOLDEN / "tools" / name), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode()


def of_target(target: Target) -> list[Difference]:
    """Start it with all it needs, and end it."""
    broker, redis = RabbitMq(), Redis("--appendonly", "no")
    folder = Path(tempfile.mkdtemp(prefix="jc-http-tool-"))
    try:
        broker.start()
        redis.start()
        site = sites.console(0)
        gateway = Gateway(target, site, amqp=(broker.port, "/"), redis=redis.port)
        try:
            gateway.start()
            return asyncio.run(differences(gateway.http_port, gateway.console_port, folder))
        finally:
            gateway.stop()
            shutil.rmtree(gateway.folder, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        redis.close()
        broker.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m compat_tests.http_tool")
    parser.add_argument("--target", choices=TARGETS, default="ours")
    parser.add_argument("-v", action="store_true", help="show both answers")
    chosen = parser.parse_args()
    found = of_target(TARGETS[chosen.target]())
    for case in found:
        print(case.number, case.what)
        if chosen.v:
            print("  recorded", case.recorded)
            print("  live    ", case.live)
    print(f"{len(found)} of {REQUESTS} differ on {chosen.target}")


if __name__ == "__main__":
    main()

"""What a large site costs: its start, its memory, and one change to it.

    python -m benchmarks.site_cost [--users 100000] [--routes 1000] [--changes 200]

Writes the site to a folder of its own, then measures in a fresh process. Times are those of the
folder's disk: --folder chooses another.
"""

import argparse
import asyncio
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.gateway.filters import UserFilter
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Edit, Kind, Put, Site, edit_to
from jasmin_compat.gateway.users import Group, GroupId, UserId
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.fakes import FakeConnectors, MemoryProfiles


def large_site(users: int, routes: int) -> Site:
    """Users in groups of a hundred, and a route for each of the first users."""
    groups = {GroupId(f"g{n}"): Group(gid=GroupId(f"g{n}")) for n in range(users // 100 + 1)}
    known = [builders.user(f"user{n}", f"p{n}", gid=GroupId(f"g{n // 100}")) for n in range(users)]
    cids = [ConnectorId(f"smsc{n}") for n in range(20)]
    return Site(
        groups=groups,
        users={user.uid: user for user in known},
        uids={user.username: user.uid for user in known},
        connectors={cid: builders.connector(cid) for cid in cids},
        mt_routes={
            order: Route(
                selection="static",
                targets=(Target("smppc", cids[order % 20]),),
                filters=(UserFilter(UserId(f"user{order}")),),
                rate=0.01,
            )
            for order in range(routes, 0, -1)
        },
    )


def written_octets() -> int:
    """By this process, to files."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("wchar")).split()[1])


def rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def measure(folder: Path, changes: int) -> None:
    """In a process that has done nothing before."""
    gc.collect()
    before_mib, began = rss_mib(), time.perf_counter()
    async with open_sqlite_site(folder) as store:
        opened_s = time.perf_counter() - began
        site = await store.read()
        assert site is not None
        print(f"start-up: opened and checked in {opened_s:.2f} s, "
              f"read in {time.perf_counter() - began - opened_s:.2f} s")  # fmt: skip
        gc.collect()
        print(f"memory: {rss_mib() - before_mib:.0f} MiB more than before ({before_mib:.0f})")
        admin = Administration(
            Current(site),
            AdminPorts(
                store=store,
                profiles=MemoryProfiles(),
                connectors=FakeConnectors(),
                quotas=MemoryQuotas(),
            ),
        )
        del site

        def password(n: int) -> Callable[[Site], Edit]:
            return lambda _: (Put(Kind.USER, f"user{n}", builders.user(f"user{n}", "other")),)

        def route(n: int) -> Callable[[Site], Edit]:
            return lambda _: (Put(Kind.MT_ROUTE, n + 1, builders.default_route("smsc1")),)

        for name, edit in (("a user", password), ("a route", route)):
            await _changes(name, admin, [edit(n) for n in range(changes)])


async def _changes(name: str, admin: Administration, decided: list[Callable[[Site], Edit]]) -> None:
    octets, lasted = written_octets(), []
    for decide in decided:
        began = time.perf_counter()
        await admin.change(decide)
        lasted.append((time.perf_counter() - began) * 1000)
    each = (written_octets() - octets) / len(decided)
    lasted.sort()
    print(f"change of {name}: {statistics.median(lasted):.1f} ms (99 %: "
          f"{lasted[int(len(lasted) * 0.99)]:.1f}), {each / 1024:.1f} KiB written")  # fmt: skip


async def fill(folder: Path, site: Site) -> None:
    async with open_sqlite_site(folder) as store:
        began = time.perf_counter()
        await store.write(edit_to(site))
        print(f"first write: {time.perf_counter() - began:.2f} s, "
              f"{(folder / FILE).stat().st_size / 2**20:.1f} MiB")  # fmt: skip
    print(f"file: {(folder / FILE).stat().st_size / 2**20:.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--routes", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--measure", type=Path, default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        asyncio.run(measure(args.measure, args.changes))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as made:
        asyncio.run(fill(Path(made), large_site(args.users, args.routes)))
        again = ["-m", "benchmarks.site_cost", "--measure", made, "--changes", str(args.changes)]
        subprocess.run([sys.executable, *again], check=True, env=dict(os.environ))


if __name__ == "__main__":
    main()

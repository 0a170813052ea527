"""What a charge costs: CPU and time, for one at a time and for 50.

`python -m benchmarks.quotas_cost`; other work of the machine counts as time, not as CPU.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import uvloop

from jasmin_compat.adapters.sqlite_quotas import SqliteQuotas, open_sqlite_quotas
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.site import edit_to
from jasmin_compat.gateway.users import User
from tests import builders

ONE = Charge(amount=0.5, count=1, needed=0.5)
CHARGES = 20_000


def user(number: int) -> User:
    quotas = Quotas(balance=1e9, submit_sm_count=10**9)
    return builders.user(f"u{number}", mt=MtCredential(quotas=quotas))


async def measure(folder: Path, at_once: int, users: list[User]) -> str:
    async with open_sqlite_site(folder) as store:
        await store.write(edit_to(builders.site(*users)))
        async with open_sqlite_quotas(store.file, lambda user: user) as quotas:
            took_s: list[float] = []
            cpu, began = time.process_time(), time.perf_counter()
            await charge_all(quotas, users, at_once, took_s)
            cpu_s, all_s = time.process_time() - cpu, time.perf_counter() - began
            writes = quotas.counts.writes
    took_s.sort()
    return (
        f"{at_once:4} at once, {len(users):5} users:"
        f" {cpu_s / CHARGES * 1e6:6.1f} us CPU, {CHARGES / all_s:7.0f}/s,"
        f" {took_s[CHARGES // 2] * 1e3:6.2f} ms median,"
        f" {took_s[CHARGES * 99 // 100] * 1e3:6.2f} ms of 99 %,"
        f" {took_s[-1] * 1e3:6.1f} ms worst, {writes} writes"
    )


async def charge_all(
    quotas: SqliteQuotas, users: list[User], at_once: int, took_s: list[float]
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for first in range(at_once):
            tasks.create_task(charge(quotas, users, took_s, range(first, CHARGES, at_once)))


async def charge(
    quotas: SqliteQuotas, users: list[User], took_s: list[float], numbers: range
) -> None:
    for number in numbers:
        began = time.perf_counter()
        await quotas.charge(users[number % len(users)], ONE)
        took_s.append(time.perf_counter() - began)


def main() -> None:
    for at_once, users in ((1, 1), (50, 1), (50, 1000)):
        with tempfile.TemporaryDirectory(dir=".") as folder:
            crowd = [user(n) for n in range(users)]
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                print(runner.run(measure(Path(folder), at_once, crowd)))


if __name__ == "__main__":
    main()

"""kill -9 while the site is changed: after each start it holds what was acknowledged, and no more.

JASMIN_COMPAT_KILLS says how often, 5 without it.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.gateway.site import Site, apply
from tests.daemons.changing_site import nth_edit

KILLS = int(os.environ.get("JASMIN_COMPAT_KILLS", "5"))
ROOT = Path(__file__).parents[2]


def killed(folder: Path, first: int, draw: Random) -> int:
    """Let a process change the site, kill it at some moment; how many changes it acknowledged."""
    command = [sys.executable, "-m", "tests.daemons.changing_site", str(folder), str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(draw.randrange(1, 20))]
        time.sleep(draw.random() * 0.005)
        process.kill()
        told += process.stdout.readlines()
        process.wait()
    assert [int(number) for number in told] == list(range(first, first + len(told)))
    return len(told)


# covers: W-CFG-02
@pytest.mark.process
@pytest.mark.timeout(60 + 3 * KILLS)
def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    draw = Random(9)
    site, done, in_flight = Site(), 0, 0
    for _ in range(KILLS):
        acknowledged = killed(tmp_path, done, draw)
        for number in range(done, done + acknowledged):
            site = apply(site, nth_edit(number, site))
        done += acknowledged
        found = asyncio.run(read(tmp_path))
        if found != site:  # the change it was killed in
            site = apply(site, nth_edit(done, site))
            done += 1
            in_flight += 1
            assert found == site
    assert done > 5 * KILLS


async def read(folder: Path) -> Site:
    async with open_sqlite_site(folder) as store:
        return await store.read() or Site()

"""kill -9 while users are charged and changed: what was answered is there at the next start.

JASMIN_COMPAT_KILLS says how often, 3 without it.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from jasmin_compat.adapters.sqlite_site import read_sqlite_site
from tests.daemons.charging_users import AT_ONCE, RAISE, UID

KILLS = int(os.environ.get("JASMIN_COMPAT_KILLS", "3"))
ROOT = Path(__file__).parents[2]


def answered_until_killed(folder: Path, draw: Random) -> Counter[bytes]:
    command = [sys.executable, "-m", "tests.daemons.charging_users", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(draw.randrange(1, 400))]
        time.sleep(draw.random() * 0.005)
        process.kill()
        told += process.stdout.readlines()
        process.wait()
    return Counter(line.strip() for line in told)


def balance(folder: Path) -> float:
    site = read_sqlite_site(folder)
    assert site is not None
    left = site.users[UID].mt.quotas.balance
    assert left is not None
    return left


# covers: W-BILL-04
@pytest.mark.process
@pytest.mark.timeout(60 + 3 * KILLS)
def test_what_was_charged_is_charged_after_kill_9(tmp_path: Path) -> None:
    draw = Random(9)
    left, raised = 0.0, 0
    for _ in range(KILLS):
        told = answered_until_killed(tmp_path, draw)
        answered = left + RAISE * told[b"raised"] - told[b"charged"]
        left = balance(tmp_path)
        # Those at work when it was killed: each is there, or is not.
        assert answered - left in {
            charges - RAISE * raises for charges in range(AT_ONCE + 1) for raises in (0, 1)
        }
        raised += told[b"raised"]
    assert raised > 0

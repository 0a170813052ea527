"""`jasmin-compat demo --once`: everything is shown, and the exit status tells whether it came."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.process
def test_it_shows_the_way_of_two_messages_and_ends_with_zero() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jasmin_compat", "demo", "--once"],
        cwd=ROOT,
        env={**os.environ},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert sum("gets   submit_sm " in line for line in lines) == 4  # one, and three parts
    assert sum("sends  deliver_sm " in line for line in lines) == 2
    assert sum("level='1' message_status='ESME_ROK'" in line for line in lines) == 2
    assert sum("level='2' message_status='DELIVRD'" in line for line in lines) == 2
    assert "all 4 callbacks came" in done.stdout

"""The worker's process; tests/adapters/test_script_workers.py has it run scripts."""

import subprocess
import sys

from jasmin_compat.adapters.script_workers import _job
from jasmin_compat.gateway.charging import Left
from jasmin_compat.wire.script_jobs import HEAD, Done, Ready, read_ran, write_job
from tests import builders
from tests.builders import NOW


def test_it_answers_in_order_and_ends_with_its_input() -> None:
    left = Left(balance=None, submit_sm_count=None)
    jobs = [
        _job("evaluate", f"result = {says}", builders.routable(), NOW, left=left)
        for says in (True, 0)
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "jasmin_compat.script_worker", "0"],
        input=b"".join(map(write_job, jobs)),
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    out, replies = ran.stdout, []
    while out:
        (length,) = HEAD.unpack(out[: HEAD.size])
        replies.append(read_ran(out[HEAD.size :][:length]).reply)
        out = out[HEAD.size + length :]
    assert replies == [Ready(), Done(result=True), Done(result=False)]

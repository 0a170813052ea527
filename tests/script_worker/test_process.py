"""The worker's process; tests/adapters/test_script_workers.py has it run scripts."""

import subprocess
import sys

from jasmin_compat.adapters.script_workers import _job
from jasmin_compat.wire.script_jobs import HEAD, Done, read_reply, write_job
from tests import builders
from tests.builders import NOW


def test_it_answers_in_order_and_ends_with_its_input() -> None:
    jobs = [_job("evaluate", f"result = {says}", builders.routable(), NOW) for says in (True, 0)]
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
        replies.append(read_reply(out[HEAD.size :][:length]))
        out = out[HEAD.size + length :]
    assert replies == [Done(result=True), Done(result=False)]

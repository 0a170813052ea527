"""The worker's process: reads jobs from its standard input, answers on its standard output.

Scripts get neither: what they print goes back with the answer, what programs of theirs print goes
nowhere, and reading gives them the end of the file.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from typing import BinaryIO

from jasmin_compat.script_worker.jobs import Jobs
from jasmin_compat.script_worker.modules import install
from jasmin_compat.wire.script_jobs import HEAD, Ran, Ready, read_job, write_ran

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def main(memory_octets: int) -> None:
    """Until the gateway closes its end. `memory_octets` bounds the address space; 0 does not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the gateway, too
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_octets:
        resource.setrlimit(resource.RLIMIT_AS, (memory_octets, memory_octets))
    install()
    jobs_in, replies_out = _take_streams()
    jobs = Jobs(now_s=time.perf_counter, has_children=_has_children)
    _write(replies_out, Ran(reply=Ready()))
    while head := jobs_in.read(HEAD.size):
        job = read_job(jobs_in.read(*HEAD.unpack(head)))
        _write(replies_out, jobs.run(job))


def _write(replies_out: BinaryIO, ran: Ran) -> None:
    replies_out.write(write_ran(ran))
    replies_out.flush()


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Descriptors of our own, which programs that a script starts do not inherit."""
    jobs_in, replies_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)
    return jobs_in, replies_out


def _has_children() -> bool:
    """Those that have ended are reaped."""
    try:
        while True:
            pid, _status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return True
    except ChildProcessError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The worker's process: reads jobs from its standard input, answers on its standard output.

Scripts get neither: what they print goes where the gateway's own errors go, and reading gives them
the end of the file.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import BinaryIO

from jasmin_compat.script_worker.jobs import Jobs
from jasmin_compat.script_worker.modules import install
from jasmin_compat.wire.script_jobs import HEAD, Failed, Reply, read_job, write_reply

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
    jobs, me = Jobs(), os.getpid()
    while head := jobs_in.read(HEAD.size):
        job = read_job(jobs_in.read(*HEAD.unpack(head)))
        reply = jobs.run(job)
        sys.stdout.flush()
        if os.getpid() != me:  # the script forked, and this is its child
            os._exit(0)
        replies_out.write(write_reply(_unless_it_left_processes(reply)))
        replies_out.flush()


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Descriptors of our own, which programs that a script starts do not inherit."""
    jobs_in, replies_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return jobs_in, replies_out


def _unless_it_left_processes(reply: Reply) -> Reply:
    """The gateway ends them together with this process."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return reply
    return Failed("the script left processes behind", ends_worker=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""One process of a name at a time: Jasmin's lock files, but none is stale (contract/config.md §8).

The kernel's lock on the file counts, and it ends with its process: after SIGKILL nothing has to be
removed by hand (W-CFG-13). While it is held the file is there, so a Jasmin daemon stays out too.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


class NotLocked(Exception):
    """Somebody else holds the lock, or the file cannot be used; the message says which."""


@contextlib.contextmanager
def only_one(path: Path, *, wait_s: float = 2.0) -> Iterator[None]:
    """Hold the lock within it. Waits for it as long as Jasmin does; for use before the loop runs.

    Raises:
        NotLocked: not to be had.
    """
    fd = _acquire(path, time.monotonic() + wait_s)
    try:
        os.ftruncate(fd, 0)
        os.write(fd, b"%d\n" % os.getpid())
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # while it is held: nobody else's file is removed
        os.close(fd)


def _acquire(path: Path, deadline: float) -> int:
    while True:
        try:
            fd = _open(path)
        except OSError as reason:
            raise NotLocked(f"{path}: {reason.strerror}") from reason
        if fd is not None:
            return fd
        if time.monotonic() >= deadline:
            raise NotLocked(f"{path} is held by process {_holder(path)}")
        time.sleep(0.05)


def _open(path: Path) -> int | None:
    """A descriptor that holds the lock; None when another has it. Raises: OSError."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(path, flags)  # not O_CREAT: Linux refuses that for others' files in /tmp
    except FileNotFoundError:
        try:
            fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return None
    with contextlib.suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), path.stat()):
            return fd  # else the holder removed it meanwhile: ours is a file without a name
    os.close(fd)
    return None


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return str(int(path.read_text()))
    return "unknown"

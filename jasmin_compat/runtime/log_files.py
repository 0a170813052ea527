"""One log file: written in batches, rotated by time and size, bounded in number.

Names of rotated files are those of Python's TimedRotatingFileHandler, which Jasmin uses and
operators' scripts look for: `messages.log.2026-11-24`.
"""

import contextlib
import errno
import fcntl
import glob
import math
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECONDS = {"S": 1, "M": 60, "H": 3600, "D": 86400}
_SUFFIX = {"S": "%Y-%m-%d_%H-%M-%S", "M": "%Y-%m-%d_%H-%M", "H": "%Y-%m-%d_%H"}
_ROTATED = re.compile(r"\.(\d{4}-\d\d-\d\d(?:_\d\d(?:-\d\d){0,2})?)(?:\.(\d+))?")


def is_rotation(when: str) -> bool:
    """Whether it is one of S M H D W0-W6 midnight, in any case."""
    return re.fullmatch(r"(?i)[SMHD]|W[0-6]|MIDNIGHT", when) is not None


def _midnight(unix: float, days: int) -> float:
    """Local midnight at the begin of the day `days` after that of `unix`."""
    day = time.localtime(unix)
    return time.mktime((day.tm_year, day.tm_mon, day.tm_mday + days, 0, 0, 0, 0, 0, -1))


def next_rotation(when: str, unix: float) -> float:
    """When a file begun at `unix` is to be rotated; `when` as Jasmin's log_rotate.

    `W6` means the end of Sunday, as in Python's handler.
    """
    when = when.upper()
    if when in _SECONDS:
        return unix + _SECONDS[when]
    if when == "MIDNIGHT":
        return _midnight(unix, 1)
    return _midnight(unix, 1 + (int(when[1]) - time.localtime(unix).tm_wday) % 7)


def rotated_suffix(when: str, rotates_at: float) -> str:
    """Of the file whose period ended at `rotates_at`: the begin of that period."""
    when = when.upper()
    if when in _SECONDS:
        began = rotates_at - _SECONDS[when]
    else:
        began = _midnight(rotates_at, -1 if when == "MIDNIGHT" else -7)
    return time.strftime(_SUFFIX.get(when, "%Y-%m-%d"), time.localtime(began))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLimits:
    """What bounds log files."""

    keep: int = 14
    """Rotated files of each log."""
    max_octets: int = 100 * 1024 * 1024
    """At which a file is rotated before its time; 0: no limit."""


class LogFile:
    """A file only one process writes. Not for use by two threads at a time.

    Another process of ours that has it open keeps it: this one then writes `NAME-BESIDE.log`,
    and if that is taken too `NAME-PID.log`.
    """

    def __init__(
        self, path: Path, *, when: str, limits: LogLimits, beside: str | None = None
    ) -> None:
        assert is_rotation(when), when
        self.path = path
        self._beside = beside
        self._wanted = path
        self._when = when
        self._limits = limits
        self._fd = -1
        self._octets = 0
        self._rotates_at = 0.0

    def write(self, lines: bytes, now: float) -> None:
        """Append, after a rotation if one is due. Raises: OSError."""
        if self._fd < 0:
            self._open(now)
        too_long = self._limits.max_octets and self._octets + len(lines) > self._limits.max_octets
        if now >= self._rotates_at or (too_long and self._octets):
            self._rotate(now)
        view = memoryview(lines)
        while view:  # a full disk may take a part of it
            view = view[os.write(self._fd, view) :]
        self._octets += len(lines)

    def reopen(self) -> None:
        """Close, so that the next write opens what is there by the name then (SIGHUP)."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    close = reopen

    def _open(self, now: float) -> None:
        self._wanted.parent.mkdir(parents=True, exist_ok=True)
        for path in self._names():
            self.path, self._fd = path, _open_locked(path)
            if self._fd >= 0:
                break
        else:
            raise OSError(errno.EBUSY, "another process writes it", str(self.path))
        found = os.fstat(self._fd)
        self._octets = found.st_size
        # a file from before counts from its last line, as with Python's handler
        self._rotates_at = next_rotation(self._when, found.st_mtime if found.st_size else now)

    def _names(self) -> Iterator[Path]:
        yield self._wanted
        for ending in (self._beside, os.getpid()):
            if ending is not None:
                yield self._wanted.with_name(f"{self._wanted.stem}-{ending}{self._wanted.suffix}")

    def _rotate(self, now: float) -> None:
        suffix = rotated_suffix(self._when, self._rotates_at)
        target = self._free_name(suffix, numbered=now < self._rotates_at)
        with contextlib.suppress(FileNotFoundError):  # somebody else moved it
            self.path.rename(target)
        self.reopen()
        for _, _, old in self._rotated()[: -self._limits.keep]:
            old.unlink(missing_ok=True)
        self._open(now)

    def _free_name(self, suffix: str, *, numbered: bool) -> Path:
        """A file rotated for its size gets a number behind: its period has not ended."""
        plain = self.path.with_name(f"{self.path.name}.{suffix}")
        if not numbered and not plain.exists():
            return plain
        taken = [number for period, number, _ in self._rotated() if period == suffix]
        last = max((number for number in taken if number < math.inf), default=0)
        return plain.with_name(f"{plain.name}.{last + 1:.0f}")

    def _rotated(self) -> list[tuple[str, float, Path]]:
        """What was rotated, oldest first: by period, by number, and last the one without."""
        return sorted(
            (match[1], float(match[2] or "inf"), path)
            for path in self.path.parent.glob(f"{glob.escape(self.path.name)}.*")
            if (match := _ROTATED.fullmatch(path.name, len(self.path.name)))
        )


def _open_locked(path: Path) -> int:
    """A descriptor to append to the file; -1 when another process of ours has it."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return -1
    except OSError:  # a file system without locks
        return fd
    return fd

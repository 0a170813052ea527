"""Log files are rotated as Jasmin's are, and bounded, which Jasmin's are not."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path

import pytest

from jasmin_compat.runtime.log_files import LogFile, LogLimits, next_rotation, rotated_suffix


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/New_York"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# 2026-11-24 is a Tuesday; clocks change on 2026-10-25 (Berlin) and 2026-11-01 (New York)
@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize(
    ("when", "begun", "rotates", "suffix"),
    [
        ("midnight", "2026-11-24 09:30", "2026-11-25 00:00", "2026-11-24"),
        ("MIDNIGHT", "2026-11-24 00:00", "2026-11-25 00:00", "2026-11-24"),
        ("midnight", "2026-10-25 01:00", "2026-10-26 00:00", "2026-10-25"),
        ("midnight", "2026-11-01 01:00", "2026-11-02 00:00", "2026-11-01"),
        ("midnight", "2026-12-31 23:59:59", "2027-01-01 00:00", "2026-12-31"),
        ("W6", "2026-11-24 09:30", "2026-11-30 00:00", "2026-11-23"),
        ("W6", "2026-11-29 09:30", "2026-11-30 00:00", "2026-11-23"),
        ("W0", "2026-11-24 09:30", "2026-12-01 00:00", "2026-11-24"),
        ("w1", "2026-11-24 09:30", "2026-11-25 00:00", "2026-11-18"),
        ("D", "2026-11-24 09:30", "2026-11-25 09:30", "2026-11-24"),
        ("H", "2026-11-24 09:30", "2026-11-24 10:30", "2026-11-24_09"),
        ("M", "2026-11-24 09:30", "2026-11-24 09:31", "2026-11-24_09-30"),
        ("S", "2026-11-24 09:30:01", "2026-11-24 09:30:02", "2026-11-24_09-30-01"),
    ],
)
def test_when_it_rotates_and_what_it_is_called_then(
    when: str, begun: str, rotates: str, suffix: str
) -> None:
    rotates_at = next_rotation(when, local(begun))
    assert rotates_at == local(rotates)
    assert rotated_suffix(when, rotates_at) == suffix


@pytest.mark.parametrize("when", ["midnight", "W0", "W3", "W6", "D", "H", "M", "S"])
def test_it_agrees_with_pythons_handler(when: str, tmp_path: Path) -> None:
    handler = TimedRotatingFileHandler(tmp_path / "x.log", when=when, delay=True)
    for hour in range(0, 24 * 14, 5):
        unix = local("2026-11-24 09:30") + hour * 3600
        rotates_at = handler.computeRollover(int(unix))
        assert next_rotation(when, unix) == rotates_at
        began = time.localtime(rotates_at - handler.interval)
        assert rotated_suffix(when, rotates_at) == time.strftime(handler.suffix, began)
    handler.close()


NOON = local("2026-11-24 12:00")
DAY = 86400.0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# covers: CONF-05
def test_at_midnight_a_new_file_is_begun(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "messages.log", when="midnight", limits=LogLimits())
    log.write(b"one\n", NOON)
    log.write(b"two\n", NOON + DAY)
    log.close()
    assert (tmp_path / "messages.log.2026-11-24").read_bytes() == b"one\n"
    assert (tmp_path / "messages.log").read_bytes() == b"two\n"


def test_after_a_restart_the_old_day_is_still_rotated(tmp_path: Path) -> None:
    path = tmp_path / "messages.log"
    path.write_bytes(b"old\n")
    os.utime(path, (NOON, NOON))
    log = LogFile(path, when="midnight", limits=LogLimits())
    log.write(b"new\n", NOON + 3 * DAY)
    log.close()
    assert (tmp_path / "messages.log.2026-11-24").read_bytes() == b"old\n"
    assert path.read_bytes() == b"new\n"


# covers: W-CFG-11
def test_only_the_youngest_rotated_files_are_kept(tmp_path: Path) -> None:
    (tmp_path / "messages.log.mine").touch()
    (tmp_path / "messages.logger.2020-01-01").touch()
    log = LogFile(tmp_path / "messages.log", when="midnight", limits=LogLimits(keep=2))
    for day in range(5):
        log.write(b"x\n", NOON + day * DAY)
    log.close()
    assert names(tmp_path) == [
        "messages.log",
        "messages.log.2026-11-26",
        "messages.log.2026-11-27",
        "messages.log.mine",
        "messages.logger.2020-01-01",
    ]


# covers: W-CFG-11
def test_a_file_too_long_is_rotated_before_its_time(tmp_path: Path) -> None:
    limits = LogLimits(keep=3, max_octets=10)
    log = LogFile(tmp_path / "messages.log", when="midnight", limits=limits)
    for number in range(12):
        log.write(b"line %02d\n" % number, NOON)
    log.write(b"next day\n", NOON + DAY)
    log.close()
    assert names(tmp_path) == [
        "messages.log",
        "messages.log.2026-11-24",
        "messages.log.2026-11-24.10",
        "messages.log.2026-11-24.11",
    ]
    assert (tmp_path / "messages.log.2026-11-24").read_bytes() == b"line 11\n"


def test_a_rotated_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "messages.log.2026-11-24").write_bytes(b"precious\n")
    log = LogFile(tmp_path / "messages.log", when="midnight", limits=LogLimits())
    log.write(b"one\n", NOON)
    log.write(b"two\n", NOON + DAY)
    log.close()
    assert (tmp_path / "messages.log.2026-11-24").read_bytes() == b"precious\n"
    assert (tmp_path / "messages.log.2026-11-24.1").read_bytes() == b"one\n"


def test_after_reopen_it_writes_to_what_has_the_name(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "messages.log", when="midnight", limits=LogLimits())
    log.write(b"one\n", NOON)
    (tmp_path / "messages.log").rename(tmp_path / "moved")
    log.write(b"two\n", NOON)
    log.reopen()
    log.write(b"three\n", NOON)
    log.close()
    assert (tmp_path / "moved").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "messages.log").read_bytes() == b"three\n"


def test_a_rotation_after_somebody_moved_the_file_goes_on(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "messages.log", when="midnight", limits=LogLimits())
    log.write(b"one\n", NOON)
    (tmp_path / "messages.log").unlink()
    log.write(b"two\n", NOON + DAY)
    log.close()
    assert names(tmp_path) == ["messages.log"]


HOLD = """
import sys
from pathlib import Path
from jasmin_compat.runtime.log_files import LogFile, LogLimits
log = LogFile(Path(sys.argv[1]), when="midnight", limits=LogLimits())
log.write(b"theirs\\n", 0.0)
print("open", flush=True)
sys.stdin.read()
"""


# covers: W-CFG-12
def test_of_two_processes_the_second_writes_beside(tmp_path: Path) -> None:
    path = tmp_path / "messages.log"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == b"open\n"
    log = LogFile(path, when="midnight", limits=LogLimits())
    log.write(b"ours\n", NOON)
    assert (tmp_path / f"messages-{os.getpid()}.log").read_bytes() == b"ours\n"
    assert path.read_bytes() == b"theirs\n"
    named = LogFile(path, when="midnight", limits=LogLimits(), beside="two")
    named.write(b"two\n", NOON)
    named.close()
    assert (tmp_path / "messages-two.log").read_bytes() == b"two\n"
    other.stdin.close()
    other.stdout.close()
    other.wait(10)
    log.reopen()  # the name is free now
    log.write(b"ours again\n", NOON)
    log.close()
    assert path.read_bytes().endswith(b"ours again\n")


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "a" / "b" / "x.log", when="midnight", limits=LogLimits())
    log.write(b"one\n", NOON)
    log.close()
    assert (tmp_path / "a" / "b" / "x.log").read_bytes() == b"one\n"


def test_what_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = LogFile(tmp_path / "file" / "x.log", when="midnight", limits=LogLimits())
    with pytest.raises(OSError, match="file"):
        log.write(b"one\n", NOON)

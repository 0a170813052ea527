"""Lines are made in the event loop and written by a thread (contract/config.md §6)."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jasmin_compat.runtime.logs import LineHandler, LineWriter, LogPlaces, LogSpec, logging_to_files


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    names = ("test.one", "test.two")
    yield
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (\w+ *) (\d+) (.*)")


# covers: CONF-05
def test_a_line_has_jasmins_format_and_its_level_decides(tmp_path: Path) -> None:
    specs = [
        LogSpec(logger="test.one", file=f"{tmp_path}/router.log", level="WARNING"),
        LogSpec(logger="test.two", file=f"{tmp_path}/x.log", format="%(message)s", level="DEBUG"),
    ]
    with logging_to_files(specs):
        logging.getLogger("test.one").info("not this")
        logging.getLogger("test.one").warning("this %s", "é")
        logging.getLogger("test.two").debug("that")
    (line,) = (tmp_path / "router.log").read_text().splitlines()
    match = LINE.fullmatch(line)
    assert match is not None
    assert match.groups() == ("WARNING ", str(os.getpid()), "this é")
    assert (tmp_path / "x.log").read_text() == "that\n"


def test_a_format_may_show_where_a_line_comes_from(tmp_path: Path) -> None:
    shown = "%(funcName)s %(filename)s %(threadName)s %(processName)s"
    specs = [LogSpec(logger="test.one", file=f"{tmp_path}/router.log", format=shown)]
    with logging_to_files(specs):
        logging.getLogger("test.one").info("this")
    this = "test_a_format_may_show_where_a_line_comes_from"
    assert (tmp_path / "router.log").read_text() == f"{this} test_logs.py MainThread MainProcess\n"


def test_what_no_format_shows_is_not_looked_up(tmp_path: Path) -> None:
    seen: list[logging.LogRecord] = []
    logger = logging.getLogger("test.one")
    with logging_to_files([LogSpec(logger="test.one", file=f"{tmp_path}/router.log")]):
        logger.addFilter(lambda record: seen.append(record) is None)
        logger.info("this")
    logger.filters.clear()
    (record,) = seen
    assert (record.funcName, record.thread, record.processName) == (
        "(unknown function)",
        None,
        None,
    )


# covers: W-CFG-12
def test_two_loggers_of_one_file_write_it_in_order(tmp_path: Path) -> None:
    specs = [
        LogSpec(logger="test.one", file=f"{tmp_path}/messages.log", format="%(message)s"),
        LogSpec(logger="test.two", file=f"{tmp_path}/./messages.log", format="%(message)s"),
    ]
    with logging_to_files(specs) as logs:
        for number in range(3000):
            logging.getLogger("test.one" if number % 2 else "test.two").info("%d", number)
    assert (tmp_path / "messages.log").read_text().split() == [str(n) for n in range(3000)]
    assert (logs.counts.lines, logs.counts.dropped) == (3000, 0)


def test_lines_that_come_close_together_are_written_together(tmp_path: Path) -> None:
    written: list[bytes] = []
    done = threading.Event()

    class Sink:
        def write(self, lines: bytes, now: float) -> None:
            written.append(lines)
            if b"9" in lines:
                done.set()

        def reopen(self) -> None: ...

    writer, sink = LineWriter(), Sink()
    writer.start()
    for number in range(10):
        writer.put(sink, f"{number}\n")
        time.sleep(0)  # the thread may run
    assert done.wait(5)
    writer.stop(5)
    assert b"".join(written) == b"".join(b"%d\n" % number for number in range(10))
    assert len(written) < 10


@pytest.mark.parametrize(("file", "everything"), [("x-stdout-y", False), ("router.log", True)])
def test_stdout_in_the_name_or_the_setting_means_standard_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], file: str, everything: bool
) -> None:
    spec = LogSpec(logger="test.one", file=f"{tmp_path}/{file}", format="%(message)s")
    with logging_to_files([spec], LogPlaces(stdout=everything)):
        logging.getLogger("test.one").info("hello")
    assert capfd.readouterr().out == "hello\n"
    assert list(tmp_path.iterdir()) == []


def test_reopen_begins_a_new_file_where_the_old_was_moved(tmp_path: Path) -> None:
    spec = LogSpec(logger="test.one", file=f"{tmp_path}/x.log", format="%(message)s")
    with logging_to_files([spec]) as logs:
        logging.getLogger("test.one").info("before")
        moved = threading.Event()

        def move() -> None:
            (tmp_path / "x.log").rename(tmp_path / "moved")
            moved.set()

        logs._writer.call(move)
        assert moved.wait(5)
        logs.reopen()
        logging.getLogger("test.one").info("after")
    assert (tmp_path / "moved").read_text() == "before\n"
    assert (tmp_path / "x.log").read_text() == "after\n"


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    specs = [
        LogSpec(logger="test.one", file=f"{tmp_path}/file/x.log", format="%(message)s"),
        LogSpec(logger="test.two", file=f"{tmp_path}/y.log", format="%(message)s"),
    ]
    with logging_to_files(specs) as logs:
        for _ in range(3):
            logging.getLogger("test.one").info("lost")
            logging.getLogger("test.two").info("kept")
            assert logs._writer.flush(5)
    assert (tmp_path / "y.log").read_text() == "kept\n" * 3
    assert logs.counts.dropped == 3
    assert len(capfd.readouterr().err.splitlines()) == 1  # told, and not again within a minute


class Broken:
    """Fails once in a way nobody foresaw."""

    def __init__(self) -> None:
        self.got = b""

    def write(self, lines: bytes, now: float) -> None:  # noqa: ARG002 RUF100
        if lines == b"bad\n":
            raise ZeroDivisionError
        self.got += lines

    def reopen(self) -> None:
        pass


def test_the_thread_outlives_any_error(capfd: pytest.CaptureFixture[str]) -> None:
    broken, writer = Broken(), LineWriter()
    writer.start()
    for line in ("bad\n", "good\n"):
        writer.put(broken, line)
        assert writer.flush(5)
    writer.stop(5)
    assert (broken.got, writer.counts.dropped) == (b"good\n", 1)
    assert "1 log lines lost: ZeroDivisionError" in capfd.readouterr().err


class Stuck:
    """A disk that takes nothing until it is freed."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.free = threading.Event()
        self.got = b""

    def write(self, lines: bytes, now: float) -> None:  # noqa: ARG002 RUF100
        self.reached.set()
        self.free.wait(10)
        self.got += lines

    def reopen(self) -> None:
        pass


def test_a_stuck_disk_holds_up_nobody_and_the_queue_is_bounded(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stuck = Stuck()
    writer = LineWriter(max_waiting=10)
    writer.start()
    writer.put(stuck, "first\n")
    assert stuck.reached.wait(5)
    for number in range(25):
        writer.put(stuck, f"{number}\n")  # returns at once, each time
    stuck.free.set()
    writer.stop(5)
    assert stuck.got == b"first\n" + b"".join(b"%d\n" % n for n in range(10))
    assert (writer.counts.lines, writer.counts.dropped) == (11, 15)
    assert "15 log lines lost: too many wait to be written" in capfd.readouterr().err


def test_a_record_that_cannot_be_rendered_is_shown_and_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = LogSpec(logger="test.one", file=f"{tmp_path}/x.log", format="%(message)s")
    with logging_to_files([spec]):
        logging.getLogger("test.one").info("%d", "no number")
    assert "Logging error" in capsys.readouterr().err


def test_other_loggers_warn_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to_files([]):
        logging.getLogger("test.library").warning("careful")
    assert "careful" in capsys.readouterr().err


def test_the_time_is_rendered_anew_each_second(tmp_path: Path) -> None:
    spec = LogSpec(logger="test.one", file=f"{tmp_path}/x.log", format="%(asctime)s %(message)s")
    record: Callable[[float], logging.LogRecord] = lambda created: logging.makeLogRecord(  # noqa: E731
        {"msg": "x", "created": created}
    )
    with logging_to_files([spec]):
        (handler,) = logging.getLogger("test.one").handlers
        assert isinstance(handler, LineHandler)
        for created in (1_790_000_000.1, 1_790_000_000.9, 1_790_000_001.0):
            handler.handle(record(created))
    seconds = [line.split()[1][-2:] for line in (tmp_path / "x.log").read_text().splitlines()]
    assert seconds[0] == seconds[1]
    assert int(seconds[2]) == (int(seconds[0]) + 1) % 60

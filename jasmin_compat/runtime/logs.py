"""Logging that does not hold up the event loop: lines are made in it, a thread writes them.

Jasmin's loggers, files, formats and `stdout` rule (contract/config.md §6).
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from typing_extensions import override

from jasmin_compat.runtime.log_files import LogFile, LogLimits

LINE_FORMAT = "%(asctime)s %(levelname)-8s %(process)d %(message)s"
DATE_FORMAT = "%Y-%m-%d %H:%M:%S"
_TELL_EVERY_S = 60
_GATHER_S = 0.02
"""After a write the thread rests so long. Woken for each line it fights the event loop for the
interpreter's lock: 4.3 futex calls for each message, and 0.9 with this."""
_LOOKED_UP = {
    "_srcfile": ("pathname", "filename", "module", "lineno", "funcName"),
    "logThreads": ("thread", "threadName"),
    "logMultiprocessing": ("processName",),
}
"""What logging finds out for each line unless told not to, and the format fields that show it
(docs.python.org, Logging HOWTO, "Optimization")."""
_ON = {switch: getattr(logging, switch) for switch in _LOOKED_UP}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpec:
    """What one logger writes, and where."""

    logger: str
    file: str
    level: str | int = "INFO"
    when: str = "midnight"
    format: str = LINE_FORMAT
    date_format: str = DATE_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlaces:
    """What holds for all logs of a process."""

    limits: LogLimits = field(default_factory=LogLimits)
    stdout: bool = False
    """Everything to standard output, no files."""
    beside: str | None = None
    """Ending of a file's name where another process already writes that file."""
    max_waiting_lines: int = 100_000


@dataclass(slots=True)
class LogCounts:
    """Numbers of all log files together."""

    lines: int = 0
    """Lines written."""
    dropped: int = 0
    """Lines dropped because too many waited for the disk, or it took no more."""


class _Sink(Protocol):
    def write(self, lines: bytes, now: float) -> None: ...
    def reopen(self) -> None: ...


class StdoutSink:
    """Standard output as a place for lines."""

    def write(self, lines: bytes, now: float) -> None:  # noqa: ARG002 RUF100
        view = memoryview(lines)
        while view:
            view = view[os.write(1, view) :]

    def reopen(self) -> None:
        """There is nothing to open."""


class LineWriter:
    """The thread that writes, and the bounded queue before it.

    A line is on its way to the disk at once, or `_GATHER_S` after the lines before it: under load
    many go by one write.
    """

    def __init__(
        self, *, max_waiting: int = 100_000, clock: Callable[[], float] = time.time
    ) -> None:
        self.counts = LogCounts()
        self._max_waiting = max_waiting
        self._clock = clock
        self._queue: SimpleQueue[tuple[_Sink, str] | Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
        self._hurry = threading.Event()
        self._told_dropped = 0
        self._tell_at = 0.0
        self._reason = "too many wait to be written"

    def start(self) -> None:
        self._thread.start()

    def put(self, sink: _Sink, line: str) -> None:
        """Never waits. The line ends with a newline."""
        if self._queue.qsize() >= self._max_waiting:
            self.counts.dropped += 1
        else:
            self._queue.put((sink, line))

    def call(self, what: Callable[[], None]) -> None:
        """Have the thread do it now, after the lines before."""
        self._queue.put(what)
        self._hurry.set()

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was put before is written; False when it took longer."""
        done = threading.Event()
        self.call(done.set)
        return done.wait(timeout_s)

    def stop(self, timeout_s: float) -> None:
        """Write what is there and end."""
        self._queue.put(None)
        self._hurry.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            try:
                while len(batch) < 1000:
                    batch.append(self._queue.get_nowait())
            except Empty:
                pass
            if self._write(batch):
                return
            self._hurry.wait(_GATHER_S)
            self._hurry.clear()

    def _write(self, batch: list[tuple[_Sink, str] | Callable[[], None] | None]) -> bool:
        """True at the end."""
        lines: dict[_Sink, list[str]] = {}
        for item in batch:
            if isinstance(item, tuple):
                lines.setdefault(item[0], []).append(item[1])
                continue
            self._out(lines)
            lines = {}
            if item is None:
                return True
            item()
        self._out(lines)
        return False

    def _out(self, lines: dict[_Sink, list[str]]) -> None:
        for sink, texts in lines.items():
            try:
                sink.write("".join(texts).encode("utf-8", "backslashreplace"), self._clock())
                self.counts.lines += len(texts)
            except Exception as reason:  # noqa: BLE001  if this thread ended, so would every log
                self.counts.dropped += len(texts)
                self._reason = f"{type(reason).__name__}: {reason}"
                sink.reopen()
        if self.counts.dropped != self._told_dropped and self._clock() >= self._tell_at:
            self._tell_at = self._clock() + _TELL_EVERY_S
            self._tell(f"{self.counts.dropped - self._told_dropped} log lines lost: {self._reason}")
            self._told_dropped = self.counts.dropped

    @staticmethod
    def _tell(what: str) -> None:
        """Where a log cannot be written, standard error is what is left."""
        with contextlib.suppress(OSError):
            os.write(2, f"{what}\n".encode())


class LineHandler(logging.Handler):
    """Makes the line of a record and hands it to the writer."""

    def __init__(self, writer: LineWriter, sink: _Sink) -> None:
        super().__init__()
        self._writer = writer
        self._sink = sink

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  as logging's own handlers: a bad record is shown, not raised
            self.handleError(record)
        else:
            self._writer.put(self._sink, line + "\n")

    @override
    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock of logging.Handler: the queue is its own."""
        self.emit(record)
        return True


class SecondFormatter(logging.Formatter):
    """Renders the time once a second instead of once a line."""

    _second = -1
    _text = ""

    @override
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        second = int(record.created)
        if second != self._second:
            self._second = second
            self._text = time.strftime(datefmt or DATE_FORMAT, time.localtime(second))
        return self._text


class Logs:
    """The log files of a daemon. Two loggers with one file name share that file (W-CFG-12)."""

    def __init__(self, writer: LineWriter, places: LogPlaces) -> None:
        self._writer = writer
        self._places = places
        self._sinks: dict[str, _Sink] = {}

    @property
    def counts(self) -> LogCounts:
        return self._writer.counts

    def add(self, spec: LogSpec) -> None:
        """Let the logger write to its file, instead of to where it wrote before."""
        logger = logging.getLogger(spec.logger)
        handler = LineHandler(self._writer, self._sink(spec))
        handler.setFormatter(SecondFormatter(spec.format, spec.date_format))
        logger.handlers[:] = [handler]
        logger.setLevel(spec.level)
        logger.propagate = False
        _look_up_what_shows(spec.format)

    def _sink(self, spec: LogSpec) -> _Sink:
        stdout = self._places.stdout or "stdout" in spec.file
        name = "" if stdout else os.path.abspath(spec.file)
        if name not in self._sinks:
            self._sinks[name] = StdoutSink() if stdout else self._file(Path(name), spec.when)
        return self._sinks[name]

    def _file(self, path: Path, when: str) -> LogFile:
        limits, beside = self._places.limits, self._places.beside
        return LogFile(path, when=when, limits=limits, beside=beside)

    def reopen(self) -> None:
        """What SIGHUP does, and the end: close every file; the next line opens it by its name."""
        for sink in self._sinks.values():
            self._writer.call(sink.reopen)


@contextlib.contextmanager
def logging_to_files(specs: Iterable[LogSpec], places: LogPlaces = LogPlaces()) -> Iterator[Logs]:
    """Within it, loggers write to their files; afterwards everything is on its way to the disk.

    What other loggers say at WARNING and above (libraries) goes to standard error.
    """
    writer = LineWriter(max_waiting=places.max_waiting_lines)
    root = logging.StreamHandler(sys.stderr)
    root.setFormatter(SecondFormatter(LINE_FORMAT, DATE_FORMAT))
    with _looking_up_nothing():
        logs = Logs(writer, places)
        for spec in specs:
            logs.add(spec)
        logging.getLogger().addHandler(root)
        writer.start()
        try:
            yield logs
        finally:
            logs.reopen()
            writer.stop(timeout_s=5)
            logging.getLogger().removeHandler(root)


@contextlib.contextmanager
def _looking_up_nothing() -> Iterator[None]:
    """For a line no caller, thread or process name is found out, but for `_look_up_what_shows`."""
    before = {switch: getattr(logging, switch) for switch in _LOOKED_UP}
    for switch in _LOOKED_UP:
        setattr(logging, switch, None)
    try:
        yield
    finally:
        for switch, value in before.items():
            setattr(logging, switch, value)


def _look_up_what_shows(line_format: str) -> None:
    for switch, names in _LOOKED_UP.items():
        if any(f"%({name})" in line_format for name in names):
            setattr(logging, switch, _ON[switch])

"""The line being typed: echo, cursor, history, TAB (`conch/recvline.py`, `cli/protocol.py`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jasmin_compat.servers.jcli.dialogue import split_line
from jasmin_compat.servers.jcli.keys import Key

INSERT_MODE, TYPEOVER_MODE = "\x1b[4h", "\x1b[4l"
_ERASE_TO_LINE_END = "\x1b[K"
_DELETE_CHARACTER = "\x1b[1P"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLimits:
    """Bounds of what a session keeps; Jasmin has none."""

    line_chars: int = 8192
    """What is typed beyond is neither taken nor echoed."""
    history_lines: int = 200
    """The oldest goes."""


class Editor:
    """One session's line. Writes what the terminal is to show."""

    def __init__(self, *, write: Callable[[str], None], limits: LineLimits) -> None:
        self.prompt = ""
        self.words: Sequence[str] = ()
        """What TAB completes the first word to; empty: TAB does nothing."""
        self.hides = False
        """A password is typed: no echo, and no place in the history."""
        self._write = write
        self._limits = limits
        self._line: list[str] = []
        self._cursor = 0
        self._inserts = True
        self._history: list[str] = []
        self._recalled = 0
        """Index into the history; its length: the new line."""
        self._keys = {
            Key.UP: self._up,
            Key.DOWN: self._down,
            Key.LEFT: self._left,
            Key.RIGHT: self._right,
            Key.HOME: self._home,
            Key.END: self._end,
            Key.INSERT: self._toggle_insert,
            Key.DELETE: self._delete,
            Key.BACKSPACE: self._backspace,
            Key.TAB: self._tab,
        }

    def press(self, key: Key | str) -> str | None:
        """The line, stripped, if the key ends it."""
        if key is Key.RETURN:
            return self._return()
        if isinstance(key, Key):
            self._keys[key]()
        else:
            self._type(key)
        return None

    def redraw(self) -> None:
        """Prompt and line again, where the cursor is."""
        self._write(self.prompt)
        if not self.hides:
            self._write("".join(self._line))
            self._move(self._cursor - len(self._line))

    def _type(self, char: str) -> None:
        grows = self._inserts or self._cursor == len(self._line)
        if grows and len(self._line) >= self._limits.line_chars:
            return
        replaced = 0 if self._inserts else 1
        self._line[self._cursor : self._cursor + replaced] = [char]
        self._cursor += 1
        if not self.hides:
            self._write(char)

    def _return(self) -> str:
        line = "".join(self._line)
        if line and not self.hides:
            self._remember(line)
        self._recalled = len(self._history)
        self._line, self._cursor = [], 0
        self._write("\n")
        return line.strip()

    def _move(self, columns: int) -> None:
        """To the right, or to the left if negative."""
        if columns:
            self._write(f"\x1b[{abs(columns)}{'C' if columns > 0 else 'D'}")

    def _move_to(self, cursor: int) -> None:
        self._move(cursor - self._cursor)
        self._cursor = cursor

    def _left(self) -> None:
        self._move_to(max(self._cursor - 1, 0))

    def _right(self) -> None:
        self._move_to(min(self._cursor + 1, len(self._line)))

    def _home(self) -> None:
        self._move_to(0)

    def _end(self) -> None:
        self._move_to(len(self._line))

    def _backspace(self) -> None:
        if self._cursor > 0:
            self._left()
            self._delete()

    def _delete(self) -> None:
        if self._cursor < len(self._line):
            del self._line[self._cursor]
            self._write(_DELETE_CHARACTER)

    def _toggle_insert(self) -> None:
        self._inserts = not self._inserts
        self._write(INSERT_MODE if self._inserts else TYPEOVER_MODE)

    def _remember(self, line: str) -> None:
        self._history.append(line)
        if len(self._history) > self._limits.history_lines:
            del self._history[0]
            self._recalled = max(self._recalled - 1, 0)

    def _up(self) -> None:
        """What was typed so far becomes part of the history, as in Twisted."""
        if self._line and not self.hides and self._recalled == len(self._history):
            self._remember("".join(self._line))
        if self._recalled > 0:
            self._recall(self._recalled - 1)

    def _down(self) -> None:
        self._recall(min(self._recalled + 1, len(self._history)))

    def _recall(self, index: int) -> None:
        self._home()
        self._write(_ERASE_TO_LINE_END)
        self._recalled = index
        line = self._history[index] if index < len(self._history) else ""
        self._line, self._cursor = list(line), len(line)
        if line and not self.hides:
            self._write(line)

    def _tab(self) -> None:
        """List the words, those with the prefix typed, or complete the only one."""
        if not self.words:
            return
        line = "".join(self._line)
        name, rest = split_line(line)
        if rest:
            return
        found = [word for word in self.words if word.startswith(name)]
        if not line or len(found) > 1:
            self._write(f"\n{' '.join(found)}\n{self.prompt}{name}")
        elif len(found) == 1 and found[0] != name:
            completed = f"{found[0]} "
            self._line, self._cursor = list(completed), len(completed)
            self._write(completed[len(name) :])

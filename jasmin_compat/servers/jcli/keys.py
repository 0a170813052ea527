"""Octets of a VT102 keyboard to keys (`conch/insults/insults.py: ServerProtocol`)."""

import string
from enum import Enum, auto


class Key(Enum):
    """A key that is no character."""

    UP = auto()
    DOWN = auto()
    LEFT = auto()
    RIGHT = auto()
    HOME = auto()
    END = auto()
    INSERT = auto()
    DELETE = auto()
    BACKSPACE = auto()
    TAB = auto()
    RETURN = auto()


_PLAIN: dict[int, Key | str] = {ord(char): char for char in string.printable} | {
    0x09: Key.TAB,
    0x0A: Key.RETURN,
    0x0D: Key.RETURN,
    0x7F: Key.BACKSPACE,
}
"""Vertical tab and form feed count as characters, as in Twisted; no other control does."""
_ESC = 0x1B
_LETTERED = {
    "A": Key.UP,
    "B": Key.DOWN,
    "C": Key.RIGHT,
    "D": Key.LEFT,
    "F": Key.END,
    "H": Key.HOME,
    "Z": Key.TAB,
}
_NUMBERED = {1: Key.HOME, 2: Key.INSERT, 3: Key.DELETE, 4: Key.END}
_PARAMETER_OCTETS = 16
"""No sequence with more means anything."""


class _State(Enum):
    PLAIN = auto()
    ESCAPED = auto()
    BRACKET = auto()
    FUNCTION = auto()


class Keyboard:
    """One terminal's escape sequences, wherever they are cut."""

    def __init__(self) -> None:
        self._state = _State.PLAIN
        self._parameter = bytearray()

    def press(self, octet: int) -> Key | str | None:
        """The key an octet completes: a printable character, or one without."""
        match self._state:
            case _State.PLAIN:
                if octet == _ESC:
                    self._state = _State.ESCAPED
                return _PLAIN.get(octet)
            case _State.ESCAPED:
                return self._after_escape(octet)
            case _State.BRACKET:
                return self._in_brackets(octet)
            case _State.FUNCTION:
                self._state = _State.PLAIN
                return None

    def _after_escape(self, octet: int) -> Key | str | None:
        self._state = _State.PLAIN
        if octet == ord("["):
            self._state = _State.BRACKET
            self._parameter.clear()
        elif octet == ord("O"):
            self._state = _State.FUNCTION
        else:
            return _PLAIN.get(octet)
        return None

    def _in_brackets(self, octet: int) -> Key | None:
        char = chr(octet)
        if char == "O":
            self._state = _State.FUNCTION
            return None
        if char == "~" or char in string.ascii_letters:
            self._state = _State.PLAIN
            return _sequence(bytes(self._parameter), char)
        if len(self._parameter) <= _PARAMETER_OCTETS:
            self._parameter.append(octet)
        return None


def _sequence(parameter: bytes, final: str) -> Key | None:
    if final != "~":
        return None if parameter else _LETTERED.get(final)
    if len(parameter) > _PARAMETER_OCTETS:
        return None
    try:
        return _NUMBERED.get(int(parameter))
    except ValueError:
        return None

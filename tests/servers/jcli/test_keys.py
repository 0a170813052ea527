"""Escape sequences to keys."""

import pytest

from jasmin_compat.servers.jcli.keys import Key, Keyboard


def pressed(octets: bytes) -> list[Key | str]:
    keyboard = Keyboard()
    return [key for octet in octets if (key := keyboard.press(octet)) is not None]


@pytest.mark.parametrize(
    ("octets", "keys"),
    [
        (b"a\r\n\t\x7f", ["a", Key.RETURN, Key.RETURN, Key.TAB, Key.BACKSPACE]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", [Key.UP, Key.DOWN, Key.RIGHT, Key.LEFT]),
        (b"\x1b[H\x1b[1~\x1b[F\x1b[4~", [Key.HOME, Key.HOME, Key.END, Key.END]),
        (b"\x1b[2~\x1b[3~\x1b[003~", [Key.INSERT, Key.DELETE, Key.DELETE]),
        (b"\x1b[Z", [Key.TAB]),
        (b"\x1bx\x1b\x1b\x1b\r", ["x", Key.RETURN]),
        (b"\x1bOP\x1bOAa", ["a"]),
        (b"\x1b[OAa", ["a"]),
        (b"\x1b[1;5C\x1b[9~\x1b[?~\x1b[~\x1b[6nb", ["b"]),
        (b"\x1b[" + b"0" * 500 + b"3~c", ["c"]),
        (b"\0\x01\x08\x80\xff\x0b", ["\x0b"]),
    ],
)
def test_octets_are_keys(octets: bytes, keys: list[Key | str]) -> None:
    assert pressed(octets) == keys

"""Attributes of Jasmin's objects in store files, checked; and what is said of wrong ones."""

import functools
import re
from typing import Final

from jasmin_compat.wire.jasmin_classes import Instance, Pattern


class LeftOut(Exception):
    """An item of a store file cannot be carried over; the text says why."""


class BadStore(Exception):
    """A store file as a whole is not what its name says."""


_LETTERS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def instance(found: object, *class_names: str) -> Instance:
    """Raises: LeftOut: it is none of those classes'."""
    if not isinstance(found, Instance) or found.name not in class_names:
        raise LeftOut(f"{shown(found)} where a {' or '.join(class_names)} must be")
    return found


def shown(found: object) -> str:
    """Never walks into a value, which may be nested without end."""
    if isinstance(found, Instance):
        return f"a {found.name}"
    if found is None or isinstance(found, bool | int | float):
        return str(found)
    if isinstance(found, str | bytes):
        return repr(found[:40])
    return f"a {type(found).__name__}"


def table(of: Instance, name: str) -> dict[str, object]:
    """An attribute that is a dict; empty where there is none."""
    found = of.state.get(name, {})
    if not isinstance(found, dict):
        raise LeftOut(f"{name} is {shown(found)}")
    return found


def rows(of: Instance, name: str) -> list[object]:
    """An attribute that is a list; empty where there is none."""
    found = of.state.get(name, [])
    if not isinstance(found, list):
        raise LeftOut(f"{name} is {shown(found)}")
    return found


def text(of: Instance, name: str) -> str:
    """Ids given over Perspective Broker may be numbers."""
    found = of.state.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise LeftOut(f"{name} is {shown(found)}")
    return str(found)


def truth(of: Instance, name: str, *, default: bool) -> bool:
    found = of.state.get(name, default)
    if not isinstance(found, bool):
        raise LeftOut(f"{name} is {shown(found)}")
    return found


def pattern(found: object) -> str:
    """Of octets or of characters, with its flags written into it where it does not say them."""
    if not isinstance(found, Pattern) or not isinstance(found.flags, int):
        raise LeftOut(f"{shown(found)} is no regular expression")
    if not isinstance(found.pattern, str | bytes):
        raise LeftOut(f"{shown(found.pattern)} is no regular expression")
    return _pattern(found.pattern, found.flags)


@functools.lru_cache(maxsize=1024)  # a hundred thousand users have the same few
def _pattern(written: str | bytes, flags: int) -> str:
    try:
        text = written.decode() if isinstance(written, bytes) else written
        missing = flags & ~re.compile(text).flags
        letters = "".join(letter for flag, letter in _LETTERS.items() if flag & missing)
        if letters:
            text = f"(?{letters}){text}"
            re.compile(text)
    except (ValueError, re.error, OverflowError, RecursionError) as reason:
        raise LeftOut(f"{shown(written)} is no regular expression: {reason}") from reason
    return text

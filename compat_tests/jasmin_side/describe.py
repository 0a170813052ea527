"""Says what an object is, down to the last attribute, so that two can be compared as JSON.

Of the standard library only: it runs in the environment of the real Jasmin, too.
"""

import functools
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum


def describe(value: object) -> object:
    """Type and content; 1, 1.0, True, "1" and b"1" all differ."""
    return [_name(type(value)), *_content(value)]


@functools.singledispatch
def _content(value: object) -> list[object]:
    return [{key: describe(part) for key, part in sorted(vars(value).items())}]


@_content.register(type(None))
@_content.register(int)
@_content.register(float)
@_content.register(str)
def _(value: object) -> list[object]:
    return [value]


@_content.register
def _(value: bytes) -> list[object]:
    return [value.hex()]


@_content.register
def _(value: Enum) -> list[object]:
    return [value.name]


@_content.register(list)
@_content.register(tuple)
def _(value: Iterable[object]) -> list[object]:
    return [[describe(member) for member in value]]


@_content.register(set)
@_content.register(frozenset)
def _(value: Iterable[object]) -> list[object]:
    return [sorted((describe(member) for member in value), key=repr)]


@_content.register
def _(value: dict) -> list[object]:  # type: ignore[type-arg]
    return [sorted(([describe(key), describe(part)] for key, part in value.items()), key=repr)]


@_content.register
def _(value: re.Pattern) -> list[object]:  # type: ignore[type-arg]
    return [describe(value.pattern), value.flags]


@_content.register
def _(value: datetime) -> list[object]:
    return [value.replace(tzinfo=None).isoformat(), describe(value.tzinfo)]


@_content.register
def _(value: timedelta) -> list[object]:
    return [repr(value)]


def _name(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def differences(one: object, other: object, path: str = "") -> list[str]:
    """Where two descriptions differ, as `path: one is not other`."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{at}]", *pair) for at, pair in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    elif one == other and type(one) is type(other):
        pairs = []
    else:
        return [f"{path}: {one!r} is not {other!r}"]
    return [found for at, a, b in pairs for found in differences(a, b, at)]

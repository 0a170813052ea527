"""Attributes in store files, and what is said of wrong ones."""

import re

import pytest

from jasmin_compat.wire.jasmin_classes import Instance, Pattern
from jasmin_compat.wire.store_values import (
    LeftOut,
    instance,
    pattern,
    rows,
    shown,
    table,
    text,
    truth,
)

THING = Instance("Thing", {"a": 1, "b": "x", "c": True, "d": {}, "e": []})


def test_attributes_are_what_they_must_be() -> None:
    assert instance(THING, "Thing") is THING
    assert (text(THING, "a"), text(THING, "b")) == ("1", "x")
    assert truth(THING, "c", default=False)
    assert truth(THING, "none", default=True)
    assert (table(THING, "d"), table(THING, "none")) == ({}, {})
    assert (rows(THING, "e"), rows(THING, "none")) == ([], [])


@pytest.mark.parametrize("read", [text, table, rows, lambda t, n: truth(t, n, default=True)])
def test_anything_else_is_left_out(read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(LeftOut, match=r"^f is a Deep$"):
        read(Instance("Thing", {"f": Instance("Deep")}), "f")
    with pytest.raises(LeftOut, match="a list where a Thing or Other must be"):
        instance([], "Thing", "Other")


def test_a_value_is_shown_without_walking_into_it() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert [shown(v) for v in (None, 1.5, "x" * 50, deep)] == [
        "None",
        "1.5",
        repr("x" * 40),
        "a list",
    ]


@pytest.mark.parametrize(
    ("written", "flags", "read"),
    [
        (b"^\\d+$", 0, "^\\d+$"),
        ("^\\d+$", 32, "^\\d+$"),
        ("\u20ac".encode(), 0, "\u20ac"),
        ("a", int(re.IGNORECASE | re.UNICODE), "(?i)a"),
        ("(?i)a", int(re.IGNORECASE | re.UNICODE), "(?i)a"),
        (b"a.", int(re.DOTALL | re.MULTILINE), "(?ms)a."),
    ],
)
def test_patterns_of_both_sorts_keep_their_flags(
    written: str | bytes, flags: int, read: str
) -> None:
    assert pattern(Pattern(written, flags)) == read


@pytest.mark.parametrize(
    "found", [None, "a", Pattern("(", 32), Pattern(b"\xff", 0), Pattern([], 0), Pattern("a", "b")]
)
def test_what_is_no_pattern_is_left_out(found: object) -> None:
    with pytest.raises(LeftOut, match="no regular expression"):
        pattern(found)

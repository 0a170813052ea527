"""How the text of an option becomes its value (contract/config.md §1)."""

from dataclasses import dataclass
from typing import Literal

import pytest

from jasmin_compat.settings.options import (
    BadValue,
    ErrorRetrial,
    Raw,
    at_least,
    between,
    each,
    jasmin,
    like,
    options_of,
    ours,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    log_file: str = jasmin("x.log", "Where to.")
    text: str = jasmin("a", "A text.")
    maybe: str | None = jasmin(None, "A text or nothing.", secret=True)
    whole: int = jasmin(1, "A whole number.", check=between(0, 9))
    number: float = jasmin(1.0, "A number.", check=at_least(0.5))
    boolean: bool = jasmin(True, "A fact.")
    choice: Literal["udh", "sar"] = jasmin("udh", "One of two.")
    texts: tuple[str, ...] = ours((), "Texts.", check=each(like("[a-z]+", "a word")))
    numbers: tuple[float, ...] = ours((), "Numbers.")
    retrials: tuple[ErrorRetrial, ...] = jasmin((), "A table.")


OPTIONS = options_of(Everything)
THROTTLED = ErrorRetrial("ESME_RTHROTTLED", 20, 30)
SYSERR = ErrorRetrial("ESME_RSYSERR", 2, 5)
LITERAL = (
    "{'ESME_RTHROTTLED': {'count': 20, 'delay': 30},\n 'ESME_RSYSERR': {'count': 2, 'delay': 5}}"
)


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("text", '"quoted"', '"quoted"'),
        ("text", "", ""),
        ("maybe", None, None),
        ("maybe", "secret", "secret"),
        ("whole", " 7 ", 7),
        ("number", "2", 2.0),
        ("boolean", "On", True),
        ("boolean", "0", False),
        ("choice", "sar", "sar"),
        ("texts", "a, b,", ("a", "b")),
        ("texts", ["a", "b"], ("a", "b")),
        ("texts", "", ()),
        ("numbers", "2,10", (2.0, 10.0)),
        ("numbers", ["0.5"], (0.5,)),
        ("retrials", LITERAL, (THROTTLED, SYSERR)),
        ("retrials", {"ESME_RSYSERR": {"count": "2", "delay": "5"}}, (SYSERR,)),
        ("retrials", "{}", ()),
    ],
)  # fmt: skip
def test_a_text_becomes_a_value(key: str, raw: Raw, value: object) -> None:
    parsed = OPTIONS[key].parse(raw)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("key", "raw", "wrong"),
    [
        ("text", None, "must not be null"),
        ("text", ["a"], "must be one value"),
        ("whole", "abc", "must be a whole number"),
        ("whole", "1.5", "must be a whole number"),
        ("whole", "10", "must be from 0 to 9"),
        ("number", "nan", "must be a number"),
        ("number", "inf", "must be a number"),
        ("number", "0.1", "must be 0.5 or more"),
        ("boolean", "maybe", "must be yes or no"),
        ("choice", "UDH", "must be udh or sar"),
        ("texts", "a,B", "must be a word"),
        ("texts", {}, "must be a list"),
        ("numbers", "1,x", "must be a number"),
        ("retrials", "[1]", "must be a table"),
        ("retrials", "__import__('os')", "must be a table"),
        ("retrials", "{'ESME_RSYSERR': {'count': 2}}", "must be a table"),
        ("retrials", "{'RSYSERR': {'count': 2, 'delay': 5}}", "wants a status name"),
        ("retrials", "{'ESME_RSYSERR': {'count': 0, 'delay': 5}}", "count from 1"),
    ],
)
def test_a_wrong_text_says_what_would_be_right(key: str, raw: Raw, wrong: str) -> None:
    with pytest.raises(BadValue, match=wrong):
        OPTIONS[key].parse(raw)


def test_options_for_the_log_come_last_and_each_knows_whose_it_is() -> None:
    assert list(OPTIONS)[-1] == "log_file"
    assert [key for key, option in OPTIONS.items() if option.notes.ours] == ["texts", "numbers"]


def test_a_secret_is_not_in_the_repr() -> None:
    assert "hush" not in repr(Everything(maybe="hush"))

"""One option: its default, what the sample files say of it, and how its text becomes a value."""

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from functools import partial
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Check = Callable[[Any], str | None]
"""What is wrong with a parsed value, or None."""
Raw = str | None | Sequence[str] | Mapping[str, Mapping[str, str]]
"""As a source has it: a text, a null, a list of texts, or (YAML) a table of tables."""


class BadValue(Exception):
    """A text is no value of its option; the message says what one would be."""


@dataclass(frozen=True, slots=True)
class ErrorRetrial:
    """An SMSC's refusal that is tried again: attempts in all, and the wait between them."""

    status: str
    count: int
    delay_s: int


@dataclass(frozen=True, slots=True)
class OptionNotes:
    """What the table says of an option besides its type and default."""

    text: str
    """For the reader of a sample file; units included."""
    check: Check | None
    secret: bool
    ours: bool
    """Not one of Jasmin's: absent from the sample *.cfg files."""


@dataclass(frozen=True, slots=True)
class Option:
    """A row of a section's table."""

    key: str
    kind: object
    """The annotation: str, int, float, bool, str | None, Literal, tuple[...]."""
    default: object
    notes: OptionNotes

    def parse(self, raw: Raw) -> object:
        """The value of `raw`. Raises: BadValue."""
        value = _parser(self.kind)(raw)
        wrong = self.notes.check(value) if self.notes.check and value is not None else None
        if wrong:
            raise BadValue(wrong)
        return value


def jasmin(default: T, text: str, *, check: Check | None = None, secret: bool = False) -> T:
    """A dataclass field for an option Jasmin has too: its name and its default."""
    return _field(default, OptionNotes(text, check, secret, ours=False))


def ours(default: T, text: str, *, check: Check | None = None, secret: bool = False) -> T:
    """A dataclass field for an option Jasmin does not know (it ignores it)."""
    return _field(default, OptionNotes(text, check, secret, ours=True))


def _field(default: T, notes: OptionNotes) -> T:
    return field(default=default, repr=not notes.secret, metadata={"notes": notes})


def options_of(section: type) -> dict[str, Option]:
    """The table of a section, by key: its own options first, those for its log behind."""
    kinds = get_type_hints(section)
    rows = [_option(f, kinds[f.name]) for f in fields(section)]
    rows.sort(key=lambda row: row.key.startswith("log_") and not row.notes.ours)
    return {row.key: row for row in rows}


def _option(row: Field[Any], kind: object) -> Option:
    return Option(row.name, kind, row.default, cast("OptionNotes", row.metadata["notes"]))


# ---------------------------------------------------------------- kinds


def _parser(kind: object) -> Callable[[Raw], object]:
    return partial(_choice, get_args(kind)) if get_origin(kind) is Literal else _PARSERS[kind]


def _scalar(raw: Raw) -> str:
    if raw is None:
        raise BadValue("must not be null")
    if not isinstance(raw, str):
        raise BadValue("must be one value, not a list or a table")
    return raw


def _optional_text(raw: Raw) -> str | None:
    return None if raw is None else _scalar(raw)


def _whole_number(raw: Raw) -> int:
    try:
        return int(_scalar(raw))
    except ValueError:
        raise BadValue("must be a whole number") from None


def _number(raw: Raw) -> float:
    try:
        number = float(_scalar(raw))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadValue("must be a number")
    return number


BOOLEANS = {"1": True, "yes": True, "true": True, "on": True} | {
    "0": False, "no": False, "false": False, "off": False,
}  # fmt: skip


def _boolean(raw: Raw) -> bool:
    try:
        return BOOLEANS[_scalar(raw).lower()]
    except KeyError:
        raise BadValue("must be yes or no") from None


def _choice(choices: tuple[str, ...], raw: Raw) -> str:
    text = _scalar(raw)
    if text not in choices:
        raise BadValue("must be " + " or ".join(choices))
    return text


def _items(raw: Raw) -> list[str]:
    if isinstance(raw, str):
        return [item.strip() for item in raw.split(",") if item.strip()]
    if raw is None or isinstance(raw, Mapping):
        raise BadValue("must be a list")
    return list(raw)


def _texts(raw: Raw) -> tuple[str, ...]:
    return tuple(_items(raw))


def _numbers(raw: Raw) -> tuple[float, ...]:
    return tuple(_number(item) for item in _items(raw))


def _error_retrials(raw: Raw) -> tuple[ErrorRetrial, ...]:
    """Jasmin's: a Python literal `{'ESME_…': {'count': 2, 'delay': 30}, …}`; in YAML a table."""
    try:
        table: Any = ast.literal_eval(raw.strip()) if isinstance(raw, str) else raw
        rows = [
            ErrorRetrial(status, int(t["count"]), int(t["delay"])) for status, t in table.items()
        ]
    except (
        ValueError,
        SyntaxError,
        TypeError,
        KeyError,
        AttributeError,
        MemoryError,
        RecursionError,
    ):
        raise BadValue("must be a table {'ESME_…': {'count': n, 'delay': seconds}, …}") from None
    for row in rows:
        if not re.fullmatch(r"ESME_[A-Z_]+", str(row.status)) or row.count < 1 or row.delay_s < 0:
            raise BadValue(f"{row.status}: wants a status name, count from 1, delay from 0")
    return tuple(rows)


_PARSERS: Mapping[object, Callable[[Raw], object]] = {
    str: _scalar,
    str | None: _optional_text,
    int: _whole_number,
    float: _number,
    bool: _boolean,
    tuple[str, ...]: _texts,
    tuple[float, ...]: _numbers,
    tuple[ErrorRetrial, ...]: _error_retrials,
}


# ---------------------------------------------------------------- checks


def between(least: float, most: float) -> Check:
    def check(value: float) -> str | None:
        return None if least <= value <= most else f"must be from {least} to {most}"

    return check


def at_least(least: float) -> Check:
    return lambda value: None if value >= least else f"must be {least} or more"


def like(pattern: str, what: str) -> Check:
    compiled = re.compile(pattern)
    return lambda text: None if compiled.fullmatch(text) else f"must be {what}"


def each(check: Check) -> Check:
    """Every item of a list passes `check`."""
    return lambda items: next((wrong for item in items if (wrong := check(item))), None)

"""The `.counts` of components as families of metrics: names, kinds and help from their fields.

A field is a counter unless it is a truth, a time or a maximum (`_at`, `_max`), its documentation
has the word "now", the class says "but for `field`" (it is not "since start"), or the source names
it a gauge. A Counter field has one sample for each of its keys; a
Histogram is a histogram.
"""

import ast
import functools
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from jasmin_compat.runtime.histogram import Histogram

_NO_LABELS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A component's numbers, read each time they are asked for."""

    prefix: str
    """`amqp` makes `jasmin_compat_amqp_…`."""
    counts: Any
    """A dataclass of numbers, truths, Counters and Histograms; other fields are left out."""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    """The same names for every component of a prefix."""
    gauges: frozenset[str] = frozenset()
    """Fields that go up and down though their documentation does not say so."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the exposition."""

    labels: tuple[tuple[str, str], ...]
    value: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """All lines of one histogram."""

    labels: tuple[tuple[str, str], ...]
    at_most: tuple[tuple[float, int], ...]
    """Bounds with the number of values up to each; infinity at last."""
    sum: float


Kind = Literal["counter", "gauge", "histogram"]


@dataclass(slots=True)
class Family:
    """All samples of one name."""

    name: str
    text: str
    kind: Kind
    samples: list[Sample | Distribution]


def families(sources: Iterable[Measured]) -> list[Family]:
    """Sources with one prefix make one family of each field, told apart by their labels."""
    found: dict[str, Family] = {}
    for source in sources:
        docs = field_docs(type(source.counts))  # type: ignore[arg-type]  # a class is hashable
        for row in fields(source.counts):
            samples = list(_samples(source, row.name))
            if not samples:
                continue
            name = f"jasmin_compat_{source.prefix}_{row.name}"
            if name not in found:
                text = docs.get(row.name) or row.name.replace("_", " ").capitalize() + "."
                found[name] = Family(name, text, _kind(source, row.name, text), [])
            found[name].samples += samples
    return list(found.values())


def _samples(source: Measured, name: str) -> Iterator[Sample | Distribution]:
    value = getattr(source.counts, name)
    labels = tuple(source.labels.items())
    if isinstance(value, int | float):
        yield Sample(labels, float(value))
    elif isinstance(value, Mapping):
        for key, number in value.items():
            yield Sample((*labels, ("of", str(key))), float(number))
    elif isinstance(value, Histogram):
        yield Distribution(labels, tuple(value.at_most()), value.sum)


def _kind(source: Measured, name: str, text: str) -> Kind:
    if isinstance(getattr(source.counts, name), Histogram):
        return "histogram"
    return "gauge" if _is_gauge(source, name, text) else "counter"


def _is_gauge(source: Measured, name: str, text: str) -> bool:
    if isinstance(getattr(source.counts, name), bool) or name in source.gauges:
        return True
    if name.endswith(("_at", "_max")):
        return True
    but_for = (type(source.counts).__doc__ or "").partition("but for")[2]
    return f"`{name}`" in but_for or re.search(r"\bnow\b", text, re.IGNORECASE) is not None


@functools.cache
def field_docs(kind: type) -> Mapping[str, str]:
    """The text below each field of a class, in one line; empty where there is no source code."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        above.target.id: " ".join(below.value.value.split())
        for above, below in itertools.pairwise(body)
        if isinstance(above, ast.AnnAssign)
        and isinstance(above.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }

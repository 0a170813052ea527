"""Numbers of components as metrics."""

from collections import Counter
from dataclasses import dataclass, field

from jasmin_compat.runtime.histogram import Histogram
from jasmin_compat.servers.measures import Distribution, Measured, Sample, families, field_docs


@dataclass(slots=True)
class Counts:
    """Since start, but for `open`."""

    sent: int = 0
    """Sent, with
    a confirm."""
    waiting: int = 0
    """Now: not on the wire."""
    open: int = 0
    blocked: bool = False
    took_s: float = 0.0
    bound_at: float = 0.0
    dead: Counter[str] = field(default_factory=Counter)
    """By queue."""
    times: Histogram = field(default_factory=lambda: Histogram((0.1,)))
    name: str = "x"
    """No number."""


def test_docs_are_the_texts_below_the_fields() -> None:
    assert field_docs(Counts) == {
        "sent": "Sent, with a confirm.",
        "waiting": "Now: not on the wire.",
        "dead": "By queue.",
        "name": "No number.",
    }


def test_a_class_without_source_has_no_docs() -> None:
    assert field_docs(int) == {}


def test_kinds_help_and_values() -> None:
    counts = Counts(sent=3, blocked=True, took_s=0.5, dead=Counter({"q": 2}))
    counts.times.add(0.0625)
    found = families([Measured(prefix="amqp", counts=counts, gauges=frozenset({"took_s"}))])
    assert [(f.name.removeprefix("jasmin_compat_amqp_"), f.kind) for f in found] == [
        ("sent", "counter"),
        ("waiting", "gauge"),
        ("open", "gauge"),
        ("blocked", "gauge"),
        ("took_s", "gauge"),
        ("bound_at", "gauge"),
        ("dead", "counter"),
        ("times", "histogram"),
    ]
    assert [f.text for f in found[:3]] == [
        "Sent, with a confirm.",
        "Now: not on the wire.",
        "Open.",
    ]
    assert [f.samples for f in found] == [
        [Sample((), 3.0)],
        [Sample((), 0.0)],
        [Sample((), 0.0)],
        [Sample((), 1.0)],
        [Sample((), 0.5)],
        [Sample((), 0.0)],
        [Sample((("of", "q"),), 2.0)],
        [Distribution((), ((0.1, 1), (float("inf"), 1)), 0.0625)],
    ]


def test_components_of_one_prefix_share_families() -> None:
    found = families(
        Measured(prefix="smppc", counts=Counts(sent=n), labels={"cid": cid})
        for n, cid in enumerate(("a", "b"))
    )
    assert found[0].samples == [Sample((("cid", "a"),), 0.0), Sample((("cid", "b"),), 1.0)]
    assert len({f.name for f in found}) == len(found)

"""Writes docs/metrics.md: every metric there is, with its kind, labels and help, from the code.

Run `python -m tests.metrics_table` after changing a number that a component counts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jasmin_compat.adapters.amqp_policy import AmqpCounts
from jasmin_compat.adapters.http_calls import CallCounts
from jasmin_compat.adapters.memory_queues import MemoryCounts
from jasmin_compat.adapters.script_workers import ScriptCounts
from jasmin_compat.daemons.depths import QueueCounts
from jasmin_compat.flows.batch import BatchCounts
from jasmin_compat.flows.consume import ConsumeCounts
from jasmin_compat.flows.mo import InboundCounts
from jasmin_compat.flows.submit import SubmitCounts
from jasmin_compat.ports import QuotaCounts, StoreCounts
from jasmin_compat.runtime.lag import LagCounts
from jasmin_compat.runtime.logs import LogCounts
from jasmin_compat.servers.http import metrics
from jasmin_compat.servers.http.connections import ConnectionCounts
from jasmin_compat.servers.http.counts import HttpCounts
from jasmin_compat.servers.http.login_delay import LoginCounts
from jasmin_compat.servers.jcli.connection import ConsoleCounts
from jasmin_compat.servers.measures import Family, Measured, families, field_docs
from jasmin_compat.smpp_io.client import ConnectorCounts

PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"
CID, QUEUE = {"cid": "…"}, {"queue": "…"}


@dataclass(frozen=True)
class Row:
    """The numbers of one component, as daemons hand them to the health server."""

    prefix: str
    counts: type[Any]
    title: str
    labels: dict[str, str] | None = None
    gauges: frozenset[str] = frozenset()


ROWS = (
    Row("loop", LagCounts, "The event loop", gauges=frozenset({"lag_s", "worst_lag_s"})),
    Row("http", ConnectionCounts, "Connections and requests of the HTTP API"),
    Row("rest", ConnectionCounts, "Connections and requests of the REST API"),
    Row("httpapi", HttpCounts, "What users asked of the HTTP API"),
    Row("logins", LoginCounts, "Wrong passwords at the HTTP and REST APIs"),
    Row("quotas", QuotaCounts, "Charges"),
    Row("scripts", ScriptCounts, "Interceptors and EvalPy filters"),
    Row("amqp", AmqpCounts, "RabbitMQ"),
    Row("queue", QueueCounts, "Queues, in the broker", QUEUE),
    Row("consumer", ConsumeCounts, "Queues, what this daemon takes from them", QUEUE),
    Row("queues", MemoryCounts, "Queues in memory, instead of RabbitMQ's (`serve --embedded`)"),
    Row("dlr_store", StoreCounts, "Redis, or what stands for it: records of delivery reports"),
    Row("callbacks", CallCounts, "Calls to clients: reports and batches"),
    Row("batch", BatchCounts, "Batches of the REST API"),
    Row("smppc", ConnectorCounts, "SMPP client connectors that run", CID),
    Row("submit", SubmitCounts, "Messages sent by a connector", CID),
    Row("inbound", InboundCounts, "Messages and receipts a connector received", CID),
    Row("jcli", ConsoleCounts, "The console"),
    Row("log", LogCounts, "Log files"),
)


def families_of(row: Row) -> list[Family]:
    """As the health server shows them once every field has a value."""
    counts = row.counts()
    for one in fields(counts):
        value = getattr(counts, one.name)
        if isinstance(value, Counter):
            value["…"] = 1
        elif value is None:
            setattr(counts, one.name, 0.0)
    return families(
        [Measured(prefix=row.prefix, counts=counts, labels=row.labels or {}, gauges=row.gauges)]
    )


def lines_of(family: Family) -> tuple[str, ...]:
    """The names its samples have in the exposition."""
    match family.kind:
        case "counter":
            return (f"{family.name}_total",)
        case "gauge":
            return (family.name,)
        case "histogram":
            return tuple(f"{family.name}_{end}" for end in ("bucket", "sum", "count"))


def our_names() -> set[str]:
    return {name for row in ROWS for family in families_of(row) for name in lines_of(family)}


def jasmins_names() -> set[str]:
    groups = ("httpapi", metrics.HTTPAPI), ("smppc", metrics.SMPPC), ("smppsapi", metrics.SMPPSAPI)
    return {f"{prefix}_{name}" for prefix, names in groups for name in names}


def undocumented() -> Iterator[str]:
    """Fields without a text of their own."""
    for row in ROWS:
        docs = field_docs(row.counts)
        for family in families_of(row):
            name = family.name.removeprefix(f"jasmin_compat_{row.prefix}_")
            if name not in docs:
                yield f"{row.counts.__name__}.{name}"


def page() -> str:
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield from _INTRODUCTION.splitlines()
    for row in ROWS:
        yield f"\n### {row.title}\n"
        yield "| metric | kind | |"
        yield "|---|---|---|"
        for family in families_of(row):
            sample = family.samples[0]
            labels = ", ".join(name for name, _ in sample.labels)
            name = lines_of(family)[0] if family.kind != "histogram" else family.name
            yield f"| `{name}{f'{{{labels}}}' if labels else ''}` | {family.kind} | {family.text} |"
    yield "\n## Jasmin's, on the port of the HTTP API\n"
    yield "| metric | |"
    yield "|---|---|"
    for prefix, label, names in (
        ("httpapi", "", metrics.HTTPAPI),
        ("smppc", "{cid}", metrics.SMPPC),
        ("smppsapi", "", metrics.SMPPSAPI),
    ):
        for name, text in names.items():
            yield f"| `{prefix}_{name}{label}` | {text} |"


_INTRODUCTION = """\
# Metrics

Written by `python -m tests.metrics_table`; not to be edited.

There are two pages for Prometheus. `[http-api] port` (1401) has `/metrics` with Jasmin's names,
labels, texts and types, for the dashboards there are: all are called counters, those of a connector
have a sample for each connector of the site, `smppsapi` is 0 while there is no SMPP server.
`[health]` (8981 jasmind, 8982 dlrlookupd, 8983 dlrd; on 127.0.0.1 by default) has `/metrics` with
ours. Both are in memory and begin at 0 with the process. `docs/grafana` has a dashboard over both,
alerts, and a scrape configuration.

## Ours, on the port of [health]

A daemon shows what it does: jasmind and `serve` nearly all, dlrlookupd and dlrd their own. Units
are in the names: `_s` seconds, `_at` unix seconds, `_octets`."""


if __name__ == "__main__":
    PAGE.write_text(page())

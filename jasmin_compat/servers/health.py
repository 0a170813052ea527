"""Liveness, readiness and our metrics over HTTP; Jasmin's own `/metrics` is on the HTTP API.

`/live` 200 while the event loop turns. `/ready` 200 or 503, with every check and its reason as
JSON. `/metrics` Prometheus' text.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from jasmin_compat.servers.measures import Family, Measured, Sample, families


@dataclass(frozen=True, slots=True)
class Ready:
    """Fine; a warning is for people and does not stop traffic."""

    warning: str = ""


@dataclass(frozen=True, slots=True)
class NotReady:
    """No traffic should come here now."""

    reason: str


Check = Callable[[], Ready | NotReady]
"""Asked at each request; answers from what it knows, without waiting."""
Sources = Callable[[], Iterable[Measured]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthViews:
    """What the health server shows."""

    checks: Mapping[str, Check]
    sources: Sources


def readiness(checks: Mapping[str, Check]) -> tuple[bool, dict[str, object]]:
    """Whether all are ready, and the JSON that says so."""
    rows: dict[str, object] = {}
    all_ready = True
    for name, check in checks.items():
        match check():
            case Ready(warning=warning):
                rows[name] = {"ready": True} | ({"warning": warning} if warning else {})
            case NotReady(reason=reason):
                rows[name] = {"ready": False, "reason": reason}
                all_ready = False
    return all_ready, {"ready": all_ready, "checks": rows}


class _Families(Collector):
    """Prometheus' view of our families."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @override
    def collect(self) -> Iterable[Metric]:
        return [_metric(family) for family in families(self._sources())]


def _metric(family: Family) -> Metric:
    metric = Metric(family.name, family.text, family.kind)
    suffix = "_total" if family.kind == "counter" else ""
    for sample in family.samples:
        labels = dict(sample.labels)
        if isinstance(sample, Sample):
            metric.add_sample(family.name + suffix, labels, sample.value)
            continue
        for bound, number in sample.at_most:
            metric.add_sample(f"{family.name}_bucket", labels | {"le": _bound(bound)}, number)
        metric.add_sample(f"{family.name}_count", labels, sample.at_most[-1][1])
        metric.add_sample(f"{family.name}_sum", labels, sample.sum)
    return metric


def _bound(value: float) -> str:
    return "+Inf" if value == inf else str(value)


def health_app(views: HealthViews) -> web.Application:
    """The three pages."""
    registry = CollectorRegistry()
    registry.register(_Families(views.sources))

    async def live(_request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def ready(_request: web.Request) -> web.Response:
        all_ready, page = readiness(views.checks)
        return web.Response(
            status=200 if all_ready else 503,
            text=json.dumps(page, indent=1) + "\n",
            content_type="application/json",
        )

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    app = web.Application()
    app.add_routes([web.get("/live", live), web.get("/ready", ready), web.get("/metrics", metrics)])
    return app


@contextlib.asynccontextmanager
async def health_server(views: HealthViews, *, bind: str, port: int) -> AsyncIterator[int]:
    """Listens within it; the value is the port (that of the kernel's choice for 0).

    Raises:
        OSError: the port is taken, or the address is not ours.
    """
    runner = web.AppRunner(health_app(views), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, bind, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()

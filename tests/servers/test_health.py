"""Liveness, readiness and metrics, asked over HTTP."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from jasmin_compat.runtime.histogram import Histogram
from jasmin_compat.servers.health import HealthViews, NotReady, Ready, health_server, readiness
from jasmin_compat.servers.measures import Measured


@dataclass(slots=True)
class Counts:
    sent: int = 0
    """Messages "sent"\\ there."""
    open: int = 0
    """Open now."""
    took_s: Histogram = field(default_factory=lambda: Histogram((0.5, 1.0)))
    """Seconds."""


@asynccontextmanager
async def served(views: HealthViews) -> AsyncIterator[aiohttp.ClientSession]:
    async with health_server(views, bind="127.0.0.1", port=0) as port:
        timeout = aiohttp.ClientTimeout(total=5)
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(base, timeout=timeout) as session:
            yield session


async def test_live_and_ready_follow_the_checks() -> None:
    states = {"broker": NotReady("connection refused"), "store": Ready("appendonly is off")}
    views = HealthViews(checks={name: lambda n=name: states[n] for name in states}, sources=list)  # type: ignore[misc]
    async with served(views) as session:
        async with session.get("/live") as live:
            assert (live.status, await live.text()) == (200, "live\n")
        async with session.get("/ready") as ready:
            assert ready.status == 503
            assert await ready.json() == {
                "ready": False,
                "checks": {
                    "broker": {"ready": False, "reason": "connection refused"},
                    "store": {"ready": True, "warning": "appendonly is off"},
                },
            }
        states["broker"] = Ready()
        async with session.get("/ready") as ready:
            assert ready.status == 200
            assert (await ready.json())["checks"]["broker"] == {"ready": True}


async def test_metrics_are_read_when_asked_for() -> None:
    counts = {"a": Counts(), "b": Counts(sent=7, open=2)}
    views = HealthViews(
        checks={},
        sources=lambda: [
            Measured(prefix="smppc", counts=c, labels={"cid": cid}) for cid, c in counts.items()
        ],
    )
    async with served(views) as session:
        counts["a"].sent = 5
        counts["b"].took_s.add(0.75)
        async with session.get("/metrics") as reply:
            assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = await reply.text()
    found = {family.name: family for family in text_string_to_metric_families(text)}
    sent = found["jasmin_compat_smppc_sent"]
    assert (sent.type, sent.documentation) == ("counter", 'Messages "sent"\\ there.')
    assert [(s.labels, s.value) for s in sent.samples if s.name.endswith("_total")] == [
        ({"cid": "a"}, 5.0),
        ({"cid": "b"}, 7.0),
    ]
    assert found["jasmin_compat_smppc_open"].type == "gauge"
    took = found["jasmin_compat_smppc_took_s"]
    assert took.type == "histogram"
    name = "jasmin_compat_smppc_took_s"
    assert [
        (s.name, s.labels.get("le"), s.value) for s in took.samples if s.labels["cid"] == "b"
    ] == [
        (f"{name}_bucket", "0.5", 0.0),
        (f"{name}_bucket", "1.0", 1.0),
        (f"{name}_bucket", "+Inf", 1.0),
        (f"{name}_count", None, 1.0),
        (f"{name}_sum", None, 0.75),
    ]


async def test_other_pages_are_not_there() -> None:
    async with served(HealthViews(checks={}, sources=list)) as session:
        async with session.get("/") as reply:
            assert reply.status == 404
        async with session.post("/live") as reply:
            assert reply.status == 405


async def test_a_port_that_is_taken_is_an_oserror_and_leaves_nothing_behind() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        views = HealthViews(checks={}, sources=list)
        with pytest.raises(OSError, match="address already in use"):
            async with health_server(views, bind="127.0.0.1", port=port):
                pass


def test_no_checks_are_ready() -> None:
    assert readiness({}) == (True, {"ready": True, "checks": {}})

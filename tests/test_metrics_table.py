"""docs/metrics.md has every metric, and the dashboard and alerts ask for none that is not."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from jasmin_compat.servers.health import _Families
from jasmin_compat.servers.measures import Measured
from tests import metrics_table

REPO = Path(__file__).parents[1]
GRAFANA = REPO / "docs" / "grafana"
NAME = re.compile(r"\b(?:jasmin_compat|httpapi|smppc|smppsapi)_\w+")


def test_the_page_is_what_the_code_says() -> None:
    written = metrics_table.PAGE.read_text()
    assert written == metrics_table.page(), "run python -m tests.metrics_table"


def test_every_metric_has_a_help_of_its_own() -> None:
    assert list(metrics_table.undocumented()) == []


def measured_in(path: Path) -> Iterator[str]:
    """The prefixes of what a module measures."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Measured":
            (prefix,) = (row.value for row in node.keywords if row.arg == "prefix")
            assert isinstance(prefix, ast.Constant), path
            yield str(prefix.value)


def test_every_component_that_is_measured_is_in_it() -> None:
    daemons = (REPO / "jasmin_compat" / "daemons").glob("*.py")
    assert {prefix for path in daemons for prefix in measured_in(path)} == {
        row.prefix for row in metrics_table.ROWS
    }


def test_the_names_are_those_of_the_exposition() -> None:
    def sources() -> list[Measured]:
        return [
            Measured(
                prefix=row.prefix, counts=row.counts(), labels=row.labels or {}, gauges=row.gauges
            )
            for row in metrics_table.ROWS
        ]

    registry = CollectorRegistry()
    registry.register(_Families(sources))
    lines = generate_latest(registry).decode().splitlines()
    shown = {re.split(r"[ {]", line)[0] for line in lines if not line.startswith("#")}
    assert len(shown) > 100
    assert shown <= metrics_table.our_names()


def dashboard() -> Any:
    return json.loads((GRAFANA / "jasmin-compat.json").read_text())


def alerts() -> list[str]:
    groups = yaml.safe_load((GRAFANA / "alerts.yaml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def queries() -> list[str]:
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.mark.parametrize("asked", [*queries(), *alerts()])
def test_a_query_asks_for_metrics_that_exist(asked: str) -> None:
    names = set(NAME.findall(asked))
    assert names or "up{" in asked
    assert names <= metrics_table.our_names() | metrics_table.jasmins_names()


def test_the_dashboard_uses_both_pages_and_places_no_panel_over_another() -> None:
    names = {name for query in queries() for name in NAME.findall(query)}
    assert names & metrics_table.our_names()
    assert names & metrics_table.jasmins_names()
    places = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & places, panel["title"]
        assert at["x"] + at["w"] <= 24
        places |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


def test_what_is_scraped_is_where_it_listens_by_default() -> None:
    jobs = yaml.safe_load((GRAFANA / "prometheus.yaml").read_text())["scrape_configs"]
    targets = [t for job in jobs for static in job["static_configs"] for t in static["targets"]]
    assert [target.rpartition(":")[2] for target in targets] == ["1401", "8981", "8982", "8983"]

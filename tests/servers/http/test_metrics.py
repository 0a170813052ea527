"""Jasmin's page of metrics, whole (contract/logs-and-metrics.md §5)."""

from dataclasses import fields

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.servers.http import metrics
from jasmin_compat.servers.http.counts import HttpCounts
from jasmin_compat.smpp_io.client import ConnectorCounts
from tests import golden
from tests.http_client import ask, get
from tests.servers.http.api import running_api


def recorded(case_id: str) -> str:
    cases = golden.load("http_api")["cases"]
    case = next(case for case in cases if case.get("id") == case_id)
    return bytes.fromhex(case["response"]["body_hex"]).decode()


# covers: OPS-03
def test_a_gateway_that_did_nothing_yet_is_as_recorded() -> None:
    numbers = {
        ConnectorId(cid): ConnectorCounts(connected_count=bound, bound_count=bound)
        for cid, bound in (("con1", 1), ("con2", 1), ("con4", 1), ("con3", 0))
    }
    page = metrics.Metrics(http=HttpCounts(), connectors=lambda: numbers).page()
    assert page.decode() == recorded("http-013")


def test_without_connectors_their_block_is_missing() -> None:
    page = metrics.Metrics(http=HttpCounts(success_count=3), connectors=dict).page().decode()
    names = [line.split()[2] for line in page.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(metrics.HTTPAPI) + len(metrics.SMPPSAPI)
    assert "httpapi_success_count 3\n" in page
    assert page.endswith("smppsapi_other_submit_error_count 0\n\n")


def test_prometheus_reads_it() -> None:
    numbers = {ConnectorId("con1"): ConnectorCounts(elink_count=7)}
    page = metrics.Metrics(http=HttpCounts(), connectors=lambda: numbers).page().decode()
    found = {family.name: family for family in text_string_to_metric_families(page)}
    assert len(found) == len(metrics.HTTPAPI) + len(metrics.SMPPC) + len(metrics.SMPPSAPI)
    (sample,) = found["smppc_elink_count"].samples
    assert (sample.labels, sample.value) == ({"cid": "con1"}, 7)


@pytest.mark.parametrize(
    ("kind", "names"),
    [(HttpCounts, metrics.HTTPAPI), (ConnectorCounts, metrics.SMPPC)],
    ids=["HTTP API", "connectors"],
)
def test_each_metric_is_counted(kind: type, names: dict[str, str]) -> None:
    assert names.keys() <= {field.name for field in fields(kind)}


async def test_it_is_no_request_of_a_user() -> None:
    async with running_api() as api:
        answer = await ask(api.port, get("/metrics"))
        assert answer.header("Content-Type") == "text/plain"
        assert b"httpapi_request_count 0\n" in answer.body
        assert api.api.resources.tally.counts.request_count == 0

"""`/metrics`: Jasmin's numbers under its names (contract/logs-and-metrics.md §5).

0.11.0's protocols/http/endpoints/metrics.py. Our own metrics are on the health server.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.servers.http.counts import HttpCounts
from jasmin_compat.smpp_io.client import ConnectorCounts

HTTPAPI: Final = {
    "request_count": "Http request count.",
    "interceptor_count": "Successful http request count.",  # Jasmin's slip; dashboards show it
    "auth_error_count": "Authentication error count.",
    "route_error_count": "Routing error count.",
    "interceptor_error_count": "Interceptor error count.",
    "throughput_error_count": "Throughput exceeded error count.",
    "charging_error_count": "Charging error count.",
    "server_error_count": "Server error count.",
    "success_count": "Successful http request count.",
}
"""Fields of HttpCounts, and their help."""
_SMPP: Final = {
    "submit_sm_request_count": "SubmitSm pdu requests count.",
    "submit_sm_count": "Complete SubmitSm transactions count.",
    "deliver_sm_count": "DeliverSm pdu requests count.",
    "data_sm_count": "Complete DataSm transactions count.",
}
_SMPP_ERRORS: Final = {
    "throttling_error_count": "Throttling errors count.",
    "interceptor_error_count": "Interception errors count.",
    "other_submit_error_count": "Other errors count.",
}
SMPPC: Final = {
    "connected_count": "Cumulated number of successful connections.",
    "disconnected_count": "Cumulated number of disconnections.",
    "bound_count": "Number of bound sessions.",
    **_SMPP,
    "interceptor_count": "Interceptor calls count.",
    "elink_count": "EnquireLinks count.",
    **_SMPP_ERRORS,
}
"""Fields of ConnectorCounts, and their help."""
SMPPSAPI: Final = {
    "connected_count": "Number of connected sessions.",
    "connect_count": "Cumulated number of connect requests.",
    "disconnect_count": "Cumulated number of disconnect requests.",
    "interceptor_count": "Interceptor calls count.",
    "bound_trx_count": "Number of bound sessions in transceiver mode.",
    "bound_rx_count": "Number of bound sessions in receiver mode.",
    "bound_tx_count": "Number of bound sessions in transmitter mode.",
    "bind_trx_count": "Number of bind requests in transceiver mode.",
    "bind_rx_count": "Number of bind requests in receiver mode.",
    "bind_tx_count": "Number of bind requests in transmitter mode.",
    "unbind_count": "Cumulated number of unbind requests.",
    **_SMPP,
    "elink_count": "EnquireLinks count.",
    **_SMPP_ERRORS,
}
"""Of the SMPP server, and their help."""

Connectors = Callable[[], Mapping[ConnectorId, ConnectorCounts]]
"""Every connector of the site, in the order they were made."""


class Metrics:
    """The resource."""

    def __init__(self, *, http: HttpCounts, connectors: Connectors) -> None:
        self._http = http
        self._connectors = connectors

    def page(self) -> bytes:
        """Prometheus' text, an empty line at its end; every metric is called a counter."""
        return ("\n".join(self._lines()) + "\n\n").encode()

    def _lines(self) -> Iterator[str]:
        for name, text in HTTPAPI.items():
            yield from _head(f"httpapi_{name}", text)
            yield f"httpapi_{name} {getattr(self._http, name)}"
        connectors = self._connectors()
        for name, text in SMPPC.items() if connectors else ():
            yield from _head(f"smppc_{name}", text)
            for cid, counts in connectors.items():
                yield f'smppc_{name}{{cid="{cid}"}} {getattr(counts, name)}'
        for name, text in SMPPSAPI.items():
            yield from _head(f"smppsapi_{name}", text)
            yield f"smppsapi_{name} 0"  # there is no SMPP server yet


def _head(name: str, text: str) -> tuple[str, str]:
    return f"# TYPE {name} counter", f"# HELP {name} {text}"

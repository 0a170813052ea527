"""The numbers `stats` shows, out of what the parts of the gateway count."""

from collections.abc import Mapping
from datetime import datetime

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.users import UserId
from jasmin_compat.servers.http.send import Send
from jasmin_compat.servers.jcli.counted import (
    HttpApiStats,
    SmppClientStats,
    SmppServerStats,
    UserOverHttp,
    UserOverSmpp,
    When,
)
from jasmin_compat.smpp_io.client import ConnectorCounts


class CountedStats:
    """servers.jcli.counted.Stats."""

    def __init__(
        self, *, send: Send | None, connectors: Mapping[ConnectorId, ConnectorCounts]
    ) -> None:
        """`send` is None where there is no HTTP API."""
        self._send = send
        self._connectors = connectors

    def user_over_smpp(self, _uid: UserId) -> UserOverSmpp:
        """Nobody can be bound: there is no SMPP server yet."""
        return UserOverSmpp()

    def user_over_http(self, _uid: UserId) -> UserOverHttp:
        return UserOverHttp()

    def smpp_client(self, cid: ConnectorId) -> SmppClientStats:
        counts = self._connectors.get(cid) or ConnectorCounts()
        return SmppClientStats(
            connected_at=_when(counts.connected_at),
            bound_at=_when(counts.bound_at),
            disconnected_at=_when(counts.disconnected_at),
            connected_count=counts.connected_count,
            bound_count=counts.bound_count,
            disconnected_count=counts.disconnected_count,
            submit_sm_request_count=counts.submit_sm_request_count,
            submit_sm_count=counts.submit_sm_count,
            deliver_sm_count=counts.deliver_sm_count,
            data_sm_count=counts.data_sm_count,
            elink_count=counts.elink_count,
            throttling_error_count=counts.throttling_error_count,
            other_submit_error_count=counts.other_submit_error_count,
        )

    def http_api(self) -> HttpApiStats:
        if self._send is None:
            return HttpApiStats()
        counts = self._send.counts
        return HttpApiStats(
            request_count=counts.request_count,
            last_request_at=_when(counts.last_request_at),
            auth_error_count=counts.auth_error_count,
            route_error_count=counts.route_error_count,
            interceptor_error_count=counts.interceptor_error_count,
            interceptor_count=counts.interceptor_count,
            throughput_error_count=counts.throughput_error_count,
            charging_error_count=counts.charging_error_count,
            server_error_count=counts.server_error_count,
            success_count=counts.success_count,
            last_success_at=_when(counts.last_success_at),
        )

    def smpp_server(self) -> SmppServerStats:
        """There is none yet."""
        return SmppServerStats()


def _when(unix: float | None) -> When:
    """Local time, as Jasmin shows it; nothing for 0."""
    return datetime.fromtimestamp(unix) if unix else None  # noqa: DTZ006

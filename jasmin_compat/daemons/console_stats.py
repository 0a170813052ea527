"""The numbers `stats` shows, out of what the parts of the gateway count."""

from collections.abc import Callable
from datetime import datetime

from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Clear, Edit, Kind, Site
from jasmin_compat.gateway.users import UserId
from jasmin_compat.servers.http.counts import HttpTally, HttpUserCounts
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
    """servers.jcli.counted.Stats.

    What is counted of a user or connector goes when it leaves the site (W-CLI-08, W-CFG-19).
    """

    def __init__(
        self,
        reach: Reach,
        *,
        http: HttpTally | None,
        running: Callable[[ConnectorId], ConnectorCounts | None],
        unix: Callable[[], float],
    ) -> None:
        """`http` is None where there is no HTTP API; `running` counts a connector that runs."""
        self._connectors = reach.counts
        self._http = http
        self._running = running
        self._unix = unix
        self._created_at = unix()
        for cid in reach.site().connectors:
            self._connectors[cid] = ConnectorCounts(created_at=self._created_at)

    def follow(self, edit: Edit, site: Site) -> None:
        """The site was changed to `site`."""
        for step in edit:
            keys = None if isinstance(step, Clear) else (step.key,)
            match step.kind:
                case Kind.CONNECTOR:
                    self._follow_connectors(site, keys)
                case Kind.USER if self._http is not None:
                    for uid in list(self._http.users) if keys is None else keys:
                        if uid not in site.users:
                            self._http.users.pop(UserId(str(uid)), None)
                case _:
                    pass

    def _follow_connectors(self, site: Site, keys: tuple[str | int, ...] | None) -> None:
        for key in list(self._connectors) if keys is None else keys:
            cid = ConnectorId(str(key))
            if cid not in site.connectors:
                self._connectors.pop(cid, None)
            elif cid not in self._connectors:
                self._connectors[cid] = ConnectorCounts(created_at=self._unix())

    # ------------------------------------------------------------ what is shown

    def user_over_smpp(self, _uid: UserId) -> UserOverSmpp:
        """Nobody can be bound: there is no SMPP server yet."""
        return UserOverSmpp()

    def user_over_http(self, uid: UserId) -> UserOverHttp:
        users = self._http.users if self._http is not None else {}
        counts = users.get(uid) or HttpUserCounts()
        return UserOverHttp(
            connects_count=counts.connects_count,
            last_activity_at=_when(counts.last_activity_at),
            submit_sm_request_count=counts.submit_sm_request_count,
            balance_request_count=counts.balance_request_count,
            rate_request_count=counts.rate_request_count,
            qos_last_submit_sm_at=_when(counts.qos_last_submit_sm_at),
        )

    def smpp_client(self, cid: ConnectorId) -> SmppClientStats:
        """Jasmin never sets `last_received_elink_at`; scripts are not run yet."""
        counts = self._running(cid) or self._connectors.get(cid) or ConnectorCounts()
        return SmppClientStats(
            created_at=_when(counts.created_at),
            last_received_pdu_at=_when(counts.last_received_pdu_at),
            last_sent_pdu_at=_when(counts.last_sent_pdu_at),
            last_sent_elink_at=_when(counts.last_sent_elink_at),
            last_sequence_number_at=_when(counts.last_request_at),
            last_sequence_number=counts.last_sequence_number or None,
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
        if self._http is None:
            return HttpApiStats()
        counts = self._http.counts
        return HttpApiStats(
            created_at=_when(counts.created_at),
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
        """Nothing was counted since the gateway started: there is no SMPP server yet."""
        return SmppServerStats(created_at=_when(self._created_at))


def _when(unix: float | None) -> When:
    """Local time, as Jasmin shows it; never, for 0."""
    return datetime.fromtimestamp(unix) if unix else None  # noqa: DTZ006

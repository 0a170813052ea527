"""What `stats` shows, as values (contract/jcli.md §11, contract/logs-and-metrics.md §6).

A field is an item, under its name unless it has Jasmin's spelling beside it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.users import UserId

When = datetime | None
"""Local time; None: never."""


@dataclass(frozen=True, slots=True)
class PeerIp:
    """Where a client is bound from."""

    ip: str
    bind: str
    """bind_transceiver, …"""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundConnections:
    """Sessions of a user by their bind."""

    bind_receiver: int = 0
    bind_transceiver: int = 0
    bind_transmitter: int = 0


NOTHING_BOUND: Final = BoundConnections()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserOverSmpp:
    """A user as a client of our SMPP server."""

    bind_count: int = 0
    unbind_count: int = 0
    bound_connections_count: BoundConnections = NOTHING_BOUND
    bound_peer_ips: tuple[PeerIp, ...] = ()
    submit_sm_request_count: int = 0
    last_activity_at: When = None
    qos_last_submit_sm_at: When = None
    submit_sm_count: int = 0
    deliver_sm_count: int = 0
    data_sm_count: int = 0
    elink_count: int = 0
    throttling_error_count: int = 0
    other_submit_error_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserOverHttp:
    """A user of the HTTP API."""

    connects_count: int = 0
    last_activity_at: When = None
    submit_sm_request_count: int = 0
    balance_request_count: int = 0
    rate_request_count: int = 0
    qos_last_submit_sm_at: When = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppClientStats:
    """An SMPP client connector, since the gateway started."""

    created_at: When = None
    last_received_pdu_at: When = None
    last_sent_pdu_at: When = None
    last_received_elink_at: When = None
    last_sent_elink_at: When = None
    last_sequence_number_at: When = field(default=None, metadata={"item": "last_seqNum_at"})
    last_sequence_number: int | None = field(default=None, metadata={"item": "last_seqNum"})
    connected_at: When = None
    bound_at: When = None
    disconnected_at: When = None
    connected_count: int = 0
    bound_count: int = 0
    disconnected_count: int = 0
    submit_sm_request_count: int = 0
    submit_sm_count: int = 0
    deliver_sm_count: int = 0
    data_sm_count: int = 0
    elink_count: int = 0
    throttling_error_count: int = 0
    other_submit_error_count: int = 0
    interceptor_error_count: int = 0
    interceptor_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiStats:
    """The HTTP API, since the gateway started."""

    created_at: When = None
    request_count: int = 0
    last_request_at: When = None
    auth_error_count: int = 0
    route_error_count: int = 0
    interceptor_error_count: int = 0
    interceptor_count: int = 0
    throughput_error_count: int = 0
    charging_error_count: int = 0
    server_error_count: int = 0
    success_count: int = 0
    last_success_at: When = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppServerStats:
    """Our SMPP server, since the gateway started."""

    created_at: When = None
    last_received_pdu_at: When = None
    last_sent_pdu_at: When = None
    last_received_elink_at: When = None
    connected_count: int = 0
    connect_count: int = 0
    disconnect_count: int = 0
    bound_trx_count: int = 0
    bound_rx_count: int = 0
    bound_tx_count: int = 0
    bind_trx_count: int = 0
    bind_rx_count: int = 0
    bind_tx_count: int = 0
    unbind_count: int = 0
    submit_sm_request_count: int = 0
    submit_sm_count: int = 0
    deliver_sm_count: int = 0
    data_sm_count: int = 0
    elink_count: int = 0
    throttling_error_count: int = 0
    other_submit_error_count: int = 0
    interceptor_error_count: int = 0
    interceptor_count: int = 0


class Stats(Protocol):
    """Where the numbers come from; of whatever was not counted yet there are zeros."""

    def user_over_smpp(self, uid: UserId) -> UserOverSmpp: ...
    def user_over_http(self, uid: UserId) -> UserOverHttp: ...
    def smpp_client(self, cid: ConnectorId) -> SmppClientStats: ...
    def http_api(self) -> HttpApiStats: ...
    def smpp_server(self) -> SmppServerStats: ...

"""HTTP client connectors: where MO messages are delivered (contract/jcli.md §10)."""

from dataclasses import dataclass

from jasmin_compat.gateway.messages import CallbackMethod, ConnectorId


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConnector:
    """One receiver of MO messages."""

    cid: ConnectorId
    url: str
    method: CallbackMethod

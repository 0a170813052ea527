"""Who may send, through what, and where to: one immutable snapshot of the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import MtRoute
from jasmin_compat.gateway.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Changes make a new one, which is swapped in whole; a message in flight keeps its own."""

    users: Mapping[str, User] = field(default_factory=dict)
    """By username."""
    connectors: Mapping[ConnectorId, SmppConnector] = field(default_factory=dict)
    mt_routes: tuple[MtRoute, ...] = ()
    """Highest order first."""

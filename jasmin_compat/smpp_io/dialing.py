"""What a connector's keys mean on the wire: bind, bounds, timers, TLS (smpp-client.md §2, §3)."""

import ssl
from collections.abc import Mapping
from types import MappingProxyType

from jasmin_compat.gateway.connectors import BindOperation, SmppConnector
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import Bind
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.timers import TimerPolicy

BIND_COMMANDS: Mapping[BindOperation, int] = MappingProxyType(
    {
        "transceiver": commands.BIND_TRANSCEIVER,
        "transmitter": commands.BIND_TRANSMITTER,
        "receiver": commands.BIND_RECEIVER,
    }
)


def bind_body(connector: SmppConnector) -> Bind:
    return Bind(
        system_id=connector.username.encode(),
        password=connector.password.encode(),
        system_type=connector.system_type.encode(),
        addr_ton=connector.addr_ton,
        addr_npi=connector.addr_npi,
        address_range=connector.address_range.encode(),
    )


def session_policy(connector: SmppConnector) -> SessionPolicy:
    return SessionPolicy(
        window=connector.window,
        max_open_requests=connector.inbound_open,
        max_pdu_octets=connector.max_pdu_octets,
        timers=TimerPolicy(
            session_init_s=connector.bind_timeout_s,
            enquire_link_s=connector.enquire_link_s,
            response_s=connector.response_timeout_s,
            inactivity_s=connector.inactivity_timeout_s,
            pdu_read_s=connector.pdu_read_timeout_s,
        ),
    )


def tls_context(connector: SmppConnector) -> ssl.SSLContext | None:
    """None for plain TCP. `ssl yes` alone verifies nothing, as Jasmin (factory.py:207).

    Raises:
        OSError: `ssl_ca` cannot be read.
    """
    if not connector.ssl:
        return None
    context = ssl.create_default_context(cafile=connector.ssl_ca)
    if not connector.ssl_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context

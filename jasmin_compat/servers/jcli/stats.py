"""`stats` (`cli/statsm.py`, contract/jcli.md §11)."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import datetime
from functools import partial
from typing import Any, Final

from jasmin_compat.gateway.changes import known
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.users import UserId
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.counted import BoundConnections, PeerIp, When
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.tables import plain

ITEMS: Final = ("#Item", "Value")
USER_ITEMS: Final = ("#Item", "Type", "Value")
USERS: Final = (
    "#User id",
    "SMPP Bound connections",
    "SMPP Peer IPs",
    "SMPP L.A.",
    "HTTP requests counter",
    "HTTP L.A.",
)
CONNECTORS: Final = (
    "#Connector id",
    "Connected at",
    "Bound at",
    "Disconnected at",
    "Submits",
    "Delivers",
    "QoS errs",
    "Other errs",
)


def stats_command(office: Office) -> Command:
    return Command(
        "stats",
        "Stats management",
        [
            (Flag(("--user",), "Show user stats using it's UID", "UID"), partial(_user, office)),
            (Flag(("--users",), "Show all users stats"), partial(_users, office)),
            (
                Flag(("--smppc",), "Show smpp connector stats using it's CID", "CID"),
                partial(_connector, office),
            ),
            (Flag(("--smppcs",), "Show all smpp connectors stats"), partial(_connectors, office)),
            (Flag(("--httpapi",), "Show HTTP API stats"), partial(_http_api, office)),
            (Flag(("--smppsapi",), "Show SMPP Server API stats"), partial(_smpp_server, office)),
        ],
    )


async def _user(office: Office, _visit: Visit, name: str) -> str:
    uid = known(office.site.users, name, "User").uid
    rows = [(item, "SMPP Server", v) for item, v in _items(office.stats.user_over_smpp(uid))]
    rows += [(item, "HTTP Api", v) for item, v in _items(office.stats.user_over_http(uid))]
    return plain(USER_ITEMS, rows)


async def _users(office: Office, _visit: Visit, _value: str) -> str:
    uids = list(office.site.users)
    table = plain(USERS, [_user_row(office, uid) for uid in uids])
    return f"{table}Total users: {len(uids)}\n"


def _user_row(office: Office, uid: UserId) -> tuple[object, ...]:
    smpp, http = office.stats.user_over_smpp(uid), office.stats.user_over_http(uid)
    bound = smpp.bound_connections_count
    return (
        f"#{uid}",
        bound.bind_receiver + bound.bind_transceiver + bound.bind_transmitter,
        _peers(smpp.bound_peer_ips),
        _when(smpp.last_activity_at),
        http.connects_count,
        _when(http.last_activity_at),
    )


async def _connector(office: Office, _visit: Visit, name: str) -> str:
    cid = known(office.site.connectors, name, "connector").cid
    return plain(ITEMS, _items(office.stats.smpp_client(cid)))


async def _connectors(office: Office, _visit: Visit, _value: str) -> str:
    cids = list(office.site.connectors)
    table = plain(CONNECTORS, [_connector_row(office, cid) for cid in cids])
    return f"{table}Total connectors: {len(cids)}\n"


def _connector_row(office: Office, cid: ConnectorId) -> tuple[object, ...]:
    counted = office.stats.smpp_client(cid)
    return (
        f"#{cid}",
        _when(counted.connected_at),
        _when(counted.bound_at),
        _when(counted.disconnected_at),
        f"{counted.submit_sm_request_count}/{counted.submit_sm_count}",
        f"{counted.deliver_sm_count}/{counted.data_sm_count}",
        counted.throttling_error_count,
        counted.other_submit_error_count,
    )


async def _http_api(office: Office, _visit: Visit, _value: str) -> str:
    return plain(ITEMS, _items(office.stats.http_api()))


async def _smpp_server(office: Office, _visit: Visit, _value: str) -> str:
    return plain(ITEMS, _items(office.stats.smpp_server()))


def _items(counted: Any) -> Iterator[tuple[str, str]]:
    for row in fields(counted):
        item = row.metadata.get("item", row.name)
        yield f"#{item}", _shown(item, getattr(counted, row.name))


def _shown(item: str, value: object) -> str:
    if item.endswith("_at"):
        assert value is None or isinstance(value, datetime)
        return _when(value)
    match value:
        case None:
            return ""
        case BoundConnections():
            return json.dumps(asdict(value))
        case tuple():
            return _peers(value)
        case _:
            return str(value)


def _when(at: When) -> str:
    return "ND" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def _peers(peers: tuple[PeerIp, ...]) -> str:
    shown = [f"{peer.ip} ({peer.bind} @ {_when(peer.at)})" for peer in peers]
    return "; ".join(shown) or "-"

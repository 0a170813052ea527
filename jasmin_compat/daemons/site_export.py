"""Write a site as a site file, which read_site reads back as the same, or refuses.

It refuses what the console keeps and a file may not have, such as a route to a removed connector.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.credential_changes import mt_values, smpps_values
from jasmin_compat.gateway.credentials import MT_DEFAULT, SMPPS_DEFAULT
from jasmin_compat.gateway.site import Item, Kind, Site
from jasmin_compat.gateway.table_rows import ROW_TABLES
from jasmin_compat.settings.yaml_text import yaml_text
from jasmin_compat.wire.plain_tables import Plain
from jasmin_compat.wire.site_items import credential, write_item

Table = dict[str, Plain]
_OURS = ("window", "max_pdu_octets", "inbound_open")
"""Their defaults are settings: they are always written."""
_CREDENTIALS = {
    "mt_messaging_cred": credential(mt_values(MT_DEFAULT)),
    "smpps_cred": credential(smpps_values(SMPPS_DEFAULT)),
}


def site_yaml(site: Site) -> str:
    """The site file. Passwords of users are in it as digests, those of connectors in clear."""
    lists: dict[str, Any] = {
        "groups": [_plain(Kind.GROUP, group) for group in site.groups.values()],
        "users": [_user(_plain(Kind.USER, user)) for user in site.users.values()],
        "filters": [{"fid": fid} | _plain(Kind.FILTER, f) for fid, f in site.filters.items()],
        "smpp_connectors": [_connector(c, site) for c in site.connectors.values()],
        "http_connectors": [_plain(Kind.HTTP_CONNECTOR, c) for c in site.http_connectors.values()],
    }
    for kind in ROW_TABLES:
        lists[kind.value] = list(_rows(kind, getattr(site, kind.value)))
    return yaml_text({name: items for name, items in lists.items() if items})


def _plain(kind: Kind, item: Item) -> Table:
    return cast("Table", write_item(kind, item))


def _user(plain: Table) -> Table:
    """Only what differs from a new user's credentials."""
    for kind, default in _CREDENTIALS.items():
        sections = cast("dict[str, Table]", plain.pop(kind))
        kept = {name: _other(values, default[name]) for name, values in sections.items()}
        if any(kept.values()):
            plain[kind] = cast("Plain", {name: values for name, values in kept.items() if values})
    return plain


def _other(values: Table, default: Plain) -> Table:
    usual = cast("Table", default)
    return {key: value for key, value in values.items() if value != usual[key]}


def _connector(connector: SmppConnector, site: Site) -> Table:
    """Only what differs from a new connector."""
    usual = _plain(Kind.CONNECTOR, SmppConnector(cid=connector.cid))
    values = _plain(Kind.CONNECTOR, connector)
    kept = {key: v for key, v in values.items() if key in _OURS or v != usual[key]}
    named: Table = {"cid": connector.cid, "start": site.started.get(connector.cid, False)}
    return named | kept


def _rows(kind: Kind, table: Mapping[int, Item]) -> Iterator[Table]:
    for order, item in table.items():
        plain = _plain(kind, item)
        if kind is Kind.MO_ROUTE:
            del plain["rate"]
        if not plain["filters"]:
            del plain["filters"]
        yield {"order": order} | plain

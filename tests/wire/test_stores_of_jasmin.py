"""Stores that Jasmins of four releases wrote, against what was typed into their consoles."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from compat_tests import typed_site
from compat_tests.stores.record import LEFT_OUT
from jasmin_compat.gateway.connectors import connector_from
from jasmin_compat.gateway.credential_changes import changed_mt, changed_smpps, read_change
from jasmin_compat.gateway.filter_kinds import Table, filter_from, filter_kind, filters_named
from jasmin_compat.gateway.filters import Filter, FilterId
from jasmin_compat.gateway.http_connectors import http_connector_from
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.route_arguments import route_from, target_from
from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.gateway.table_rows import ROW_TABLES, row_kind
from jasmin_compat.gateway.users import Group, GroupId, User, UserId, password_digest
from jasmin_compat.wire import site_texts
from jasmin_compat.wire.store_files import FILES, read_store

FOLDER = Path("scripts")
CODES = {"eval.py": typed_site.EVAL, "mo.py": typed_site.MO_SCRIPT, "mt.py": typed_site.MT_SCRIPT}
KINDS = {
    "mtrouter": Kind.MT_ROUTE,
    "morouter": Kind.MO_ROUTE,
    "mtinterceptor": Kind.MT_INTERCEPTOR,
    "mointerceptor": Kind.MO_INTERCEPTOR,
}


def recorded(release: str) -> dict[str, Any]:
    path = Path(typed_site.__file__).parent / "stores" / f"{release}.json.gz"
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def typed(release: str) -> Site:
    """What the sessions say, by the functions our console has."""
    site = Site()
    for start, lines in typed_site.sessions(FOLDER):
        kept = [line for line in lines if not line.startswith(LEFT_OUT[release])]
        module, _, *key = start.split()
        given = [tuple(line.split(" ", 1)) for line in kept]
        site = apply(site, tuple(put(site, module, key, given)))
    for command in typed_site.AFTERWARDS:
        module, _, key = command.split()  # type: ignore[assignment]
        kind = Kind.USER if module == "user" else Kind.GROUP
        item = getattr(site, kind.value)[key]
        values = {name: getattr(item, name) for name in item.__slots__} | {"enabled": False}
        site = apply(site, (Put(kind, key, type(item)(**values)),))  # type: ignore[arg-type]
    return site


def put(site: Site, module: str, key: list[str], given: list[Any]) -> list[Put]:
    values = dict(given)
    if module == "group":
        return [Put(Kind.GROUP, values["gid"], Group(gid=values["gid"]))]
    if module == "user":
        return [user(site, key, values, given)]
    if module == "smppccm":
        if key:
            before = site.connectors[key[0]]  # type: ignore[index]
            values = {"cid": key[0], "port": before.port} | values
        return [Put(Kind.CONNECTOR, values["cid"], connector_from(values))]
    if module == "httpccm":
        return [Put(Kind.HTTP_CONNECTOR, values["cid"], http_connector_from(**values))]
    if module == "filter":
        return [Put(Kind.FILTER, values["fid"], made_filter(values))]
    return [row(site, KINDS[module], values)]


def user(site: Site, key: list[str], values: dict[str, str], given: list[Any]) -> Put:
    known = site.users.get(UserId(key[0])) if key else None
    if known is None:
        known = User(
            uid=UserId(values["uid"]),
            gid=GroupId(values["gid"]),
            username=values["username"],
            password_md5=password_digest(values["password"]),
        )
    is_old = bool(key)
    mt = [
        read_change("mt_messaging_cred", v, of_existing=is_old)
        for k, v in given
        if k == "mt_messaging_cred"
    ]
    smpps = [read_change("smpps_cred", v) for k, v in given if k == "smpps_cred"]
    fields = {name: getattr(known, name) for name in User.__slots__}
    fields |= {"mt": changed_mt(known.mt, mt), "smpps": changed_smpps(known.smpps, smpps)}
    return Put(Kind.USER, known.uid, User(**fields))


def made_filter(values: dict[str, str]) -> Filter:
    kind = filter_kind(values["type"])
    argument = values.get(kind.argument or "", "")
    return filter_from(kind, CODES[Path(argument).name] if kind.argument == "pyCode" else argument)


def row(site: Site, kind: Kind, values: dict[str, str]) -> Put:
    table = ROW_TABLES[kind]
    of = row_kind(table, values["type"])
    side: Table = table.table
    fids = values["filters"].split(";") if "filters" in values else []
    filters = filters_named(site.filters, side, table.noun, map(FilterId, fids))
    order = int(values.get("order", 0))
    if table.noun == "Interceptor":
        path = re.fullmatch(r"python3\((.*)\)", values["script"])
        assert path is not None
        selection = "default" if of.selection == "default" else "static"
        code = CODES[Path(path[1]).name]
        return Put(kind, order, Interceptor(selection=selection, code=code, filters=filters))
    names = values.get("connectors", values.get("connector", "")).split(";")
    targets = tuple(target_from(site, side, name) for name in names)
    rate = float(values.get("rate", 0))
    return Put(kind, order, route_from(side, of.selection, targets, filters=filters, rate=rate))


def read(release: str) -> tuple[Site, tuple[str, ...]]:
    found = recorded(release)
    files = {name: base64.b64decode(found["files"][f"jcli-prod.{name}"]) for name in FILES}
    return read_store(files, connector_defaults={}, log_folder=found["log_folder"])


# covers: PERS-01 PERS-05 W-CFG-01
@pytest.mark.parametrize("release", LEFT_OUT)
def test_a_store_is_read_as_it_was_typed(release: str) -> None:
    site, lost = read(release)
    expected = typed(release)
    assert lost == ()
    for kind in Kind:
        assert getattr(site, kind.value) == getattr(expected, kind.value)
        assert list(getattr(site, kind.value)) == list(getattr(expected, kind.value))


@pytest.mark.parametrize("release", LEFT_OUT)
def test_our_texts_are_those_its_console_showed(release: str) -> None:
    site, _ = read(release)
    shown = recorded(release)["shown"]
    for fid, made in site.filters.items():
        assert shown[f"filter -s {fid}"].rstrip() == site_texts.filter_str(made).rstrip()
        assert f" {site_texts.filter_repr(made)}" in shown["filter -l"]
    for module, kind in KINDS.items():
        table = ROW_TABLES[kind]
        text = site_texts.route_str if table.noun == "Route" else site_texts.interceptor_str
        for order, made_row in getattr(site, kind.value).items():
            expected = "\n".join(line.rstrip() for line in text(table, made_row).split("\n"))
            assert shown[f"{module} -s {order}"] == expected

"""Jasmin's store files: what is written is read, and what a Jasmin wrote is read."""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.gateway.users import GroupId, User, UserId
from jasmin_compat.wire.store_files import (
    FILES,
    header,
    is_profile_name,
    read_store,
    write_store,
)
from jasmin_compat.wire.store_values import BadStore
from tests import builders
from tests.site_strategies import sites
from tests.wire.jasmin_objects import group, made, pickled, smpp_config, user

LOGS = "/var/log/jasmin"
HEADER = header("Tue Nov 24 06:50:21 2026", "0.11.1")


def written(site: Site) -> dict[str, bytes]:
    pieces: dict[str, list[bytes]] = defaultdict(list)
    for name, piece in write_store(site, header=HEADER, log_folder=LOGS):
        pieces[name].append(piece)
    return {name: b"".join(found) for name, found in pieces.items()}


def read(files: Mapping[str, bytes]) -> tuple[Site, tuple[str, ...]]:
    return read_store(files, connector_defaults={}, log_folder=LOGS)


def file_of(value: object, protocol: int = 2) -> bytes:
    return HEADER.encode() + pickled(value, protocol)


def lost_of(**files: Any) -> list[str]:
    """Names have underscores for hyphens; files that are not there are not told of."""
    found = {name.replace("_", "-"): file_of(value) for name, value in files.items()}
    return [text for text in read(found)[1] if not text.endswith("there is no such file")]


# covers: PERS-01
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(sites())
@example(builders.site(builders.user(enabled=False)))
def test_any_site_is_read_back_as_it_was(site: Site) -> None:
    files = written(site)
    assert tuple(files) == FILES
    again, lost = read(files)
    assert lost == ()
    assert again == site
    for kind in ("groups", "users", "filters", "connectors", "http_connectors", "mt_routes"):
        assert list(getattr(again, kind)) == list(getattr(site, kind))


def test_each_file_begins_with_jasmins_line() -> None:
    for octets in written(Site()).values():
        assert octets.startswith(b"Persisted on Tue Nov 24 06:50:21 2026 [Jasmin 0.11.1]\n\x80\x02")


@pytest.mark.parametrize("protocol", range(6))
def test_stores_of_every_protocol_are_read(protocol: int) -> None:
    tables = {"router-mtroutes": "MTRoutingTable", "router-mointerceptors": "MOInterceptionTable"}
    route = made("DefaultRoute", connector=made("SmppClientConnector", cid="con1"), rate=0.25)
    script = made("MOInterceptorScript", pyCode="pass")
    interceptor = made("DefaultInterceptor", script=script)
    files = {
        "router-groups": file_of([group(enabled=False)], protocol),
        "router-users": file_of([user("u1", enabled=False), user("u2")], protocol),
        "smppccs": file_of(
            [{"id": "con1", "config": smpp_config(), "service_status": 1}], protocol
        ),
        "filters": file_of({"t": made("TransparentFilter")}, protocol),
        "httpccs": file_of(
            {"h01": made("HttpConnector", cid="h01", baseurl="http://localhost", method="GET")},
            protocol,
        ),
        **{
            name: file_of(made(of, table=[{0: row}]), protocol)
            for (name, of), row in zip(tables.items(), (route, interceptor), strict=True)
        },
    }

    site, lost = read(files)

    assert lost == ("router-moroutes: there is no such file",)
    assert site.mt_routes == {
        0: Route(selection="default", targets=(Target("smppc", ConnectorId("con1")),), rate=0.25)
    }
    assert (site.connectors[ConnectorId("con1")].port, site.started) == (2776, {"con1": True})
    assert [row.code for row in site.mo_interceptors.values()] == ["pass"]
    assert (list(site.filters), list(site.http_connectors)) == (["t"], ["h01"])


# covers: W-CFG-01 PERS-06
def test_disabled_users_and_groups_stay_disabled() -> None:
    files = {
        "router-groups": file_of([group("g1"), group("g2", enabled=False)]),
        "router-users": file_of([user("u1", enabled=False), user("u2")]),
    }
    site, _ = read(files)
    assert [g.enabled for g in site.groups.values()] == [True, False]
    assert [u.enabled for u in site.users.values()] == [False, True]


def test_what_cannot_be_carried_over_is_named() -> None:
    assert lost_of(router_groups=[group(), group("no good")]) == [
        "router-groups: group 2 is not carried over: Group gid syntax is invalid"
    ]
    assert lost_of(
        router_groups=[group()],
        router_users=[user("u1"), user("u1"), user("u2", password=None), 5],
    ) == [
        "router-users: u1 is not carried over: another has the uid u1 or username u1",
        "router-users: u2 is not carried over: its password is no MD5 digest",
        "router-users: user 4 is not carried over: 5 where a User must be",
    ]
    assert lost_of(smppccs=[{"id": "con1", "config": smpp_config(port="x")}, None]) == [
        "smppccs: con1 is not carried over: port must be an integer",
        "smppccs: connector 2 is not carried over: None where a connector must be",
    ]
    assert lost_of(filters={"f": made("TagFilter", tag=None)}, httpccs={"h": None}) == [
        "filters: f is not carried over: tag is None",
        "httpccs: h is not carried over: None where a HttpConnector must be",
    ]
    assert lost_of(router_mtroutes=made("MTRoutingTable", table=[{3: made("DefaultRoute")}])) == [
        "router-mtroutes: row 1 is not carried over: a DefaultRoute of order 3"
    ]


def test_a_group_only_a_user_has_is_added() -> None:
    """Jasmin lets that user in."""
    files = {"router-groups": file_of([]), "router-users": file_of([user(), user("u2")])}
    site, lost = read(files)
    assert list(site.groups) == ["g1"]
    assert "router-users: group g1 is in u1 only; it is added" in lost


def test_http_connectors_only_a_route_has_are_added() -> None:
    http = made("HttpConnector", cid="h01", baseurl="http://localhost/a", method="GET")
    route = made("DefaultRoute", connector=http)
    table = file_of(made("MORoutingTable", table=[{0: route}]))
    site, lost = read({"router-moroutes": table, "httpccs": file_of({})})
    assert [c.url for c in site.http_connectors.values()] == ["http://localhost/a"]
    assert "httpccs: h01 is in MO Route 0 only; it is added" in lost

    other = made("HttpConnector", cid="h01", baseurl="http://localhost/b", method="POST")
    site, lost = read({"router-moroutes": table, "httpccs": file_of({"h01": other})})
    assert [c.url for c in site.http_connectors.values()] == ["http://localhost/b"]
    assert (
        "MO Route 0: leads to GET http://localhost/a as h01, which is POST http://localhost/b now"
    ) in lost


def test_a_route_to_a_removed_http_connector_stays_one() -> None:
    gone = Route(selection="default", targets=(Target("http", ConnectorId("gone")),))
    site = apply(Site(), (Put(Kind.MO_ROUTE, 0, gone),))
    assert read(written(site)) == (site, ())


# covers: W-SEC-02
@pytest.mark.parametrize(
    ("octets", "said"),
    [
        pytest.param(b"", "does not begin", id="empty"),
        pytest.param(b"\x80\x02].", "does not begin", id="no line of text"),
        pytest.param(b"Persisted on x [Jasmin y]\n].", "does not begin", id="no release"),
        pytest.param(HEADER.encode(), "octet", id="no pickle"),
        pytest.param(HEADER.encode() + b"}.", "a list must be", id="another value"),
        pytest.param(HEADER.encode() + b"cos\nsystem\n(Vtrue\ntR.", "octet", id="a command"),
        pytest.param(HEADER.encode() + b"c__builtin__\neval\n(V1\ntR.", "octet", id="code"),
        pytest.param(HEADER.encode() + b"Nr\xff\xff\xff\x7f.", "memo", id="memo"),
        pytest.param(HEADER.encode() + b"\x80\x02" + b"(" * 601 + b".", "deeply", id="deep"),
        pytest.param(HEADER.encode() + bytes(1 << 27), "octet", id="size"),
        pytest.param(HEADER.encode() + b"\x80\x02X\xff\xff\xff\xff.", "octet", id="4 gigabytes"),
    ],
)
def test_a_damaged_or_hostile_file_is_one_error(octets: bytes, said: str) -> None:
    with pytest.raises(BadStore, match=said):
        read({"router-users": octets})


@given(st.binary(max_size=100), st.sampled_from(FILES))
def test_random_octets_raise_nothing_else(octets: bytes, name: str) -> None:
    try:
        read({name: HEADER.encode() + octets})
    except BadStore:
        return


@given(sites(), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_store_raises_nothing_else(site: Site, data: st.DataObject) -> None:
    files = written(site)
    name = data.draw(st.sampled_from(FILES))
    damaged = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(len(HEADER), len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    try:
        read(files | {name: bytes(damaged)})
    except BadStore:
        return


def test_many_users_are_written_in_moments() -> None:
    """100,000 of different balances take 3 s on one core, and 18 s to be read."""
    digest = bytes(16)
    users = {name: _member(name, digest) for name in (f"u{number}" for number in range(10_000))}
    began = time.process_time()
    octets = written(Site(users=users))["router-users"]  # type: ignore[arg-type]
    assert time.process_time() - began < 2
    assert len(octets) < 5_000_000
    assert read({"router-users": octets})[0].users == users


def _member(name: str, digest: bytes) -> User:
    return User(uid=UserId(name), gid=GroupId(name[-1]), username=name, password_md5=digest)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".a", "a" * 101, "a\0", "a\n"])
def test_a_name_that_is_a_path_is_none(name: str) -> None:
    assert not is_profile_name(name)
    assert is_profile_name("jcli-prod_2.old")

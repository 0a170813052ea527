"""A site file becomes groups, users, connectors and routes (design D3)."""

import hashlib
from pathlib import Path

import pytest

from jasmin_compat.daemons.site import read_site
from jasmin_compat.gateway.credentials import GRANTED, Quotas, SmppsCredential
from jasmin_compat.gateway.filters import DestinationAddrFilter, EvalPyFilter, TagFilter
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Target
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import authenticate
from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.sections import SmppClient
from tests import builders

CONFIGS = Path(__file__).parents[2] / "configs"


def read(tmp_path: Path, text: str, defaults: SmppClient | None = None) -> Site:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    return read_site(path, defaults or SmppClient())


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsMistakes) as wrong:
        read(tmp_path, text)
    return [m.line.removeprefix(f"{tmp_path}/site.yaml:") for m in wrong.value.mistakes]


GOOD = """
groups:
  - gid: g1
  - {gid: g2, enabled: no}
users:
  - {uid: u1, gid: g1, username: foo, password: bar}
  - {uid: u2, gid: g2, username: baz, password_md5: 37B51D194A7513E45B56F6524F2D51F2}
  - {uid: u3, gid: g1, username: qux, password_file: secret, enabled: no}
smpp_connectors:
  - {cid: smsc1, host: smsc.example.com, port: 2776, ssl: yes, window: 1, submit_throughput: 0.5}
  - {cid: smsc2, start: no, src_addr: null}
mt_routes:
  - {type: default, connector: smsc1, rate: 0.0}
"""


def test_everything_in_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("pass word\n")
    site = read(tmp_path, GOOD)
    users = {user.username: user for user in site.users.values()}
    assert authenticate(site, "foo", "bar").gid == "g1"
    assert users["baz"].password_md5 == hashlib.md5(b"bar").digest()
    assert not site.groups[users["baz"].gid].enabled
    assert users["qux"].password_md5 == hashlib.md5(b"pass word").digest()
    assert not users["qux"].enabled
    one, two = site.connectors.values()
    assert (one.host, one.port, one.ssl, one.window) == ("smsc.example.com", 2776, True, 1)
    assert one.submit_throughput == 0.5
    assert two.source_addr is None
    assert site.started == {"smsc1": True}
    assert site.mt_routes == {0: builders.default_route(one.cid)}
    assert list(site.groups) == ["g1", "g2"]


def test_connectors_have_the_sites_defaults(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    site = read(tmp_path, GOOD, SmppClient(window=7, max_pdu_octets=4096, inbound_open=3))
    one, two = site.connectors.values()
    assert (one.window, one.max_pdu_octets, one.inbound_open) == (1, 4096, 3)
    assert two.window == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("groups: [{gid: 'a b'}]", "1: groups: gid: must be 1 to 16 letters"),
        ("groups: [{enabled: yes}]", "1: groups: gid is missing"),
        ("groups: [{gid: a, enabled: maybe}]", "1: groups: enabled: must be yes or no"),
        ("groups: [{gid: a, gid2: b}]", "1: groups: unknown key gid2"),
        ("groups: [{gid: a}, {gid: a}]", "1: groups: gid a is there twice"),
        ("users: [{uid: a, gid: g, username: a, password: b}]", "1: users: there is no group g"),
        ("mt_routes: [{type: best}]", "1: mt_routes: type: must be one of default, static,"),
        ("mt_routes: [{type: default, connector: xyz}]", "1: mt_routes: Unknown smppc cid: xyz"),
        ("mt_routes: [{type: static, connector: xyz}]", "1: mt_routes: order is missing"),
        ("mo_routes: [{type: default, rate: 1}]", "1: mo_routes: unknown key rate"),
        ("mt_routes: [{type: default}]", "1: mt_routes: connector is missing"),
        (
            "mt_routes: [{type: default, rate: x}]",
            "1: mt_routes: Incorrect rate (must be float): x",
        ),
        ("groups: [{gid: [a]}]", "1: groups: gid: must be one value"),
        ("filters: [{fid: a, type: X}]", '1: filters: Unknown Filter type: "X"'),
        (
            "filters: [{fid: a, type: TagFilter, tag: 1}, {fid: a, type: TransparentFilter}]",
            "1: filters: fid a is there twice",
        ),
        (
            "filters:\n  - fid: a\n    type: SourceAddrFilter\n    source_addr: '['",
            "4: filters: source_addr option is not a valid regular expression",
        ),
        ("filters: [{fid: a, type: EvalPyFilter, code: 'if :'}]", "1: filters: [Syntax]: invalid"),
        ("filters: [{fid: a, type: EvalPyFilter}]", "1: filters: wants one of code, pyCode"),
        (
            "http_connectors: [{cid: abc, url: foo, method: GET}]",
            "1: http_connectors: HttpConnector url syntax is invalid",
        ),
        (
            "mo_routes: [{type: failover, order: 1, connectors: [smpps(abc), http(abc)]}]",
            "1: mo_routes: Unknown http cid: abc",
        ),
        (
            "mo_routes: [{type: static, order: 1, connector: smpps(abc), filters: [nope]}]",
            "1: mo_routes: Unknown fid: nope",
        ),
        (
            "mo_routes: [{type: static, order: 1, connector: smpps(abc), "
            "filters: [{type: UserFilter, uid: u}]}]",
            "1: mo_routes: filters: a MO Route has no UserFilter",
        ),
        ("mt_interceptors: [{type: default}]", "1: mt_interceptors: wants one of script,"),
        (
            "mt_interceptors: [{type: default, script_file: nowhere}]",
            "1: mt_interceptors: script_file: [Errno 2]",
        ),
        (
            "mt_interceptors: [{type: default, script: x}, {type: default, script: y}]",
            "1: mt_interceptors: order 0 is there twice",
        ),
        (
            "groups: [{gid: g}]\nusers:\n  - {uid: a, gid: g, username: a, password: b,\n"
            "     mt_messaging_cred: {quota: {\n       balance: lots}}}",
            "5: users: could not convert string to float: 'lots'",
        ),
        ("smpp_connectors: [{cid: ab}]", "1: smpp_connectors: SMPPConfig id syntax is invalid"),
        ("smpp_connectors: [{cid: abc, start: x}]", "1: smpp_connectors: start: must be yes or no"),
        (
            "smpp_connectors: [{cid: abc, port: x, colour: red}]",
            "1: smpp_connectors: Unknown SMPPClientConfig key: colour; port must be an integer",
        ),
        (
            "smpp_connectors: [{cid: abc, ssl: yes, ssl_ca: /nowhere}]",
            "1: smpp_connectors: ssl_ca: no such file: /nowhere",
        ),
        ("smpp_connectors: [{cid: abc, logrotate: X}]", "1: smpp_connectors: logrotate: must be"),
        ("smpp_connectors: [{cid: abc}, {cid: abc}]", "1: smpp_connectors: cid abc is there twice"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, text: str, expected: str) -> None:
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", "wants one of password, password_md5, password_file"),
        (", password: a, password_md5: 37b51d194a7513e45b56f6524f2d51f2", "wants one of"),
        (", password: 12345678901234567", "1 to 16 ASCII characters"),
        (", password: ''", "1 to 16 ASCII characters"),
        (", password: yes", "must be a text; write it in quotes"),
        (", password_md5: 37b5", "must be 32 hexadecimal digits"),
        (", password_file: nowhere", "No such file"),
    ],
)
def test_a_password_is_given_once_and_is_one_jasmin_takes(
    tmp_path: Path, password: str, expected: str
) -> None:
    (found,) = mistakes(
        tmp_path, f"groups: [{{gid: g}}]\nusers: [{{uid: a, gid: g, username: a{password}}}]"
    )
    assert found.startswith("2: users: ")
    assert expected in found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (
        "groups:\n  - gid: a b\nsmpp_connectors:\n  - cid: abc\n    port: x\nmt_routes:\n  - {}\n"
    )
    assert [line.split(":")[0] for line in mistakes(tmp_path, text)] == ["2", "4", "7"]


@pytest.mark.parametrize("name", ["site.example.yaml", "demo-site.yaml"])
def test_the_samples_are_in_order(name: str) -> None:
    site = read_site(CONFIGS / name, SmppClient())
    assert site.users
    assert site.mt_routes
    assert site.started


FULL = """
groups: [{gid: g1}]
users:
  - uid: u1
    gid: g1
    username: foo
    password: bar
    mt_messaging_cred:
      authorization: {http_bulk: yes, dlr_level: no}
      valuefilter: {dst_addr: ^33}
      defaultvalue: {src_addr: SUN HOTEL}
      quota: {balance: -3.5, sms_count: 7, http_throughput: none, smpps_throughput: null}
    smpps_cred:
      authorization: {bind: no, ip: "10.0.0.0/8, ::1"}
      quota: {max_bindings: 2}
filters:
  - {fid: french, type: DestinationAddrFilter, destination_addr: ^33}
  - {fid: code, type: EvalPyFilter, pyCode: code.py}
  - {fid: day, type: TimeIntervalFilter, timeInterval: 08:00:00;18:00:00}
smpp_connectors: [{cid: smsc1}, {cid: smsc2}]
http_connectors: [{cid: web, url: http://localhost/mo, method: POST}]
mt_routes:
  - {type: default, connector: smsc1}
  - {order: 10, type: static, connector: smppc(smsc2), filters: [french, day], rate: 0.5}
  - {order: 20, type: random, connectors: [smsc1, smsc2], filters: [{type: TagFilter, tag: 5}]}
  - {order: 30, type: FailoverMTRoute, connectors: [smsc1, smsc2], filters: [code]}
mo_routes:
  - {order: 5, type: failover, connectors: [http(web), http(web)], filters: [french]}
  - {type: DefaultRoute, connector: smpps(esme1)}
mt_interceptors:
  - {order: 1, type: static, filters: [french], script_file: code.py}
mo_interceptors:
  - type: default
    script: |
      routable.addTag('x')
"""


def test_everything_a_site_has_may_be_in_it(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("result = True\n")
    site = read(tmp_path, FULL)
    (user,) = site.users.values()
    assert user.mt.quotas == Quotas(balance=-3.5, submit_sm_count=7)
    assert user.mt.granted == (GRANTED | {"http_bulk"}) - {"set_dlr_level"}
    assert (user.mt.source_address, user.mt.value_filters.destination_address) == (
        "SUN HOTEL",
        "^33",
    )
    assert user.smpps == SmppsCredential(bind=False, ip="10.0.0.0/8, ::1", max_bindings=2)
    french, code = DestinationAddrFilter("^33"), EvalPyFilter("result = True\n")
    assert list(site.filters.values())[:2] == [french, code]
    assert list(site.mt_routes) == [30, 20, 10, 0]
    assert site.mt_routes[30].filters == (code,)
    assert site.mt_routes[20].filters == (TagFilter("5"),)
    assert (site.mt_routes[10].filters[0], site.mt_routes[10].rate) == (french, 0.5)
    assert [route.selection for route in site.mo_routes.values()] == ["failover", "default"]
    assert site.mo_routes[0].targets == (Target("smpps", ConnectorId("esme1")),)
    assert site.mt_interceptors[1].filters == (french,)
    assert site.mo_interceptors[0].code == "routable.addTag('x')\n"

"""A site file becomes groups, users, connectors and routes (design D3)."""

import hashlib
from pathlib import Path

import pytest

from jasmin_compat.daemons.site import read_site
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
        ("mt_routes: [{type: static}]", "1: mt_routes: type: only default is built yet"),
        ("mt_routes: [{type: default, connector: x}]", "1: mt_routes: there is no connector x"),
        ("mt_routes: [{type: default}]", "1: mt_routes: connector is missing"),
        ("mt_routes: [{type: default, rate: 1}]", "1: mt_routes: rate: charging is not built"),
        ("mt_routes: [{type: default, rate: x}]", "1: mt_routes: rate: must be a number"),
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

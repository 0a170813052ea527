"""Mistakes that show only where settings meet what they are for."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.further_checks import further_mistakes, site_mistakes, site_of
from jasmin_compat.settings.read import SettingsRead, read_settings


def read(tmp_path: Path, text: str) -> SettingsRead:
    (tmp_path / "j.cfg").write_text(text)
    return read_settings(cfg=tmp_path / "j.cfg", environment={})


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "[sm-listener]\nsubmit_error_retrial = {'ESME_RTHROTLED': {'count': 2, 'delay': 3}}\n",
            "2: [sm-listener] submit_error_retrial: unknown status ESME_RTHROTLED",
        ),
        (
            "[callbacks]\ndeny = 10.0.0.0/8, example.com\n",
            "2: [callbacks] deny: example.com: 'example.com' does not appear to be an IPv4 or IPv6"
            " network",
        ),
        (
            "[http-api]\ntrusted_proxies = 10.0.0.0/8, proxy\n",
            "2: [http-api] trusted_proxies: 'proxy' does not appear to be an IPv4 or IPv6 network",
        ),
        ("[amqp-broker]\ntls_ca = /nowhere\n", "2: [amqp-broker] tls_ca: no such file: /nowhere"),
    ],
)
def test_each_has_its_line(tmp_path: Path, text: str, mistake: str) -> None:
    (found,) = further_mistakes(read(tmp_path, text))
    assert found.line == f"{tmp_path}/j.cfg:{mistake}"


@pytest.mark.parametrize("key", ["username_file", "password_file"])
def test_a_secret_must_be_readable_from_the_start(tmp_path: Path, key: str) -> None:
    secret = tmp_path / "secret"
    lines = f"[amqp-broker]\n{key} = {secret}\n"
    for reason in ("No such file or directory", "empty"):
        (found,) = further_mistakes(read(tmp_path, lines))
        assert found.line == f"{tmp_path}/j.cfg:2: [amqp-broker] {key}: {secret}: {reason}"
        secret.touch()
    secret.write_text("hunter2\n")
    assert further_mistakes(read(tmp_path, lines)) == []


def test_a_certificate_and_its_key_go_together(tmp_path: Path) -> None:
    (tmp_path / "c.pem").touch()
    found = further_mistakes(read(tmp_path, f"[redis-client]\ntls_cert = {tmp_path}/c.pem\n"))
    assert [m.text for m in found] == ["[redis-client] tls_cert and tls_key go together"]


@pytest.mark.parametrize("name", ["http-api", "rest-api"])
def test_a_certificate_of_ours_must_be_readable_and_have_its_key(tmp_path: Path, name: str) -> None:
    pem = Path(__file__).parents[1] / "tls" / "localhost.pem"
    lines = f"[{name}]\ntls_cert = {pem}\n"
    assert [m.text for m in further_mistakes(read(tmp_path, lines))] == [
        f"[{name}] tls_cert and tls_key go together"
    ]
    assert further_mistakes(read(tmp_path, lines + f"tls_key = {pem}\n")) == []
    (found,) = further_mistakes(read(tmp_path, lines + "tls_key = /nowhere\n"))
    assert found.text == f"[{name}] tls_cert: {pem}, /nowhere: No such file or directory"


def test_defaults_are_in_order(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert further_mistakes(settings) == []
    assert site_mistakes(settings) == ()
    assert site_of(settings) is None


def test_a_site_file_is_read_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("groups: [{gid: g1}]\n")
    settings = read(tmp_path, f"[jasmin-compat]\nsite = {tmp_path}/s.yaml\n")
    site = site_of(settings)
    assert site is not None
    assert list(site.groups) == ["g1"]
    (tmp_path / "s.yaml").write_text("groups: [{}]\n")
    assert [m.text for m in site_mistakes(settings)] == ["groups: gid is missing"]


@pytest.mark.parametrize("key", ["password_file", "sentinel_password_file"])
def test_a_password_of_redis_in_a_file_must_be_there(tmp_path: Path, key: str) -> None:
    lines = f"[redis-client]\n{key} = {tmp_path}/secret\n"
    (found,) = further_mistakes(read(tmp_path, lines))
    assert found.text == f"[redis-client] {key}: {tmp_path}/secret: No such file or directory"
    (tmp_path / "secret").write_text("s3cret\n")
    assert further_mistakes(read(tmp_path, lines)) == []

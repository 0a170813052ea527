"""check-config shows what would be used, and what is wrong or risky."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.check_config import risks
from jasmin_compat.daemons.command_line import main
from jasmin_compat.settings.read import SettingsRead, read_settings


def read(tmp_path: Path, text: str) -> SettingsRead:
    (tmp_path / "j.cfg").write_text(text)
    return read_settings(cfg=tmp_path / "j.cfg", environment={})


def test_effective_settings_with_their_origin_and_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cfg, yaml, site = tmp_path / "j.cfg", tmp_path / "s.yaml", tmp_path / "site.yaml"
    cfg.write_text(
        "[amqp-broker]\npassword = hunter2\n[redis-client]\nurl = redis://:hunter3@h:1\n"
    )
    yaml.write_text("dlr: {max_records: 5, receipt_retry_delays_s: [1.5, 20]}\n")
    site.write_text(
        "groups: [{gid: g}]\nusers: [{uid: u, gid: g, username: u, password: hunter4}]\n"
    )
    monkeypatch.setenv("HTTP_API_PORT", "1402")
    assert main(["check-config", "-c", str(cfg), "--settings", str(yaml), "--site", str(site)]) == 0
    out, err = capsys.readouterr()
    assert "hunter" not in out + err
    for line in (
        f"  password = ********    # {cfg}:2",
        "  port = 1402    # environment HTTP_API_PORT",
        f"  max_records = 5    # {yaml}:1",
        f"  receipt_retry_delays_s = 1.5, 20    # {yaml}:1",
        "  heartbeat = 60",
        "site: 1 groups, 1 users, 0 connectors (0 to start), 0 MT routes",
    ):
        assert line in out.splitlines()
    assert "warning: [router] 0.0.0.0:8988: Jasmin's default password" in err


def test_mistakes_end_it_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cfg, site = tmp_path / "j.cfg", tmp_path / "site.yaml"
    cfg.write_text("[callbacks]\nallow = nonsense\n")
    site.write_text("groups: [{}]\n")
    assert main(["check-config", "-c", str(cfg), "--site", str(site)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(": ")[0] for line in err.splitlines()] == [f"{cfg}:2", f"{site}:1"]


def test_default_passwords_on_open_addresses_are_risks(tmp_path: Path) -> None:
    assert [risk.split()[0] for risk in risks(read(tmp_path, ""))] == [
        "[smpp-server-pb]",
        "[client-management]",
        "[router]",
        "[interceptor]",
    ]
    safe = "".join(
        f"[{name}]\nbind = {bind}\n"
        for name, bind in (
            ("smpp-server-pb", "127.0.0.1"),
            ("client-management", "::1"),
            ("interceptor", "localhost"),
        )
    )
    digest = "0" * 32
    assert list(risks(read(tmp_path, f"{safe}[router]\nadmin_password = {digest}\n"))) == []
    (risk,) = risks(read(tmp_path, f"{safe}[router]\nauthentication = no\n"))
    assert "no authentication" in risk

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
        "[jcli]\nbind = 0.0.0.0\n"
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
        "site: 1 groups, 1 users, 0 filters, 0 SMPP connectors (0 to start), 0 HTTP connectors, "
        "0 MT routes, 0 MO routes, 0 MT interceptors, 0 MO interceptors",
    ):
        assert line in out.splitlines()
    assert "warning: [jcli] 0.0.0.0:8990: Jasmin's default password" in err


def test_mistakes_end_it_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cfg, site = tmp_path / "j.cfg", tmp_path / "site.yaml"
    cfg.write_text("[callbacks]\nallow = nonsense\n")
    site.write_text("groups: [{}]\n")
    assert main(["check-config", "-c", str(cfg), "--site", str(site)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(": ")[0] for line in err.splitlines()] == [f"{cfg}:2", f"{site}:1"]


@pytest.mark.parametrize(
    ("jcli", "risk"),
    [
        ("", None),
        ("bind = localhost", None),
        ("bind = ::1", None),
        ("bind = 0.0.0.0", "[jcli] 0.0.0.0:8990: Jasmin's default password"),
        (f"bind = ::\nadmin_password = {'0' * 32}", None),
        ("bind = ::\nauthentication = no", "[jcli] :::8990: no authentication"),
    ],
)
def test_an_open_console_is_a_risk(tmp_path: Path, jcli: str, risk: str | None) -> None:
    found = [
        text.partition(", on an address")[0] for text in risks(read(tmp_path, f"[jcli]\n{jcli}\n"))
    ]
    assert found == ([] if risk is None else [risk])

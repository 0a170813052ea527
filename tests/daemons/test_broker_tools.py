"""What the commands that look after the broker have in common."""

from pathlib import Path

import pytest

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.daemons.broker_tools import known_bindings
from jasmin_compat.daemons.command_line import main
from jasmin_compat.settings.read import read_settings
from tests import builders
from tests.daemons.broker_site import settings_arguments
from tests.daemons.moving import have_working_state
from tests.services import free_port


def test_the_queues_of_a_site_are_known(tmp_path: Path) -> None:
    arguments = settings_arguments(tmp_path, 5672, "/")
    read = read_settings(
        cfg=Path(arguments[1]),
        environment={
            "JASMIN_COMPAT_SITE": arguments[3],
            "DLR_PID": "p1",
            "STORE_PATH": str(tmp_path),
        },
    )
    have_working_state(tmp_path, builders.site())  # with a connector of the console
    names = [binding.queue for binding in known_bindings(read, ["more"], ["p2", "p1"])]
    assert names == [
        "RouterPB_deliver_sm_all",
        "RouterPB_bill_request_submit_sm_resp_all",
        "dlr_thrower",
        "deliver_sm_thrower",
        "jasmin_compat.batch",
        "jasmin_compat.batch.reports",
        "jasmin_compat.held.dlr_smpps",
        "DLRLookup-p1",
        "DLRLookup-p2",
        "submit.sm.carrier",
        "submit.sm.con1",
        "submit.sm.more",
    ]


@pytest.mark.parametrize(
    "command", [["dead", "list"], ["delays"], ["held", "list"], ["migrate-broker"]]
)
def test_a_broker_that_is_away_is_one_line_and_status_1(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, *settings_arguments(tmp_path, free_port(), "/")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("jasmin-compat: ")
    assert "Connect call failed" in line


@pytest.mark.parametrize(
    "command", [["dead", "list"], ["delays"], ["held", "list"], ["migrate-broker"]]
)
def test_mistakes_in_the_settings_are_status_2(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = settings_arguments(tmp_path, 5672, "/", "heartbeat = often\n")
    assert main([*command, *arguments]) == 2
    assert "heartbeat" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["dead", "list"], ["migrate-broker"]])
def test_a_working_state_that_cannot_be_read_is_one_line_and_status_1(
    command: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / FILE).write_bytes(b"not a database " * 100)
    monkeypatch.setenv("STORE_PATH", str(tmp_path))
    assert main([*command, *settings_arguments(tmp_path, free_port(), "/")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"jasmin-compat: {tmp_path / FILE}: file is not a database"

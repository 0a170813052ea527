"""The accounts of the outages beside what golden/amqp_loss_*.json says."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from compat_tests.outage import Account
from compat_tests.outage_table import recorded, table


@pytest.mark.parametrize(
    ("name", "asked", "odd", "refused", "submitted", "lost", "left"),
    [
        pytest.param("idle", 3, 0, 1, 1, 1, 0, id="a probe each before, during and after it"),
        pytest.param("load", 563, 370, 99, 93, 371, 0, id="counted by the recording itself"),
        pytest.param("drop", 5, 0, 1, 1, 3, 6, id="three HTTP and three SMPP messages are stuck"),
    ],
)
def test_the_recordings_tell_what_jasmin_012_lost(
    name: str, asked: int, odd: int, refused: int, submitted: int, lost: int, left: int
) -> None:
    figures = recorded(name)
    assert (figures["asked"], figures["odd"], figures["refused"]) == (asked, odd, refused)
    assert (figures["submitted"], figures["lost"]) == (submitted, lost)
    assert (figures["left_in_queues"], figures["queues_consumed"]) == (left, 0)


def test_the_table_has_a_block_for_each_outage_with_an_account(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    account = Account(asked=320, accepted=265, refused=55, first_success_s=1.25)
    (ours / "load.json").write_text(json.dumps(asdict(account)))
    lines = table({"jasmin": tmp_path / "jasmin", "ours": ours})
    assert lines[1].startswith("The broker stops for eight seconds")
    assert lines[2].split() == ["ours", "recorded", "0.12"]
    assert [line.split() for line in lines if line.startswith(("asked", "first", "pings  "))] == [
        ["asked", "320", "563"],
        ["pings", "0", "-"],
        ["first", "success", "s", "1.2", "1.4"],
        ["first", "callback", "s", "-", "-"],
    ]

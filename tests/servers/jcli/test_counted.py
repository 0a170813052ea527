"""The items of `stats` are Jasmin's, in its order."""

from dataclasses import fields
from typing import Any

import pytest

from jasmin_compat.servers.jcli.counted import (
    HttpApiStats,
    SmppClientStats,
    SmppServerStats,
    UserOverHttp,
    UserOverSmpp,
)
from tests.golden import load


def _recorded(send: str) -> list[str]:
    """The items of a recorded table, without the heading and the prompt."""
    for scenario in load("jcli_transcripts")["scenarios"]:
        for exchange in scenario["exchanges"]:
            if scenario["name"] == "stats" and exchange["send"] == send + "\r\n":
                lines = exchange["recv"].split("\r\r\r\n")[2:-1]
                return [line.split()[0] for line in lines]
    raise AssertionError(send)


def _items(*counted: Any) -> list[str]:
    rows = [row for each in counted for row in fields(each)]
    return ["#" + row.metadata.get("item", row.name) for row in rows]


# covers: JCLI-19
@pytest.mark.parametrize(
    ("send", "counted"),
    [
        ("stats --user u1", (UserOverSmpp, UserOverHttp)),
        ("stats --smppc con1", (SmppClientStats,)),
        ("stats --httpapi", (HttpApiStats,)),
        ("stats --smppsapi", (SmppServerStats,)),
    ],
)
def test_each_table_has_the_recorded_items(send: str, counted: tuple[Any, ...]) -> None:
    assert _items(*counted) == _recorded(send)

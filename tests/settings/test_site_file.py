"""A site file is lists of tables, each value with its line."""

from pathlib import Path

import pytest

from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.site_file import LISTS, SiteItem, read_site_file


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    return path


def test_values_are_texts_truths_and_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "groups:\n  - gid: 007\n    enabled: no\nusers:\nsmpp_connectors:\n"
        "  - {cid: 'yes', src_addr: null}\n",
    )
    lists = read_site_file(path)
    (group,) = lists["groups"]
    assert (group.values, group.where) == ({"gid": "007", "enabled": False}, f"{path}:2")
    assert group.places["enabled"] == f"{path}:3"
    assert lists["users"] == []
    assert lists["smpp_connectors"][0].values == {"cid": "yes", "src_addr": None}
    assert lists["mt_routes"] == []


def test_every_mistake_of_form_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "groups: {gid: x}\nusers:\n  - foo\n  - uid: [1]\nroutes: []\n")
    with pytest.raises(SettingsMistakes) as wrong:
        read_site_file(path)
    assert [m.line.removeprefix(f"{path}:") for m in wrong.value.mistakes] == [
        f"5: unknown list routes; there are {', '.join(LISTS)}",
        "1: groups: must be a list",
        "3: users: each item must be a table",
    ]


def test_tables_and_lists_within_an_item_keep_their_places(tmp_path: Path) -> None:
    path = write(tmp_path, "users:\n  - quota:\n      balance: 1.0\n    tags: [a, {b: no}, ~]\n")
    (user,) = read_site_file(path)["users"]
    quota, tags = user.values["quota"], user.values["tags"]
    assert isinstance(quota, SiteItem)
    assert (quota.values, quota.places) == ({"balance": "1.0"}, {"balance": f"{path}:3"})
    assert isinstance(tags, tuple)
    assert isinstance(tags[1], SiteItem)
    assert (tags[0], tags[1].values, tags[2]) == ("a", {"b": False}, None)

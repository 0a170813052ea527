"""Values of a site file's items."""

from pathlib import Path

import pytest

from jasmin_compat.daemons import site_values
from jasmin_compat.daemons.site_values import Mistaken
from jasmin_compat.settings.site_file import SiteItem

ITEM = SiteItem({"a": "x", "b": True, "c": ("y",), "d": None}, "f:1", {"a": "f:2"})


def test_values_are_what_they_are_asked_to_be() -> None:
    assert site_values.text(ITEM, "a") == "x"
    assert site_values.truth(ITEM, "b", default=False)
    assert site_values.rows(ITEM, "c") == ("y",)
    assert site_values.rows(ITEM, "nothing") == ()
    assert site_values.table(ITEM, "nothing").values == {}


def test_what_they_are_not_is_told() -> None:
    for read, key, told in [
        (site_values.text, "b", "must be a text; write it in quotes"),
        (site_values.text, "c", "must be one value"),
        (site_values.text, "d", "d is missing"),
        (site_values.table, "a", "must be a table"),
        (site_values.rows, "a", "must be a list"),
    ]:
        with pytest.raises(Mistaken, match=told) as wrong:
            read(ITEM, key)  # type: ignore[operator]
        assert (wrong.value.key, wrong.value.item) == (key, ITEM)


def test_a_file_is_beside_the_site_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("pass\n")
    assert site_values.content(ITEM, "script", "a", tmp_path) == "pass\n"
    with pytest.raises(Mistaken, match="No such file"):
        site_values.content(ITEM, "script", "a", tmp_path / "y")

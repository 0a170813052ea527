"""Mistakes are told all together."""

from jasmin_compat.settings.entries import Mistake, SettingsMistakes


def test_every_mistake_is_one_line_with_its_place() -> None:
    wrong = SettingsMistakes([Mistake("a.cfg:3", "one"), Mistake("environment X", "two")])
    assert str(wrong) == "a.cfg:3: one\nenvironment X: two"

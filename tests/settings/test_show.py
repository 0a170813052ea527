"""Samples explain every option and, with the # off, are the defaults."""

import re
from pathlib import Path

import pytest

from jasmin_compat.settings.read import TABLES, read_settings
from jasmin_compat.settings.show import CFG_SECTIONS, cfg_sample, effective, yaml_sample


def defaults(tmp_path: Path) -> list[str]:
    return list(effective(read_settings(cfg=tmp_path / "none.cfg", environment={})))


def without_origins(lines: list[str]) -> list[str]:
    return [line.partition("    # ")[0] for line in lines]


def test_the_yaml_sample_has_every_option_with_its_default(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^( +)#(\S| +ESME)", r"\1\2", yaml_sample())
    (tmp_path / "s.yaml").write_text(text)
    found = read_settings(cfg=tmp_path / "none.cfg", environment={}, yaml=tmp_path / "s.yaml")
    assert without_origins(list(effective(found))) == defaults(tmp_path)
    assert set(found.origins) == {(name, key) for name, table in TABLES.items() for key in table}


def test_the_yaml_sample_as_it_is_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(yaml_sample())
    found = read_settings(cfg=tmp_path / "none.cfg", environment={}, yaml=tmp_path / "s.yaml")
    assert found.origins == {}


@pytest.mark.parametrize("file", CFG_SECTIONS)
def test_a_cfg_sample_has_jasmins_options_with_their_defaults(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text(re.sub(r"(?m)^#(\w+ = | {4})", r"\1", cfg_sample(file)))
    found = read_settings(cfg=tmp_path / file, environment={})
    keys = {key for _, key in found.origins} - {"receipt_retry_delays_s"}
    assert without_origins(list(effective(found))) != []
    expected = {
        (name, key)
        for name in CFG_SECTIONS[file]
        for key, option in TABLES[name].items()
        if not option.notes.ours
    }
    assert {key for _, key in expected} == keys
    changed = set(without_origins(list(effective(found)))) - set(defaults(tmp_path))
    # Jasmin's two lookup keys, once set, decide in place of ours
    assert changed <= {"  receipt_retry_delays_s = 10"}
    assert found.warnings == ()


def test_jasmin_cfg_has_every_section_of_jasmins(tmp_path: Path) -> None:
    assert len(CFG_SECTIONS["jasmin.cfg"]) == 14


def test_lines_are_short_enough_to_read() -> None:
    for line in yaml_sample().splitlines():
        assert len(line) <= 100

"""QUIRKS.md: every line is of its form, and the test it names is there."""

import re

from compat_tests import quirks

QUIRKS = quirks.read()


def test_each_quirk_names_a_test_that_exists() -> None:
    for quirk in QUIRKS.values():
        path, _, name = quirk.test.partition("::")
        source = (quirks.FILE.parent.parent / path).read_text()
        assert re.search(rf"def {name.rpartition('::')[2]}\b", source), quirk


def test_each_quirk_a_scenario_is_marked_with_is_there() -> None:
    for path in sorted((quirks.FILE.parent / "scenarios").glob("*.py")):
        for marks in re.findall(r"mark\.quirk\(([^)]*)\)", path.read_text()):
            assert set(re.findall(r"Q\d+", marks)) <= QUIRKS.keys(), path

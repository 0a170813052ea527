"""docs/guarantees.md: every test it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "guarantees.md").read_text()


def test_each_promise_names_tests_that_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", TEXT)
    assert len(named) > 40
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"def {name.rpartition('::')[2]}\b", source), (path, name)


def test_no_promise_stands_without_a_test() -> None:
    sections = TEXT.split("\n## ")[1:-1]  # the last one says what may come twice
    rows = [line for section in sections for line in section.splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith("| promise |")]
    assert promises
    assert [row for row in promises if "::test_" not in row] == []

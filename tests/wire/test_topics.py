"""Topic patterns."""

import pytest

from jasmin_compat.wire.topics import fits


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("*.b", "a.b", True),
        ("#", "a.b.c", True),
        ("#", "", True),
        ("a.#", "a", True),
        ("a.#.c", "a.b.b.c", True),
        ("a.#.c", "a.b.b", False),
        ("#.*", "a", True),
    ],
)
def test_topics_match_word_by_word(pattern: str, key: str, expected: bool) -> None:
    assert fits(pattern, key) is expected

"""Tables read key by key."""

import pytest

from jasmin_compat.wire.plain_tables import BadItem, PlainTable


def table(**values: object) -> PlainTable:
    return PlainTable("t", values)


def test_each_key_is_taken_once() -> None:
    read = table(a="x", b=True, c=2, d=[{"e": None}])
    assert (read.text("a"), read.truth("b"), read.number("c")) == ("x", True, 2.0)
    (inner,) = read.tables("d")
    assert inner.is_nothing("e")
    inner.end()
    read.end()
    with pytest.raises(BadItem, match=r"^t\.a: is missing$"):
        read.text("a")


@pytest.mark.parametrize("value", [True, "1", None, 10**400, float("nan"), [1]])
def test_a_number_is_a_number(value: object) -> None:
    with pytest.raises(BadItem, match=r"^t\.a: must be a number$"):
        table(a=value).number("a")


def test_infinite_numbers_are_texts() -> None:
    assert table(a="-inf").number("a") == float("-inf")


def test_a_word_is_one_of_those_known() -> None:
    with pytest.raises(BadItem, match=r"^t\.a: must be one of x, y$"):
        table(a="z").one_of("a", "x", "y")

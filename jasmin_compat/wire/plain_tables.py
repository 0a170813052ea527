"""Tables of plain values (JSON, YAML), read key by key; what is wrong is told with its key."""

import math
from collections.abc import Iterator, Mapping

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What JSON and YAML both know."""


class BadItem(Exception):
    """What was read is no item of its kind; the text names the key and what is wrong with it."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key


class PlainTable:
    """A table being read: each key once, and none is left over.

    Whatever is not as asked for raises BadItem.
    """

    def __init__(self, where: str, plain: object) -> None:
        if not isinstance(plain, Mapping):
            raise BadItem(where, "must be a table")
        self._where = where
        self._left = dict(plain)

    def end(self) -> None:
        """Raises: BadItem: a key was not taken."""
        for key in self._left:
            raise self.wrong(str(key), "is not known")

    def wrong(self, key: str, reason: str) -> BadItem:
        return BadItem(f"{self._where}.{key}", reason)

    def take(self, key: str) -> object:
        try:
            return self._left.pop(key)
        except KeyError:
            raise self.wrong(key, "is missing") from None

    def has(self, key: str) -> bool:
        return key in self._left

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str):
            raise self.wrong(key, "must be a text")
        return value

    def truth(self, key: str) -> bool:
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def number(self, key: str) -> float:
        """Infinite ones are texts: JSON has no name for them."""
        value = self.take(key)
        if value == "inf" or value == "-inf":
            return float(str(value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "must be a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.nan
        if math.isnan(number):
            raise self.wrong(key, "must be a number")
        return number

    def whole(self, key: str) -> int:
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, "must be a whole number")
        return value

    def is_nothing(self, key: str) -> bool:
        """Takes the null, if it is one."""
        if self._left.get(key, "") is not None:
            return False
        del self._left[key]
        return True

    def table(self, key: str) -> "PlainTable":
        return PlainTable(f"{self._where}.{key}", self.take(key))

    def rows(self, key: str) -> list[object]:
        value = self.take(key)
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list")
        return value

    def tables(self, key: str) -> "Iterator[PlainTable]":
        for i, row in enumerate(self.rows(key)):
            yield PlainTable(f"{self._where}.{key}[{i}]", row)

    def one_of(self, key: str, *words: str) -> str:
        word = self.text(key)
        if word not in words:
            raise self.wrong(key, f"must be one of {', '.join(words)}")
        return word

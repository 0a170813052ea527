"""A value that is replaced as a whole: readers keep the one they took."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Current(Generic[T]):
    """Holds one frozen value. A message in flight goes on with the value it started with."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def __call__(self) -> T:
        return self._value

    def swap(self, value: T) -> T:
        """Put `value` in place; the one it replaces is returned."""
        old, self._value = self._value, value
        return old

"""How often something took how long, in few numbers: one addition to a bucket each time."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate


class Histogram:
    """Values by the smallest bound that is not below them."""

    __slots__ = ("_buckets", "bounds", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` in ascending order; what is above the last counts, too."""
        self.bounds = tuple(bounds)
        self.sum = 0.0
        self._buckets = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self._buckets[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        return sum(self._buckets)

    def at_most(self) -> Iterator[tuple[float, int]]:
        """Each bound, infinity at last, with the number of values up to it."""
        return zip((*self.bounds, float("inf")), accumulate(self._buckets), strict=True)

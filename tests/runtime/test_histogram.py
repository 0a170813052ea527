"""Values in buckets."""

from jasmin_compat.runtime.histogram import Histogram


def test_values_count_up_to_each_bound() -> None:
    histogram = Histogram((0.001, 0.01, 1.0))
    for value in (0.0, 0.001, 0.0011, 0.5, 7.0):
        histogram.add(value)
    assert list(histogram.at_most()) == [(0.001, 2), (0.01, 3), (1.0, 4), (float("inf"), 5)]
    assert histogram.count == 5
    assert histogram.sum == 7.5021


def test_nothing_yet() -> None:
    histogram = Histogram((1.0,))
    assert list(histogram.at_most()) == [(1.0, 0), (float("inf"), 0)]
    assert (histogram.count, histogram.sum) == (0, 0.0)

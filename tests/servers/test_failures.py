"""Failures, counted."""

from jasmin_compat.servers.failures import Failures


def test_failures_are_counted_until_a_success_or_a_pause() -> None:
    failures = Failures(most=10, forgotten_after_s=5.0)
    assert [failures.one_more("a", now=float(n)) for n in range(3)] == [1, 2, 3]
    assert failures.one_more("b", now=2.0) == 1
    assert failures.one_more("a", now=7.0) == 4
    assert failures.one_more("a", now=12.1) == 1
    failures.forget("a")
    failures.forget("nobody")
    assert failures.one_more("a", now=12.2) == 1


def test_the_one_that_failed_longest_ago_goes() -> None:
    failures = Failures(most=2, forgotten_after_s=5.0)
    for key in ("a", "b", "a", "c"):
        failures.one_more(key, now=0.0)
    assert len(failures) == 2
    assert [failures.one_more(key, now=0.0) for key in ("a", "b")] == [3, 1]

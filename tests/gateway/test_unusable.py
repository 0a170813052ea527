"""How a mistake of the operator is told."""

from jasmin_compat.gateway.unusable import Mistyped, Unusable


def test_a_caller_may_catch_both_at_once() -> None:
    assert issubclass(Mistyped, Unusable)
    assert str(Mistyped("Unknown User: x")) == "Unknown User: x"

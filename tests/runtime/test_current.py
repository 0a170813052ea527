"""A value is replaced as a whole."""

from jasmin_compat.runtime.current import Current


def test_a_reader_keeps_what_it_took() -> None:
    routes = Current(("a",))
    taken = routes()
    assert routes.swap(("a", "b")) == ("a",)
    assert (taken, routes()) == (("a",), ("a", "b"))

"""The operator's scripts."""

from jasmin_compat.gateway.interceptors import Interceptor


def test_the_default_one_sees_every_message() -> None:
    assert Interceptor(selection="default", code="pass").filters == ()

"""The operator's scripts."""

import pytest

from jasmin_compat.gateway.interceptors import Interceptor, statuses_of


def test_the_default_one_sees_every_message() -> None:
    assert Interceptor(selection="default", code="pass").filters == ()


# covers: INT-03
@pytest.mark.parametrize(
    ("smpp", "http", "expected"),
    [
        (None, None, None),
        (8, 404, (404, 8)),
        (8, None, (520, 8)),
        (None, 400, (400, 255)),
        ("x", "y", (None, 255)),
        (8, "y", (520, 8)),
        (0, 200, (200, 0)),
    ],
)
def test_what_a_script_left_is_completed_as_jasmin_does(
    smpp: object, http: object, expected: tuple[int | None, int] | None
) -> None:
    made = statuses_of(smpp, http, {})
    assert (None if made is None else (made.http_status, made.smpp_status)) == expected

"""What an Accept header says of JSON; test_recorded.py has what Falcon made of twenty more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.rest.accept import accepts_json


# covers: REST-07
@pytest.mark.parametrize(
    ("accept", "takes_json"),
    [
        (None, True),
        ("", True),
        ("application/json", True),
        ("text/html", False),
        ("*/*;q=0.1", True),
        ("application/*;q=0, */*", False),
        ("*/*;q=0, application/json;q=0.1", True),
        ('application/json; q="0"', False),
        ("application/json;q=-1", True),
        ("application/json;version=2;q=0", False),
        ("application/json, ,", False),
        ("a/b/c, */*", False),
    ],
)
def test_the_most_exact_range_decides(accept: str | None, takes_json: bool) -> None:
    assert accepts_json(accept) is takes_json


@given(st.text())
def test_any_text_is_read(accept: str) -> None:
    assert accepts_json(accept) in (True, False)

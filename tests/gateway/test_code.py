"""The operator's own code, and where it is."""

import pytest

from jasmin_compat.gateway.code import checked_code, script_location
from jasmin_compat.gateway.unusable import Mistyped


def test_code_that_compiles_is_taken_as_it_is() -> None:
    assert checked_code("result = True\n") == "result = True\n"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("if :", "[Syntax]: invalid syntax (, line 1)"),
        ("\0", "["),
        ("(" * 10_000, "["),
    ],
    ids=["syntax", "null", "deep"],
)
def test_code_that_does_not_is_told(code: str, text: str) -> None:
    with pytest.raises(Mistyped) as wrong:
        checked_code(code)
    assert str(wrong.value).startswith(text)


def test_a_script_is_named_in_brackets() -> None:
    assert script_location("Python3(/a b/c(1).py)") == "/a b/c(1).py"
    for bad in ("x", "python2(/x)", "python3 /x", "(/x)"):
        with pytest.raises(Mistyped, match="Invalid syntax for script"):
            script_location(bad)

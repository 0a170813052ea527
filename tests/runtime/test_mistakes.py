"""Tracebacks that quote nothing."""

from jasmin_compat.runtime.mistakes import without_texts


def wrong(value: str) -> int:
    return int(value)


def test_where_and_of_what_kind_but_not_what_it_says() -> None:
    try:
        wrong("secret")
    except ValueError as error:
        text = without_texts(error)
    assert "return int(value)" in text
    assert text.endswith("builtins.ValueError")
    assert "secret" not in text.replace('wrong("secret")', "")


def test_what_it_came_from_is_told_too() -> None:
    def twice(value: str) -> None:
        try:
            wrong(value)
        except ValueError as error:
            raise KeyError(value) from error

    try:
        twice("sec" + "ret")
    except KeyError as error:
        text = without_texts(error)
    assert "builtins.ValueError, and then:" in text
    assert text.endswith("builtins.KeyError")
    assert "secret" not in text


def test_what_was_hidden_stays_hidden() -> None:
    try:
        try:
            wrong("x")
        except ValueError:
            raise KeyError from None
    except KeyError as error:
        text = without_texts(error)
    assert "ValueError" not in text

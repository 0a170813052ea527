"""Headers are read for what they mean, whoever wrote them."""

from datetime import datetime

import pytest

from jasmin_compat.wire import headers as header
from jasmin_compat.wire.amqp_messages import HeaderValue, Undecodable


@pytest.mark.parametrize(
    ("value", "text"),
    [("con1", "con1"), (12345, "12345"), ("", ""), (b"caf\xe9", "café")],
)
def test_texts(value: HeaderValue, text: str) -> None:
    assert header.text({"name": value}, "name") == text


def test_a_text_that_is_missing_has_its_default_or_none() -> None:
    assert header.text({}, "name", "ND") == "ND"
    with pytest.raises(Undecodable, match="header name is missing"):
        header.text({}, "name")


@pytest.mark.parametrize(
    ("headers", "value"), [({"f": 1}, True), ({"f": True}, True), ({"f": 0}, False), ({}, False)]
)
def test_flags(headers: dict[str, HeaderValue], value: bool) -> None:
    assert header.flag(headers, "f") is value


def test_moments() -> None:
    at = datetime(2026, 11, 23, 13, 57)

    for moment in (at, at.replace(microsecond=5)):
        assert header.moment({"created_at": str(moment)}, "created_at") == moment
    with pytest.raises(Undecodable, match="created_at"):
        header.moment({"created_at": "yesterday"}, "created_at")


def test_progress_is_written_only_where_there_is_some() -> None:
    headers: dict[str, HeaderValue] = {}
    header.put_progress(headers, 0)
    assert headers == {}
    assert header.tries(headers) == 0
    assert header.first_tried_at(headers) is None

    header.put_progress(headers, 3, 1_790_000_000.25)
    assert headers == {"x-jc-tries": "3", "x-jc-first": "1790000000.250"}
    assert header.tries(headers) == 3
    assert header.first_tried_at(headers) == 1_790_000_000.25


@pytest.mark.parametrize("written", ["", "-1", "many", "1.5", "²", "9" * 5000])
def test_other_counts_are_refused(written: str) -> None:
    with pytest.raises(Undecodable):
        header.tries({"x-jc-tries": written})


def test_another_time_is_refused() -> None:
    with pytest.raises(Undecodable):
        header.first_tried_at({"x-jc-first": "then"})

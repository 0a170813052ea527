"""JSON members as arguments; test_recorded.py has what Jasmin made of thirty bodies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.rest.login import Login
from jasmin_compat.servers.rest.parameters import (
    BadText,
    balance_arguments,
    rate_arguments,
    send_arguments,
    texts,
    with_dashes,
)

LOGIN = Login("full", "pwd")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


# covers: REST-06
def test_underscores_become_dashes_but_in_custom_tlvs() -> None:
    members = {"hex_content": "41", "custom_tlvs": [1], "a__b": 1, "hex-content": "42"}
    assert with_dashes(members) == {"a--b": 1, "hex-content": "42", "custom_tlvs": [1]}
    assert with_dashes({"custom_tlvs": None, "to": "1"}) == {"to": "1"}


# covers: REST-18G
def test_numbers_are_texts_unless_tlvs_come_with_them() -> None:
    assert send_arguments({"to": 1, "content": "é"}) == {b"to": b"1", b"content": b"\xc3\xa9"}
    typed = send_arguments({"to": 1, "content": "é", "custom_tlvs": [1]})
    assert typed == {b"to": 1, b"content": b"\xc3\xa9", b"custom_tlvs": [1]}


def test_the_login_wins() -> None:
    assert balance_arguments(LOGIN) == {b"username": b"full", b"password": b"pwd"}
    assert rate_arguments(b"to=1&username=x", LOGIN) == {
        b"to": b"1",
        b"username": b"full",
        b"password": b"pwd",
    }


def test_texts_of_lists_and_objects() -> None:
    assert list(texts([["1", None], None, True, {"a": 2}, 1.5])) == [
        "1",
        "None",
        "True",
        "a",
        "1.5",
    ]
    assert list(texts(None)) == []


@pytest.mark.parametrize("tlvs", [{}, {"custom_tlvs": [1]}])
def test_half_a_surrogate_pair_is_refused(tlvs: dict[str, object]) -> None:
    with pytest.raises(BadText):
        send_arguments({"to": "\ud800", **tlvs})


@given(st.dictionaries(st.text(), values))
def test_any_json_is_taken(members: dict[str, object]) -> None:
    arguments = send_arguments(with_dashes(members))
    assert all(isinstance(name, bytes) for name in arguments)

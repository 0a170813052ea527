"""Header tables against those a TCP tap saw on the wire of a real Jasmin."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import decode

from jasmin_compat.wire.amqp_messages import HeaderValue
from jasmin_compat.wire.field_tables import (
    MAX_TABLE_OCTETS,
    UnencodableTable,
    encode_table,
    put_text,
    put_url,
    take_text,
)
from tests import golden

EXAMPLES = [shape["example"] for shape in golden.load("amqp_wire")["message_shapes"]]
TEXT = st.text(st.characters(max_codepoint=127), max_size=50)
HEADERS = st.dictionaries(
    TEXT.filter(bool),
    TEXT | st.integers(0, 0x7FFFFFFF) | st.booleans() | st.binary(max_size=50),
)


def value(field: dict[str, Any]) -> HeaderValue:
    """A recorded field as we hold it."""
    raw: HeaderValue = field["value"] if "value" in field else bytes.fromhex(field["hex"])
    return raw


# covers: W-AMQP-12 W-AMQP-13
@pytest.mark.parametrize(
    "example",
    EXAMPLES,
    ids=lambda e: f"{e['method']} {e['args']['routing_key']} on {e['conn']}",
)
def test_a_table_is_octet_for_octet_what_jasmin_writes(example: dict[str, Any]) -> None:
    headers = {name: value(field) for name, field in example["properties"]["headers"].items()}
    frame = bytes.fromhex(example["header_frame_hex"])
    class_weight_size_flags = 2 + 2 + 8 + 2

    assert frame[class_weight_size_flags:].startswith(encode_table(headers))


@given(HEADERS)
def test_another_library_reads_what_was_written(headers: dict[str, HeaderValue]) -> None:
    octets = encode_table(headers)
    consumed, table = decode.field_table(octets)

    assert consumed == len(octets)
    assert {name: as_octets(v) for name, v in table.items()} == {
        name: as_octets(v) for name, v in headers.items()
    }


def as_octets(value: object) -> object:
    """`S` does not say whether it is text."""
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"text": "é"}, id="text beyond ASCII"),
        pytest.param({"é": ""}, id="name beyond ASCII"),
        pytest.param({"": ""}, id="no name"),
        pytest.param({"n" * 256: ""}, id="name too long"),
        pytest.param({"n": -1}, id="negative"),
        pytest.param({"n": 1 << 31}, id="signed or unsigned?"),
        pytest.param({"n": 1.5}, id="float"),
        pytest.param({"n": None}, id="nothing"),
        pytest.param({"n": ["a"]}, id="array"),
        pytest.param({"n": "a" * MAX_TABLE_OCTETS}, id="table longer than a frame"),
    ],
)
def test_what_a_reader_could_not_take_is_refused(headers: Any) -> None:
    with pytest.raises(UnencodableTable):
        encode_table(headers)


@given(st.text())
def test_any_text_arrives_whole_in_a_table_of_ascii(text: str) -> None:
    headers: dict[str, HeaderValue] = {}
    put_text(headers, "text", text)
    put_url(headers, "url", text)
    encode_table(headers)

    assert take_text(headers, "text") == text
    assert take_text(headers, "url") == text


def test_jasmin_reads_a_stand_in_beside_it() -> None:
    headers: dict[str, HeaderValue] = {}
    put_text(headers, "text", "café 100%")
    put_url(headers, "url", "http://h/é?a=%20")
    put_text(headers, "plain", "100%")

    assert headers == {
        "text": "caf? 100%",
        "x-jc-exact-text": "caf%C3%A9 100%25",
        "url": "http://h/%C3%A9?a=%20",
        "x-jc-exact-url": "http://h/%C3%A9?a=%2520",
        "plain": "100%",
    }


def test_a_header_jasmin_wrote_is_taken_as_it_is() -> None:
    assert take_text({"err": 99, "text": "100%"}, "err") == 99
    assert take_text({"err": 99, "text": "100%"}, "text") == "100%"
    assert take_text({}, "text") is None

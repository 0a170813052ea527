"""GSM 03.38 against two independent codecs; the other alphabets of data_coding."""

import gsm0338
import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.text import (
    GSM_ALPHABET,
    GSM_EXTENSION,
    GSM_LOSSY,
    NotText,
    decode_gsm,
    decode_text,
    encode_gsm,
    encode_text,
)

WRITABLE = [c for c in GSM_ALPHABET if c != "\x1b"] + list(GSM_EXTENSION)


@pytest.mark.parametrize("char", WRITABLE, ids=lambda c: f"U+{ord(c):04X}")
def test_each_character_of_both_tables_is_encoded_as_two_other_codecs_do(char: str) -> None:
    assert encode_gsm(char) == gsm0338.codec.Codec().encode(char)[0] == smsutil.encode(char)
    assert decode_gsm(encode_gsm(char)) == char


# covers: HTTP-24
def test_extension_characters_are_escaped() -> None:
    assert encode_gsm("€{}").hex() == "1b651b281b29"


# covers: HTTP-25
@pytest.mark.parametrize(
    "char", ["\t", "`", "\x1b", "\x7f", "\u2018", "😀", "\ud800", "ё", "\u0308"]
)
def test_what_the_alphabet_lacks_becomes_a_question_mark(char: str) -> None:
    assert encode_gsm(f"a{char}b") == b"a?b"


def test_every_other_code_point_becomes_one_question_mark() -> None:
    known = {*WRITABLE, *GSM_LOSSY}
    others = "".join(chr(n) for n in range(0x110000) if chr(n) not in known)
    assert encode_gsm(others) == b"?" * len(others)


@pytest.mark.parametrize(
    ("char", "septet"),
    [
        ("ç", 0x09),
        *(
            (g, ord(c))
            for g, c in zip(
                "\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03a5\u0396",
                "ABEHIKMNOPTXYZ",
                strict=True,
            )
        ),
    ],
)
def test_look_alikes_are_kept_in_the_shape_the_alphabet_has(char: str, septet: int) -> None:
    assert encode_gsm(char) == bytes([septet])


@given(st.text(st.sampled_from(WRITABLE)))
def test_what_can_be_written_is_read_back(text: str) -> None:
    assert decode_gsm(encode_gsm(text)) == text


@given(st.binary())
def test_any_octets_are_read(octets: bytes) -> None:
    assert len(decode_gsm(octets)) <= len(octets)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"a\x1bb", "ab", id="unknown extension: the letter itself"),
        pytest.param(b"a\x1b\x1bb", "a b", id="escape of a further table"),
        pytest.param(b"a\x1b", "a\x1b", id="lone escape at the end"),
        pytest.param(b"a\x80\xff", "a\ufffd\ufffd", id="not septets"),
    ],
)
def test_octets_outside_the_tables(octets: bytes, text: str) -> None:
    assert decode_gsm(octets) == text


@pytest.mark.parametrize(
    ("data_coding", "text", "octets"),
    [
        (0x00, "@£€", b"\x00\x01\x1be"),
        (0x01, "a", b"a"),
        (0x03, "é", b"\xe9"),
        (0x06, "Я", b"\xcf"),
        (0x07, "א", b"\xe0"),
        (0x08, "é😀", b"\x00\xe9\xd8\x3d\xde\x00"),
        (0x10, "@", b"\x00"),
        (0x18, "é", b"\x00\xe9"),
        (0xC8, "@", b"\x00"),
        (0xE0, "é", b"\x00\xe9"),
        (0xF1, "@", b"\x00"),
    ],
)
def test_alphabets_by_data_coding(data_coding: int, text: str, octets: bytes) -> None:
    assert encode_text(text, data_coding) == octets
    assert decode_text(octets, data_coding) == text


@pytest.mark.parametrize("data_coding", [0x02, 0x04, 0x05, 0x09, 0x0D, 0x14, 0x80, 0xF5, 0x1234])
def test_octets_are_no_text(data_coding: int) -> None:
    with pytest.raises(NotText):
        decode_text(b"\x00", data_coding)
    with pytest.raises(NotText):
        encode_text("a", data_coding)


@given(st.sampled_from([0, 1, 3, 6, 7, 8, 0x10, 0x18]), st.binary(), st.text())
def test_nothing_else_is_raised(data_coding: int, octets: bytes, text: str) -> None:
    assert isinstance(decode_text(octets, data_coding), str)
    assert isinstance(encode_text(text, data_coding), bytes)

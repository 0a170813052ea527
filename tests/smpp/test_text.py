"""GSM 03.38 against two independent codecs."""

import gsm0338
import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.text import (
    GSM_ALPHABET,
    GSM_EXTENSION,
    GSM_LOSSY,
    encode_gsm,
)

WRITABLE = [c for c in GSM_ALPHABET if c != "\x1b"] + list(GSM_EXTENSION)


@pytest.mark.parametrize("char", WRITABLE, ids=lambda c: f"U+{ord(c):04X}")
def test_each_character_of_both_tables_is_encoded_as_two_other_codecs_do(char: str) -> None:
    assert encode_gsm(char) == gsm0338.codec.Codec().encode(char)[0] == smsutil.encode(char)


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
def test_what_can_be_written_is_read_back_by_others(text: str) -> None:
    assert smsutil.decode(encode_gsm(text)) == text

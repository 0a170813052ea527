"""Text of short messages: GSM 03.38, UCS2, Latin-1 and the other alphabets of data_coding.

GSM 03.38 (3GPP TS 23.038 §6.2.1) travels unpacked in SMPP, one octet per septet. Encoding loses as
Jasmin's does (contract/http-api.md §4); decoding is for people: logs, the simulator, the demo.
"""

import codecs
import re

GSM_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet; the index is the septet. 0x1B leads into GSM_EXTENSION."""

GSM_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

_GREEK = "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ"  # noqa: RUF001  Greek on purpose
GSM_LOSSY = {"ç": "Ç"} | dict(zip(_GREEK, "ABEHIKMNOPTXYZ", strict=True))
"""Letters the alphabet has only in another shape: a capital cedilla, Greek that looks Latin."""

_ESCAPE = "\x1b"


class _Septets(dict[int, str]):
    """A table for str.translate; what it lacks becomes `?`."""

    def __missing__(self, _codepoint: int) -> str:
        return "?"


_SEPTETS = _Septets(
    {ord(char): chr(septet) for septet, char in enumerate(GSM_ALPHABET) if char != _ESCAPE}
    | {ord(char): _ESCAPE + chr(septet) for char, septet in GSM_EXTENSION.items()}
    | {ord(char): chr(GSM_ALPHABET.index(like)) for char, like in GSM_LOSSY.items()}
)
_EXTENDED = {GSM_ALPHABET[septet]: char for char, septet in GSM_EXTENSION.items()} | {
    _ESCAPE: " "  # reserved for a further table, shown as a space (TS 23.038 §6.2.1.1)
}
_ESCAPED = re.compile("\x1b(.)", re.DOTALL)

_GSM = "gsm"
_CODECS: dict[int, str] = (
    {
        0: _GSM,  # SMSC default alphabet: GSM 03.38 here, as in Jasmin
        1: "ascii",
        3: "latin-1",
        6: "iso8859-5",
        7: "iso8859-8",
        8: "utf-16-be",
    }
    | dict.fromkeys((*range(0x10, 0x14), *range(0xC0, 0xE0), *range(0xF0, 0xF4)), _GSM)
    | dict.fromkeys((*range(0x18, 0x1C), *range(0xE0, 0xF0)), "utf-16-be")
)
"""Alphabets by data_coding: SMPP 3.4 §5.2.19 below 0x10, TS 23.038 §4 above."""


class NotText(Exception):
    """The data_coding means octets, or an alphabet nothing here can read or write."""

    def __init__(self, data_coding: int) -> None:
        super().__init__(f"data_coding {data_coding:#04x} is not text")
        self.data_coding = data_coding


def encode_gsm(text: str) -> bytes:
    """Encode with replacement: what the alphabet lacks becomes `?`."""
    return text.translate(_SEPTETS).encode("latin-1")


def decode_gsm(octets: bytes) -> str:
    """Decode any octets: an unknown extension shows its letter of the default alphabet, an octet
    above 0x7F is U+FFFD, an escape at the very end stays as it is."""
    text: str = codecs.charmap_decode(octets, "replace", GSM_ALPHABET)[0]
    if _ESCAPE not in text:
        return text
    return _ESCAPED.sub(lambda found: _EXTENDED.get(found[1], found[1]), text)


def encode_text(text: str, data_coding: int) -> bytes:
    """Encode with replacement.

    Raises:
        NotText: this data_coding is none of the alphabets.
    """
    codec = _codec(data_coding)
    return encode_gsm(text) if codec == _GSM else text.encode(codec, "replace")


def decode_text(octets: bytes, data_coding: int) -> str:
    """Decode with replacement.

    Raises:
        NotText: this data_coding is none of the alphabets.
    """
    codec = _codec(data_coding)
    return decode_gsm(octets) if codec == _GSM else octets.decode(codec, "replace")


def _codec(data_coding: int) -> str:
    try:
        return _CODECS[data_coding]
    except KeyError:
        raise NotText(data_coding) from None

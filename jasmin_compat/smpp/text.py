"""GSM 03.38, the default alphabet of short messages (3GPP TS 23.038 §6.2.1).

It travels unpacked in SMPP, one octet per septet. Encoding loses as Jasmin's does
(contract/http-api.md §4).
"""

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


def encode_gsm(text: str) -> bytes:
    """Encode with replacement: what the alphabet lacks becomes `?`."""
    return text.translate(_SEPTETS).encode("latin-1")

"""AMQP 0-9-1 field tables as Jasmin can read them: header tables encoded by hand.

Jasmin's AMQP library drops its connection on any field type but `S`, `I`, `F` and `t`, and breaks
the frame it writes when text is not ASCII (contract/amqp-topology.md §4). So integers are `I`,
text and pickles are `S`; text beyond ASCII goes along percent-encoded.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from jasmin_compat.wire.amqp_messages import HeaderValue
from jasmin_compat.wire.amqp_names import EXACT

MAX_TABLE_OCTETS: Final = 100_000
"""A header table must fit one frame, and a broker's frame_max is 131072 unless told otherwise."""

_MAX_NAME_OCTETS = 255
_MAX_INTEGER = 0x7FFF_FFFF  # `I` is unsigned for Jasmin, signed for RabbitMQ: what both agree on
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_NOT_PERCENT = _PRINTABLE.replace("%", "")


class UnencodableTable(Exception):
    """A header has no form that every reader on the broker can take."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"header {name!r}: {reason}")
        self.name = name


def encode_table(headers: Mapping[str, HeaderValue]) -> bytes:
    """The table with its length in front, fields in the order given.

    Raises:
        UnencodableTable: a name or text that is not ASCII, an integer that does not fit,
            any other type, or a table that is too long for a frame.
    """
    octets = b"".join([_encode_field(name, value) for name, value in headers.items()])
    if len(octets) > MAX_TABLE_OCTETS:
        raise UnencodableTable("*", f"{len(octets)} octets in all, {MAX_TABLE_OCTETS} allowed")
    return len(octets).to_bytes(4) + octets


def _encode_field(name: str, value: HeaderValue) -> bytes:
    if isinstance(value, str):
        if not value.isascii():
            raise UnencodableTable(name, "text is not ASCII")
        value = value.encode("ascii")
    if isinstance(value, bytes):
        return _encode_name(name) + b"S" + len(value).to_bytes(4) + value
    if not isinstance(value, int):  # True and False are, as Jasmin writes them
        raise UnencodableTable(name, f"{type(value).__name__} cannot be written")
    if not 0 <= value <= _MAX_INTEGER:
        raise UnencodableTable(name, f"{value} does not fit")
    return _encode_name(name) + b"I" + value.to_bytes(4)


@lru_cache(maxsize=256)
def _encode_name(name: str) -> bytes:
    if not name.isascii() or not 0 < len(name) <= _MAX_NAME_OCTETS:
        raise UnencodableTable(name, "a name is 1 to 255 ASCII characters")
    return bytes((len(name),)) + name.encode("ascii")


def put_text(headers: dict[str, HeaderValue], name: str, text: str) -> None:
    """Set a text header, whatever the text: beyond ASCII its letters become `?` for Jasmin's
    daemons, and a header of ours beside it keeps it whole for `take_text`."""
    put_text_as(headers, name, text, text.encode("ascii", "replace").decode("ascii"))


def put_text_as(headers: dict[str, HeaderValue], name: str, text: str, stand_in: str) -> None:
    """As `put_text`, with the ASCII text that Jasmin's daemons shall have."""
    if text.isascii():
        headers[name] = text
        return
    headers[name] = stand_in
    headers[EXACT + name] = quote(text, safe=_NOT_PERCENT, errors="surrogatepass")


def put_url(headers: dict[str, HeaderValue], name: str, url: str) -> None:
    """As `put_text`; a Jasmin daemon gets an equal URL, percent-encoded (RFC 3987 §3.1)."""
    put_text_as(headers, name, url, quote(url, safe=_PRINTABLE, errors="surrogatepass"))


def take_text(headers: Mapping[str, HeaderValue], name: str) -> HeaderValue | None:
    """What `put_text` and its like were given, or what a Jasmin wrote; None when it is missing."""
    exact = headers.get(EXACT + name)
    if isinstance(exact, str):
        return unquote(exact, errors="surrogatepass")
    return headers.get(name)

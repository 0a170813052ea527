"""TLVs whose sender gave a value, not octets: an HTTP client, or a script (http-api.md §12).

How a value is written may be left open. A connector's rules say it then (gateway/tlv_rules), and
text is what it is without any. So the value is kept as it was given, next to its octets; in a queue
it stands as given, as in Jasmin.
"""

from dataclasses import dataclass
from typing import Final

from jasmin_compat.smpp.pdus import Tlv

INTEGERS: Final = {"Int1": 1, "Int2": 2, "Int4": 4, "Int8": 8}
"""Octets by type."""
TYPES: Final = (*INTEGERS, "OctetString", "COctetString")
MAX_OCTETS: Final = 0xFFFF

Given = str | int | bytes


class TlvRefused(Exception):
    """A message cannot be sent for one of its TLVs; the text says why."""


class TlvUnwritable(TlvRefused):
    """The value does not fit its type, or a TLV."""


@dataclass(frozen=True, slots=True)
class CustomTlv(Tlv):
    """`value` has the octets as they are sent: by the type, else by a connector's rule, else text.

    Made by `custom_tlv`.
    """

    given: Given
    type: str | None = None
    """One of TYPES; None where the sender leaves it open."""
    length: int | None = None
    """Texts shorter than this are filled up with zeros."""

    def typed(self, kind: str) -> "CustomTlv":
        """Its octets by the type a rule has for it, if its sender has none.

        Raises:
            TlvUnwritable
        """
        value = octets_of(self.tag, self.given, self.type or kind, self.length)
        return CustomTlv(self.tag, value, self.given, self.type, self.length)


def custom_tlv(
    tag: int, given: Given, kind: str | None = None, length: int | None = None
) -> CustomTlv:
    """Raises: TlvUnwritable."""
    if isinstance(given, int) and not 0 <= given < 1 << 64:
        given = _text(tag, given).decode()  # no type has room for it
    length = None if length is None else max(0, min(length, MAX_OCTETS))
    value = octets_of(tag, given, kind or "OctetString", length)
    return CustomTlv(tag, value, given, kind, length)


def octets_of(tag: int, given: Given, kind: str, length: int | None) -> bytes:
    """The value on the wire.

    Raises:
        TlvUnwritable
    """
    if kind in INTEGERS:
        return _integer(tag, given, INTEGERS[kind])
    octets = given if isinstance(given, bytes) else _text(tag, given)
    if kind == "COctetString":
        octets += b"\0"
    if length is not None:
        octets = octets.ljust(length, b"\0")
    if len(octets) > MAX_OCTETS:
        raise TlvUnwritable(f"TLV 0x{tag:04X} has {len(octets)} octets, at most {MAX_OCTETS} fit")
    return octets


def _integer(tag: int, given: Given, octets: int) -> bytes:
    """A number, or its text, `0x…` or decimal."""
    number: object = given
    if isinstance(given, str):
        text = given.strip()
        try:
            number = int(text, 16 if text[:2].lower() == "0x" else 10)
        except ValueError:
            raise TlvUnwritable(f"TLV 0x{tag:04X} value is not a number") from None
    if not isinstance(number, int) or not 0 <= number < 1 << 8 * octets:
        raise TlvUnwritable(f"TLV 0x{tag:04X} value is not an integer of {octets} octets")
    return number.to_bytes(octets)


def _text(tag: int, given: str | int) -> bytes:
    try:
        return str(given).encode()
    except ValueError:  # half a surrogate pair; an integer of more digits than Python writes
        raise TlvUnwritable(f"TLV 0x{tag:04X} value is not text") from None

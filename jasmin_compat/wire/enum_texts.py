"""Enumeration members as texts, `AddrTon.NATIONAL`: in Redis and in AMQP headers.

Names are Jasmin's (contract/amqp-topology.md §6.2), numbers SMPP's (SMPP 3.4 §5.2.5, §5.2.6,
§5.2.17). A number without a name is written `AddrTon.9`: no Jasmin can read that, nor take such a
PDU in.
"""

from collections.abc import Mapping

ADDR_TON = {
    0: "UNKNOWN",
    1: "INTERNATIONAL",
    2: "NATIONAL",
    3: "NETWORK_SPECIFIC",
    4: "SUBSCRIBER_NUMBER",
    5: "ALPHANUMERIC",
    6: "ABBREVIATED",
}
ADDR_NPI = {
    0: "UNKNOWN",
    1: "ISDN",
    3: "DATA",
    4: "TELEX",
    6: "LAND_MOBILE",
    8: "NATIONAL",
    9: "PRIVATE",
    10: "ERMES",
    14: "INTERNET",
    18: "WAP_CLIENT_ID",
}
RECEIPT = {
    0: "NO_SMSC_DELIVERY_RECEIPT_REQUESTED",
    1: "SMSC_DELIVERY_RECEIPT_REQUESTED",
    2: "SMSC_DELIVERY_RECEIPT_REQUESTED_FOR_FAILURE",
}


class BadEnumText(ValueError):
    """Not a member of that enumeration."""


def addr_ton_text(value: int) -> str:
    return f"AddrTon.{ADDR_TON.get(value, value)}"


def addr_npi_text(value: int) -> str:
    return f"AddrNpi.{ADDR_NPI.get(value, value)}"


def receipt_text(value: int) -> str:
    return f"RegisteredDeliveryReceipt.{RECEIPT.get(value, value)}"


def read_addr_ton(text: str) -> int:
    """Raises: BadEnumText."""
    return _read(text, "AddrTon.", _TONS)


def read_addr_npi(text: str) -> int:
    """Raises: BadEnumText."""
    return _read(text, "AddrNpi.", _NPIS)


def read_receipt(text: str) -> int:
    """Raises: BadEnumText."""
    return _read(text, "RegisteredDeliveryReceipt.", _RECEIPTS)


_TONS = {name: value for value, name in ADDR_TON.items()}
_NPIS = {name: value for value, name in ADDR_NPI.items()}
_RECEIPTS = {name: value for value, name in RECEIPT.items()}


def _read(text: str, prefix: str, values: Mapping[str, int]) -> int:
    name = text.removeprefix(prefix)
    if name == text:
        raise BadEnumText(text)
    if name in values:
        return values[name]
    if name.isascii() and name.isdigit() and len(name) <= 3:
        return int(name)
    raise BadEnumText(text)

"""Command ids (SMPP 3.4 §5.1.2.1), and what can be said of an id alone."""

from typing import Final

BIND_RECEIVER: Final = 0x00000001
BIND_TRANSMITTER: Final = 0x00000002
QUERY_SM: Final = 0x00000003
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
REPLACE_SM: Final = 0x00000007
CANCEL_SM: Final = 0x00000008
BIND_TRANSCEIVER: Final = 0x00000009
OUTBIND: Final = 0x0000000B
ENQUIRE_LINK: Final = 0x00000015
SUBMIT_MULTI: Final = 0x00000021
ALERT_NOTIFICATION: Final = 0x00000102
DATA_SM: Final = 0x00000103

RESPONSE_BIT: Final = 0x80000000

GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER_RESP: Final = 0x80000001
BIND_TRANSMITTER_RESP: Final = 0x80000002
QUERY_SM_RESP: Final = 0x80000003
SUBMIT_SM_RESP: Final = 0x80000004
DELIVER_SM_RESP: Final = 0x80000005
UNBIND_RESP: Final = 0x80000006
REPLACE_SM_RESP: Final = 0x80000007
CANCEL_SM_RESP: Final = 0x80000008
BIND_TRANSCEIVER_RESP: Final = 0x80000009
ENQUIRE_LINK_RESP: Final = 0x80000015
SUBMIT_MULTI_RESP: Final = 0x80000021
DATA_SM_RESP: Final = 0x80000103

NAMES: Final[dict[int, str]] = {
    value: name.lower()
    for name, value in sorted(globals().items())
    if name.isupper() and isinstance(value, int) and name != "RESPONSE_BIT"
}

BINDS: Final = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})
UNANSWERED: Final = frozenset({OUTBIND, ALERT_NOTIFICATION})
"""Requests the specification gives no response to (§4.1.7, §4.12)."""


def name_of(command_id: int) -> str:
    """The specification's name, or the id in hexadecimal."""
    return NAMES.get(command_id) or f"0x{command_id:08x}"


def is_response(command_id: int) -> bool:
    return bool(command_id & RESPONSE_BIT)


def response_to(command_id: int) -> int:
    """The id that answers a request: its own with the high bit, or generic_nack if it has none."""
    answer = command_id | RESPONSE_BIT
    return answer if answer in NAMES else GENERIC_NACK

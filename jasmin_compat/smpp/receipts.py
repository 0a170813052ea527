"""Delivery receipts: told from messages, read, and written for the SMSC simulator.

What Jasmin takes for a receipt is one here, field by field (contract/dlr.md §4.1, SMPP 3.4
Appendix B). Beyond that a PDU whose esm_class says "receipt" is read with patience, so that no
SMSC's dialect loses a report: any case, text in message_payload or UCS2, states of any length.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import DataSm, SubmitSm, Tlv
from jasmin_compat.smpp.split import content_of

NO_DATA: Final = "ND"
"""Jasmin's word for a field the receipt did not have."""

MESSAGE_STATES: Final = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""message_state (SMPP 3.4 §5.2.28) and its word in the text of a receipt (Appendix B)."""

DlrMsgIdBases = Literal[0, 1, 2]
"""The connector's dlr_msgid: 0 ids are equal, 1 the submit_sm_resp has it in hexadecimal and the
receipt in decimal, 2 the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt says, in its own words; counts and error padded to three characters."""

    raw_id: str
    stat: str
    sub: str = NO_DATA
    dlvrd: str = NO_DATA
    submit_date: str = NO_DATA
    done_date: str = NO_DATA
    err: str = NO_DATA
    text: str = ""


# ---------------------------------------------------------------- reading

_TYPE_BITS = 0x3C  # of esm_class (§5.2.12)
_RECEIPT_TYPES = frozenset((0x04, 0x20))  # delivery receipt, intermediate notification
_UCS2 = 8
_MAX_ID_OCTETS = 127  # the specification says 64, some SMSCs do not; twice as much in UTF-8
_BY_TLV = MESSAGE_STATES | {1: "UNKNOWN"}  # Jasmin: an ENROUTE by TLV is UNKNOWN

_FIELDS = {
    "raw_id": r"id:([\dA-Za-z_-][^\s,;\"'\x00-\x1f\x7f]{0,126})",
    "stat": r"stat:(\w{7}\w*)",
    "sub": r"sub:(\d{1,3})",
    "dlvrd": r"dlvrd:(\d{1,3})",
    "submit_date": r"submit date:(\d+)",
    "done_date": r"done date:(\d+)",
    "err": r"err:(\w{1,3})",
    "text": r"[tT]ext:(.*)",
}
_AS_JASMIN = {name: re.compile(pattern) for name, pattern in _FIELDS.items()}
_PATIENT = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in (_FIELDS | {"stat": r"stat:(\w+)"}).items()
}
_SPELLED = {
    "DELIVERED": "DELIVRD",
    "UNDELIVERABLE": "UNDELIV",
    "UNDELIVERED": "UNDELIV",
    "FAILED": "UNDELIV",
    "ACCEPTED": "ACCEPTD",
    "REJECTED": "REJECTD",
}
_STRAY_OCTETS = {0xDC00 + octet: chr(octet) for octet in range(0x80, 0x100)}


def read_receipt(pdu: SubmitSm | DataSm) -> Receipt | None:
    """The receipt in a deliver_sm or data_sm; None when it is a message of a subscriber.

    As in Jasmin, esm_class alone makes no receipt, and a message without that bit can be one.
    """
    fields = _read_text(b"" if isinstance(pdu, DataSm) else pdu.short_message, _AS_JASMIN)
    told = _read_tlvs(pdu.tlvs)
    if not _is_complete(fields | told) and pdu.esm_class & _TYPE_BITS in _RECEIPT_TYPES:
        content = content_of(pdu)
        if pdu.data_coding == _UCS2 and b"\0" in content:
            content = content.decode("utf-16-be", "replace").encode()
        fields = _read_text(content, _PATIENT)
    if len(told) == 2:  # both TLVs go before the text, one alone behind it
        fields |= told
    else:
        fields = told | fields
    return Receipt(**fields) if _is_complete(fields) else None


def _is_complete(fields: dict[str, str]) -> bool:
    return "raw_id" in fields and "stat" in fields


def _read_tlvs(parameters: tuple[Tlv, ...]) -> dict[str, str]:
    fields = {}
    message_id = tlvs.read_c_octets(parameters, tlvs.RECEIPTED_MESSAGE_ID)
    if message_id and len(message_id) <= _MAX_ID_OCTETS:
        fields["raw_id"] = _text(message_id)
    state = tlvs.read_integer(parameters, tlvs.MESSAGE_STATE)
    if state is not None:
        fields["stat"] = _BY_TLV.get(state, "UNKNOWN")
    return fields


def _read_text(content: bytes, patterns: dict[str, re.Pattern[str]]) -> dict[str, str]:
    text = _text(content)
    fields = {}
    for name, pattern in patterns.items():
        found = pattern.search(text)
        if found:
            fields[name] = found[1]
    for name in ("sub", "dlvrd", "err"):
        if name in fields:
            fields[name] = fields[name].rjust(3, "0")
    if "stat" in fields:
        word = fields["stat"].upper()
        fields["stat"] = _SPELLED.get(word, word[:7])
    return fields


def _text(octets: bytes) -> str:
    """UTF-8; octets that are not become the Latin-1 letter, so that none is lost."""
    if octets.isascii():
        return octets.decode("ascii")
    return octets.decode("utf-8", "surrogateescape").translate(_STRAY_OCTETS)


# ---------------------------------------------------------------- ids


def code_message_id(message_id: bytes) -> str:
    """An id of a submit_sm_resp as Jasmin keys it: upper case, no leading zeros."""
    return _plain(_text(message_id))


def code_receipt_id(raw_id: str, bases: DlrMsgIdBases) -> str:
    """A receipt's id in the form of `code_message_id` (contract/dlr.md §4.2).

    What is no number of its base is taken as it is. A data_sm's id is always taken with bases 0.
    """
    try:
        match bases:
            case 0:
                return _plain(raw_id)
            case 1:
                return f"{int(raw_id):X}".lstrip("0")
            case 2:
                return str(int(raw_id, 16))
    except ValueError:
        return _plain(raw_id)


def _plain(message_id: str) -> str:
    """Letters beyond ASCII stay: some have capitals that are longer than any id may be."""
    return (message_id.upper() if message_id.isascii() else message_id).lstrip("0")


# ---------------------------------------------------------------- writing, for the simulator

Dialect = Literal["standard", "seconds", "century", "short", "bare", "shouted"]

_TEXTS: dict[Dialect, str] = {
    "standard": "id:{0} sub:001 dlvrd:{1} submit date:{2:%y%m%d%H%M} done date:{3:%y%m%d%H%M}"
    " stat:{4} err:{5} text:{6}",
    "seconds": "id:{0} sub:001 dlvrd:{1} submit date:{2:%y%m%d%H%M%S} done date:{3:%y%m%d%H%M%S}"
    " stat:{4} err:{5} text:{6}",
    "century": "id:{0} sub:1 dlvrd:{1} submit date:{2:%Y%m%d%H%M%S} done date:{3:%Y%m%d%H%M%S}"
    " stat:{4} err:{5} Text:{6}",
    "short": "id:{0} submit date:{2:%y%m%d%H%M} done date:{3:%y%m%d%H%M} stat:{4} err:{5}",
    "bare": "id:{0} stat:{4}",
    "shouted": "ID:{0} SUB:001 DLVRD:{1} SUBMIT DATE:{2:%y%m%d%H%M} DONE DATE:{3:%y%m%d%H%M}"
    " STAT:{4} ERR:{5} TEXT:{6}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an SMSC has to tell of one message."""

    message_id: str
    stat: str
    submitted_at: datetime
    done_at: datetime
    err: str = "000"
    text: str = ""


def write_receipt(report: Report, dialect: Dialect) -> bytes:
    """The text of a receipt, for short_message; the message's own text is cut to 20 characters."""
    delivered = "001" if report.stat == "DELIVRD" else "000"
    return (
        _TEXTS[dialect]
        .format(
            report.message_id,
            delivered,
            report.submitted_at,
            report.done_at,
            report.stat,
            report.err,
            report.text[:20],
        )
        .encode()
    )


def write_receipt_tlvs(report: Report) -> tuple[Tlv, ...]:
    """receipted_message_id and message_state, as SMPP 3.4 §5.3.2.12 and §5.3.2.35 have them."""
    state = next((code for code, word in MESSAGE_STATES.items() if word == report.stat), 7)
    return (
        tlvs.write_c_octets(tlvs.RECEIPTED_MESSAGE_ID, report.message_id.encode()),
        tlvs.write_integer(tlvs.MESSAGE_STATE, state),
    )

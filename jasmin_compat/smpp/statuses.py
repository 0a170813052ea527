"""command_status codes and their names: SMPP 3.4 §5.1.3, and those of SMPP 5.0 Jasmin knows.

The table is open: a code it lacks keeps its number everywhere inside, and shows outside under the
pseudo name Jasmin gives it (contract/smpp-client.md §11).
"""

from typing import Final

ESME_ROK: Final = 0x00
ESME_RINVMSGLEN: Final = 0x01
ESME_RINVCMDLEN: Final = 0x02
ESME_RINVCMDID: Final = 0x03
ESME_RINVBNDSTS: Final = 0x04
ESME_RALYBND: Final = 0x05
ESME_RINVPRTFLG: Final = 0x06
ESME_RINVREGDLVFLG: Final = 0x07
ESME_RSYSERR: Final = 0x08
ESME_RINVSRCADR: Final = 0x0A
ESME_RINVDSTADR: Final = 0x0B
ESME_RINVMSGID: Final = 0x0C
ESME_RBINDFAIL: Final = 0x0D
ESME_RINVPASWD: Final = 0x0E
ESME_RINVSYSID: Final = 0x0F
ESME_RCANCELFAIL: Final = 0x11
ESME_RREPLACEFAIL: Final = 0x13
ESME_RMSGQFUL: Final = 0x14
ESME_RINVSERTYP: Final = 0x15
ESME_RINVNUMDESTS: Final = 0x33
ESME_RINVDLNAME: Final = 0x34
ESME_RINVDESTFLAG: Final = 0x40
ESME_RINVSUBREP: Final = 0x42
ESME_RINVESMCLASS: Final = 0x43
ESME_RCNTSUBDL: Final = 0x44
ESME_RSUBMITFAIL: Final = 0x45
ESME_RINVSRCTON: Final = 0x48
ESME_RINVSRCNPI: Final = 0x49
ESME_RINVDSTTON: Final = 0x50
ESME_RINVDSTNPI: Final = 0x51
ESME_RINVSYSTYP: Final = 0x53
ESME_RINVREPFLAG: Final = 0x54
ESME_RINVNUMMSGS: Final = 0x55
ESME_RTHROTTLED: Final = 0x58
ESME_RINVSCHED: Final = 0x61
ESME_RINVEXPIRY: Final = 0x62
ESME_RINVDFTMSGID: Final = 0x63
ESME_RX_T_APPN: Final = 0x64
ESME_RX_P_APPN: Final = 0x65
ESME_RX_R_APPN: Final = 0x66
ESME_RQUERYFAIL: Final = 0x67
ESME_RINVOPTPARSTREAM: Final = 0xC0
ESME_ROPTPARNOTALLWD: Final = 0xC1
ESME_RINVPARLEN: Final = 0xC2
ESME_RMISSINGOPTPARAM: Final = 0xC3
ESME_RINVOPTPARAMVAL: Final = 0xC4
ESME_RDELIVERYFAILURE: Final = 0xFE
ESME_RUNKNOWNERR: Final = 0xFF

_SMPP_5: Final = (
    "ESME_RSERTYPUNAUTH",
    "ESME_RPROHIBITED",
    "ESME_RSERTYPUNAVAIL",
    "ESME_RSERTYPDENIED",
    "ESME_RINVDCS",
    "ESME_RINVSRCADDRSUBUNIT",
    "ESME_RINVDSTADDRSUBUNIT",
    "ESME_RINVBCASTFREQINT",
    "ESME_RINVBCASTALIAS_NAME",
    "ESME_RINVBCASTAREAFMT",
    "ESME_RINVNUMBCAST_AREAS",
    "ESME_RINVBCASTCNTTYPE",
    "ESME_RINVBCASTMSGCLASS",
    "ESME_RBCASTFAIL",
    "ESME_RBCASTQUERYFAIL",
    "ESME_RBCASTCANCELFAIL",
    "ESME_RINVBCAST_REP",
    "ESME_RINVBCASTSRVGRP",
    "ESME_RINVBCASTCHANIND",
)
"""SMPP 5.0 §4.7.6: 0x100 and the codes that follow it without a gap."""

NAMES: Final[dict[int, str]] = {
    value: name
    for name, value in sorted(globals().items())
    if name.startswith("ESME_") and isinstance(value, int)
} | {0x100 + offset: name for offset, name in enumerate(_SMPP_5)}

CODES: Final[dict[str, int]] = {name: code for code, name in NAMES.items()}


def status_name(code: int) -> str:
    """The code's name, or the pseudo name of the range it lies in."""
    name = NAMES.get(code)
    if name is not None:
        return name
    if code < 0x100:
        return "RESERVEDSTATUS_UNKNOWN_STATUS"
    if code < 0x400:
        return "RESERVEDSTATUS_SMPP_EXTENSION"
    if code < 0x500:
        return "RESERVEDSTATUS_VENDOR_SPECIFIC"
    return "RESERVEDSTATUS"


def status_code(name: str) -> int | None:
    """The code of a name; None for a pseudo name, whose number is not in it, or an unknown one."""
    return CODES.get(name)

"""Names and codes: the specification's, and Jasmin's names for what nobody specified."""

import pytest
from aiosmpplib.state import SmppCommandStatus

from jasmin_compat.smpp.statuses import CODES, NAMES, status_code, status_name


def test_every_status_of_an_independent_library_has_the_same_code() -> None:
    known = {int(status): status.name for status in SmppCommandStatus}
    assert {code: name for code, name in NAMES.items() if code < 0x100} == known


def test_the_statuses_of_smpp_5_that_jasmin_knows_are_there() -> None:
    assert status_name(0x100) == "ESME_RSERTYPUNAUTH"
    assert status_name(0x108) == "ESME_RINVBCASTALIAS_NAME"
    assert status_name(0x112) == "ESME_RINVBCASTCHANIND"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x09, "RESERVEDSTATUS_UNKNOWN_STATUS"),
        (0xFD, "RESERVEDSTATUS_UNKNOWN_STATUS"),
        (0x113, "RESERVEDSTATUS_SMPP_EXTENSION"),
        (0x3FF, "RESERVEDSTATUS_SMPP_EXTENSION"),
        (0x400, "RESERVEDSTATUS_VENDOR_SPECIFIC"),
        (0x4FF, "RESERVEDSTATUS_VENDOR_SPECIFIC"),
        (0x500, "RESERVEDSTATUS"),
        (0xFFFFFFFF, "RESERVEDSTATUS"),
    ],
)
def test_an_unknown_code_has_the_pseudo_name_of_its_range(code: int, name: str) -> None:
    assert status_name(code) == name
    assert status_code(name) is None


def test_a_name_leads_back_to_its_code() -> None:
    assert len(CODES) == len(NAMES)
    for code in NAMES:
        assert status_code(status_name(code)) == code
    assert status_code("ESME_NONSENSE") is None

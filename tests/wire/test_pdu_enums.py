"""Enumerations against the positions and names a real Jasmin wrote."""

import pytest

from jasmin_compat.wire import pdu_enums
from jasmin_compat.wire.pdu_enums import ADDR_NPI, ADDR_TON, ALL, Enumeration


@pytest.mark.parametrize("enumeration", ALL, ids=lambda enumeration: enumeration.name)
def test_codes_positions_and_names_go_together(enumeration: Enumeration) -> None:
    for position, code in enumerate(enumeration.codes(), start=1):
        name = enumeration.name_of(code)
        assert name is not None
        assert enumeration.position_of(code) == position
        assert enumeration.code_at(position) == code
        assert enumeration.code_of(name) == code
        assert enumeration.from_text(name) == code
        assert enumeration.from_text(enumeration.to_text(code)) == code
    for position in (0, -1, len(enumeration.codes()) + 1):
        with pytest.raises(IndexError):
            enumeration.code_at(position)


@pytest.mark.parametrize(
    ("enumeration", "name", "position"),
    [
        (pdu_enums.COMMAND_ID, "submit_sm", 8),
        (pdu_enums.COMMAND_ID, "submit_sm_resp", 9),
        (pdu_enums.COMMAND_ID, "deliver_sm", 10),
        (pdu_enums.COMMAND_ID, "data_sm", 26),
        (pdu_enums.COMMAND_STATUS, "ESME_ROK", 1),
        (pdu_enums.COMMAND_STATUS, "ESME_RTHROTTLED", 34),
        (pdu_enums.COMMAND_STATUS, "ESME_RINVBCASTCHANIND", 67),
        (pdu_enums.COMMAND_STATUS, "RESERVEDSTATUS_UNKNOWN_STATUS", 71),
        (ADDR_TON, "NATIONAL", 3),
        (ADDR_NPI, "WAP_CLIENT_ID", 10),
        (pdu_enums.ESM_CLASS_MODE, "STORE_AND_FORWARD", 4),
        (pdu_enums.DATA_CODING_SCHEME, "GSM_MESSAGE_CLASS", 3),
        (pdu_enums.DATA_CODING_DEFAULT, "KS_C_5601", 13),
        (pdu_enums.MESSAGE_STATE, "DELIVERED", 2),
        (pdu_enums.MORE_MESSAGES_TO_SEND, "MORE_MESSAGES", 2),
    ],
)
def test_positions_are_those_of_smpp_pdu3(
    enumeration: Enumeration, name: str, position: int
) -> None:
    assert enumeration.position_of(enumeration.code_of(name)) == position


# covers: W-DLR-14
def test_texts_are_those_in_redis_and_headers() -> None:
    assert ADDR_TON.to_text(2) == "AddrTon.NATIONAL"
    assert ADDR_NPI.to_text(6) == "AddrNpi.LAND_MOBILE"
    assert pdu_enums.REGISTERED_DELIVERY_RECEIPT.to_text(2) == (
        "RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED_FOR_FAILURE"
    )


@pytest.mark.parametrize("enumeration", ALL, ids=lambda enumeration: enumeration.name)
def test_every_octet_comes_back_from_its_text(enumeration: Enumeration) -> None:
    texts = map(enumeration.to_text, range(256))

    assert list(map(enumeration.from_text, texts)) == list(range(256))


@pytest.mark.parametrize(
    "text",
    ["", "AddrNpi.", "AddrTon.ISDN", "AddrNpi.isdn", "ISDN ", "AddrNpi.1234", "-1", "²"],
)
def test_other_texts_have_no_code(text: str) -> None:
    with pytest.raises(KeyError):
        ADDR_NPI.from_text(text)


def test_a_code_without_a_member_has_no_position_and_no_name() -> None:
    assert ADDR_NPI.position_of(2) is None
    assert ADDR_NPI.name_of(2) is None

"""PDUs and enumerations as scripts know them."""

import pytest

from jasmin_compat.script_worker.smpp_names import (
    ENUMS,
    CallbackNum,
    DataCoding,
    DeliverSM,
    EsmClass,
    FixedOffset,
    RegisteredDelivery,
    SubmitSM,
)


def test_members_are_numbered_from_1_as_jasmins() -> None:
    assert [member.value for member in ENUMS["AddrTon"]][:3] == [1, 2, 3]
    assert str(ENUMS["AddrTon"]["NATIONAL"]) == "AddrTon.NATIONAL"
    assert str(ENUMS["CommandId"]["submit_sm"]) == "CommandId.submit_sm"


def test_a_pdu_has_all_mandatory_params() -> None:
    pdu = SubmitSM(seqNum=4, short_message=b"x")
    assert set(pdu.params) == set(SubmitSM.mandatoryParams)
    assert (pdu.params["short_message"], pdu.params["source_addr"]) == (b"x", None)
    assert (str(pdu.id), pdu.seqNum, str(pdu.status)) == (
        "CommandId.submit_sm",
        4,
        "CommandStatus.ESME_ROK",
    )
    assert "sar_msg_ref_num" in SubmitSM.optionalParams
    assert "receipted_message_id" in DeliverSM.optionalParams
    assert "short_message: b'x'" in repr(pdu)


def test_equal_pdus() -> None:
    assert SubmitSM(short_message=b"x") == SubmitSM(short_message=b"x")
    assert SubmitSM() != DeliverSM()
    with pytest.raises(TypeError):
        hash(SubmitSM())


def test_a_data_coding_is_the_default_alphabet_at_first() -> None:
    coding = DataCoding()
    assert coding == DataCoding(ENUMS["DataCodingScheme"]["DEFAULT"])
    assert hash(coding) == hash(DataCoding())
    assert "SMSC_DEFAULT_ALPHABET" in repr(coding)


def test_a_zone_has_its_offset() -> None:
    zone = FixedOffset(90, "x")
    assert (zone.utcoffset(None).seconds, zone.tzname(None), zone.dst(None).seconds) == (
        5400,
        "x",
        0,
    )


def test_what_jasmins_classes_let_be_left_out() -> None:
    wanted = ENUMS["RegisteredDeliveryReceipt"]["SMSC_DELIVERY_RECEIPT_REQUESTED"]
    assert RegisteredDelivery(wanted) == (wanted, set(), False)
    mode, kind = ENUMS["EsmClassMode"]["DEFAULT"], ENUMS["EsmClassType"]["DEFAULT"]
    assert EsmClass(mode, kind).gsmFeatures == set()
    udhi = ENUMS["EsmClassGsmFeatures"]["UDHI_INDICATOR_SET"]
    assert EsmClass(mode, kind, [udhi]).gsmFeatures == {udhi}
    ascii_digits = ENUMS["CallbackNumDigitModeIndicator"]["ASCII"]
    assert CallbackNum(ascii_digits).npi is ENUMS["AddrNpi"]["UNKNOWN"]
    assert SubmitSM(destination_addr="1").params["destination_addr"] == b"1"

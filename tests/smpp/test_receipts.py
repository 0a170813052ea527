"""Receipts of every dialect: what Jasmin makes of them, and what it loses and we do not."""

import contextlib
from datetime import datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.codec import decode
from jasmin_compat.smpp.errors import BodyUnreadable, FramingLost
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, Tlv
from jasmin_compat.smpp.receipts import (
    MESSAGE_STATES,
    Dialect,
    Receipt,
    Report,
    code_message_id,
    code_receipt_id,
    read_receipt,
    write_receipt,
    write_receipt_tlvs,
)
from tests import golden

ID = "0123456789"
SUBMIT, DONE = "2611231200", "2611231201"
HELLO = "Hello world"
OF_TLV = ("abc-123", "DELIVRD", "ND", "ND", "ND", "ND", "ND", "")
OF_BOTH = ("abc-123", "DELIVRD", "001", "001", SUBMIT, DONE, "000", HELLO)


def said(
    raw_id: str = ID,
    stat: str = "DELIVRD",
    counts: str = "001",
    dates: tuple[str, str] = (SUBMIT, DONE),
    err: str = "000",
    text: str = HELLO,
) -> tuple[str, ...]:
    return raw_id, stat, counts, counts, *dates, err, text


AS_JASMIN = {  # id, stat, sub, dlvrd, submit date, done date, err, text: by Jasmin 0.11.0
    "dlr_std": said(),
    "dlr_date_seconds": said(dates=("261123120000", "261123120100"), text="Hi"),
    "dlr_date_yyyy": said(dates=("20261123120000", "20261123120100"), text="Hi"),
    "dlr_date_yyyymmddhhmm": said(dates=("202611231200", "202611231201"), text="Hi"),
    "dlr_date_epoch": said(dates=("1764000000", "1764000001"), text="Hi"),
    "dlr_date_iso_T": said(dates=("2026", "2026"), text="Hi"),
    "dlr_date_iso_space": said(dates=("2026", "2026"), text="Hi"),
    "dlr_date_zero": said(dates=(SUBMIT, "0000000000"), text="Hi"),
    "dlr_date_empty": said(dates=(SUBMIT, "ND"), text="Hi"),
    "dlr_err_alpha": said(err="E1A", text="Hi"),
    "dlr_err_hex": said(err="0x0", text="Hi"),
    "dlr_err_empty": said(err="ND", text="Hi"),
    "dlr_err_negative": said(err="ND", text="Hi"),
    "dlr_missing_sub_dlvrd": said("77", counts="ND", text=""),
    "dlr_missing_text": said("77", text=""),
    "dlr_missing_dates": said("77", counts="ND", dates=("ND", "ND"), text=""),
    "dlr_only_id_stat": said("77", "UNDELIV", "ND", ("ND", "ND"), "ND", ""),
    "dlr_id_hex": said("1A2B3C4D"),
    "dlr_stat_enroute": said(stat="ENROUTE"),
    "dlr_sub_nonnum": (ID, "DELIVRD", "ND", "001", SUBMIT, DONE, "000", HELLO),
    "dlr_text_has_colons": said(text=HELLO + " stat:UNDELIV err:abc id:zzz"),
    "dlr_trailing_nul": said(text=HELLO + "\0"),
    "dlr_newlines": said(dates=("ND", "ND"), text="Hello"),
    "dlr_intermediate_0x20": said(stat="ENROUTE"),
    "dlr_dc_0xF1": said(),
    "dlr_tlv_only": OF_TLV,
    "dlr_tlv_only_id_state": OF_TLV,
    "dlr_tlv_and_text": OF_BOTH,
    "dlr_nec_zero_code": OF_BOTH,
    "dlr_nec_high_octet": OF_BOTH,
    "mo_udhi_flag_with_dlr": said(),
    "data_sm_receipt": OF_TLV,
}
OURS = {
    # Jasmin drops the letter
    "dlr_text_latin1": said(text=HELLO + " café"),
    # Jasmin refuses the PDU, or ends the session
    "dlr_state_len0": said(),
    "dlr_state_len4": OF_BOTH,
    "dlr_state_99": ("abc-123", "UNKNOWN", *OF_BOTH[2:]),
    "dlr_rmid_no_nul": OF_BOTH,
    "dlr_rmid_80": ("x" * 80, *OF_BOTH[1:]),
    # Jasmin takes them for messages of subscribers
    "dlr_upper_keys": said(text="HELLO WORLD"),
    "dlr_ucs2": said(),
    "dlr_payload_tlv": said(),
}


def messages() -> dict[str, DeliverSm | DataSm]:
    """Every recorded deliver_sm and data_sm that can be read at all."""
    found = {}
    for recorded in golden.load("pdus")["pdus"]:
        with contextlib.suppress(BodyUnreadable, FramingLost):
            body = decode(bytes.fromhex(recorded["hex"])).body
            if isinstance(body, DeliverSm | DataSm):
                found[recorded["id"]] = body
    return found


MESSAGES = messages()


# covers: DLR-08 DLR-09 DLR-10 W-DLR-18
@pytest.mark.parametrize("name", MESSAGES)
def test_recorded_pdus(name: str) -> None:
    receipt = read_receipt(MESSAGES[name])

    assert as_tuple(receipt) == (AS_JASMIN | OURS).get(name)


def as_tuple(receipt: Receipt | None) -> tuple[str, ...] | None:
    if receipt is None:
        return None
    r = receipt
    return r.raw_id, r.stat, r.sub, r.dlvrd, r.submit_date, r.done_date, r.err, r.text


def test_no_recorded_receipt_is_missing() -> None:
    assert set(AS_JASMIN | OURS) <= set(MESSAGES)


def flows() -> list[Any]:
    """What Jasmin published for each receipt it got in the recorded flows."""
    found = []
    for name in ("flows_http_mt_dlr", "flows_smpps_mt", "multipart_dlr", "flows_altconfig"):
        for flow in golden.load(name)["flows"]:
            published = [
                e
                for e in flow["amqp"]
                if e.get("event") == "publish" and e["routing_keys"][0] == "dlr.deliver_sm"
            ]
            bodies = [
                decode(bytes.fromhex(s["hex"])).body
                for s in flow.get("smsc") or ()
                if s["dir"] == "smsc->gw"
            ]
            received = [b for b in bodies if isinstance(b, DeliverSm | DataSm)]
            if published and len(received) == len(published):
                found += [
                    pytest.param(pdu, event, id=flow["name"])
                    for pdu, event in zip(received, published, strict=True)
                ]
    return found


FLOWS = flows()


@pytest.mark.parametrize(("pdu", "event"), FLOWS)
def test_a_receipt_says_what_jasmin_published(pdu: DeliverSm | DataSm, event: Any) -> None:
    headers = event["properties"]["headers"]
    receipt = read_receipt(pdu)

    assert as_tuple(receipt) == tuple(
        headers[f"dlr_{name}"]
        for name in ("id", "stat", "sub", "dlvrd", "sdate", "ddate", "err", "text")
    )
    assert code_receipt_id(receipt.raw_id, 0) == event["properties"]["message_id"]


def test_flows_hold_receipts() -> None:
    assert len(FLOWS) > 80


STD = b"id:1.2:3 sub:001 stat:%s err:1 text:hi"


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        pytest.param(
            DeliverSm(short_message=STD % b"DELIVRD"), ("1.2:3", "DELIVRD"), id="id with marks"
        ),
        pytest.param(
            DeliverSm(short_message=STD % b"Delivered"), ("1.2:3", "DELIVRD"), id="spelled out"
        ),
        pytest.param(
            DeliverSm(short_message=STD % b"WHATEVER"), ("1.2:3", "WHATEVE"), id="word of its own"
        ),
        pytest.param(DeliverSm(short_message=STD % b"FAILED"), None, id="short word, an MO"),
        pytest.param(
            DeliverSm(esm_class=4, short_message=STD % b"FAILED"),
            ("1.2:3", "UNDELIV"),
            id="short word, a receipt",
        ),
        pytest.param(
            DeliverSm(esm_class=4, short_message=STD % b"ODD"), ("1.2:3", "ODD"), id="shorter"
        ),
        pytest.param(
            DeliverSm(esm_class=4, short_message=b"stat:DELIVRD", tlvs=(Tlv(0x1E, b"7f\0"),)),
            ("7f", "DELIVRD"),
            id="id by TLV, state by text",
        ),
        pytest.param(
            DeliverSm(short_message=b"id:127 stat:DELIVRD", tlvs=(Tlv(0x1E, b"7f\0"),)),
            ("127", "DELIVRD"),
            id="id by text goes before a TLV alone",
        ),
        pytest.param(
            DeliverSm(tlvs=(Tlv(0x1E, b"\0"), Tlv(0x427, b"\2"))), None, id="empty id by TLV"
        ),
        pytest.param(
            DeliverSm(tlvs=(Tlv(0x1E, b"x" * 300), Tlv(0x427, b"\2"))), None, id="endless id"
        ),
        pytest.param(
            DeliverSm(short_message=b"id:" + b"x" * 200 + b" stat:DELIVRD"),
            ("x" * 127, "DELIVRD"),
            id="endless id in text",
        ),
        pytest.param(
            DeliverSm(tlvs=(Tlv(0x1E, b"caf\xe9\0"), Tlv(0x427, b"\2"))),
            ("café", "DELIVRD"),
            id="id beyond ASCII",
        ),
        pytest.param(
            DataSm(esm_class=4, tlvs=(Tlv(0x424, STD % b"EXPIRED"),)),
            ("1.2:3", "EXPIRED"),
            id="data_sm with text",
        ),
        pytest.param(DataSm(tlvs=(Tlv(0x424, STD % b"EXPIRED"),)), None, id="data_sm, an MO"),
        pytest.param(DeliverSm(short_message=b"see you at id:"), None, id="MO"),
        pytest.param(DeliverSm(esm_class=4), None, id="receipt without anything"),
    ],
)
def test_receipts_beyond_the_recorded(
    pdu: DeliverSm | DataSm, expected: tuple[str, str] | None
) -> None:
    receipt = read_receipt(pdu)

    assert (receipt and (receipt.raw_id, receipt.stat)) == expected


def test_valid_utf_8_stays_beside_octets_that_are_not() -> None:
    pdu = DeliverSm(short_message="id:1 stat:DELIVRD text:é".encode() + b"\xe9\xc3")
    receipt = read_receipt(pdu)

    assert receipt is not None
    assert receipt.text == "ééÃ"


@given(st.binary(max_size=254), st.sampled_from([0, 4, 0x20]), st.sampled_from([0, 8]))
def test_no_message_breaks_reading(content: bytes, esm_class: int, data_coding: int) -> None:
    for text in (content, b"id:1 stat:DELIVRD " + content):
        pdu = DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=text)
        receipt = read_receipt(pdu)
        assert receipt is None or receipt.raw_id


# covers: DLR-11 SMPPC-24
@pytest.mark.parametrize(
    ("in_response", "in_receipt", "bases", "key"),
    [
        (b"00ab", "AB", 0, "AB"),
        (b"0000", "0", 0, ""),
        (b"1A", "26", 1, "1A"),
        (b"01a", "026", 1, "1A"),
        (b"26", "1A", 2, "26"),
        (b"0026", "0x1a", 2, "26"),
        (b"abc-1", "abc-1", 1, "ABC-1"),
        (b"xyz", "00xyz", 2, "XYZ"),
        (b"0caf\xe9", "café", 0, "café"),
    ],
)
def test_ids_of_response_and_receipt_meet(
    in_response: bytes, in_receipt: str, bases: Any, key: str
) -> None:
    assert code_message_id(in_response) == key
    assert code_receipt_id(in_receipt, bases) == key


@pytest.mark.parametrize("dialect", get_args(Dialect))
@pytest.mark.parametrize("stat", sorted(set(MESSAGE_STATES.values())))
def test_what_the_simulator_writes_is_read(dialect: Dialect, stat: str) -> None:
    report = Report(
        message_id="00a7",
        stat=stat,
        submitted_at=datetime(2026, 11, 23, 12),
        done_at=datetime(2026, 11, 23, 12, 1),
        err="007",
        text="The first twenty characters only",
    )
    text = write_receipt(report, dialect)
    receipt = read_receipt(DeliverSm(esm_class=4, short_message=text))

    assert receipt is not None
    assert (receipt.raw_id, receipt.stat) == ("00a7", stat)
    if dialect == "standard":
        delivered = b"001" if stat == "DELIVRD" else b"000"
        assert text == (
            b"id:00a7 sub:001 dlvrd:%s submit date:2611231200 done date:2611231201 stat:%s"
            b" err:007 text:The first twenty cha" % (delivered, stat.encode())
        )
    if dialect == "century":
        assert receipt.sub == "001"
        assert receipt.done_date == "20261123120100"

    by_tlv = read_receipt(DeliverSm(esm_class=4, tlvs=write_receipt_tlvs(report)))
    assert by_tlv is not None
    assert by_tlv.stat == ("UNKNOWN" if stat == "ENROUTE" else stat)

"""Log lines against those a real Jasmin wrote, and the contract where it wrote none."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from jasmin_compat.gateway.custom_tlvs import custom_tlv
from jasmin_compat.gateway.messages import (
    ConnectorId,
    MoReceived,
    MsgId,
    QueuedSubmit,
    ReceiptArrived,
    SmppMsgId,
)
from jasmin_compat.gateway.refusals import NotCharged, TooFast
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.split import LongContent, split
from jasmin_compat.wire import log_lines
from jasmin_compat.wire.log_lines import Asked
from tests import golden

MSGID = MsgId("7a1569a6-4bc9-44e8-8ffe-bac2cf3d91e3")
PART = SubmitSm(destination_addr=b"15550001", registered_delivery=1, short_message=b"probe before")


def recorded(start: str) -> str:
    """The first line of a recorded log that starts so, without time, level and process."""
    found = re.search(f'({re.escape(start)}[^"]*?)"', raw("amqp_loss_idle"))
    assert found is not None
    return found[1]


def raw(name: str) -> str:
    lines: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for member in value:
                walk(member)
        elif isinstance(value, str):
            lines.append(f'{value}"')

    walk(golden.load(name))
    return "\n".join(lines)


def queued(*parts: SubmitSm, source_addr_is_null: bool = True, **fields: Any) -> QueuedSubmit:
    return QueuedSubmit(
        **{
            "msgid": MSGID,
            "cid": ConnectorId("con1"),
            "parts": parts or (PART,),
            "source_addr_is_null": source_addr_is_null,
            "source": "httpapi",
            "priority": 0,
            "created_at": datetime(2026, 11, 23),
            **fields,
        }
    )


def test_a_message_accepted_over_http() -> None:
    line = log_lines.mt_accepted(
        queued(), Asked("full", "All"), content=b"probe before", log_privacy=False
    )

    assert line == recorded("SMS-MT [uid:full]")


# covers: LONG-12
def test_a_message_the_smsc_took() -> None:
    line = log_lines.mt_sent(queued(), (PART,), message_id=b"m1", log_privacy=False)

    assert line == recorded(f"SMS-MT [cid:con1] [queue-msgid:{MSGID}]")


# covers: DLR-21
def test_a_receipt_whose_message_is_known() -> None:
    receipt = ReceiptArrived(
        smpp_msgid=SmppMsgId("M2"),
        cid=ConnectorId("con1"),
        pdu="deliver_sm",
        raw_id="m2",
        stat="DELIVRD",
        sub="001",
        dlvrd="001",
        submit_date="2611231200",
        done_date="2611231201",
        err="000",
        text="hello",
    )

    line = log_lines.receipt_matched(receipt, log_privacy=False)
    private = log_lines.receipt_matched(receipt, log_privacy=True)

    assert line == recorded("DLR [cid:con1] [smpp-msgid:M2]")
    assert private == line.replace("'hello'", "** 5 byte content **")


@pytest.mark.parametrize(
    ("source", "own", "shown"),
    [(b"SUN", "SUN", "SUN"), (b"ACME", None, "b'ACME'"), (b"BY SCRIPT", "SUN", "b'BY SCRIPT'")],
)
def test_the_accounts_own_source_is_shown_as_a_text(
    source: bytes, own: str | None, shown: str
) -> None:
    submit = queued(replace(PART, source_addr=source), source_addr_is_null=False)

    line = log_lines.mt_accepted(submit, Asked("u", "No", own), content=b"x", log_privacy=False)

    assert f" [from:{shown}] [to:b'15550001'] " in line


# covers: HTTP-31
def test_a_message_that_came_too_fast() -> None:
    refused = TooFast("full", since_s=0.25, spacing_s=1 / 3)

    assert log_lines.mt_too_fast(refused) == (
        "QoS: submit_sm_event is faster (0:00:00.250000) than fixed throughput (0:00:00.333333),"
        " user:full, rejecting message."
    )


# covers: HTTP-32
def test_a_message_that_was_not_paid() -> None:
    refused = NotCharged("full", bid=MSGID, amount=1.5, parts=2)

    assert log_lines.mt_not_charged(refused) == (
        f"Charging user full failed, [bid:{MSGID}] [ttlamounts:1.5] SubmitSmPDU (x2)"
    )


def test_unprintable_octets_of_a_request_are_one_dot_a_run() -> None:
    line = log_lines.mt_accepted(
        queued(), Asked("u", "No"), content=b"a\x00\xff\nb 'c'", log_privacy=False
    )

    assert """[content:b"a.b 'c'"]""" in line


def test_a_long_message_is_shown_joined_with_the_last_part_s_parameters() -> None:
    parts = split(PART, b"x" * 161, policy=LongContent(), reference=1)
    line = log_lines.mt_sent(queued(*parts), parts, message_id=b"m\xe9", log_privacy=False)

    assert f"[content:b'{'x' * 161}']" in line
    assert line.endswith("[tlvs:more_messages_to_send:MoreMessagesToSend.NO_MORE_MESSAGES]")
    assert "[dlr:RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED]" in line
    assert r"[smpp-msgid:b'm\xe9']" in line


def test_a_refused_message_is_shown_by_its_first_part() -> None:
    parts = split(PART, b"x" * 161, policy=LongContent(), reference=1)
    line = log_lines.mt_refused(
        queued(*parts, expiration=datetime(2026, 11, 24)),
        parts,
        command_status=0x58,
        is_retried=True,
        log_privacy=False,
    )

    assert line == (
        f"SMS-MT [cid:con1] [queue-msgid:{MSGID}]"
        " [status:ERROR/CommandStatus.ESME_RTHROTTLED] [retry:True] [prio:0]"
        " [dlr:RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED]"
        " [validity:2026-11-24 00:00:00] [from:None] [to:b'15550001']"
        rf" [content:b'\x05\x00\x03\x01\x02\x01{'x' * 153}']"
        " [tlvs:more_messages_to_send:MoreMessagesToSend.MORE_MESSAGES]"
    )


@pytest.mark.parametrize(
    ("is_null", "sent", "shown"),
    [
        (True, b"", "None"),
        (False, b"", "b''"),
        (False, b"1000", "b'1000'"),
        (True, b"ACME", "b'ACME'"),
    ],
    ids=["nobody's", "a client's empty one", "a client's", "the connector's"],
)
def test_source_addresses(is_null: bool, sent: bytes, shown: str) -> None:
    part = SubmitSm(source_addr=sent)
    submit = queued(source_addr_is_null=is_null)

    line = log_lines.mt_sent(submit, (part,), message_id=b"", log_privacy=False)

    assert f"[from:{shown}]" in line


# covers: MO-15
@pytest.mark.parametrize(
    ("pdu", "shown"),
    [
        (
            DeliverSm(source_addr=b"1", destination_addr=b"2", short_message=b"h\xe9"),
            r"[prio:PriorityFlag.LEVEL_0] [validity:None] [from:b'1'] [to:b'2'] [content:b'h\xe9']",
        ),
        (
            DeliverSm(priority_flag=3, validity_period=b"261231235959000+"),
            "[prio:PriorityFlag.LEVEL_3] [validity:2026-12-31 23:59:59]"
            " [from:b''] [to:b''] [content:b'']",
        ),
        (
            DeliverSm(validity_period=b"000001000000000R"),
            "[prio:PriorityFlag.LEVEL_0] [validity:SMPPRelativeTime(years=0, months=0, days=1,"
            " hours=0, minutes=0, seconds=0)] [from:b''] [to:b''] [content:b'']",
        ),
        (
            DeliverSm(validity_period=b"soon", tlvs=(Tlv(0x0424, b"long"),)),
            "[prio:PriorityFlag.LEVEL_0] [validity:b'soon'] [from:b''] [to:b''] [content:b'long']",
        ),
        (DataSm(), "[prio:None] [validity:None] [from:b''] [to:b''] [content:b'']"),
    ],
)
def test_messages_of_subscribers(pdu: DeliverSm | DataSm, shown: str) -> None:
    mo = MoReceived(
        msgid=MSGID, cid=ConnectorId("con1"), pdu=pdu, received_at=datetime(2026, 11, 23)
    )

    assert log_lines.mo_received(mo, log_privacy=False) == (
        f"SMS-MO [cid:con1] [queue-msgid:{MSGID}] [status:CommandStatus.ESME_ROK] {shown}"
    )


@pytest.mark.parametrize(
    ("tlv", "shown", "private"),
    [
        (Tlv(0x0427, b"\2"), "message_state:MessageState.DELIVERED", "message_state"),
        (Tlv(0x0427, b"\x63"), "message_state:MessageState.99", "message_state"),
        (Tlv(0x020C, b"\0\5"), "sar_msg_ref_num:5", "sar_msg_ref_num"),
        (Tlv(0x001E, b"7f\0"), "receipted_message_id:b'7f'", "receipted_message_id"),
        (Tlv(0x0424, b"text"), "message_payload:b'text'", "message_payload"),
        (Tlv(0x14AB, b"v\0"), r"0x14AB:b'v\x00'", "0x14AB"),
    ],
)
def test_optional_parameters(tlv: Tlv, shown: str, private: str) -> None:
    assert log_lines.tlv_list((tlv, tlv), log_privacy=False) == f"{shown},{shown}"
    assert log_lines.tlv_list((tlv,), log_privacy=True) == private


def test_a_tlv_of_the_sender_is_shown_as_given() -> None:
    tlvs = (custom_tlv(0x3000, "ref-42", "COctetString"), custom_tlv(0x0204, 7, "Int2"))
    assert log_lines.tlv_list(tlvs, log_privacy=False) == "0x3000:ref-42,0x0204:7"
    assert log_lines.tlv_list(tlvs, log_privacy=True) == "0x3000,0x0204"


def test_a_long_value_is_cut_in_its_preview() -> None:
    line = log_lines.tlv_given(MSGID, custom_tlv(0x3000, "x" * 99), log_privacy=False)
    assert line.endswith(f" [value_preview:'{'x' * 59}]")
    octets = log_lines.tlv_given(MSGID, Tlv(0x3000, b"a"), log_privacy=False)
    assert octets.endswith(" [caller_type:OctetString] [value_preview:b'a']")


SECRET = b"the text of the message"


def test_no_line_shows_text_under_privacy() -> None:
    part = SubmitSm(short_message=SECRET, tlvs=(Tlv(0x0424, SECRET),))
    parts = split(part, SECRET * 20, policy=LongContent(), reference=1)
    mo = MoReceived(
        msgid=MSGID,
        cid=ConnectorId("con1"),
        pdu=DeliverSm(short_message=SECRET),
        received_at=datetime(2026, 11, 23),
    )
    lines = [
        log_lines.mt_accepted(queued(), Asked("u", "No"), content=SECRET, log_privacy=True),
        log_lines.mt_sent(queued(*parts), parts, message_id=b"1", log_privacy=True),
        log_lines.mt_refused(
            queued(*parts), parts, command_status=8, is_retried=False, log_privacy=True
        ),
        log_lines.mo_received(mo, log_privacy=True),
    ]

    assert [line for line in lines if "text of" in line] == []
    assert f"[content:** {len(SECRET)} byte content **]" in lines[0]
    assert f"[content:** {len(SECRET) * 20} byte content **]" in lines[1]


def test_messages_that_are_not_sent() -> None:
    submit = queued(expiration=datetime(2026, 11, 23, 14))

    assert log_lines.mt_requeued(submit, "bound", attempt=2, delay_s=30.0, age_s=12.7) == (
        f"SMPPC [cid:con1] is not bound: Requeuing (#2) SubmitSmPDU[{MSGID}]"
        " with delay 30 seconds, aged 12 seconds."
    )
    assert log_lines.mt_over_aged(submit, "connected", attempt=41, age_s=1201) == (
        f"SMPPC [cid:con1] is not connected: Discarding (#41) SubmitSmPDU[{MSGID}],"
        " over-aged 1201 seconds."
    )
    assert log_lines.mt_expired(submit) == (
        f"Discarding expired message[{MSGID}]: expiration is 2026-11-23 14:00:00"
    )
    assert log_lines.mt_timed_out(MSGID, ConnectorId("con1")) == (
        f"SubmitSmPDU[{MSGID}] request timed out through [cid:con1], message requeued."
    )
    assert log_lines.mt_rejected(MSGID, ConnectorId("con1"), "no") == (
        f"Rejecting SubmitSmPDU[{MSGID}] through [cid:con1]: no"
    )

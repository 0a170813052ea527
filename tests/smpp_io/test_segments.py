"""Outcomes of segments; on real sockets in test_client.py."""

import pytest

from jasmin_compat.ports import Answered, NotSent, PartOutcome, Unanswered, Unencodable
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import Empty, MessageIdResp, Opaque, Pdu
from jasmin_compat.smpp_io.link import NoAnswer, Reply
from jasmin_compat.smpp_io.segments import outcome_of, put_on_wire
from tests.builders import submit_sm


def resp(command_id: int, status: int, body: Empty | Opaque | MessageIdResp) -> Pdu:
    return Pdu(command_id, 1, body, status)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (resp(commands.SUBMIT_SM_RESP, 0, MessageIdResp(message_id=b"a")), Answered(0, b"a")),
        (resp(commands.SUBMIT_SM_RESP, 0x58, Opaque()), Answered(0x58, b"")),
        (resp(commands.SUBMIT_SM_RESP, 0x400, Opaque(b"x\0")), Answered(0x400, b"x")),
        (resp(commands.GENERIC_NACK, 0x03, Empty()), Answered(0x03, b"")),
        (resp(commands.GENERIC_NACK, 0, Empty()), Answered(0xFF, b"")),
        (resp(commands.DELIVER_SM_RESP, 0, MessageIdResp()), Answered(0xFF, b"")),
        (NoAnswer("connection lost"), Unanswered("connection lost")),
    ],
    ids=["accepted", "refused", "vendor's status", "nack", "nack of 0", "another's answer", "none"],
)
def test_a_reply_is_an_outcome(reply: Reply, outcome: PartOutcome) -> None:
    assert outcome_of(reply) == outcome


async def test_without_a_link_nothing_is_sent_and_what_never_can_be_is_told() -> None:
    good, bad = submit_sm(), submit_sm(service_type=b"toolong")
    assert await put_on_wire(None, [good, good]) == [NotSent(), NotSent()]
    assert await put_on_wire(None, [good, bad, good]) == [
        NotSent(),
        Unencodable("service_type: 7 octets, at most 5 allowed", "service_type"),
        NotSent(),
    ]

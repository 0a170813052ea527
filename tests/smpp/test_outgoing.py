"""What goes on the wire: numbers, the window, the shortest answers, and nothing by halves."""

import pytest

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.codec import take_pdu
from jasmin_compat.smpp.errors import CannotEncode
from jasmin_compat.smpp.outgoing import Outgoing, shortest_body
from jasmin_compat.smpp.pdus import Empty, Opaque, Pdu, SubmitSm, Tlv
from jasmin_compat.smpp.session_policy import SessionCounts
from jasmin_compat.smpp.statuses import ESME_RINVCMDLEN, ESME_ROK, ESME_RSYSERR
from jasmin_compat.smpp.timers import TimerPolicy, Timers
from jasmin_compat.smpp.window import Window

NOW = 7.0


class Ends:
    """An Outgoing and what it writes into."""

    def __init__(self) -> None:
        self.window = Window()
        self.timers = Timers(policy=TimerPolicy(), received_at=0.0, active_at=0.0)
        self.counts = SessionCounts()
        self.outgoing = Outgoing(self.window, self.timers, self.counts)

    def pdus(self) -> list[Pdu]:
        octets = bytearray(self.outgoing.take())
        found = []
        while (pdu := take_pdu(octets)) is not None:
            assert isinstance(pdu, Pdu)
            found.append(pdu)
        return found


def test_a_request_waits_in_the_window_under_its_number() -> None:
    ends = Ends()
    number = ends.outgoing.request(commands.SUBMIT_SM, SubmitSm(short_message=b"x"), NOW)
    [pdu] = ends.pdus()
    assert (pdu.command_id, pdu.sequence_number) == (commands.SUBMIT_SM, number)
    assert [(one.sequence_number, one.sent_at) for one in ends.window.waiting] == [(number, NOW)]
    assert (ends.timers.active_at, ends.counts.pdus_sent) == (NOW, 1)
    assert ends.outgoing.take() == b""


def test_the_sessions_own_requests_take_no_place_in_the_window() -> None:
    ends = Ends()
    ends.outgoing.own_request(commands.ENQUIRE_LINK, Empty(), NOW)
    [pdu] = ends.pdus()
    assert len(ends.window) == 0
    assert ends.window.answered_own(pdu.sequence_number) == commands.ENQUIRE_LINK


def test_what_has_no_answer_is_not_waited_for() -> None:
    ends = Ends()
    ends.outgoing.request(commands.OUTBIND, Opaque(b"smsc\0secret\0"), NOW)
    [pdu] = ends.pdus()
    assert pdu.command_id == commands.OUTBIND
    assert len(ends.window) == 0


def test_what_cannot_be_encoded_leaves_no_trace() -> None:
    ends = Ends()
    with pytest.raises(CannotEncode):
        ends.outgoing.request(
            commands.SUBMIT_SM, SubmitSm(tlvs=(Tlv(0x1400, bytes(0x10000)),)), NOW
        )
    assert ends.outgoing.take() == b""
    assert len(ends.window) == 0
    assert (ends.timers.active_at, ends.counts.pdus_sent) == (0.0, 0)
    assert ends.outgoing.request(commands.SUBMIT_SM, SubmitSm(), NOW) == 1


def test_an_answer_goes_under_the_number_of_its_request() -> None:
    ends = Ends()
    request = Pdu(commands.DELIVER_SM, 42, Empty())
    ends.outgoing.answer(request, ESME_ROK, None, NOW)
    ends.outgoing.nack(ESME_RINVCMDLEN, 43, NOW)
    answer, nack = ends.pdus()
    assert (answer.command_id, answer.sequence_number) == (commands.DELIVER_SM_RESP, 42)
    assert (nack.command_id, nack.sequence_number) == (commands.GENERIC_NACK, 43)
    assert nack.command_status == ESME_RINVCMDLEN


@pytest.mark.parametrize(
    ("command_id", "status", "has_body"),
    [
        (commands.SUBMIT_SM_RESP, ESME_ROK, True),
        (commands.SUBMIT_SM_RESP, ESME_RSYSERR, False),
        (commands.DELIVER_SM_RESP, ESME_RSYSERR, True),
        (commands.DATA_SM_RESP, ESME_RSYSERR, True),
    ],
)
def test_an_error_has_no_body_but_where_jasmin_sends_one(
    command_id: int, status: int, has_body: bool
) -> None:
    assert (shortest_body(command_id, status) != Opaque()) == has_body

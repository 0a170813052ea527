"""Sessions as transcripts: what goes in, what comes out; and both ends of one joined."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp import commands, statuses
from jasmin_compat.smpp.codec import UnreadablePdu, decode, encode, message_id_of, take_pdu
from jasmin_compat.smpp.errors import CannotEncode, FieldTooLong, NotAllowed, WindowFull
from jasmin_compat.smpp.events import (
    Answered,
    BindRefused,
    Bound,
    Ended,
    EndReason,
    Event,
    Notified,
    Refused,
    Requested,
    TimedOut,
    Unexpected,
)
from jasmin_compat.smpp.operations import Role, SessionState
from jasmin_compat.smpp.pdus import (
    AlertNotification,
    Bind,
    BindResp,
    Body,
    DeliverSm,
    Empty,
    MessageIdResp,
    Opaque,
    Outbind,
    Pdu,
    SubmitSm,
)
from jasmin_compat.smpp.session import Session
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.timers import TimerPolicy
from tests.smpp.test_codec import LOST_FRAMING, RECORDED

BINDS = [commands.BIND_TRANSMITTER, commands.BIND_RECEIVER, commands.BIND_TRANSCEIVER]
SUBMIT = SubmitSm(destination_addr=b"33612345678", short_message=b"hello")
DELIVER = DeliverSm(source_addr=b"33612345678", short_message=b"hi")
OFF = TimerPolicy(session_init_s=0, enquire_link_s=0, response_s=0, inactivity_s=0, pdu_read_s=0)


class Peer:
    """The other end of a session, by hand: says PDUs, and hears what the session says."""

    def __init__(self, session: Session, now: float = 0.0) -> None:
        self.session = session
        self.now = now

    def says(
        self, command_id: int, number: int, body: Body | None = None, status: int = 0
    ) -> list[Event]:
        pdu = Pdu(command_id, number, body if body is not None else Empty(), status)
        return self.session.receive(encode(pdu), self.now)

    def hears(self) -> list[Pdu]:
        return pdus_in(self.session.octets_to_send())


def pdus_in(octets: bytes) -> list[Pdu]:
    buffer, pdus = bytearray(octets), []
    while (pdu := take_pdu(buffer)) is not None:
        assert isinstance(pdu, Pdu)
        pdus.append(pdu)
    assert not buffer
    return pdus


def bound_esme(policy: SessionPolicy | None = None, *, now: float = 0.0) -> tuple[Session, Peer]:
    """An ESME bound as transceiver; the next sequence number is 2."""
    session = Session(Role.ESME, policy or SessionPolicy(timers=OFF), now)
    peer = Peer(session, now)
    session.bind(commands.BIND_TRANSCEIVER, Bind(system_id=b"me"), now)
    peer.hears()
    peer.says(commands.BIND_TRANSCEIVER_RESP, 1, BindResp(system_id=b"smsc"))
    assert session.state is SessionState.BOUND_TRX
    return session, peer


def bound_smsc(policy: SessionPolicy | None = None) -> tuple[Session, Peer]:
    session = Session(Role.SMSC, policy or SessionPolicy(timers=OFF), 0.0)
    peer = Peer(session)
    [event] = peer.says(commands.BIND_TRANSCEIVER, 1, Bind(system_id=b"me"))
    assert isinstance(event, Requested)
    session.respond(event.request, statuses.ESME_ROK, BindResp(system_id=b"smsc"), 0.0)
    peer.hears()
    assert session.state is SessionState.BOUND_TRX
    return session, peer


def send(session: Session, count: int) -> list[int]:
    return [session.send(commands.SUBMIT_SM, SUBMIT, 0.0) for _ in range(count)]


def numbers(ended: Event) -> list[int]:
    assert isinstance(ended, Ended)
    return [request.sequence_number for request in ended.unanswered]


# ---------------------------------------------------------------- binding, as an ESME


# covers: SMPPC-01 SMPPC-02 SMPPC-03
@pytest.mark.parametrize(
    ("command_id", "pending", "bound"),
    [
        (commands.BIND_TRANSMITTER, SessionState.BIND_TX_PENDING, SessionState.BOUND_TX),
        (commands.BIND_RECEIVER, SessionState.BIND_RX_PENDING, SessionState.BOUND_RX),
        (commands.BIND_TRANSCEIVER, SessionState.BIND_TRX_PENDING, SessionState.BOUND_TRX),
    ],
)
def test_an_esme_binds(command_id: int, pending: SessionState, bound: SessionState) -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    peer = Peer(session)
    body = Bind(
        system_id=b"me",
        password=b"secret",
        system_type=b"vas",
        addr_ton=1,
        addr_npi=1,
        address_range=b"^33",
    )
    assert session.state is SessionState.OPEN
    session.bind(command_id, body, 0.0)
    assert session.state is pending
    assert peer.hears() == [Pdu(command_id, 1, body)]
    assert body.interface_version == 0x34

    response = Pdu(commands.response_to(command_id), 1, BindResp(system_id=b"smsc"))
    assert session.receive(encode(response), 0.1) == [Bound(response)]
    assert session.state is bound


@pytest.mark.parametrize(
    ("command_id", "status"),
    [
        (commands.BIND_TRANSCEIVER_RESP, statuses.ESME_RINVPASWD),
        (commands.BIND_TRANSCEIVER_RESP, 0x0401),
        (commands.GENERIC_NACK, statuses.ESME_RINVCMDID),
        (commands.GENERIC_NACK, statuses.ESME_ROK),
        (commands.SUBMIT_SM_RESP, statuses.ESME_ROK),
    ],
    ids=["wrong password", "vendor status", "nack", "nack without status", "another response"],
)
def test_a_refused_bind_leaves_the_session_open(command_id: int, status: int) -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    session.bind(commands.BIND_TRANSCEIVER, Bind(), 0.0)
    [event] = Peer(session).says(command_id, 1, Opaque(), status)
    assert isinstance(event, BindRefused)
    assert event.response.command_status == status
    assert session.state is SessionState.OPEN
    session.bind(commands.BIND_TRANSCEIVER, Bind(), 1.0)


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("bindresp_ok")])
def test_every_recorded_acceptance_of_a_bind_is_one(name: str) -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    session.bind(commands.BIND_TRANSCEIVER, Bind(), 0.0)
    [event] = session.receive(RECORDED[name], 0.0)
    assert isinstance(event, Bound)


def test_a_bind_accepted_under_the_name_of_another_bind_is_accepted() -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    session.bind(commands.BIND_TRANSCEIVER, Bind(), 0.0)
    Peer(session).says(commands.BIND_TRANSMITTER_RESP, 1, BindResp())
    assert session.state is SessionState.BOUND_TRX


def test_a_bind_field_over_its_limit_is_refused_before_anything_is_sent() -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    with pytest.raises(FieldTooLong, match="password: 9 octets, at most 8 allowed"):
        session.bind(commands.BIND_TRANSCEIVER, Bind(password=b"123456789"), 0.0)
    assert session.state is SessionState.OPEN
    assert session.octets_to_send() == b""


def test_outbind_is_told_to_the_owner_who_may_bind_then() -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    [event] = Peer(session).says(commands.OUTBIND, 1, Outbind(system_id=b"smsc"))
    assert isinstance(event, Notified)
    assert event.pdu.body == Outbind(system_id=b"smsc")
    session.bind(commands.BIND_RECEIVER, Bind(), 0.0)


# ---------------------------------------------------------------- requests and their outcome


def test_a_request_is_answered_under_its_sequence_number() -> None:
    session, peer = bound_esme()
    number = session.send(commands.SUBMIT_SM, SUBMIT, 5.0)
    assert peer.hears() == [Pdu(commands.SUBMIT_SM, number, SUBMIT)]
    [event] = peer.says(commands.SUBMIT_SM_RESP, number, MessageIdResp(message_id=b"id-1"))
    assert isinstance(event, Answered)
    assert event.request.sequence_number == number
    assert event.request.command_id == commands.SUBMIT_SM
    assert event.request.sent_at == 5.0
    assert event.response.body == MessageIdResp(message_id=b"id-1")


def test_answers_may_come_in_any_order() -> None:
    session, peer = bound_esme()
    first, second = send(session, 2)
    [event] = peer.says(commands.SUBMIT_SM_RESP, second, MessageIdResp(message_id=b"2"))
    assert isinstance(event, Answered)
    assert event.request.sequence_number == second
    [event] = peer.says(commands.SUBMIT_SM_RESP, first, MessageIdResp(message_id=b"1"))
    assert isinstance(event, Answered)
    assert event.request.sequence_number == first


# covers: W-MT-10 W-CLI-04
@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("resp_")])
def test_every_recorded_answer_to_a_submit_is_its_outcome_and_the_bind_stays(name: str) -> None:
    session, peer = bound_esme()
    [number] = send(session, 1)
    octets = bytearray(RECORDED[name])
    octets[12:16] = number.to_bytes(4)
    [event] = session.receive(bytes(octets), 0.0)
    assert isinstance(event, Answered)
    assert event.request.sequence_number == number
    assert event.response.command_status == int.from_bytes(octets[8:12])
    if name.startswith("resp_ok_"):
        assert message_id_of(event.response.body) in bytes(octets[16:])
    assert session.window_free == session.policy.window
    still_bound(session, peer)


def still_bound(session: Session, peer: Peer) -> None:
    """As golden's probe: an enquire_link is answered."""
    peer.hears()
    assert peer.says(commands.ENQUIRE_LINK, 99) == []
    assert peer.hears() == [Pdu(commands.ENQUIRE_LINK_RESP, 99, Empty())]


@pytest.mark.parametrize(
    ("command_id", "number"),
    [
        (commands.SUBMIT_SM_RESP, 999_999),
        (commands.DELIVER_SM_RESP, 5),
        (commands.ENQUIRE_LINK_RESP, 5),
        (commands.UNBIND_RESP, 5),
        (commands.GENERIC_NACK, 0),
        (0x80000112, 1),
    ],
)
def test_a_response_to_nothing_is_told_and_ignored(command_id: int, number: int) -> None:
    session, peer = bound_esme()
    send(session, 1)
    [event] = peer.says(command_id, number, Opaque())
    assert isinstance(event, Unexpected)
    assert event.response.command_id == command_id
    assert session.counts.responses_unexpected == 1
    assert session.unanswered == 1
    still_bound(session, peer)


def test_a_second_answer_to_the_same_request_is_a_response_to_nothing() -> None:
    session, peer = bound_esme()
    [number] = send(session, 1)
    peer.says(commands.SUBMIT_SM_RESP, number, MessageIdResp())
    [event] = peer.says(commands.SUBMIT_SM_RESP, number, MessageIdResp())
    assert isinstance(event, Unexpected)


def test_nothing_is_sent_beyond_the_window() -> None:
    session, peer = bound_esme(SessionPolicy(window=2, timers=OFF))
    assert session.window_free == 2
    first, _ = send(session, 2)
    assert session.window_free == 0
    peer.hears()
    with pytest.raises(WindowFull):
        send(session, 1)
    assert peer.hears() == []
    peer.says(commands.SUBMIT_SM_RESP, first, MessageIdResp())
    assert session.window_free == 1
    send(session, 1)


def test_a_window_made_smaller_holds_at_once_and_never_goes_below_zero() -> None:
    session, _ = bound_esme()
    send(session, 5)
    session.policy = SessionPolicy(window=2, timers=OFF)
    assert session.window_free == 0


def test_a_request_that_does_not_encode_changes_nothing() -> None:
    session, peer = bound_esme()
    for body in (SubmitSm(service_type=b"toolong"), SubmitSm(source_addr=b"\0")):
        with pytest.raises(CannotEncode):
            session.send(commands.SUBMIT_SM, body, 0.0)
    assert session.unanswered == 0
    assert send(session, 1) == [2]
    assert [pdu.sequence_number for pdu in peer.hears()] == [2]


# covers: W-MT-21
@pytest.mark.parametrize(
    ("bind", "command_id"),
    [
        (commands.BIND_RECEIVER, commands.SUBMIT_SM),
        (commands.BIND_RECEIVER, commands.DATA_SM),
        (commands.BIND_TRANSCEIVER, commands.DELIVER_SM),
        (commands.BIND_TRANSCEIVER, commands.BIND_TRANSCEIVER),
    ],
)
def test_what_the_bind_does_not_allow_is_not_sent(bind: int, command_id: int) -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    session.bind(bind, Bind(), 0.0)
    Peer(session).says(commands.response_to(bind), 1, BindResp())
    session.octets_to_send()
    assert not session.may_send(command_id)
    with pytest.raises(NotAllowed, match=commands.name_of(command_id)):
        session.send(command_id, SUBMIT, 0.0)
    assert session.octets_to_send() == b""


def test_nothing_is_sent_before_the_bind_is_accepted() -> None:
    session = Session(Role.ESME, SessionPolicy(), 0.0)
    assert session.window_free == 0
    session.bind(commands.BIND_TRANSMITTER, Bind(), 0.0)
    assert session.window_free == 0
    with pytest.raises(NotAllowed):
        send(session, 1)


# ---------------------------------------------------------------- requests of the peer


def test_a_deliver_sm_is_answered_when_its_owner_says_so() -> None:
    session, peer = bound_esme()
    [event] = peer.says(commands.DELIVER_SM, 77, DELIVER)
    assert isinstance(event, Requested)
    assert event.request.body == DELIVER
    assert peer.hears() == []
    assert session.respond(event.request, statuses.ESME_ROK, None, 1.0) == []
    assert peer.hears() == [Pdu(commands.DELIVER_SM_RESP, 77, MessageIdResp())]


def test_answers_to_the_peer_may_go_in_any_order() -> None:
    session, peer = bound_esme()
    requests = [
        event.request
        for number in (5, 6)
        for event in peer.says(commands.DELIVER_SM, number, DELIVER)
        if isinstance(event, Requested)
    ]
    session.respond(requests[1], statuses.ESME_RX_T_APPN, None, 0.0)
    session.respond(requests[0], statuses.ESME_ROK, None, 0.0)
    heard = [(pdu.sequence_number, pdu.command_status) for pdu in peer.hears()]
    assert heard == [(6, statuses.ESME_RX_T_APPN), (5, statuses.ESME_ROK)]


# covers: W-SRV-03
def test_a_repeated_sequence_number_is_another_request() -> None:
    session, peer = bound_esme()
    octets = encode(Pdu(commands.DELIVER_SM, 1, DELIVER)) * 2
    events = session.receive(octets, 0.0)
    assert len(events) == 2
    for event in events:
        assert isinstance(event, Requested)
        session.respond(event.request, statuses.ESME_ROK, None, 0.0)
    assert [pdu.sequence_number for pdu in peer.hears()] == [1, 1]
    still_bound(session, peer)


def test_an_answer_that_does_not_encode_can_be_given_again() -> None:
    session, peer = bound_smsc()
    [event] = peer.says(commands.SUBMIT_SM, 2, SUBMIT)
    assert isinstance(event, Requested)
    with pytest.raises(CannotEncode):
        session.respond(event.request, 0, MessageIdResp(message_id=b"\0"), 0.0)
    session.respond(event.request, 0, MessageIdResp(message_id=b"id"), 0.0)
    assert peer.hears() == [
        Pdu(commands.SUBMIT_SM_RESP, 2, MessageIdResp(message_id=b"id")),
    ]


def test_the_owner_is_told_to_stop_reading_while_too_much_is_open() -> None:
    session, peer = bound_esme(SessionPolicy(max_open_requests=2, timers=OFF))
    requests = []
    for number in (1, 2):
        assert session.wants_read
        [event] = peer.says(commands.DELIVER_SM, number, DELIVER)
        assert isinstance(event, Requested)
        requests.append(event.request)
    assert not session.wants_read
    assert session.open_requests == 2
    session.respond(requests[0], statuses.ESME_ROK, None, 0.0)
    assert session.wants_read


def test_what_was_read_already_is_kept_in_order_beyond_the_bound() -> None:
    session, _ = bound_esme(SessionPolicy(max_open_requests=1, timers=OFF))
    octets = b"".join(encode(Pdu(commands.DELIVER_SM, n, DELIVER)) for n in (1, 2, 3))
    events = session.receive(octets, 0.0)
    assert [e.request.sequence_number for e in events if isinstance(e, Requested)] == [1, 2, 3]
    assert not session.wants_read


def test_an_alert_notification_has_no_answer() -> None:
    _, peer = bound_esme()
    [event] = peer.says(commands.ALERT_NOTIFICATION, 1, AlertNotification())
    assert isinstance(event, Notified)
    assert peer.hears() == []


@pytest.mark.parametrize("number", [0, 9, 0xFFFFFFFF])
@pytest.mark.parametrize("status", [0, 0xFF, 0x1111])
def test_an_enquire_link_is_answered_whatever_its_number_and_status(
    number: int, status: int
) -> None:
    session, peer = bound_esme()
    assert peer.says(commands.ENQUIRE_LINK, number, status=status) == []
    assert peer.hears() == [Pdu(commands.ENQUIRE_LINK_RESP, number, Empty())]
    assert session.counts.enquire_links_received == 1


# ---------------------------------------------------------------- bad PDUs and lost streams

ANSWERED_OTHERWISE = {"unbind", "outbind", "alert_notification"}


# covers: W-CLI-05 W-SRV-14
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in sorted(RECORDED.keys() - LOST_FRAMING - ANSWERED_OTHERWISE)
        if not name.startswith(("resp_", "bindresp_"))
    ],
)
def test_no_recorded_pdu_ends_the_bind(name: str) -> None:
    session, peer = bound_esme()
    header = RECORDED[name][:16]
    for event in session.receive(RECORDED[name], 0.0):
        if isinstance(event, Requested):
            session.respond(event.request, statuses.ESME_ROK, None, 0.0)
    heard = peer.hears()
    if commands.is_response(int.from_bytes(header[4:8])):
        assert heard == []
    else:
        [answer] = heard
        assert answer.sequence_number == int.from_bytes(header[12:16])
    still_bound(session, peer)


@pytest.mark.parametrize(
    ("name", "command_id", "status"),
    [
        ("deliver_cut_after_addr", commands.DELIVER_SM_RESP, statuses.ESME_RINVMSGLEN),
        ("mo_sm_length_lies_long", commands.DELIVER_SM_RESP, statuses.ESME_RINVMSGLEN),
        ("mo_tlv_truncated_value", commands.DELIVER_SM_RESP, statuses.ESME_RINVOPTPARSTREAM),
        ("submit_multi", commands.SUBMIT_MULTI_RESP, statuses.ESME_RINVMSGLEN),
        ("cancel_sm", commands.CANCEL_SM_RESP, statuses.ESME_RINVMSGLEN),
        ("query_sm", commands.QUERY_SM_RESP, statuses.ESME_RINVCMDID),
        ("submit_sm_to_esme", commands.SUBMIT_SM_RESP, statuses.ESME_RINVCMDID),
        ("bind_trx_to_esme", commands.BIND_TRANSCEIVER_RESP, statuses.ESME_RINVCMDID),
        ("unknown_cmd_0x00010203", commands.GENERIC_NACK, statuses.ESME_RINVCMDID),
        ("unknown_cmd_broadcast_0x111", commands.GENERIC_NACK, statuses.ESME_RINVCMDID),
        ("outbind", commands.GENERIC_NACK, statuses.ESME_RINVBNDSTS),
    ],
)
def test_a_bad_pdu_is_answered_with_its_status(name: str, command_id: int, status: int) -> None:
    session, peer = bound_esme()
    [event] = session.receive(RECORDED[name], 0.0)
    assert isinstance(event, Refused)
    assert event.status == status
    [answer] = peer.hears()
    assert (answer.command_id, answer.command_status) == (command_id, status)
    assert session.counts.requests_refused == 1
    still_bound(session, peer)


# covers: W-MT-08 W-SRV-01
@pytest.mark.parametrize("name", sorted(LOST_FRAMING))
def test_an_impossible_length_is_nacked_and_ends_the_session(name: str) -> None:
    session, peer = bound_esme()
    first, second = send(session, 2)
    peer.hears()
    octets = RECORDED[name].ljust(16, b"\0")
    [ended] = session.receive(octets, 0.0)
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.FRAMING_LOST
    assert numbers(ended) == [first, second]
    number = int.from_bytes(octets[12:16])
    assert peer.hears() == [
        Pdu(commands.GENERIC_NACK, number, Empty(), statuses.ESME_RINVCMDLEN),
    ]


def test_what_stands_before_a_bad_length_is_still_taken() -> None:
    session, _ = bound_esme()
    good = encode(Pdu(commands.DELIVER_SM, 1, DELIVER))
    requested, ended = session.receive(good + bytes(16) + good, 0.0)
    assert isinstance(requested, Requested)
    assert isinstance(ended, Ended)
    assert session.receive(good, 0.0) == []


def test_the_bound_on_a_pdu_is_a_setting() -> None:
    session, _ = bound_esme(SessionPolicy(max_pdu_octets=100, timers=OFF))
    [event] = session.receive((101).to_bytes(4) + bytes(12), 0.0)
    assert isinstance(event, Ended)
    assert event.reason is EndReason.FRAMING_LOST


# ---------------------------------------------------------------- timers


def timed(**durations: float) -> SessionPolicy:
    off = {
        "session_init_s": 0.0,
        "enquire_link_s": 0.0,
        "response_s": 0.0,
        "inactivity_s": 0.0,
        "pdu_read_s": 0.0,
    }
    return SessionPolicy(timers=TimerPolicy(**off | durations))


def test_a_bind_nobody_answers_ends_the_session() -> None:
    session = Session(Role.ESME, timed(session_init_s=30), 0.0)
    assert session.next_deadline() is None
    session.bind(commands.BIND_TRANSCEIVER, Bind(), 5.0)
    assert session.next_deadline() == 35
    assert session.on_deadline(34.9) == []
    assert session.on_deadline(35.0) == [Ended(EndReason.BIND_TIMED_OUT, ())]


def test_an_accepted_or_refused_bind_has_no_deadline_any_more() -> None:
    for status in (statuses.ESME_ROK, statuses.ESME_RBINDFAIL):
        session = Session(Role.ESME, timed(session_init_s=30), 0.0)
        session.bind(commands.BIND_TRANSCEIVER, Bind(), 0.0)
        Peer(session).says(commands.BIND_TRANSCEIVER_RESP, 1, BindResp(), status)
        assert session.next_deadline() is None


def test_each_request_has_its_own_time_to_be_answered_and_the_session_goes_on() -> None:
    session, peer = bound_esme(timed(response_s=60))
    first = session.send(commands.SUBMIT_SM, SUBMIT, 100.0)
    second = session.send(commands.SUBMIT_SM, SUBMIT, 110.0)
    assert session.next_deadline() == 160
    [event] = session.on_deadline(160.0)
    assert isinstance(event, TimedOut)
    assert event.request.sequence_number == first
    assert session.next_deadline() == 170
    [event] = session.on_deadline(171.0)
    assert isinstance(event, TimedOut)
    assert event.request.sequence_number == second
    assert session.next_deadline() is None
    assert session.window_free == session.policy.window
    assert session.counts.requests_timed_out == 2
    [late] = peer.says(commands.SUBMIT_SM_RESP, first, MessageIdResp())
    assert isinstance(late, Unexpected)
    still_bound(session, peer)


def test_a_late_wakeup_finds_everything_that_is_due() -> None:
    session, _ = bound_esme(timed(response_s=60))
    send(session, 3)
    assert len(session.on_deadline(1000.0)) == 3


# covers: SMPPC-08
def test_a_silent_peer_is_asked_and_asked_again() -> None:
    session, peer = bound_esme(timed(enquire_link_s=30, response_s=120))
    assert session.on_deadline(29.9) == []
    assert peer.hears() == []
    assert session.on_deadline(30.0) == []
    [enquiry] = peer.hears()
    assert enquiry == Pdu(commands.ENQUIRE_LINK, 2, Empty())
    peer.now = 31.0
    assert peer.says(commands.ENQUIRE_LINK_RESP, 2) == []
    assert session.next_deadline() == 61
    session.on_deadline(61.0)
    assert [pdu.command_id for pdu in peer.hears()] == [commands.ENQUIRE_LINK]
    counts = session.counts
    assert counts.enquire_links_sent == 2
    assert (counts.received_at, counts.sent_at, counts.enquired_at) == (31, 61, 61)
    assert (counts.sequence_number, counts.requested_at) == (3, 61)


def test_a_peer_that_talks_is_not_asked() -> None:
    session, peer = bound_esme(timed(enquire_link_s=30, response_s=120))
    for second in range(10, 100, 10):
        peer.now = float(second)
        peer.says(commands.DELIVER_SM, second, DELIVER)
        assert session.on_deadline(peer.now) == []
    assert peer.hears() == []


def test_an_enquiry_takes_no_place_in_the_window() -> None:
    session, _ = bound_esme(timed(enquire_link_s=30))
    session.on_deadline(30.0)
    assert session.window_free == session.policy.window


# covers: SMPPC-09 W-CLI-02
def test_an_enquiry_nobody_answers_ends_the_session_with_an_unbind() -> None:
    session, peer = bound_esme(timed(enquire_link_s=30, response_s=60))
    session.on_deadline(30.0)
    number = session.send(commands.SUBMIT_SM, SUBMIT, 80.0)
    peer.hears()
    assert session.next_deadline() == 90
    [ended] = session.on_deadline(90.0)
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.LINK_DEAD
    assert numbers(ended) == [number]
    assert [pdu.command_id for pdu in peer.hears()] == [commands.UNBIND]


# covers: W-CLI-02
def test_a_peer_that_says_we_are_not_bound_is_believed() -> None:
    session, peer = bound_esme(timed(enquire_link_s=30))
    session.on_deadline(30.0)
    [ended] = peer.says(commands.ENQUIRE_LINK_RESP, 2, status=statuses.ESME_RINVBNDSTS)
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.NOT_BOUND_THERE


@pytest.mark.parametrize(
    ("command_id", "status"),
    [
        (commands.ENQUIRE_LINK_RESP, statuses.ESME_RSYSERR),
        (commands.GENERIC_NACK, statuses.ESME_RINVCMDID),
    ],
)
def test_a_peer_that_cannot_answer_an_enquiry_is_there_all_the_same(
    command_id: int, status: int
) -> None:
    session, peer = bound_esme(timed(enquire_link_s=30, response_s=60))
    session.on_deadline(30.0)
    assert peer.says(command_id, 2, status=status) == []
    assert not session.has_ended
    assert session.next_deadline() == 30.0  # asked again, 30 s after the answer (which was at 0)


# covers: SMPPC-10
def test_without_any_pdu_the_session_is_given_up() -> None:
    session, peer = bound_esme(timed(inactivity_s=10, session_init_s=5))
    assert session.on_deadline(9.9) == []
    assert session.on_deadline(10.0) == []
    assert peer.hears() == [Pdu(commands.UNBIND, 2, Empty())]
    assert session.state is SessionState.UNBIND_PENDING
    peer.now = 11.0
    assert peer.says(commands.UNBIND_RESP, 2) == [Ended(EndReason.INACTIVE, ())]


def test_an_inactive_session_that_is_not_bound_just_ends() -> None:
    session = Session(Role.ESME, timed(inactivity_s=10), 0.0)
    assert session.on_deadline(10.0) == [Ended(EndReason.INACTIVE, ())]


# covers: SMPPC-11
def test_half_a_pdu_is_waited_for_only_so_long() -> None:
    session, peer = bound_esme(timed(pdu_read_s=10))
    octets = encode(Pdu(commands.DELIVER_SM, 9, DELIVER))
    [number] = send(session, 1)
    peer.hears()
    session.receive(octets[:20], 100.0)
    session.receive(octets[20:25], 109.0)  # more of it gives it no more time
    assert session.next_deadline() == 110
    [ended] = session.on_deadline(110.0)
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.PDU_READ_TIMED_OUT
    assert numbers(ended) == [number]
    # Octets as Jasmin sends them (golden/smpp_server_timers.json).
    assert session.octets_to_send().hex() == "00000010800000000000000200000000"


def test_a_whole_pdu_stops_the_read_timer_and_the_rest_of_another_starts_it_anew() -> None:
    session, _ = bound_esme(timed(pdu_read_s=10))
    octets = encode(Pdu(commands.DELIVER_SM, 9, DELIVER))
    session.receive(octets[:20], 0.0)
    session.receive(octets[20:] + octets[:1], 9.0)
    assert session.next_deadline() == 19
    session.receive(octets[1:], 10.0)
    assert session.next_deadline() is None


def test_while_the_owner_does_not_read_nothing_is_held_against_the_peer() -> None:
    policy = SessionPolicy(max_open_requests=1, timers=TimerPolicy())
    session, peer = bound_esme(policy)
    [requested] = peer.says(commands.DELIVER_SM, 1, DELIVER)
    assert isinstance(requested, Requested)
    assert session.next_deadline() is None
    assert session.on_deadline(1000.0) == []
    session.respond(requested.request, statuses.ESME_ROK, None, 1000.0)
    assert session.next_deadline() == 1030.0
    assert [pdu.command_id for pdu in peer.hears()] == [commands.DELIVER_SM_RESP]


def test_a_bound_raised_while_nobody_reads_sets_the_timers_going_with_the_next_answer() -> None:
    session, peer = bound_esme(SessionPolicy(max_open_requests=1))
    [requested] = peer.says(commands.DELIVER_SM, 1, DELIVER)
    assert isinstance(requested, Requested)
    assert session.next_deadline() is None
    session.policy = SessionPolicy(max_open_requests=2)
    session.respond(requested.request, statuses.ESME_ROK, None, 1000.0)
    assert session.next_deadline() == 1030.0


# ---------------------------------------------------------------- leaving


def test_an_unbind_is_answered_and_that_is_the_end() -> None:
    session, peer = bound_esme()
    session.unbind(0.0)
    assert session.state is SessionState.UNBIND_PENDING
    assert peer.hears() == [Pdu(commands.UNBIND, 2, Empty())]
    assert peer.says(commands.UNBIND_RESP, 2) == [Ended(EndReason.UNBOUND, ())]
    assert session.state is SessionState.UNBOUND
    assert session.has_ended
    assert not session.wants_read


def test_while_unbinding_answers_go_both_ways_and_nothing_new_is_sent() -> None:
    session, peer = bound_esme()
    [number] = send(session, 1)
    session.unbind(0.0)
    assert session.window_free == 0
    with pytest.raises(NotAllowed):
        send(session, 1)
    with pytest.raises(NotAllowed):
        session.unbind(0.0)
    [answered] = peer.says(commands.SUBMIT_SM_RESP, number, MessageIdResp())
    assert isinstance(answered, Answered)
    [requested] = peer.says(commands.DELIVER_SM, 5, DELIVER)
    assert isinstance(requested, Requested)
    peer.hears()
    session.respond(requested.request, statuses.ESME_ROK, None, 0.0)
    assert [pdu.command_id for pdu in peer.hears()] == [commands.DELIVER_SM_RESP]


def test_an_unbind_nobody_answers_ends_too() -> None:
    session, _ = bound_esme(timed(session_init_s=30))
    [number] = send(session, 1)
    session.unbind(100.0)
    assert session.next_deadline() == 130
    [ended] = session.on_deadline(130.0)
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.UNBIND_TIMED_OUT
    assert numbers(ended) == [number]


def test_an_idle_session_follows_the_peers_unbind_at_once() -> None:
    _, peer = bound_esme()
    assert peer.says(commands.UNBIND, 9) == [Ended(EndReason.PEER_UNBOUND, ())]
    assert peer.hears() == [Pdu(commands.UNBIND_RESP, 9, Empty())]


# covers: W-MT-08
def test_the_peers_unbind_waits_for_what_is_open_both_ways() -> None:
    session, peer = bound_esme(timed(session_init_s=30))
    first, second = send(session, 2)
    [requested] = peer.says(commands.DELIVER_SM, 5, DELIVER)
    assert isinstance(requested, Requested)
    peer.hears()

    assert peer.says(commands.UNBIND, 9) == []
    assert session.state is SessionState.UNBIND_RECEIVED
    assert session.window_free == 0
    assert peer.hears() == []
    [answered] = peer.says(commands.SUBMIT_SM_RESP, first, MessageIdResp())
    assert isinstance(answered, Answered)

    assert session.respond(requested.request, statuses.ESME_ROK, None, 1.0) == []
    heard = [pdu.command_id for pdu in peer.hears()]
    assert heard == [commands.DELIVER_SM_RESP, commands.UNBIND_RESP]

    answered, ended = peer.says(commands.SUBMIT_SM_RESP, second, MessageIdResp())
    assert isinstance(answered, Answered)
    assert ended == Ended(EndReason.PEER_UNBOUND, ())
    assert peer.hears() == []


# covers: W-MT-08
def test_a_peer_that_unbinds_and_answers_no_more_is_not_waited_for_long() -> None:
    session, peer = bound_esme(timed(session_init_s=30))
    [number] = send(session, 1)
    peer.says(commands.DELIVER_SM, 5, DELIVER)
    peer.says(commands.UNBIND, 9)
    peer.hears()
    [ended] = session.on_deadline(30.0)
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.PEER_UNBOUND
    assert numbers(ended) == [number]
    assert peer.hears() == [Pdu(commands.UNBIND_RESP, 9, Empty())]


def test_the_last_answer_that_does_not_come_in_time_ends_an_unbound_session_too() -> None:
    session, peer = bound_esme(timed(session_init_s=30, response_s=10))
    send(session, 1)
    peer.says(commands.UNBIND, 9)
    timed_out, ended = session.on_deadline(10.0)
    assert isinstance(timed_out, TimedOut)
    assert ended == Ended(EndReason.PEER_UNBOUND, ())


def test_two_unbinds_that_cross_end_the_session() -> None:
    session, peer = bound_esme()
    session.unbind(0.0)
    assert peer.says(commands.UNBIND, 9) == [Ended(EndReason.PEER_UNBOUND, ())]
    heard = [pdu.command_id for pdu in peer.hears()]
    assert heard == [commands.UNBIND, commands.UNBIND_RESP]


# covers: W-MT-09
def test_a_lost_connection_says_at_once_what_was_never_answered() -> None:
    session, _ = bound_esme()
    first, second, third = send(session, 3)
    Peer(session).says(commands.SUBMIT_SM_RESP, second, MessageIdResp())
    [ended] = session.receive_eof()
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.CONNECTION_LOST
    assert numbers(ended) == [first, third]


def test_after_the_end_nothing_happens_any_more() -> None:
    session, peer = bound_esme(SessionPolicy())
    [requested] = peer.says(commands.DELIVER_SM, 5, DELIVER)
    assert isinstance(requested, Requested)
    session.receive_eof()
    session.octets_to_send()
    assert session.receive_eof() == []
    assert session.receive(encode(Pdu(commands.DELIVER_SM, 6, DELIVER)), 1.0) == []
    assert session.on_deadline(1e6) == []
    assert session.next_deadline() is None
    assert session.respond(requested.request, statuses.ESME_ROK, None, 1.0) == []
    assert session.window_free == 0
    for command_id in (commands.SUBMIT_SM, *BINDS):
        with pytest.raises(NotAllowed):
            session.send(command_id, SUBMIT, 1.0)
    assert session.octets_to_send() == b""


# ---------------------------------------------------------------- the SMSC's end


@pytest.mark.parametrize("command_id", BINDS, ids=commands.name_of)
def test_an_smsc_accepts_a_bind(command_id: int) -> None:
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    peer = Peer(session)
    [event] = peer.says(command_id, 1, Bind(system_id=b"me"))
    assert isinstance(event, Requested)
    assert session.window_free == 0
    session.respond(event.request, statuses.ESME_ROK, BindResp(system_id=b"me"), 0.0)
    assert peer.hears() == [Pdu(commands.response_to(command_id), 1, BindResp(system_id=b"me"))]
    assert session.may_send(commands.DELIVER_SM) is (command_id != commands.BIND_TRANSMITTER)
    assert not session.may_send(commands.SUBMIT_SM)


def test_an_smsc_refuses_a_bind_without_a_body_and_another_may_be_tried() -> None:
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    peer = Peer(session)
    [event] = peer.says(commands.BIND_TRANSCEIVER, 1, Bind())
    assert isinstance(event, Requested)
    session.respond(event.request, statuses.ESME_RINVPASWD, None, 0.0)
    assert session.octets_to_send().hex() == "00000010800000090000000e00000001"
    assert session.state is SessionState.OPEN
    [event] = peer.says(commands.BIND_TRANSCEIVER, 2, Bind())
    assert isinstance(event, Requested)


def test_a_second_bind_is_refused_as_one_and_the_first_stays() -> None:
    session, peer = bound_smsc()
    for status, said in (
        (statuses.ESME_ROK, statuses.ESME_RALYBND),
        (statuses.ESME_RINVPASWD, statuses.ESME_RINVPASWD),
    ):
        [event] = peer.says(commands.BIND_TRANSMITTER, 2, Bind())
        assert isinstance(event, Requested)
        session.respond(event.request, status, BindResp() if not status else None, 0.0)
        [answer] = peer.hears()
        assert answer.command_status == said
        assert session.state is SessionState.BOUND_TRX


@pytest.mark.parametrize(
    ("command_id", "body", "length"),
    [
        (commands.SUBMIT_SM, SUBMIT, 16),
        (commands.ENQUIRE_LINK, Empty(), 16),
        (commands.DATA_SM, None, 17),
    ],
)
def test_what_comes_before_the_bind_is_refused(
    command_id: int, body: Body | None, length: int
) -> None:
    """Lengths as golden/smpp_server.json has them."""
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    octets = encode(Pdu(command_id, 4, body or Opaque(bytes(10))))
    [event] = session.receive(octets, 0.0)
    assert isinstance(event, Refused)
    answer = session.octets_to_send()
    assert len(answer) == length
    assert decode(answer).command_status == statuses.ESME_RINVBNDSTS


def test_an_smsc_waits_for_a_bind_only_so_long() -> None:
    session = Session(Role.SMSC, timed(session_init_s=30), 0.0)
    peer = Peer(session, 10.0)
    [event] = peer.says(commands.BIND_TRANSCEIVER, 1, Bind())
    assert isinstance(event, Requested)
    session.respond(event.request, statuses.ESME_RINVPASWD, None, 10.0)
    assert session.on_deadline(30.0) == [Ended(EndReason.BIND_TIMED_OUT, ())]


def test_an_smsc_answers_an_unbind_without_a_bind() -> None:
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    peer = Peer(session)
    assert peer.says(commands.UNBIND, 1) == [Ended(EndReason.PEER_UNBOUND, ())]
    assert peer.hears() == [Pdu(commands.UNBIND_RESP, 1, Empty())]


def test_after_its_unbind_a_peer_gets_nothing_more_and_cannot_bind_again() -> None:
    """golden/smpp_server.json has nothing answered there; a status tells more."""
    session, peer = bound_smsc()
    session.send(commands.DELIVER_SM, DELIVER, 0.0)
    peer.says(commands.UNBIND, 2)
    peer.hears()
    for command_id, body in ((commands.SUBMIT_SM, SUBMIT), (commands.BIND_RECEIVER, Bind())):
        [event] = peer.says(command_id, 3, body)
        assert isinstance(event, Refused)
        assert event.status == statuses.ESME_RINVBNDSTS
    assert session.state is SessionState.UNBIND_RECEIVED


def test_a_bind_answered_after_the_peers_unbind_binds_nothing() -> None:
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    peer = Peer(session)
    [event] = peer.says(commands.BIND_TRANSCEIVER, 1, Bind())
    assert isinstance(event, Requested)
    assert peer.says(commands.UNBIND, 2) == []
    ended = session.respond(event.request, statuses.ESME_ROK, None, 0.0)
    assert ended == [Ended(EndReason.PEER_UNBOUND, ())]


def test_of_two_binds_at_once_the_second_may_be_the_right_one() -> None:
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    octets = encode(Pdu(commands.BIND_RECEIVER, 1, Bind()))
    first, second = session.receive(octets * 2, 0.0)
    assert isinstance(first, Requested)
    assert isinstance(second, Requested)
    session.respond(first.request, statuses.ESME_RINVPASWD, None, 0.0)
    assert session.state is SessionState.OPEN
    session.respond(second.request, statuses.ESME_ROK, None, 0.0)
    assert session.state is SessionState.BOUND_RX


# covers: W-SRV-11
def test_a_slow_deliver_sm_resp_costs_nobody_the_session() -> None:
    session, peer = bound_smsc(timed(response_s=60))
    number = session.send(commands.DELIVER_SM, DELIVER, 0.0)
    [event] = session.on_deadline(60.0)
    assert isinstance(event, TimedOut)
    assert event.request.sequence_number == number
    still_bound(session, peer)


def test_an_smsc_may_say_outbind_before_the_bind() -> None:
    session = Session(Role.SMSC, SessionPolicy(), 0.0)
    session.send(commands.OUTBIND, Outbind(system_id=b"smsc"), 0.0)
    assert session.unanswered == 0
    assert [pdu.command_id for pdu in pdus_in(session.octets_to_send())] == [commands.OUTBIND]


# ---------------------------------------------------------------- both ends


class Pair:
    """An ESME and an SMSC joined; what each hears is kept in `esme_events`, `smsc_events`."""

    def __init__(self, policy: SessionPolicy | None = None) -> None:
        self.esme = Session(Role.ESME, policy or SessionPolicy(), 0.0)
        self.smsc = Session(Role.SMSC, policy or SessionPolicy(), 0.0)
        self.esme_events: list[Event] = []
        self.smsc_events: list[Event] = []

    def run(self, now: float, chunk: int = 1 << 20) -> None:
        """Carry octets both ways, in pieces of `chunk`, until nobody has any."""
        moved = True
        while moved:
            moved = self._carry(self.esme, self.smsc, self.smsc_events, now, chunk)
            moved |= self._carry(self.smsc, self.esme, self.esme_events, now, chunk)

    @staticmethod
    def _carry(
        source: Session, target: Session, events: list[Event], now: float, chunk: int
    ) -> bool:
        octets = source.octets_to_send()
        for start in range(0, len(octets), chunk):
            events += target.receive(octets[start : start + chunk], now)
        return bool(octets)

    def bind(self, now: float = 0.0) -> None:
        self.esme.bind(commands.BIND_TRANSCEIVER, Bind(system_id=b"me"), now)
        self.run(now)
        self.answer_all(statuses.ESME_ROK, now)
        self.run(now)

    def answer_all(self, status: int, now: float) -> None:
        for events, session in ((self.smsc_events, self.smsc), (self.esme_events, self.esme)):
            for event in events:
                if isinstance(event, Requested):
                    session.respond(event.request, status, None, now)
            events[:] = [event for event in events if not isinstance(event, Requested)]


def kinds(events: Sequence[Event]) -> list[type]:
    return [type(event) for event in events]


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20], ids=["octet by octet", "sevens", "whole"])
def test_a_life(chunk: int) -> None:
    pair = Pair()
    pair.bind()
    assert kinds(pair.esme_events) == [Bound]
    pair.esme.send(commands.SUBMIT_SM, SUBMIT, 1.0)
    pair.smsc.send(commands.DELIVER_SM, DELIVER, 1.0)
    pair.run(1.0, chunk)
    pair.answer_all(statuses.ESME_ROK, 1.0)
    pair.run(1.0, chunk)
    assert kinds(pair.esme_events) == [Bound, Answered]
    assert kinds(pair.smsc_events) == [Answered]
    pair.esme.unbind(2.0)
    pair.run(2.0, chunk)
    assert pair.esme_events[-1] == Ended(EndReason.UNBOUND, ())
    assert pair.smsc_events[-1] == Ended(EndReason.PEER_UNBOUND, ())


def test_two_ends_keep_a_silent_line_alive() -> None:
    pair = Pair()
    pair.bind()
    for now in range(1, 1000):
        pair.esme.on_deadline(float(now))
        pair.smsc.on_deadline(float(now))
        pair.run(float(now))
    assert not pair.esme.has_ended
    assert pair.esme.counts.enquire_links_sent + pair.smsc.counts.enquire_links_sent >= 33
    assert pair.esme.counts.pdus_sent == pair.smsc.counts.pdus_received


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from([0, 0x45, 0x58, 0x401]), st.integers(1, 60)),
        max_size=12,
    )
)
def test_every_request_has_exactly_one_outcome(steps: list[tuple[int, int, int]]) -> None:
    pair = Pair(SessionPolicy(window=4, timers=OFF))
    pair.bind()
    pair.esme_events.clear()
    sent: list[int] = []
    for count, status, chunk in steps:
        free = min(count, pair.esme.window_free)
        sent += send(pair.esme, free)
        pair.run(0.0, chunk)
        if status != 0x401:  # this time the SMSC keeps us waiting
            pair.answer_all(status, 0.0)
            pair.run(0.0, chunk)
    [ended] = pair.esme.receive_eof()
    outcomes = [e.request.sequence_number for e in pair.esme_events if isinstance(e, Answered)]
    assert sorted(outcomes + numbers(ended)) == sent


@given(st.lists(st.binary(max_size=40), max_size=8), st.booleans())
def test_garbage_raises_nothing_and_never_outlives_the_end(
    chunks: list[bytes], bound: bool
) -> None:
    session, _ = bound_esme() if bound else (Session(Role.ESME, SessionPolicy(), 0.0), None)
    events = [event for chunk in chunks for event in session.receive(chunk, 0.0)]
    assert all(not isinstance(event, Ended) for event in events[:-1])
    pdus_in(session.octets_to_send())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(commands.NAMES)), st.integers(0, 5), st.binary(max_size=30)
        ),
        max_size=12,
    ),
    st.sampled_from([Role.ESME, Role.SMSC]),
)
def test_any_order_of_pdus_is_survived(pdus: list[tuple[int, int, bytes]], role: Role) -> None:
    session, _ = bound_esme() if role is Role.ESME else bound_smsc()
    for command_id, number, body in pdus:
        for event in session.receive(encode(Pdu(command_id, number, Opaque(body))), 0.0):
            match event:
                case Requested(request):
                    session.respond(request, statuses.ESME_ROK, None, 0.0)
                case Refused(UnreadablePdu(), status, _):
                    assert status
                case _:
                    pass
    pdus_in(session.octets_to_send())

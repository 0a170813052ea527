"""What is sent, and what the answers mean: every mixture of outcomes ends as design D9 says."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import (
    ConnectorId,
    MsgId,
    QueuedSubmit,
    SmppMsgId,
)
from jasmin_compat.gateway.submission import (
    Again,
    Answered,
    Ended,
    Expired,
    NotSent,
    PartOutcome,
    Retry,
    SegmentSent,
    Submit,
    SubmitPolicy,
    Unanswered,
    Unencodable,
    after_submit,
    age_s,
    before_submit,
    ended_unsent,
    is_over_aged,
    longest_retry_s,
    wants_receipt,
)
from jasmin_compat.smpp.pdus import SubmitSm

CONNECTOR = SmppConnector(cid=ConnectorId("smsc1"), source_addr="1234")
CREATED = datetime(2026, 11, 23, 12, 0, 0)
NOW = CREATED.timestamp()
POLICY = SubmitPolicy(unanswered_attempts=3)
THROTTLED, SYSERR, INVDSTADR, OK = 0x58, 0x08, 0x0B, 0
LOST = Unanswered("connection lost")


def queued(parts: int = 1, *, receipts: tuple[int, ...] = (), tries: int = 0) -> QueuedSubmit:
    return QueuedSubmit(
        msgid=MsgId("m"),
        cid=CONNECTOR.cid,
        parts=tuple(
            SubmitSm(short_message=b"%d" % i, registered_delivery=int(i in receipts))
            for i in range(parts)
        ),
        source_addr_is_null=False,
        source="httpapi",
        priority=0,
        created_at=CREATED,
        tries=tries,
    )


def segment(
    index: int, status: int = OK, smpp_msgid: str = "A", receipt: bool = False
) -> SegmentSent:
    return SegmentSent(
        index=index,
        command_status=status,
        smpp_msgid=SmppMsgId(smpp_msgid),
        wants_receipt=receipt,
    )


def after(
    outcomes: tuple[PartOutcome, ...] | dict[int, PartOutcome],
    *,
    sent: tuple[SegmentSent, ...] = (),
    tries: int = 0,
    receipts: tuple[int, ...] = (),
) -> Ended | Again:
    by_index = dict(enumerate(outcomes)) if isinstance(outcomes, tuple) else outcomes
    count = len({*by_index, *(s.index for s in sent)})
    return after_submit(
        queued(count, receipts=receipts, tries=tries),
        by_index,
        sent=sent,
        policy=POLICY,
        requeue_delay_s=120,
    )


def answered(status: int = OK, message_id: bytes = b"") -> Answered:
    return Answered(status, message_id)


# ---------------------------------------------------------------- before


def test_a_fresh_message_is_sent_whole() -> None:
    message = queued(3)
    plan = before_submit(message, CONNECTOR, sent=(), now=NOW)
    assert plan == Submit(dict(enumerate(message.parts)))


# covers: W-MT-17
def test_recorded_segments_are_not_sent_again() -> None:
    message = queued(3)
    plan = before_submit(message, CONNECTOR, sent=(segment(0), segment(2)), now=NOW)
    assert plan == Submit({1: message.parts[1]})


def test_nothing_more_is_sent_of_a_message_refused_for_good() -> None:
    plan = before_submit(queued(3), CONNECTOR, sent=(segment(1, INVDSTADR),), now=NOW)
    assert plan == Submit({})


# covers: SMPPC-21
def test_a_null_source_address_becomes_the_connectors() -> None:
    message = replace(queued(), source_addr_is_null=True)
    plan = before_submit(message, CONNECTOR, sent=(), now=NOW)
    assert isinstance(plan, Submit)
    assert plan.parts[0].source_addr == b"1234"
    bare = before_submit(message, replace(CONNECTOR, source_addr=None), sent=(), now=NOW)
    assert bare == Submit({0: message.parts[0]})


def test_an_empty_source_address_that_is_not_null_stays() -> None:
    plan = before_submit(queued(), CONNECTOR, sent=(), now=NOW)
    assert plan == Submit({0: SubmitSm(short_message=b"0")})


@pytest.mark.parametrize(
    ("expiration", "expired"),
    [
        (CREATED - timedelta(seconds=1), True),
        (CREATED + timedelta(seconds=1), False),
        (CREATED.astimezone(timezone(timedelta(hours=9))) - timedelta(seconds=1), True),
        (CREATED.astimezone(timezone(timedelta(hours=9))) + timedelta(seconds=1), False),
    ],
    ids=["naive past", "naive future", "aware past", "aware future"],
)
def test_an_expired_message_is_not_sent(expiration: datetime, expired: bool) -> None:
    plan = before_submit(replace(queued(), expiration=expiration), CONNECTOR, sent=(), now=NOW)
    assert isinstance(plan, Expired) == expired


def test_a_message_of_which_a_segment_was_sent_is_finished_though_it_expired() -> None:
    message = replace(queued(2), expiration=CREATED - timedelta(seconds=1))
    plan = before_submit(message, CONNECTOR, sent=(segment(0),), now=NOW)
    assert plan == Submit({1: message.parts[1]})


# covers: W-MT-03
@pytest.mark.parametrize(
    ("age", "over"),
    [(0, False), (1200, False), (1201, True), (86_400 + 5, True), (-3600, False)],
)
def test_age_counts_whole_days_and_is_never_negative(age: int, over: bool) -> None:
    assert is_over_aged(queued(), POLICY, NOW + age) == over
    assert age_s(queued(), NOW + age) == max(0, age)


def test_the_hour_that_exists_twice_ends_no_message_early(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        message = replace(queued(), created_at=datetime(2026, 10, 25, 2, 30))
        second = message.created_at.replace(fold=1).timestamp()
        assert age_s(message, second + 60) == 60
        assert age_s(message, message.created_at.timestamp() + 60) == 0
    finally:
        monkeypatch.undo()
        time.tzset()


# ---------------------------------------------------------------- after


def test_an_accepted_message_ends_with_the_id_as_jasmin_keys_it() -> None:
    end = after((answered(OK, b"00abc"),))
    assert isinstance(end, Ended)
    assert (end.replied.status, end.replied.smpp_msgid) == ("ESME_ROK", "ABC")
    assert end.record == (segment(0, smpp_msgid="ABC"),)
    assert (end.answer, end.dead) == (answered(OK, b"00abc"), None)


def test_an_accepted_message_without_an_id_ends_too() -> None:
    end = after((answered(OK, b""),))
    assert isinstance(end, Ended)
    assert (end.replied.status, end.replied.smpp_msgid) == ("ESME_ROK", "")
    assert end.record[0].smpp_msgid is None


@pytest.mark.parametrize(
    ("receipts", "told", "more"),
    [((), "C", ()), ((2,), "C", ()), ((0,), "A", ()), ((0, 1, 2), "C", ("A", "B"))],
)
def test_the_id_told_is_that_of_the_last_segment_that_asked_for_a_receipt(
    receipts: tuple[int, ...], told: str, more: tuple[str, ...]
) -> None:
    end = after((answered(OK, b"a"), answered(OK, b"b"), answered(OK, b"c")), receipts=receipts)
    assert isinstance(end, Ended)
    assert (end.replied.smpp_msgid, end.replied.more_smpp_msgids) == (told, more)


def test_a_redelivery_of_what_was_answered_ends_from_the_record_alone() -> None:
    sent = (segment(0, smpp_msgid="A", receipt=True), segment(1, smpp_msgid="B", receipt=True))
    end = after({}, sent=sent)
    assert isinstance(end, Ended)
    assert (end.replied.smpp_msgid, end.replied.more_smpp_msgids) == ("B", ("A",))
    assert end.record == ()


# covers: W-MT-17
@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((answered(INVDSTADR), answered(), answered()), "ESME_RINVDSTADR"),
        ((answered(), answered(INVDSTADR), answered()), "ESME_RINVDSTADR"),
        ((answered(THROTTLED), answered(INVDSTADR), answered(0x0A)), "ESME_RINVDSTADR"),
        ((answered(INVDSTADR), LOST, NotSent()), "ESME_RINVDSTADR"),
        ((answered(0x123),), "RESERVEDSTATUS_SMPP_EXTENSION"),
    ],
    ids=["first", "middle", "first of those that are final", "others unknown", "unknown code"],
)
def test_one_segment_refused_for_good_ends_the_message_with_its_status(
    outcomes: tuple[PartOutcome, ...], status: str
) -> None:
    end = after(outcomes)
    assert isinstance(end, Ended)
    assert (end.replied.status, end.replied.smpp_msgid, end.dead) == (status, None, None)
    assert len(end.record) == sum(isinstance(o, Answered) for o in outcomes)


def test_a_refusal_on_record_ends_the_message_again_the_same_way() -> None:
    end = after({}, sent=(segment(0, THROTTLED), segment(1)))
    assert isinstance(end, Ended)
    assert end.replied.status == "ESME_RTHROTTLED"


# covers: SMPPC-15 W-MT-12 W-MT-13 W-MT-26
@pytest.mark.parametrize(
    ("status", "tries", "delay_s"),
    [
        (THROTTLED, 0, 30),
        (THROTTLED, 18, 30),
        (THROTTLED, 19, None),
        (SYSERR, 0, 30),
        (SYSERR, 1, None),
        (0x14, 0, 180),
        (0x61, 0, 300),
        (INVDSTADR, 0, None),
    ],
)
def test_the_retry_table_counts_all_attempts(
    status: int, tries: int, delay_s: float | None
) -> None:
    decided = after((answered(status),), tries=tries)
    if delay_s is None:
        assert isinstance(decided, Ended)
        assert decided.status == status
    else:
        assert decided == Again(
            why="refused", delay_s=delay_s, tries=tries + 1, answer=answered(status)
        )


# covers: SMPPC-16
def test_the_retry_table_is_configurable() -> None:
    policy = SubmitPolicy(retries={INVDSTADR: Retry(3, 1.0)})
    delays = []
    for tries in range(3):
        decided = after_submit(
            queued(tries=tries),
            {0: answered(INVDSTADR)},
            sent=(),
            policy=policy,
            requeue_delay_s=120,
        )
        delays.append(decided.delay_s if isinstance(decided, Again) else None)
    assert delays == [1.0, 1.0, None]


def test_a_retry_sends_only_what_was_not_accepted() -> None:
    first = after((answered(OK, b"a"), answered(THROTTLED), NotSent()))
    assert isinstance(first, Again)
    assert (first.why, first.delay_s) == ("refused", 30)
    assert first.record == (segment(0),)  # the refusal is not recorded: it is to be sent again
    end = after({1: answered(OK, b"b"), 2: answered(OK, b"c")}, sent=first.record, tries=1)
    assert isinstance(end, Ended)
    assert (end.replied.status, end.replied.smpp_msgid) == ("ESME_ROK", "C")


def test_what_never_reached_the_wire_goes_again_at_once_and_counts_no_attempt() -> None:
    assert after((NotSent(), NotSent()), tries=2) == Again(why="not sent")
    part = after((answered(OK, b"a"), NotSent()))
    assert part == Again(why="not sent", record=(segment(0),))


# covers: SMPPC-17
def test_what_was_not_answered_goes_again_after_the_requeue_delay() -> None:
    assert after((LOST,)) == Again(why="unanswered", delay_s=120, tries=1)
    both = after((LOST, answered(0x14)))
    assert both == Again(why="unanswered", delay_s=180, tries=1, answer=answered(0x14))


# covers: W-MT-11
def test_a_message_that_is_never_answered_ends_after_the_last_attempt() -> None:
    end = after((LOST,), tries=2)
    assert isinstance(end, Ended)
    assert end.replied.status == "ESME_RSUBMITFAIL"
    assert end.dead == "no answer in 3 attempts: connection lost"


# covers: W-MT-07
@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("destination_addr", "ESME_RINVDSTADR"),
        ("source_addr", "ESME_RINVSRCADR"),
        ("short_message", "ESME_RINVMSGLEN"),
        ("tlv 0x1401", "ESME_RSUBMITFAIL"),
    ],
)
def test_what_cannot_be_encoded_ends_with_a_status_that_names_the_field(
    field: str, status: str
) -> None:
    end = after((NotSent(), Unencodable(f"{field}: too long", field)))
    assert isinstance(end, Ended)
    assert (end.replied.status, end.dead) == (status, f"{field}: too long")


def test_a_message_that_is_not_sent_any_more_ends_with_the_given_status() -> None:
    end = ended_unsent(queued(), 0x45, "over-aged")
    assert (end.replied.msgid, end.replied.status, end.dead) == (
        "m",
        "ESME_RSUBMITFAIL",
        "over-aged",
    )


@pytest.mark.parametrize(
    ("flag", "wanted"), [(0, False), (1, True), (2, True), (0x11, True), (0x10, False)]
)
def test_a_message_wants_a_receipt_when_a_segment_does(flag: int, wanted: bool) -> None:
    message = queued(2)
    parts = (message.parts[0], replace(message.parts[1], registered_delivery=flag))
    assert wants_receipt(replace(message, parts=parts)) == wanted


@pytest.mark.parametrize(
    ("retries", "longest_s"),
    [
        ({}, 0),
        ({0x58: Retry(1, 30)}, 0),
        ({0x58: Retry(20, 30)}, 19 * 30),
        ({0x58: Retry(20, 30), 0x61: Retry(2, 300), 0x14: Retry(2, 180)}, 300 + 18 * 30),
    ],
)
def test_how_long_a_message_may_be_retried(retries: dict[int, Retry], longest_s: float) -> None:
    assert longest_retry_s(retries) == longest_s

"""One message at the SMSC: what is sent, and what its answers mean (design D9, listeners.py:129).

A message is one or more segments. Those whose answer is recorded are not sent again; the message
ends when every segment is accepted, or as soon as one is refused for good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.custom_tlvs import TlvRefused, TlvUnwritable
from jasmin_compat.gateway.messages import (
    QueuedSubmit,
    SmppMsgId,
    SubmitReplied,
)
from jasmin_compat.gateway.sendable import with_rules
from jasmin_compat.gateway.tlv_rules import TlvMissing, TlvTooLong
from jasmin_compat.smpp.pdus import SubmitSm
from jasmin_compat.smpp.receipts import code_message_id
from jasmin_compat.smpp.statuses import (
    ESME_RINVDSTADR,
    ESME_RINVEXPIRY,
    ESME_RINVMSGLEN,
    ESME_RINVOPTPARAMVAL,
    ESME_RINVPARLEN,
    ESME_RINVSCHED,
    ESME_RINVSERTYP,
    ESME_RINVSRCADR,
    ESME_RMISSINGOPTPARAM,
    ESME_RMSGQFUL,
    ESME_ROK,
    ESME_RSUBMITFAIL,
    ESME_RSYSERR,
    ESME_RTHROTTLED,
    status_name,
)
from jasmin_compat.smpp.twins import quick_init

# ---------------------------------------------------------------- what a link says of a segment


@quick_init
@dataclass(frozen=True, slots=True)
class Answered:
    """A submit_sm_resp or generic_nack came; message_id as the SMSC wrote it."""

    command_status: int
    message_id: bytes


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not on the wire: not bound, or closing. May be tried again without a duplicate."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """On the wire, and the session broke or the response timeout passed: nobody knows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unencodable:
    """A field does not fit its place in SMPP: it can never be sent."""

    reason: str
    field: str = ""


PartOutcome = Answered | NotSent | Unanswered | Unencodable


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSent:
    """The SMSC's answer to one segment of a message."""

    index: int
    """0-based position among the parts."""
    command_status: int
    smpp_msgid: SmppMsgId | None
    wants_receipt: bool


# ---------------------------------------------------------------- what we are told to do


@dataclass(frozen=True, slots=True)
class Retry:
    """A row of `submit_error_retrial`."""

    attempts: int
    """In all, the first included (Jasmin's `count`)."""
    delay_s: float


JASMIN_RETRIES: Mapping[int, Retry] = MappingProxyType(
    {  # managers/configs.py:74
        ESME_RSYSERR: Retry(2, 30),
        ESME_RTHROTTLED: Retry(20, 30),
        ESME_RMSGQFUL: Retry(2, 180),
        ESME_RINVSCHED: Retry(2, 300),
    }
)


def longest_retry_s(retries: Mapping[int, Retry]) -> float:
    """How long a message may be retried in all: after each attempt by whatever waits longest."""
    total, attempts = 0.0, 1
    for until in sorted({retry.attempts for retry in retries.values()}):
        delay_s = max(retry.delay_s for retry in retries.values() if retry.attempts >= until)
        total += max(0, until - attempts) * delay_s
        attempts = max(attempts, until)
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitPolicy:
    """[sm-listener], and our bounds."""

    retries: Mapping[int, Retry] = field(default_factory=lambda: JASMIN_RETRIES)
    """`submit_error_retrial` by command_status."""
    max_age_not_ready_s: float = 1200
    """A message older than this ends while its connector is not bound."""
    not_ready_delay_s: float = 30
    """Between two looks at the head of an unbound connector's queue."""
    publish_submit_sm_resp: bool = False
    log_privacy: bool = False
    unanswered_attempts: int = 10
    """Attempts in all for a message the SMSC never answers; Jasmin has no end (W-MT-11)."""
    store_wait_s: float = 5
    """How long a message with DLR waits for the store before it makes room for others."""
    hold_s: float = 60
    """Pacing never holds more deliveries than it sends in this time."""
    finished_kept: int = 10_000
    """Ids of finished messages remembered, for redeliveries of what we could not settle."""


# ---------------------------------------------------------------- before


@quick_init
@dataclass(frozen=True, slots=True)
class Submit:
    """Send these segments, by index; none when every answer is known already."""

    parts: Mapping[int, SubmitSm]


@dataclass(frozen=True, slots=True)
class Expired:
    """Its `expiration` has passed; it is not sent."""

    expiration: datetime


@dataclass(frozen=True, slots=True)
class AgainstRules:
    """The connector's rules for TLVs do not let it pass: they are newer than the message, or it
    was queued by a Jasmin, which looks at them no sooner."""

    status: int
    reason: str


def before_submit(
    queued: QueuedSubmit, connector: SmppConnector, *, sent: Sequence[SegmentSent], now: float
) -> Submit | Expired | AgainstRules:
    """What is still to be sent. `now` is Unix time."""
    if not sent and queued.expiration is not None and has_expired(queued, now):
        return Expired(queued.expiration)
    if _is_refused(sent):
        return Submit({})  # for good: the rest would be half a message
    known = {segment.index for segment in sent}
    left = {i: part for i, part in enumerate(queued.parts) if i not in known}
    if queued.source_addr_is_null and connector.source_addr is not None:
        address = connector.source_addr.encode()
        left = {i: replace(part, source_addr=address) for i, part in left.items()}
    try:
        return Submit({i: with_rules(part, connector) for i, part in left.items()})
    except TlvRefused as refused:
        return AgainstRules(_AGAINST_RULES[type(refused)], str(refused))


_AGAINST_RULES: Mapping[type[TlvRefused], int] = MappingProxyType(
    {
        TlvMissing: ESME_RMISSINGOPTPARAM,
        TlvTooLong: ESME_RINVPARLEN,
        TlvUnwritable: ESME_RINVOPTPARAMVAL,
    }
)


def is_answered(queued: QueuedSubmit, sent: Sequence[SegmentSent]) -> bool:
    """Nothing of it is left to be sent."""
    return _is_refused(sent) or {segment.index for segment in sent} >= set(range(len(queued.parts)))


def _is_refused(sent: Sequence[SegmentSent]) -> bool:
    return any(segment.command_status != ESME_ROK for segment in sent)


def has_expired(queued: QueuedSubmit, now: float) -> bool:
    """Its `expiration` has passed; `now` is Unix time."""
    return queued.expiration is not None and _latest(queued.expiration) < now


def age_s(queued: QueuedSubmit, now: float) -> float:
    """Seconds since it was accepted, days counted too (W-MT-03); `now` is Unix time."""
    return max(0.0, now - _latest(queued.created_at))


def is_over_aged(queued: QueuedSubmit, policy: SubmitPolicy, now: float) -> bool:
    """Too old to wait any longer for a connector that is not bound."""
    return age_s(queued, now) > policy.max_age_not_ready_s


def _latest(local: datetime) -> float:
    """Unix time of a naive local time. Where the clock was set back an hour exists twice: then the
    later one, since nothing may end before its time."""
    return max(local.replace(fold=fold).timestamp() for fold in (0, 1))


# ---------------------------------------------------------------- after


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The message's final outcome."""

    replied: SubmitReplied
    status: int
    record: tuple[SegmentSent, ...] = ()
    answer: Answered | None = None
    """The answer that decided, of this attempt."""
    dead: str | None = None
    """Why an operator should look at it; None for an ordinary end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Segments are left to be sent."""

    why: Literal["not sent", "unanswered", "refused"]
    record: tuple[SegmentSent, ...] = ()
    delay_s: float | None = None
    """None: at once, since nothing of what is left reached the wire."""
    tries: int = 0
    answer: Answered | None = None


def after_submit(
    queued: QueuedSubmit,
    outcomes: Mapping[int, PartOutcome],
    *,
    sent: Sequence[SegmentSent],
    policy: SubmitPolicy,
    requeue_delay_s: float,
) -> Ended | Again:
    """Join this attempt's outcomes, by index, with the segments recorded before."""
    answers = {i: _segment(queued, i, o) for i, o in outcomes.items() if isinstance(o, Answered)}
    known = {s.index: s for s in sent} | answers
    refused = _refused_for_good(queued, outcomes, known, policy)
    if refused is not None:
        index, status, dead = refused
        return Ended(
            replied=SubmitReplied(msgid=queued.msgid, status=status_name(status)),
            status=status,
            record=tuple(answers.values()),
            answer=_answer(outcomes, index),
            dead=dead,
        )
    accepted = tuple(s for s in answers.values() if s.command_status == ESME_ROK)
    if len(accepted) < len(outcomes):
        return _again(queued, outcomes, accepted, policy, requeue_delay_s)
    return _accepted(queued, outcomes, known, accepted)


def ended_unsent(queued: QueuedSubmit, status: int, dead: str | None = None) -> Ended:
    """The outcome of a message that is not sent any more."""
    replied = SubmitReplied(msgid=queued.msgid, status=status_name(status))
    return Ended(replied=replied, status=status, dead=dead)


OVER_AGED = ESME_RSUBMITFAIL
EXPIRED = ESME_RINVEXPIRY
NEVER_ANSWERED = ESME_RSUBMITFAIL
UNENCODABLE: Mapping[str, int] = MappingProxyType(
    {
        "source_addr": ESME_RINVSRCADR,
        "destination_addr": ESME_RINVDSTADR,
        "short_message": ESME_RINVMSGLEN,
        "service_type": ESME_RINVSERTYP,
        "schedule_delivery_time": ESME_RINVSCHED,
        "validity_period": ESME_RINVEXPIRY,
    }
)
"""By the field that cannot be encoded; any other: ESME_RSUBMITFAIL."""


def _segment(queued: QueuedSubmit, index: int, answer: Answered) -> SegmentSent:
    return SegmentSent(
        index=index,
        command_status=answer.command_status,
        smpp_msgid=SmppMsgId(code_message_id(answer.message_id)) if answer.message_id else None,
        wants_receipt=_wants_receipt(queued.parts[index]),
    )


def _wants_receipt(part: SubmitSm) -> bool:
    """registered_delivery asks for an SMSC receipt, always or on failure (§5.2.17)."""
    return part.registered_delivery & 0b11 in (1, 2)


def wants_receipt(queued: QueuedSubmit) -> bool:
    """Any of its segments asks for a receipt: there may be a DLR request to keep."""
    return any(_wants_receipt(part) for part in queued.parts)


def _refused_for_good(
    queued: QueuedSubmit,
    outcomes: Mapping[int, PartOutcome],
    known: Mapping[int, SegmentSent],
    policy: SubmitPolicy,
) -> tuple[int, int, str | None] | None:
    """The first segment that ends the message: index, status, and why it is a dead letter."""
    attempts = queued.tries + 1
    for index in sorted({*outcomes, *known}):
        outcome = outcomes.get(index)
        if isinstance(outcome, Unencodable):
            return index, UNENCODABLE.get(outcome.field, ESME_RSUBMITFAIL), outcome.reason
        if isinstance(outcome, Unanswered) and attempts >= policy.unanswered_attempts:
            return index, NEVER_ANSWERED, f"no answer in {attempts} attempts: {outcome.reason}"
        status = known[index].command_status if index in known else ESME_ROK
        again = outcome is not None and _retry_delay_s(status, attempts, policy) is not None
        if status != ESME_ROK and not again:
            return index, status, None
    return None


def _retry_delay_s(status: int, attempts: int, policy: SubmitPolicy) -> float | None:
    retry = policy.retries.get(status)
    return retry.delay_s if retry is not None and attempts < retry.attempts else None


def _again(
    queued: QueuedSubmit,
    outcomes: Mapping[int, PartOutcome],
    accepted: tuple[SegmentSent, ...],
    policy: SubmitPolicy,
    requeue_delay_s: float,
) -> Again:
    """At least one segment was not accepted, and each of those may be sent again."""
    attempts = queued.tries + 1
    refusals = [
        o for o in outcomes.values() if isinstance(o, Answered) and o.command_status != ESME_ROK
    ]
    delays = [policy.retries[o.command_status].delay_s for o in refusals]
    if any(isinstance(o, Unanswered) for o in outcomes.values()):
        delays.append(requeue_delay_s)
    if not delays:
        return Again(why="not sent", record=accepted)
    return Again(
        why="refused" if len(delays) == len(refusals) else "unanswered",
        record=accepted,
        delay_s=max(delays),
        tries=attempts,
        answer=refusals[0] if refusals else None,
    )


def _accepted(
    queued: QueuedSubmit,
    outcomes: Mapping[int, PartOutcome],
    known: Mapping[int, SegmentSent],
    record: tuple[SegmentSent, ...],
) -> Ended:
    """Every segment was accepted. The id told is that of the last segment that asked for a
    receipt, or of the last one (Jasmin: of the response that came last, dlr.md §8)."""
    receipted = [i for i in sorted(known) if known[i].wants_receipt]
    told = receipted[-1] if receipted else max(known)
    others = (known[i].smpp_msgid for i in receipted[:-1])
    return Ended(
        replied=SubmitReplied(
            msgid=queued.msgid,
            status=status_name(ESME_ROK),
            smpp_msgid=known[told].smpp_msgid or SmppMsgId(""),
            more_smpp_msgids=tuple(other for other in others if other is not None),
        ),
        status=ESME_ROK,
        record=record,
        answer=_answer(outcomes, told),
    )


def _answer(outcomes: Mapping[int, PartOutcome], index: int) -> Answered | None:
    outcome = outcomes.get(index)
    return outcome if isinstance(outcome, Answered) else None

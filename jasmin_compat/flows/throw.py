"""Throw delivery reports: one attempt of a callback, and what becomes of it (contract/dlr.md §6).

The lines are Jasmin's (contract/logs-and-metrics.md §2.5): `Throwed` for any answer at all.
"""

import logging
from dataclasses import dataclass, replace
from typing import Final

from jasmin_compat.gateway.callbacks import (
    BadUrl,
    CallbackPolicy,
    HttpCall,
    HttpReply,
    NoReply,
    after_call,
    after_no_slot,
    after_silence,
    dlr_call,
    shown,
    while_nobody_holds,
)
from jasmin_compat.gateway.messages import Ack, Dead, Delay, HttpDlr, SmppDlr, Verdict
from jasmin_compat.ports import (
    CallDenied,
    CallFailed,
    CallNotMade,
    Clock,
    HttpCalls,
    QueueError,
    Queues,
    ReceiverSilent,
)
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import FIRST, HELD_DLRS, TRIES
from jasmin_compat.wire.dlr_messages import read_callback

log: Final = logging.getLogger("jasmin-dlr-thrower")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrowPorts:
    """What throwing needs from outside."""

    calls: HttpCalls
    clock: Clock
    queues: Queues


async def throw(message: QueueMessage, *, ports: ThrowPorts, policy: CallbackPolicy) -> Verdict:
    """Handle a message of `dlr_thrower`.

    Raises:
        Undecodable: it is no delivery report.
    """
    callback = read_callback(message)
    if isinstance(callback, SmppDlr):
        return await hold_dlr_smpp(
            message, callback, queues=ports.queues, clock=ports.clock, policy=policy
        )
    return await throw_dlr_http(callback, calls=ports.calls, clock=ports.clock, policy=policy)


async def throw_dlr_http(
    dlr: HttpDlr, *, calls: HttpCalls, clock: Clock, policy: CallbackPolicy
) -> Verdict:
    """Call the client back; what is not acknowledged comes again."""
    first = clock.unix() if dlr.first_tried_at is None else dlr.first_tried_at
    dlr = replace(dlr, first_tried_at=first)
    try:
        outcome = await _outcome(dlr_call(dlr, timeout_s=policy.timeout_s), calls)
    except (BadUrl, CallDenied) as error:
        _log_failure(dlr, str(error))
        return Dead(str(error))
    except ReceiverSilent as error:
        silent_s = error.silent_s
        verdict = after_silence(dlr, silent_s=silent_s, now=clock.unix(), policy=policy)
        return _remembering(verdict, dlr.tries, first)
    except CallNotMade:
        verdict = after_no_slot(dlr, now=clock.unix(), policy=policy)
        return _remembering(verdict, dlr.tries, first)
    if isinstance(outcome, HttpReply):
        log.info("Throwed DLR [msgid:%s] to %s.", dlr.msgid, dlr.url)
    verdict = after_call(dlr, outcome, now=clock.unix(), policy=policy)
    if not isinstance(verdict, Ack):
        _log_failure(dlr, shown(outcome))
    if isinstance(verdict, Dead):
        log.warning(
            "Message try-count is %s [msgid:%s]: purged from queue", dlr.tries + 1, dlr.msgid
        )
    return _remembering(verdict, dlr.tries + 1, first)


async def _outcome(call: HttpCall, calls: HttpCalls) -> HttpReply | NoReply:
    try:
        return await calls.call(call)
    except CallFailed as error:
        return NoReply(str(error))


def _log_failure(dlr: HttpDlr, reason: str) -> None:
    log.error("Throwing HTTP/DLR [msgid:%s] to (%s): %s.", dlr.msgid, dlr.url, reason)


def _remembering(verdict: Verdict, tries: int, first: float) -> Verdict:
    """A delayed message carries how often it was tried, and since when."""
    if not isinstance(verdict, Delay):
        return verdict
    return replace(verdict, headers=((TRIES, str(tries)), (FIRST, f"{first:.3f}")))


async def hold_dlr_smpp(
    message: QueueMessage, dlr: SmppDlr, *, queues: Queues, clock: Clock, policy: CallbackPolicy
) -> Verdict:
    """Where no SMPP server runs, a receipt for an ESME is held as it is, however long (Q161).

    What the holding queue does not take, because it is full, waits in the delay ladder.
    """
    try:
        await queues.publish(detours.straight_to(HELD_DLRS.queue, message))
    except QueueError as error:
        return _not_held(dlr, str(error), now=clock.unix(), policy=policy)
    log.info("Holding SMPP/DLR [msgid:%s] to (%s).", dlr.msgid, dlr.system_id)
    return Ack()


def _not_held(dlr: SmppDlr, reason: str, *, now: float, policy: CallbackPolicy) -> Verdict:
    log.error("Holding SMPP/DLR [msgid:%s] to (%s): %s.", dlr.msgid, dlr.system_id, reason)
    first = now if dlr.first_tried_at is None else dlr.first_tried_at
    verdict = while_nobody_holds(replace(dlr, first_tried_at=first), now=now, policy=policy)
    return _remembering(verdict, dlr.tries + 1, first)

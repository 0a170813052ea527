"""Look up whose message an answer or a receipt belongs to, and have its client told.

What is decided stands in gateway/dlr.py (contract/dlr.md §3, §5). The order of work is: publish
the callback (confirmed), change the store, settle. Each may run twice; then a client is told twice.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from jasmin_compat.gateway.dlr import (
    DlrPlan,
    DlrPolicy,
    plan_after_expiry,
    plan_after_receipt,
    plan_after_submit,
    waits_for_reply,
)
from jasmin_compat.gateway.messages import (
    Ack,
    Delay,
    DlrCallback,
    DlrRequest,
    ReceiptArrived,
    SubmitReplied,
    Verdict,
)
from jasmin_compat.ports import (
    Clock,
    Correlated,
    Expired,
    QueueError,
    Queues,
    Store,
    StoreAway,
    Unpublishable,
)
from jasmin_compat.wire import log_lines
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import TRIES
from jasmin_compat.wire.dlr_messages import read_lookup, write_callback

LOG: Final = logging.getLogger("dlr")

SWEEP_LIMIT: Final = 100
REPLY_LOOKS: Final = 4
REPLY_LOOK_S: Final = 0.05
"""An answer the connector has recorded is on its way here: a moment in the receipt's own slot costs
less than a turn through a delay queue."""

Tell = Callable[[DlrCallback], Awaitable[None]]


def telling(queues: Queues) -> Tell:
    """Publish `dlr_thrower.*`; returns when the broker has it. Raises QueueError."""

    async def tell(callback: DlrCallback) -> None:
        await queues.publish(write_callback(callback))

    return tell


async def look_up(
    message: QueueMessage, *, store: Store, queues: Queues, clock: Clock, policy: DlrPolicy
) -> Verdict:
    """One message of `DLRLookup-<pid>`.

    Raises:
        Undecodable
        StoreAway, QueueError: nothing is lost; the message is to come again.
    """
    event = read_lookup(message)
    if isinstance(event, SubmitReplied):
        return await _look_up_answer(event, store=store, tell=telling(queues), policy=policy)
    found = await _found(event, store=store, clock=clock, policy=policy)
    return await _look_up_receipt(event, found, store=store, tell=telling(queues), policy=policy)


async def _look_up_answer(
    replied: SubmitReplied, *, store: Store, tell: Tell, policy: DlrPolicy
) -> Verdict:
    request = await store.request(replied.msgid)
    if request is None:
        LOG.debug("[msgid:%s] nobody asked for its delivery reports", replied.msgid)
        return Ack()
    plan = plan_after_submit(request, replied, policy)
    await _told(plan, tell)
    if plan.map_smpp_msgids:
        await store.map_smpp_msgids(request, plan.map_smpp_msgids)
    if plan.forget:
        await store.forget(request.msgid)
    return Ack()


async def _found(
    receipt: ReceiptArrived, *, store: Store, clock: Clock, policy: DlrPolicy
) -> Correlated | None:
    """Its message; if that has an answer still to be told, after waiting a little for it."""
    found = await store.find(receipt.smpp_msgid, receipt.cid)
    for _ in range(REPLY_LOOKS):
        if found is None or not _is_early(found, policy):
            break
        await clock.sleep(REPLY_LOOK_S)
        found = await store.find(receipt.smpp_msgid, receipt.cid)
    return found


def _is_early(found: Correlated, policy: DlrPolicy) -> bool:
    return not found.replied and waits_for_reply(found.request, policy)


async def _look_up_receipt(
    receipt: ReceiptArrived,
    found: Correlated | None,
    *,
    store: Store,
    tell: Tell,
    policy: DlrPolicy,
) -> Verdict:
    if found is None:
        return _not_found(receipt, store, policy)
    if _is_early(found, policy):
        again = _again(receipt, store, policy)
        if again is not None:
            return again
    store.counts.matched += 1
    plan = plan_after_receipt(found.request, receipt)
    await _told(plan, tell)
    if plan.finish_segment:
        await store.finish_segment(found.msgid, receipt.smpp_msgid)
    _log_receipt(receipt, policy)
    return Ack()


def _not_found(receipt: ReceiptArrived, store: Store, policy: DlrPolicy) -> Verdict:
    """Perhaps it was faster than its mapping; or it was never asked for, as at level 1."""
    again = _again(receipt, store, policy)
    which = "Got a DLR for an unknown message id"
    if again is None:
        store.counts.unmatched += 1
        LOG.error(
            "[msgid:%s] (final) DLRMapNotFound: %s: %s (coded:%s)",
            receipt.smpp_msgid,
            which,
            receipt.raw_id,
            receipt.smpp_msgid,
        )
        return Ack()
    LOG.error(
        "[msgid:%s] (retrials: %s/%s) DLRMapNotFound: %s: %s (coded:%s)",
        receipt.smpp_msgid,
        receipt.tries + 1,
        len(policy.receipt_retry_delays_s) + 1,
        which,
        receipt.raw_id,
        receipt.smpp_msgid,
    )
    return again


def _again(receipt: ReceiptArrived, store: Store, policy: DlrPolicy) -> Delay | None:
    if receipt.tries >= len(policy.receipt_retry_delays_s):
        return None
    store.counts.early += 1
    delay_s = policy.receipt_retry_delays_s[receipt.tries]
    return Delay(delay_s, ((TRIES, str(receipt.tries + 1)),))


async def _told(plan: DlrPlan, tell: Tell) -> None:
    if plan.callback is not None:
        await tell(plan.callback)


def _log_receipt(receipt: ReceiptArrived, policy: DlrPolicy) -> None:
    LOG.info("%s", log_lines.receipt_matched(receipt, log_privacy=policy.log_privacy))


async def sweep_expired(
    *, store: Store, queues: Queues, clock: Clock, policy: DlrPolicy
) -> NoReturn:
    """Tell of requests that ended without their receipt (`on_expiry: callback`), for ever.

    With `silent` the store only tidies up, which it else does when it is written to.
    """
    while True:
        try:
            told = await _sweep(store, telling(queues))
        except (StoreAway, QueueError) as error:  # what is not told is given out again
            LOG.debug("expired requests wait: %s", error)
            told = 0
        if told < SWEEP_LIMIT:
            await clock.sleep(policy.sweep_s)


async def _sweep(store: Store, tell: Tell) -> int:
    ended = await store.expired(SWEEP_LIMIT)
    for each in ended:
        await _told_of_end(each, tell)
        await store.forget(each.request.msgid)
    return len(ended)


async def _told_of_end(ended: Expired, tell: Tell) -> None:
    try:
        await tell(plan_after_expiry(ended.request, by_budget=ended.by_budget))
    except Unpublishable as error:  # a Jasmin wrote the record, whatever it was given
        _log_untold(ended.request, error)
    else:
        _log_ended(ended.request, by_budget=ended.by_budget)


def _log_untold(request: DlrRequest, error: Unpublishable) -> None:
    LOG.error("DLR request [msgid:%s] ended and cannot be told: %s", request.msgid, error)


def _log_ended(request: DlrRequest, *, by_budget: bool) -> None:
    why = "no room for it" if by_budget else f"no receipt within {request.expiry_s} s"
    LOG.info("DLR request [msgid:%s] ended: %s", request.msgid, why)

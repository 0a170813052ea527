"""Charge what a message costs once the SMSC has taken it (contract/amqp-topology.md §3.6).

Jasmin: routing/router.py:236.
"""

import logging
from collections.abc import Callable
from typing import Final

from jasmin_compat.gateway.charging import NotEnoughBalance
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Verdict
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import UserId
from jasmin_compat.ports import Quotas, QuotasAway
from jasmin_compat.wire.amqp_messages import QueueMessage, shown
from jasmin_compat.wire.bill_messages import read_late_bill

AWAY_S: Final = 5.0
"""Before a bill is charged again that could not be written."""

log: Final = logging.getLogger("jasmin-router")


async def charge_late_bill(
    message: QueueMessage, *, site: Callable[[], Site], quotas: Quotas
) -> Verdict:
    """Handler of `bill_request.submit_sm_resp.*`.

    Raises:
        Undecodable: the message is no bill.
    """
    bill = read_late_bill(message)
    user = site().users.get(UserId(bill.uid))
    uid, bid = shown(bill.uid), shown(bill.bid)
    if user is None:
        log.error("User [uid:%s] not found, billing request [bid:%s] rejected", uid, bid)
        return Ack()
    try:
        is_new = await quotas.charge_late(user, bill.amount, bill.bid)
    except NotEnoughBalance as error:
        text = (
            f"User [uid:{uid}] have no sufficient balance ({error.balance}/{bill.amount})"
            f" for this billing [bid:{bid}] request: rejected"
        )
        log.error("%s", text)  # noqa: TRY400 - an ordinary end
        return Dead(text)
    except QuotasAway as error:
        log.error("User [uid:%s] cannot be charged: %s", uid, error)  # noqa: TRY400
        return Delay(AWAY_S)
    if is_new and user.mt.quotas.balance is not None:
        log.info("User [uid:%s] charged for amount: %s (bid:%s)", uid, bill.amount, bid)
    return Ack()

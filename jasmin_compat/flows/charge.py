"""Charge a sender before the message is queued, in the words of Jasmin's router.log.

contract/http-api.md §11, logs-and-metrics.md §2.5; Jasmin: routing/router.py:327.
"""

import logging
from typing import Final

from jasmin_compat.gateway.charging import Charge, NotEnoughBalance, NotEnoughCount
from jasmin_compat.gateway.refusals import NotCharged
from jasmin_compat.gateway.users import User
from jasmin_compat.ports import Quotas, QuotasAway
from jasmin_compat.wire.pickled_bills import PickledBill

log: Final = logging.getLogger("jasmin-router")


async def charge_sender(
    user: User, charge: Charge, bill: PickledBill, *, parts: int, quotas: Quotas
) -> None:
    """`bill` is that of one part.

    Raises:
        NotCharged
    """
    asked = bill.at_submit + bill.at_response
    refused = NotCharged(user.username, bid=bill.bid, amount=asked, parts=parts)
    try:
        await quotas.charge(user, charge)
    except NotEnoughBalance as error:
        log.warning("Not enough balance (%s) for charging: %s", error.balance, asked)
        raise refused from error
    except NotEnoughCount as error:
        log.warning("Not enough submit_sm_count (%s) for charging: 1", error.submit_sm_count)
        raise refused from error
    except QuotasAway as error:
        log.error("User [uid:%s] cannot be charged: %s", user.uid, error)  # noqa: TRY400
        raise refused from error
    if charge.amount > 0:
        log.info("User [uid:%s] charged for submit_sm amount: %s", user.uid, charge.amount)
    if charge.count > 0:
        log.info(
            "User's [uid:%s] submit_sm_count decremented for submit_sm: %s", user.uid, charge.count
        )


async def refund_sender(user: User, charge: Charge, *, quotas: Quotas) -> None:
    """The message was not taken over (W-BILL-01)."""
    await quotas.refund(user, charge)
    log.info(
        "User [uid:%s] refunded for submit_sm amount: %s, submit_sm_count: %s",
        user.uid,
        charge.amount,
        charge.count,
    )

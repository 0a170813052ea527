"""Messages in `bill_request.submit_sm_resp.<uid>` (contract/amqp-topology.md §3.6)."""

import math
from typing import Final
from uuid import UUID, uuid5

from jasmin_compat.gateway.messages import LateBill
from jasmin_compat.wire import headers as header
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import BILLING, bill_key
from jasmin_compat.wire.pickled_bills import read_bill

_BIDS: Final = UUID("6f1d6a3e-9d0c-5f0e-8f5c-3f1c6b1f2a77")
"""Ids of late bills are made from that and the id of the bill they belong to."""


def late_bill(bill: bytes, parts: int) -> LateBill | None:
    """What is to be charged now that the SMSC has taken the message; None for nothing.

    A Jasmin gives it a new id at each attempt; this one can be told from one before.

    Raises:
        BadBill: no bill, or of neither a Jasmin nor us.
    """
    read = read_bill(bill)
    if not read.at_response > 0:
        return None
    amount = sum([read.at_response] * parts)  # as Jasmin adds them up, to the last digit
    return LateBill(bid=str(uuid5(_BIDS, read.bid)), uid=read.uid, amount=amount)


def write_late_bill(bill: LateBill) -> QueueMessage:
    return QueueMessage(
        exchange=BILLING,
        routing_key=bill_key(bill.uid),
        body=bill.bid.encode(),
        message_id=bill.bid,
        headers={"user-id": bill.uid, "amount": str(bill.amount)},
    )


def read_late_bill(message: QueueMessage) -> LateBill:
    """What we wrote, or a Jasmin.

    Raises:
        Undecodable: anything else.
    """
    if not message.message_id:
        raise Undecodable("no message-id")
    written = header.text(message.headers, "amount")
    try:
        amount = float(written)
    except ValueError as error:
        raise Undecodable(f"header amount: {error}") from error
    if not 0 <= amount < math.inf:
        raise Undecodable(f"header amount is {written}")
    uid = header.text(message.headers, "user-id")
    return LateBill(bid=message.message_id, uid=uid, amount=amount)

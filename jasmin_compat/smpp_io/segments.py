"""The segments of one message on a link: all, in order, or none; and what became of each."""

import asyncio
from collections.abc import Sequence

from jasmin_compat.ports import Answered, NotSent, PartOutcome, Unanswered, Unencodable
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.codec import check_limits, encode_body, message_id_of
from jasmin_compat.smpp.errors import CannotEncode, CannotSend
from jasmin_compat.smpp.pdus import Pdu, SubmitSm
from jasmin_compat.smpp.statuses import ESME_ROK, ESME_RUNKNOWNERR
from jasmin_compat.smpp_io.link import Link, Reply

Sent = PartOutcome | asyncio.Future[Reply]
"""Known already, or to be waited for."""


async def put_on_wire(link: Link | None, parts: Sequence[SubmitSm]) -> list[Sent]:
    """Send the parts as the window lets them; waits for room, not for replies.

    Of a message with a part that cannot be encoded nothing is sent.
    """
    impossible = _unencodable(parts) if len(parts) > 1 else None
    if impossible is not None:
        return [*impossible]
    sent: list[Sent] = []
    for part in parts:
        if link is None or not await link.wait_for_room(commands.SUBMIT_SM):
            sent.append(NotSent())
            continue
        try:
            sent.append(link.send(commands.SUBMIT_SM, part))
        except CannotEncode as error:
            sent.append(Unencodable(str(error), error.field))
        except CannotSend:
            sent.append(NotSent())
    return sent


def outcome_of(reply: Reply) -> PartOutcome:
    if not isinstance(reply, Pdu):
        return Unanswered(reply.reason)
    status = reply.command_status
    if reply.command_id != commands.SUBMIT_SM_RESP and status == ESME_ROK:
        status = ESME_RUNKNOWNERR  # a generic_nack is no acceptance, whatever it says
    return Answered(status, message_id_of(reply.body))


def _unencodable(parts: Sequence[SubmitSm]) -> list[PartOutcome] | None:
    for index, part in enumerate(parts):
        try:
            check_limits(part)
            encode_body(part)
        except CannotEncode as error:
            outcomes: list[PartOutcome] = [NotSent()] * len(parts)
            outcomes[index] = Unencodable(str(error), error.field)
            return outcomes
    return None

"""What a session's events say in a connector's log (smpp-client.md §3, §10)."""

import logging
from typing import assert_never

from jasmin_compat.smpp import commands, events
from jasmin_compat.smpp.codec import UnreadablePdu
from jasmin_compat.smpp.operations import SessionState
from jasmin_compat.smpp.pdus import Pdu
from jasmin_compat.smpp.statuses import status_name
from jasmin_compat.smpp_io.link import Connected, LinkEvent

QUIET_ENDS = frozenset({events.EndReason.UNBOUND, events.EndReason.PEER_UNBOUND})


def log_event(log: logging.Logger, state: SessionState, event: LinkEvent) -> None:
    """One line for what is worth one, `state` being the session's after it; never any content."""
    line = _line(state, event)
    if line is not None:
        level, text = line
        log.log(level, "%s", text)


def _line(  # noqa: C901, PLR0911, PLR0912 - a row for each event
    state: SessionState, event: LinkEvent
) -> tuple[int, str] | None:
    match event:
        case Connected() | events.Requested() | events.Answered():
            return None
        case events.Bound():
            return logging.INFO, f"Bind succeeded...now in state {state.value}"
        case events.BindRefused(response):
            status = status_name(response.command_status)
            return logging.ERROR, f"Bind failed [{status}]. Disconnecting..."
        case events.Notified(pdu):
            return logging.INFO, f"{_name(pdu)} received, ignored"
        case events.TimedOut(request):
            name = commands.name_of(request.command_id)
            return logging.ERROR, f"{name} [seq:{request.sequence_number}] was not answered in time"
        case events.Unexpected(response):
            return logging.WARNING, f"{_name(response)} answers nothing"
        case events.Refused(pdu, status, reason):
            text = f"{_name(pdu)} refused with {status_name(status)}: {reason}"
            return logging.WARNING, text
        case events.Ended(reason, unanswered):
            level = logging.INFO if reason in QUIET_ENDS else logging.ERROR
            return level, f"Session ended: {reason.value}, {len(unanswered)} requests unanswered"
        case _:
            assert_never(event)


def _name(pdu: Pdu | UnreadablePdu) -> str:
    return f"{commands.name_of(pdu.command_id)} [seq:{pdu.sequence_number}]"

"""Lines of a connector's log."""

import logging

import pytest

from jasmin_compat.smpp import commands, events
from jasmin_compat.smpp.operations import SessionState
from jasmin_compat.smpp.pdus import BindResp, DeliverSm, MessageIdResp, Opaque, Outbind, Pdu
from jasmin_compat.smpp_io.link import Connected, LinkEvent
from jasmin_compat.smpp_io.session_log import log_event

LOG = logging.getLogger("smpp.client.con1")
BIND_RESP = Pdu(commands.BIND_TRANSCEIVER_RESP, 1, BindResp())
SENT = events.SentRequest(7, commands.SUBMIT_SM, 0.0)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Connected(), None),
        (events.Requested(Pdu(commands.DELIVER_SM, 1, DeliverSm())), None),
        (events.Answered(SENT, Pdu(commands.SUBMIT_SM_RESP, 7, MessageIdResp())), None),
        (events.Bound(BIND_RESP), "INFO Bind succeeded...now in state BOUND_TRX"),
        (
            events.BindRefused(Pdu(commands.BIND_TRANSCEIVER_RESP, 1, Opaque(), 0x0E)),
            "ERROR Bind failed [ESME_RINVPASWD]. Disconnecting...",
        ),
        (
            events.Notified(Pdu(commands.OUTBIND, 3, Outbind(password=b"secret"))),
            "INFO outbind [seq:3] received, ignored",
        ),
        (events.TimedOut(SENT), "ERROR submit_sm [seq:7] was not answered in time"),
        (
            events.Unexpected(Pdu(commands.SUBMIT_SM_RESP, 9, MessageIdResp())),
            "WARNING submit_sm_resp [seq:9] answers nothing",
        ),
        (
            events.Refused(Pdu(0x99, 4, Opaque(b"secret")), 0x03, "unknown command"),
            "WARNING 0x00000099 [seq:4] refused with ESME_RINVCMDID: unknown command",
        ),
        (
            events.Ended(events.EndReason.LINK_DEAD, (SENT,)),
            "ERROR Session ended: enquire_link not answered in time, 1 requests unanswered",
        ),
        (
            events.Ended(events.EndReason.UNBOUND, ()),
            "INFO Session ended: unbound by us, 0 requests unanswered",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_an_event_is_a_line(
    event: LinkEvent, line: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    log_event(LOG, SessionState.BOUND_TRX, event)
    assert [f"{r.levelname} {r.message}" for r in caplog.records] == ([line] if line else [])

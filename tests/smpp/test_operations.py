"""The operation matrix, against the table of SMPP 3.4 §2.3 as the specification prints it."""

import pytest

from jasmin_compat.smpp import commands, statuses
from jasmin_compat.smpp.operations import (
    BOUND_STATES,
    MATRIX,
    Role,
    SessionState,
    may_issue,
    refusal,
)

OPEN, TX, RX, TRX = (
    SessionState.OPEN,
    SessionState.BOUND_TX,
    SessionState.BOUND_RX,
    SessionState.BOUND_TRX,
)

SPECIFIED = """
bind_transmitter    OPEN        ESME
bind_receiver       OPEN        ESME
bind_transceiver    OPEN        ESME
outbind             OPEN        SMSC
unbind              TX RX TRX   ESME SMSC
enquire_link        TX RX TRX   ESME SMSC
submit_sm           TX TRX      ESME
submit_multi        TX TRX      ESME
query_sm            TX TRX      ESME
cancel_sm           TX TRX      ESME
replace_sm          TX TRX      ESME
data_sm             TX TRX      ESME
data_sm             RX TRX      SMSC
deliver_sm          RX TRX      SMSC
alert_notification  RX TRX      SMSC
"""
NAMED = {"OPEN": OPEN, "TX": TX, "RX": RX, "TRX": TRX}
IDS = {name: command_id for command_id, name in commands.NAMES.items()}


def specified() -> set[tuple[Role, SessionState, int]]:
    cells = set()
    for line in SPECIFIED.split("\n")[1:-1]:
        command, *words = line.split()
        roles = [Role(word) for word in words if word not in NAMED]
        states = [NAMED[word] for word in words if word in NAMED]
        cells |= {(role, state, IDS[command]) for role in roles for state in states}
    return cells


# covers: W-MT-21
def test_the_matrix_is_the_specifications() -> None:
    cells = {
        (role, state, command_id)
        for role in Role
        for state in SessionState
        for command_id in IDS.values()
        if may_issue(role, state, command_id)
    }
    assert cells == specified()


def test_every_request_has_its_row() -> None:
    assert MATRIX.keys() == {c for c in commands.NAMES if not commands.is_response(c)}


def test_what_the_peer_may_issue_is_served() -> None:
    for issuer, state, command_id in specified():
        assert refusal(issuer, state, command_id) is None


@pytest.mark.parametrize(
    ("issuer", "state", "command_id", "status"),
    [
        (Role.ESME, RX, commands.SUBMIT_SM, statuses.ESME_RINVBNDSTS),
        (Role.ESME, RX, commands.DATA_SM, statuses.ESME_RINVBNDSTS),
        (Role.ESME, OPEN, commands.SUBMIT_SM, statuses.ESME_RINVBNDSTS),
        (Role.ESME, OPEN, commands.ENQUIRE_LINK, statuses.ESME_RINVBNDSTS),
        (Role.ESME, TRX, commands.DELIVER_SM, statuses.ESME_RINVCMDID),
        (Role.ESME, TRX, 0x111, statuses.ESME_RINVCMDID),
        (Role.SMSC, OPEN, commands.DELIVER_SM, statuses.ESME_RINVBNDSTS),
        (Role.SMSC, TRX, commands.OUTBIND, statuses.ESME_RINVBNDSTS),
        (Role.SMSC, TRX, commands.SUBMIT_SM, statuses.ESME_RINVCMDID),
        (Role.SMSC, OPEN, commands.BIND_TRANSCEIVER, statuses.ESME_RINVCMDID),
    ],
)
def test_what_is_out_of_place_is_refused_with_its_status(
    issuer: Role, state: SessionState, command_id: int, status: int
) -> None:
    assert refusal(issuer, state, command_id) == status


def test_receipts_on_a_transmitter_bind_are_not_turned_away() -> None:
    assert refusal(Role.SMSC, TX, commands.DELIVER_SM) is None
    assert refusal(Role.SMSC, TX, commands.DATA_SM) is None


def test_a_second_bind_and_an_early_unbind_are_for_the_owner_and_the_session_to_judge() -> None:
    for state in BOUND_STATES:
        assert refusal(Role.ESME, state, commands.BIND_RECEIVER) is None
    assert refusal(Role.ESME, OPEN, commands.UNBIND) is None

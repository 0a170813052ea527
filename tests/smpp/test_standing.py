"""Where a session stands: what may go out and what is served, in each state of either role."""

import pytest

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.operations import Role, SessionState
from jasmin_compat.smpp.standing import Standing
from jasmin_compat.smpp.statuses import ESME_RINVBNDSTS
from jasmin_compat.smpp.timers import TimerPolicy, Timers

BIND = commands.BIND_TRANSCEIVER


def standing(role: Role) -> tuple[Standing, Timers]:
    timers = Timers(policy=TimerPolicy(), received_at=0.0, active_at=0.0)
    return Standing(role, timers, 0.0), timers


def bound(role: Role) -> tuple[Standing, Timers]:
    one, timers = standing(role)
    if role is Role.ESME:
        one.ask_to_bind(BIND, 1.0)
    else:
        one.asked_to_bind(BIND)
    one.bound(BIND)
    return one, timers


@pytest.mark.parametrize("role", Role)
def test_a_bind_goes_from_open_over_pending_to_bound(role: Role) -> None:
    one, timers = standing(role)
    assert one.state is SessionState.OPEN
    if role is Role.ESME:
        one.ask_to_bind(BIND, 1.0)
        assert timers.init_since == 1.0
    else:
        assert timers.init_since == 0.0
        one.asked_to_bind(BIND)
    assert one.state is SessionState.BIND_TRX_PENDING
    one.bound(BIND)
    assert one.state is SessionState.BOUND_TRX
    assert (one.is_bound, timers.is_bound, timers.init_since) == (True, True, None)


@pytest.mark.parametrize(("role", "init_since"), [(Role.ESME, None), (Role.SMSC, 0.0)])
def test_after_a_refused_bind_only_the_smsc_goes_on_waiting_for_one(
    role: Role, init_since: float | None
) -> None:
    one, timers = standing(role)
    one.not_bound()
    assert one.state is SessionState.OPEN
    assert timers.init_since == init_since


def test_of_two_binds_at_once_the_first_is_shown() -> None:
    one, _ = standing(Role.SMSC)
    one.asked_to_bind(commands.BIND_RECEIVER)
    one.asked_to_bind(BIND)
    assert one.state is SessionState.BIND_RX_PENDING


@pytest.mark.parametrize("role", Role)
def test_while_we_unbind_the_peer_is_served_and_nothing_new_goes_out(role: Role) -> None:
    one, timers = bound(role)
    timers.enquired_at = 2.0
    one.leave(3.0)
    assert one.state is SessionState.UNBIND_PENDING
    assert (timers.init_since, timers.enquired_at, timers.is_bound) == (3.0, None, False)
    assert not one.may_send(commands.DATA_SM)
    assert one.refusal(commands.DATA_SM) is None
    assert one.serves_a_bind


@pytest.mark.parametrize("role", Role)
def test_while_the_peer_unbinds_it_is_served_no_more_and_cannot_bind_again(role: Role) -> None:
    one, _ = bound(role)
    one.peer_leaves(3.0)
    assert one.state is SessionState.UNBIND_RECEIVED
    assert one.refusal(commands.DATA_SM) == ESME_RINVBNDSTS
    assert not one.serves_a_bind
    one.bound(BIND)
    assert one.state is SessionState.UNBIND_RECEIVED
    one.not_bound()
    assert one.state is SessionState.UNBIND_RECEIVED


@pytest.mark.parametrize("role", Role)
def test_after_the_end_nothing_goes_either_way(role: Role) -> None:
    one, _ = bound(role)
    one.end()
    assert one.has_ended
    assert one.state is SessionState.UNBOUND
    assert not one.may_send(commands.ENQUIRE_LINK)
    assert one.refusal(commands.UNBIND) == ESME_RINVBNDSTS

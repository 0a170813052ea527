"""Session timers, read beside SMPP 3.4 §7.2 and contract/smpp-client.md §4."""

import pytest

from jasmin_compat.smpp.timers import Timer, TimerPolicy, Timers

POLICY = TimerPolicy(
    session_init_s=30, enquire_link_s=20, response_s=60, inactivity_s=300, pdu_read_s=10
)


def idle(**running: object) -> Timers:
    """A session whose last PDU passed at 1000."""
    values = {"policy": POLICY, "received_at": 1000.0, "active_at": 1000.0} | running
    return Timers(**values)


def test_the_defaults_are_jasmins() -> None:
    assert TimerPolicy() == TimerPolicy(
        session_init_s=30, enquire_link_s=30, response_s=120, inactivity_s=300, pdu_read_s=10
    )


@pytest.mark.parametrize(
    ("running", "deadline", "timer"),
    [
        ({}, 1300, Timer.INACTIVITY),
        ({"init_since": 1000}, 1030, Timer.SESSION_INIT),
        ({"is_bound": True}, 1020, Timer.ENQUIRE_LINK),
        ({"is_bound": True, "enquired_at": 1020}, 1080, Timer.LINK_ANSWER),
        ({"awaiting_since": 1001}, 1061, Timer.RESPONSE),
        ({"partial_since": 1002}, 1012, Timer.PDU_READ),
    ],
    ids=lambda value: value.value if isinstance(value, Timer) else "",
)
def test_each_timer_runs_out_at_its_time_and_not_before(
    running: dict[str, object], deadline: float, timer: Timer
) -> None:
    timers = idle(**running)
    assert timers.next_deadline() == deadline
    assert timers.expired(deadline - 0.001) is None
    assert timers.expired(deadline) is timer


# covers: SMPPC-08
def test_the_peer_is_asked_only_when_it_has_been_silent() -> None:
    timers = idle(is_bound=True)
    timers.received_at = 1019.0
    assert timers.expired(1020) is None
    assert timers.expired(1039) is Timer.ENQUIRE_LINK


# covers: W-CLI-02
def test_what_we_send_ourselves_says_nothing_about_the_peer() -> None:
    timers = idle(is_bound=True, active_at=1019.0)
    assert timers.expired(1020) is Timer.ENQUIRE_LINK


def test_the_peer_is_not_asked_again_before_it_has_answered() -> None:
    timers = idle(is_bound=True, enquired_at=1020.0)
    assert timers.expired(1079) is None


def test_a_pdu_either_way_is_activity() -> None:
    timers = idle(active_at=1200.0)
    assert timers.next_deadline() == 1500


def test_the_timer_that_ran_out_first_comes_first() -> None:
    timers = idle(is_bound=True, partial_since=1005.0, awaiting_since=1001.0)
    assert timers.expired(2000) is Timer.PDU_READ
    timers.partial_since = None
    assert timers.expired(2000) is Timer.ENQUIRE_LINK


@pytest.mark.parametrize(
    "off",
    [
        TimerPolicy(session_init_s=0),
        TimerPolicy(enquire_link_s=0),
        TimerPolicy(response_s=0),
        TimerPolicy(inactivity_s=0),
        TimerPolicy(pdu_read_s=0),
    ],
    ids=["session init", "enquire_link", "response", "inactivity", "PDU read"],
)
def test_zero_turns_a_timer_off(off: TimerPolicy) -> None:
    running = {"init_since": 0.0, "awaiting_since": 0.0, "partial_since": 0.0, "is_bound": True}
    everything = idle(**running)._deadlines()
    left = idle(**running | {"policy": off})._deadlines()
    assert left.count(float("inf")) == everything.count(float("inf")) + 1


def test_with_everything_off_there_is_no_deadline() -> None:
    off = TimerPolicy(
        session_init_s=0, enquire_link_s=0, response_s=0, inactivity_s=0, pdu_read_s=0
    )
    timers = idle(policy=off, is_bound=True, init_since=0.0)
    assert timers.next_deadline() is None
    assert timers.expired(1e9) is None


def test_a_new_policy_holds_at_once() -> None:
    timers = idle(is_bound=True)
    timers.policy = TimerPolicy(enquire_link_s=5)
    assert timers.expired(1005) is Timer.ENQUIRE_LINK


def test_nothing_runs_out_while_nobody_reads() -> None:
    timers = idle(is_bound=True, awaiting_since=1000.0, partial_since=1000.0)
    timers.pause()
    assert timers.next_deadline() is None
    assert timers.expired(5000) is None


def test_leaving_takes_no_longer_because_nobody_reads() -> None:
    timers = idle(init_since=1000.0)
    timers.pause()
    assert timers.next_deadline() == 1030
    assert timers.expired(1030) is Timer.SESSION_INIT


def test_the_peer_gets_its_full_time_once_somebody_reads_again() -> None:
    timers = idle(is_bound=True, awaiting_since=1000.0, partial_since=1000.0)
    timers.pause()
    timers.resume(5000)
    assert timers.next_deadline() == 5010
    assert timers.expired(5010) is Timer.PDU_READ

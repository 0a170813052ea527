"""Keys of a connector on the wire."""

import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from jasmin_compat.gateway.connectors import KEYS, SmppConnector, connector_from
from jasmin_compat.gateway.messages import NO_OVERRIDES
from jasmin_compat.gateway.routes import overlay
from jasmin_compat.gateway.submission import Submit, before_submit
from jasmin_compat.smpp.pdus import Bind, SubmitSm
from jasmin_compat.smpp.timers import TimerPolicy
from jasmin_compat.smpp_io.dialing import BIND_COMMANDS, bind_body, session_policy, tls_context
from tests.builders import connector
from tests.flows.submitting import queued

CERTIFICATE = str(Path(__file__).parent / "smsc.pem")


def test_the_bind_carries_the_keys() -> None:
    keys = connector(username="u", password="p", system_type="s", addr_ton=1, addr_npi=6)
    assert bind_body(keys) == Bind(
        system_id=b"u", password=b"p", system_type=b"s", addr_ton=1, addr_npi=6
    )


def test_jasmins_defaults_are_the_sessions() -> None:
    policy = session_policy(connector())
    assert (policy.window, policy.max_open_requests, policy.max_pdu_octets) == (10, 100, 131_072)
    assert policy.timers == TimerPolicy(
        session_init_s=30, enquire_link_s=30, response_s=120, inactivity_s=300, pdu_read_s=10
    )


def test_each_timer_has_its_key() -> None:
    keys = connector(
        bind_timeout_s=1,
        enquire_link_s=2,
        response_timeout_s=3,
        inactivity_timeout_s=4,
        pdu_read_timeout_s=5,
        window=6,
        inbound_open=7,
        max_pdu_octets=8000,
    )
    policy = session_policy(keys)
    assert policy.timers == TimerPolicy(
        session_init_s=1, enquire_link_s=2, response_s=3, inactivity_s=4, pdu_read_s=5
    )
    assert (policy.window, policy.max_open_requests, policy.max_pdu_octets) == (6, 7, 8000)


# covers: W-CLI-01
@pytest.mark.parametrize(
    ("keys", "mode", "checks_name"),
    [
        ({"ssl": True}, ssl.CERT_NONE, False),
        ({"ssl": True, "ssl_verify": True}, ssl.CERT_REQUIRED, True),
        ({"ssl": True, "ssl_verify": True, "ssl_ca": CERTIFICATE}, ssl.CERT_REQUIRED, True),
    ],
)
def test_tls_verifies_what_it_is_told_to(
    keys: dict[str, object], mode: ssl.VerifyMode, checks_name: bool
) -> None:
    context = tls_context(connector(**keys))
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (mode, checks_name)


def test_plain_tcp_has_no_context() -> None:
    assert tls_context(connector()) is None


def test_an_authority_that_cannot_be_read_is_an_oserror() -> None:
    with pytest.raises(OSError, match="No such file"):
        tls_context(connector(ssl=True, ssl_verify=True, ssl_ca="/does/not/exist"))


# ---------------------------------------------------------------- every key of the contract

BOUND = SubmitSm(source_addr=b"1", destination_addr=b"2")
NOW = datetime(2026, 11, 24)


def overlaid(keys: SmppConnector) -> SubmitSm:
    return overlay(BOUND, keys, NO_OVERRIDES, now=NOW)


def timers(keys: SmppConnector) -> TimerPolicy:
    return session_policy(keys).timers


def sent_source(keys: SmppConnector) -> bytes:
    before = before_submit(queued(source_addr_is_null=True), keys, sent=(), now=0)
    assert isinstance(before, Submit)
    return before.parts[0].source_addr


ACTS_ON: dict[str, tuple[object, Callable[[SmppConnector], object], object]] = {
    "username": ("u", lambda keys: bind_body(keys).system_id, b"u"),
    "password": ("p", lambda keys: bind_body(keys).password, b"p"),
    "systype": ("s", lambda keys: bind_body(keys).system_type, b"s"),
    "bind_ton": ("1", lambda keys: bind_body(keys).addr_ton, 1),
    "bind_npi": ("6", lambda keys: bind_body(keys).addr_npi, 6),
    "addr_range": ("^1", lambda keys: bind_body(keys).address_range, b"^1"),
    "bind": ("receiver", lambda keys: BIND_COMMANDS[keys.bind_operation], 1),
    "bind_to": ("7", lambda keys: timers(keys).session_init_s, 7),
    "elink_interval": ("7", lambda keys: timers(keys).enquire_link_s, 7),
    "res_to": ("7", lambda keys: timers(keys).response_s, 7),
    "pdu_red_to": ("7", lambda keys: timers(keys).pdu_read_s, 7),
    "trx_to": ("7", lambda keys: timers(keys).inactivity_s, 7),
    "window": ("3", lambda keys: session_policy(keys).window, 3),
    "max_pdu_octets": ("2048", lambda keys: session_policy(keys).max_pdu_octets, 2048),
    "inbound_open": ("3", lambda keys: session_policy(keys).max_open_requests, 3),
    "ssl": ("yes", lambda keys: tls_context(keys) is not None, True),
    "src_ton": ("5", lambda keys: overlaid(keys).source_addr_ton, 5),
    "src_npi": ("0", lambda keys: overlaid(keys).source_addr_npi, 0),
    "dst_ton": ("2", lambda keys: overlaid(keys).dest_addr_ton, 2),
    "dst_npi": ("8", lambda keys: overlaid(keys).dest_addr_npi, 8),
    "proto_id": ("65", lambda keys: overlaid(keys).protocol_id, 65),
    "ripf": ("1", lambda keys: overlaid(keys).replace_if_present_flag, 1),
    "def_msg_id": ("9", lambda keys: overlaid(keys).sm_default_msg_id, 9),
    "service_type": ("WAP", lambda keys: overlaid(keys).service_type, b"WAP"),
    "src_addr": ("336", sent_source, b"336"),
}
"""A value as the console has it, what it acts on, and what comes of it."""

ACTS_IN = {
    "host": "smpp_io/test_client.py::test_a_connector_binds_with_its_keys",
    "port": "smpp_io/test_client.py::test_a_connector_binds_with_its_keys",
    "con_loss_retry": "smpp_io/test_client.py::test_reconnecting_after_a_loss_can_be_turned_off",
    "con_loss_delay": (
        "smpp_io/test_client.py::test_a_lost_connection_is_made_again_not_before_its_delay"
    ),
    "con_fail_retry": "smpp_io/test_client.py::test_reconnecting_after_a_failure_can_be_turned_off",
    "con_fail_delay": "smpp_io/test_client.py::test_a_refused_connection_is_tried_again",
    "requeue_delay": (
        "flows/test_submit.py::test_a_message_without_an_answer_is_sent_again_after_the_requeue_delay"
    ),
    "submit_throughput": (
        "flows/test_submit.py::test_messages_go_at_the_connectors_rate_and_segments_count_as_one"
    ),
    "dlr_expiry": "flows/test_mt.py::test_a_request_for_reports_is_written_before_the_message",
    "dlr_msgid": "flows/test_mo.py::test_a_receipts_id_is_coded_as_the_connector_says",
    "ssl_ca": "smpp_io/test_client.py::test_tls",
    "ssl_verify": "smpp_io/test_client.py::test_tls",
    "cid": "flows/test_mt.py::test_a_message_is_queued_for_its_connector",
}
"""Keys that act over time, or between several parts, and the test that shows it."""

OF_THE_LOG = {"logrotate", "logfile", "loglevel"}
NOT_APPLIED = {"priority", "validity", "coding", "logprivacy"}
"""Kept and shown, without effect, as in Jasmin (contract/smpp-client.md §2)."""
NOT_YET = {"custom_tlvs"}
"""Rules of 0.12 for custom TLVs."""


def test_each_key_acts_or_is_named_here_as_one_that_does_not() -> None:
    named = [*ACTS_ON, *ACTS_IN, *OF_THE_LOG, *NOT_APPLIED, *NOT_YET]
    assert sorted(named) == sorted(key.name for key in KEYS)


# covers: SMPPC-02
@pytest.mark.parametrize("name", ACTS_ON)
def test_a_key_acts_on_the_wire(name: str) -> None:
    value, seen, expected = ACTS_ON[name]
    assert seen(connector_from({"cid": "smsc1", name: value})) == expected
    assert seen(connector_from({"cid": "smsc1"})) != expected


@pytest.mark.parametrize("name", ACTS_IN)
def test_a_key_that_acts_over_time_has_its_test(name: str) -> None:
    path, _, test = ACTS_IN[name].partition("::")
    source = (Path(__file__).parent.parent / path).read_text()
    assert f"def {test}(" in source


@pytest.mark.parametrize("name", sorted(NOT_APPLIED))
def test_a_key_that_jasmin_does_not_apply_changes_nothing(name: str) -> None:
    value = {"priority": 3, "validity": "000001000000000R", "coding": 8, "logprivacy": "yes"}[name]
    keys, plain = connector_from({"cid": "smsc1", name: value}), connector_from({"cid": "smsc1"})
    assert keys != plain
    assert (overlaid(keys), session_policy(keys), bind_body(keys)) == (
        overlaid(plain),
        session_policy(plain),
        bind_body(plain),
    )

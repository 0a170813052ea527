"""Keys of a connector on the wire."""

import ssl
from pathlib import Path

import pytest

from jasmin_compat.smpp.pdus import Bind
from jasmin_compat.smpp.timers import TimerPolicy
from jasmin_compat.smpp_io.dialing import bind_body, session_policy, tls_context
from tests.builders import connector

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

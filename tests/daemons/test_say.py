"""A daemon's lines have Jasmin's words (contract/config.md §8)."""

import logging

import pytest

from jasmin_compat.daemons.say import Say


def test_start_and_stop_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    say = Say("Jasmin Daemon")
    say.starting()
    say.started("AMQP Broker")
    say.signalled()
    say.stopping()
    say.stopped("HTTPApi")
    say.disconnected("AMQP Broker")
    say.started("Interceptor client")
    say.told("something")
    say.warning("careful")
    say.error("bad")
    assert caplog.messages == [
        "Starting Jasmin Daemon ...",
        "  AMQP Broker Started.",
        "Received signal to stop Jasmin Daemon",
        "Stopping Jasmin Daemon ...",
        "  HTTPApi stopped.",
        "  AMQP Broker disconnected.",
        "  Interceptor client Started.",
        "  something",
        "  careful",
        "bad",
    ]

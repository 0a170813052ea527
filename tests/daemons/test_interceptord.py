"""interceptord, as a unit file starts it."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_scripts_run_and_stays_until_the_stop(stop: signal.Signals) -> None:
    code = "from jasmin_compat.__main__ import interceptord; raise SystemExit(interceptord())"
    with subprocess.Popen(
        [sys.executable, "-c", code, "-c", "/etc/jasmin/interceptor.cfg"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Scripts run in jasmind")
        assert process.poll() is None
        process.send_signal(stop)
        assert process.wait(10) == 0

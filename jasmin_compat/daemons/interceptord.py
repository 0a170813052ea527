"""interceptord: stays, and does nothing, for its unit file; scripts run in jasmind's workers."""

import argparse
import signal

from jasmin_compat.daemons.jasmin_options import add_options

_STOPS = (signal.SIGTERM, signal.SIGINT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, "interceptord")


def run(_args: argparse.Namespace) -> int:
    """Until it is told to stop: a service that ended would be started again and again."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    print(
        "Scripts run in jasmind (--enable-interceptor-client), not here: nothing listens, and this"
        " service can be switched off. See docs/scripts.md.",
        flush=True,
    )
    signal.sigwait(_STOPS)
    return 0

"""`jasmin-compat demo`: a gateway, an SMSC and a callback receiver in one process, at work.

Real ports, real HTTP and SMPP; only broker and store are in memory. Two SMS go out, a short one
and one of three parts, and everything that happens is shown with its time.
"""

import argparse
import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

from jasmin_compat.daemons.demo_show import CallbackReceiver, Show, tell_and_wait
from jasmin_compat.daemons.frame import EXIT_SETTINGS, DaemonKind, Frame, read_or_tell, run_daemon
from jasmin_compat.daemons.further_checks import site_of
from jasmin_compat.daemons.serve import embedded
from jasmin_compat.gateway.site import Site
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import Ids, Receipts, SmscPlan
from jasmin_compat.smpp_io.trace import TracedLink

DEMO = DaemonKind(name="jasmind", title="demo", config="demo.cfg")
FILES = Path(__file__).parent / "demo_files"
WITHIN_S = 30.0
"""For every callback to come with --once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--once",
        action="store_true",
        help="end when every callback came: exit status 0, or 1 if one did not",
    )


def run(args: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="jasmin-compat-demo-"))
    try:
        return _run_in(folder, once=args.once)
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_in(folder: Path, *, once: bool) -> int:
    files = argparse.Namespace(
        config=str(folder / "demo.cfg"),
        settings=str(FILES / "settings.yaml"),
        site=str(FILES / "site.yaml"),
    )
    read = read_or_tell(DEMO, files, _environment(folder))
    if read is None:
        return EXIT_SETTINGS
    site = site_of(read)
    assert site is not None
    demo = _Demo(site, once=once)
    status = run_daemon(DEMO, read, demo.work)
    return status or (0 if demo.all_came or not once else 1)


def _environment(folder: Path) -> Mapping[str, str]:
    """Nothing of this machine's own Jasmin counts; ports that are taken give way."""
    return {
        "CONFIG_PATH": str(folder),
        "STORE_PATH": str(folder),
        "LOG_PATH": str(folder),
        "HTTP_API_PORT": str(_port_or_free(1401)),
        "JCLI_PORT": str(_port_or_free(8990)),
        "HEALTH_JASMIND_PORT": str(_port_or_free(8981)),
    }


def _port_or_free(port: int) -> int:
    """The port, or a free one if somebody listens on it."""
    for candidate in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return port


class _Demo:
    """Everything of one demonstration."""

    def __init__(self, site: Site, *, once: bool) -> None:
        self._site = site
        self._once = once
        self.all_came = False

    async def work(self, frame: Frame) -> None:
        clock = SystemClock()
        show = Show(clock)
        receiver = CallbackReceiver(show)
        simulator = Simulator(
            SmscPlan(
                ids=Ids(style="hex", prefix="SMSC-", width=4),
                receipts=Receipts(delay_s=0.5),
                delay_s=0.02,
            ),
            random=Random(os.getpid()),
            now=clock.local_now,
            account=lambda _entry: None,
        )
        traced = partial(TracedLink, show=show.smpp, now=clock.local_now)
        async with (
            serving(simulator, make_link=traced) as smsc,
            receiver.listening(),
            asyncio.TaskGroup() as tasks,
        ):
            site = _towards(self._site, smsc.port)
            show.begin(frame, smsc_port=smsc.port, receiver_port=receiver.port)
            gateway = tasks.create_task(embedded(site)(frame), name="gateway")
            telling = tasks.create_task(self._tell(frame, show, receiver), name="demo")
            await asyncio.wait([gateway])
            telling.cancel()

    async def _tell(self, frame: Frame, show: Show, receiver: CallbackReceiver) -> None:
        http_port = frame.settings.http_api.port
        await frame.started.wait()
        self.all_came = await tell_and_wait(show, receiver, http_port=http_port, within_s=WITHIN_S)
        if self._once:
            frame.stop.set()
        else:
            show.what_next(http_port=http_port, receiver_port=receiver.port, frame=frame)


def _towards(site: Site, port: int) -> Site:
    """The site with its connectors led to the demo's own SMSC."""
    connectors = {cid: replace(each, port=port) for cid, each in site.connectors.items()}
    return replace(site, connectors=connectors)

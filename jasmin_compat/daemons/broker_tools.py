"""What the commands that look after the broker have in common: settings, queues, exit status."""

import argparse
import asyncio
import logging
import random
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path

from jasmin_compat.adapters.amqp import AmqpQueues, open_amqp_queues
from jasmin_compat.adapters.amqp_link import BrokerFailed
from jasmin_compat.adapters.amqp_policy import AmqpPolicy
from jasmin_compat.adapters.sqlite_site import read_sqlite_site
from jasmin_compat.daemons.frame import JASMIND, read_or_tell
from jasmin_compat.daemons.further_checks import site_of
from jasmin_compat.daemons.policies import amqp_policy
from jasmin_compat.ports import Binding, QueueError, SiteUnreadable
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.settings.read import SettingsRead
from jasmin_compat.wire import amqp_names

EXIT_FAILED = 1

Work = Callable[[AmqpQueues], Awaitable[int]]
"""What a command does with the broker; the result is its exit status."""


def add_queue_arguments(parser: argparse.ArgumentParser) -> None:
    """For queues that stand in no settings here."""
    parser.add_argument(
        "--cid", action="append", default=[], help="also the queue of this connector"
    )
    parser.add_argument(
        "--pid", action="append", default=[], help="also the queue of lookups with this [dlr] pid"
    )


def settings_of(args: argparse.Namespace) -> SettingsRead | None:
    """None after telling every mistake: exit with EXIT_SETTINGS."""
    return read_or_tell(JASMIND, args)


def bindings_or_tell(read: SettingsRead, args: argparse.Namespace) -> list[Binding] | None:
    """None after telling why they are not known: exit with EXIT_FAILED."""
    try:
        return known_bindings(read, args.cid, args.pid)
    except SiteUnreadable as reason:
        print(f"jasmin-compat: {reason}", file=sys.stderr)
        return None


def known_bindings(read: SettingsRead, cids: Iterable[str], pids: Iterable[str]) -> list[Binding]:
    """The queues of a site: Jasmin's, its connectors', ours, and those named besides.

    Connectors made at the console stand in the working state, the others in the site file.

    Raises:
        SiteUnreadable
    """
    sites = (site_of(read), read_sqlite_site(Path(read.settings.router.store_path)))
    connectors = [str(cid) for site in sites if site is not None for cid in site.connectors]
    bindings = [
        amqp_names.ROUTER_MO,
        amqp_names.ROUTER_BILLS,
        amqp_names.DLR_THROWER,
        amqp_names.MO_THROWER,
        amqp_names.BATCH_MESSAGES,
        amqp_names.BATCH_REPORTS,
        amqp_names.HELD_DLRS,
        *(amqp_names.lookup_binding(pid) for pid in (read.settings.dlr.pid, *pids)),
        *(amqp_names.submit_binding(cid) for cid in (*connectors, *cids)),
    ]
    return list(dict.fromkeys(bindings))


def with_broker(read: SettingsRead, name: str, work: Work) -> int:
    """Do it on a connection of its own; a broker that is away, or goes away, ends it."""
    policy = replace(
        amqp_policy(read.settings, name=f"jasmin-compat {name}"),
        connection_failure_retry=False,
        connection_loss_retry=False,
        delays=False,
    )
    logging.basicConfig(format="%(message)s", level=logging.CRITICAL)
    try:
        return asyncio.run(_opened(policy, work))
    except* (QueueError, BrokerFailed) as group:
        print(f"jasmin-compat: {_first(group)}", file=sys.stderr)
    return EXIT_FAILED


async def _opened(policy: AmqpPolicy, work: Work) -> int:
    async with open_amqp_queues(policy, clock=SystemClock(), jitter=random.random) as queues:
        await queues.wait_until_connected()
        return await work(queues)


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    """Of errors that all come from one broker."""
    error: Exception | BaseExceptionGroup[Exception] = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

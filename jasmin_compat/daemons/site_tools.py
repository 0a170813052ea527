"""What the commands that move a site have in common: settings, errors, the written site file."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from jasmin_compat.daemons.frame import (
    EXIT_SETTINGS,
    DaemonKind,
    add_cfg_arguments,
    read_or_tell,
)
from jasmin_compat.daemons.profiles import DEFAULT_PROFILE
from jasmin_compat.daemons.site import read_site
from jasmin_compat.daemons.site_export import site_yaml
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.folders import sync_folder
from jasmin_compat.runtime.lock import NotLocked
from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.read import SettingsRead

EXIT_FAILED = 1
_KIND = DaemonKind(name="site", title="jasmin-compat", config="jasmin.cfg")
"""Not jasmind: the site file is not looked at, it may be what is to be written."""


class CannotMove(Exception):
    """The text says why."""


def add_site_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        "-p",
        default=DEFAULT_PROFILE,
        help=f"what its store files are called; {DEFAULT_PROFILE} without it",
    )
    add_cfg_arguments(parser)


def move_site(
    args: argparse.Namespace, work: Callable[[SettingsRead], Coroutine[Any, Any, None]]
) -> int:
    """Do `work`; the exit status."""
    read = read_or_tell(_KIND, args)
    if read is None:
        return EXIT_SETTINGS
    try:
        asyncio.run(work(read))
    except (CannotMove, NotLocked, SiteNotSaved, SiteUnreadable) as reason:
        print(f"jasmin-compat: {reason}", file=sys.stderr)
        return EXIT_FAILED
    return 0


def tell_of_refusals(path: Path, read: SettingsRead) -> None:
    """Say what a gateway refuses of a written site file, a line each, on standard error.

    A site may hold what a site file, which is checked for slips, does not take: a route to a
    connector that was removed, or what a Jasmin's store has and its console would not.
    """
    try:
        read_site(path, read.settings.smpp_client)
    except SettingsMistakes as wrong:
        print("A gateway refuses this site file until it is changed here:", file=sys.stderr)
        for mistake in wrong.mistakes:
            line = mistake.where.rpartition(":")[2]
            print(f"line {line}: {mistake.text}", file=sys.stderr)


def write_site_file(path: Path, site: Site) -> None:
    """Whole or not at all, and for its owner only: it has passwords. Raises: CannotMove."""
    try:
        fd, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with open(fd, "w", encoding="utf-8") as file:
                file.write(site_yaml(site))
                file.flush()
                os.fsync(fd)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
        sync_folder(path.parent)
    except OSError as reason:
        raise CannotMove(f"{path}: {reason.strerror}") from reason

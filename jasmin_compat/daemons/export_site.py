"""`jasmin-compat export`: the working state as a site file, or as a store for Jasmin."""

import argparse
import sys
import tempfile
from pathlib import Path

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.adapters.sqlite_site import read_sqlite_site
from jasmin_compat.daemons.profiles import open_profiles
from jasmin_compat.daemons.site_counts import site_counts
from jasmin_compat.daemons.site_tools import (
    CannotMove,
    add_site_arguments,
    move_site,
    tell_of_refusals,
    write_site_file,
)
from jasmin_compat.gateway.site import Site
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.settings.read import SettingsRead


def add_arguments(parser: argparse.ArgumentParser) -> None:
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="write the site file there (one that is there is replaced) instead of to the terminal",
    )
    target.add_argument(
        "--jasmin-store",
        type=Path,
        metavar="DIR",
        help="write a profile that Jasmin loads (one that is there is replaced)",
    )
    add_site_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Beside a running gateway, too. Exit status 1 when there is no site, or no way to write."""

    async def work(read: SettingsRead) -> None:
        folder = Path(read.settings.router.store_path)
        site = read_sqlite_site(folder)
        if site is None:
            raise CannotMove(f"{folder / FILE}: there is no working state")
        if args.jasmin_store is not None:
            profiles = open_profiles(read, clock=SystemClock(), folder=args.jasmin_store)
            await profiles.write(args.profile, site)
            print(f"Written to {args.jasmin_store / args.profile}.*: {site_counts(site)}")
            _tell_what_jasmin_changes(site)
        elif args.to is not None:
            write_site_file(args.to, site)
            print(f"Written to {args.to}: {site_counts(site)}")
            tell_of_refusals(args.to, read)
        else:
            _show(site, read)

    return move_site(args, work)


def _show(site: Site, read: SettingsRead) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        write_site_file(path, site)
        sys.stdout.write(path.read_text(encoding="utf-8"))
        tell_of_refusals(path, read)


def _tell_what_jasmin_changes(site: Site) -> None:
    """W-CFG-01."""
    off = [f"group {group.gid}" for group in site.groups.values() if not group.enabled]
    off += [f"user {user.uid}" for user in site.users.values() if not user.enabled]
    if off:
        print(f"Jasmin enables at each start what is disabled here: {', '.join(off)}")

"""`jasmin-compat import`: what a Jasmin has in its store, into the working state or a site file."""

import argparse
from pathlib import Path

from jasmin_compat.adapters.sqlite_file import FILE
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.daemons.frame import lock_file
from jasmin_compat.daemons.profiles import open_profiles
from jasmin_compat.daemons.site_counts import site_counts
from jasmin_compat.daemons.site_tools import (
    CannotMove,
    add_site_arguments,
    move_site,
    tell_of_refusals,
    write_site_file,
)
from jasmin_compat.gateway.site import Site, edit_to
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.lock import NotLocked, only_one
from jasmin_compat.settings.read import SettingsRead


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="Jasmin's store; without it the folders that its settings name",
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="write a site file (one that is there is replaced) and leave the working state alone",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put it in the place of a working state that is not empty",
    )
    add_site_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit status 1 when there is nothing to read or no way to write."""

    async def work(read: SettingsRead) -> None:
        profiles = open_profiles(read, clock=SystemClock(), folder=args.store)
        found = await profiles.read(args.profile)
        if found is None:
            where = args.store or read.settings.router.store_path
            raise CannotMove(f"{where}: there is no profile {args.profile}")
        if args.to is None:
            written = await _put_in_place(read, found.site, replace=args.replace)
        else:
            written = args.to
            write_site_file(written, found.site)
            tell_of_refusals(written, read)
        print(f"Imported {args.profile}: {site_counts(found.site)}")
        for text in found.not_carried_over:
            print(f"Not carried over: {text}")
        print(f"Written to {written}")

    return move_site(args, work)


async def _put_in_place(read: SettingsRead, site: Site, *, replace: bool) -> Path:
    """Where that is. Raises: CannotMove, SiteNotSaved, SiteUnreadable."""
    folder = Path(read.settings.router.store_path)
    try:
        with only_one(lock_file(read, "jasmind"), wait_s=0):
            await _write(folder, site, replace=replace)
    except NotLocked as reason:
        raise CannotMove(f"a gateway runs, stop it first: {reason}") from reason
    return folder / FILE


async def _write(folder: Path, site: Site, *, replace: bool) -> None:
    async with open_sqlite_site(folder) as store:
        there = await store.read() or Site()
        if there != Site() and not replace:
            raise CannotMove(
                f"{folder / FILE}: there is a site already ({site_counts(there)}); "
                "--replace puts this one in its place"
            )
        await store.write(edit_to(site))

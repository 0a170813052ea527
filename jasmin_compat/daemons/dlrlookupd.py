"""dlrlookupd: looks delivery reports up, in a process of its own."""

import argparse

from jasmin_compat.daemons.dlr_parts import lookup_part
from jasmin_compat.daemons.frame import DLRLOOKUPD, EXIT_SETTINGS, Frame, read_or_tell, run_daemon
from jasmin_compat.daemons.jasmin_options import add_options
from jasmin_compat.daemons.outside import open_queues, open_store
from jasmin_compat.daemons.parts import run_parts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, "dlrlookupd")


def run(args: argparse.Namespace) -> int:
    read = read_or_tell(DLRLOOKUPD, args)
    if read is None:
        return EXIT_SETTINGS
    return run_daemon(DLRLOOKUPD, read, work, identity=args.id)


async def work(frame: Frame) -> None:
    async with (
        open_store(frame) as store,
        open_queues(frame, name="dlrlookupd") as queues,
    ):
        await run_parts(frame, [lookup_part(frame, queues=queues, store=store)])

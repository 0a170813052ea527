"""dlrd: makes the callbacks of delivery reports, in a process of its own."""

import argparse

from jasmin_compat.daemons.dlr_parts import thrower_part
from jasmin_compat.daemons.frame import DLRD, EXIT_SETTINGS, Frame, read_or_tell, run_daemon
from jasmin_compat.daemons.jasmin_options import add_options
from jasmin_compat.daemons.outside import open_calls, open_queues
from jasmin_compat.daemons.parts import run_parts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, "dlrd")


def run(args: argparse.Namespace) -> int:
    read = read_or_tell(DLRD, args)
    if read is None:
        return EXIT_SETTINGS
    return run_daemon(DLRD, read, work, identity=args.id)


async def work(frame: Frame) -> None:
    async with open_queues(frame, name="dlrd") as queues, open_calls(frame) as calls:
        await run_parts(frame, [thrower_part(frame, queues=queues, calls=calls)])

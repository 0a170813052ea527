"""`jasmin-compat serve`: the whole gateway in one process."""

import argparse

from jasmin_compat.adapters.memory_profiles import MemoryProfiles
from jasmin_compat.daemons.frame import (
    EXIT_SETTINGS,
    SERVE,
    Frame,
    Work,
    add_settings_arguments,
    read_or_tell,
    run_daemon,
)
from jasmin_compat.daemons.jasmind import Outside, Roles, run_gateway, work
from jasmin_compat.daemons.outside import open_embedded
from jasmin_compat.daemons.site_state import memory_state
from jasmin_compat.gateway.site import Site

EVERYTHING = Roles(lookup=True, thrower=True, interceptors=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings_arguments(parser)
    parser.add_argument(
        "--embedded",
        action="store_true",
        help="broker, store and working state in memory: accepted messages die with the process",
    )


def run(args: argparse.Namespace) -> int:
    read = read_or_tell(SERVE, args)
    if read is None:
        return EXIT_SETTINGS
    return run_daemon(SERVE, read, embedded() if args.embedded else work(EVERYTHING, []))


def embedded(site: Site | None = None) -> Work:
    """In memory; `site` instead of the file's."""

    async def in_memory(frame: Frame) -> None:
        async with open_embedded(frame) as (queues, store):
            state = memory_state(frame, site)
            await run_gateway(frame, EVERYTHING, Outside(state, queues, store, MemoryProfiles()))

    return in_memory

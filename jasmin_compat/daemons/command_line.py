"""`jasmin-compat COMMAND`, and the scripts with Jasmin's names."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from jasmin_compat.daemons import jasmin_options
from jasmin_compat.daemons.jasmin_options import VERSION, UsageMistake


class Command(Protocol):
    """A module of daemons/ that is a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, args: argparse.Namespace) -> int:
        """Do it; the result is the exit status."""
        ...


COMMANDS = {
    "serve": ("serve", "run the whole gateway in one process"),
    "demo": ("demo", "show a gateway at work, with nothing else installed"),
    "smsc": ("smsc", "simulate an SMSC"),
    "jasmind": ("jasmind", "run the HTTP API and the connectors, as Jasmin's jasmind"),
    "dlrlookupd": ("dlrlookupd", "look delivery reports up, as Jasmin's dlrlookupd"),
    "dlrd": ("dlrd", "make callbacks of delivery reports, as Jasmin's dlrd"),
    "check-config": ("check_config", "show the effective settings and every mistake in them"),
    "import": ("import_site", "take a Jasmin's store over, or write it as a site file"),
    "export": ("export_site", "write the site as a site file, or as a store for Jasmin"),
    "dead": ("dead", "list, put back or drop dead letters"),
    "delays": ("delays", "show what waits to be tried again, or put it back at once"),
    "held": ("held", "list receipts held for SMPP senders, or put them back for Jasmin's dlrd"),
    "leftover": ("leftover", "show or delete what a removed connector left in its queue"),
    "migrate-broker": ("migrate_broker", "make the queues as durable as the settings say"),
    "write-configs": ("write_configs", "write sample settings files, every option explained"),
}
"""Commands, their modules in daemons/ and what they do, in the order of the help."""

NOT_YET = {
    "deliversmd": "MO messages stay in their queue until routing and delivery of them are built",
}
"""Daemons of Jasmin that have no counterpart yet, and what that means."""


def main(arguments: Sequence[str] | None = None) -> int:
    """`jasmin-compat`: 0 fine, 1 failed, 2 wrong command line or settings."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(_overview())
        return 0 if arguments else 2
    name, *rest = arguments
    if name == "--version":
        print(VERSION)
        return 0
    if name not in COMMANDS:
        print(
            f"jasmin-compat: no command {name}; `jasmin-compat --help` lists them", file=sys.stderr
        )
        return 2
    module, text = COMMANDS[name]
    command = _command(module)
    parser = argparse.ArgumentParser(f"jasmin-compat {name}", description=text.capitalize() + ".")
    command.add_arguments(parser)
    try:
        return command.run(parser.parse_args(rest))
    except BrokenPipeError:  # `jasmin-compat … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is buffered goes nowhere
        return 1


def _command(module: str) -> Command:
    return cast("Command", importlib.import_module(f"jasmin_compat.daemons.{module}"))


def _overview() -> str:
    lines = ["usage: jasmin-compat COMMAND [OPTION…]", "", "commands:"]
    lines += [f"  {name:<16}{text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join([*lines, "", "`jasmin-compat COMMAND --help` tells more."])


def jasmin_main(daemon: str, arguments: Sequence[str] | None = None) -> int:
    """A script with Jasmin's name. As Jasmin's, it ends with 0 after a wrong command line."""
    program = sys.argv[0]
    if daemon in NOT_YET:
        print(f"{program}: not there yet: {NOT_YET[daemon]}", file=sys.stderr)
        return 1
    try:
        options = jasmin_options.parse(daemon, sys.argv[1:] if arguments is None else arguments)
    except UsageMistake as mistake:
        print(f"{program}: {mistake}")
        print(f"{program}: Try --help for usage details.")
        return 0
    if options.help or options.version:
        print(jasmin_options.help_text(program, daemon) if options.help else VERSION)
        return 0
    return _command(daemon).run(options)

"""Command lines of Jasmin's daemons: its options, its words for mistakes (contract/config.md §8).

Jasmin parses with getopt (twisted.python.usage), so do we: the texts are getopt's.
"""

import argparse
import getopt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import jasmin_compat


class UsageMistake(Exception):
    """A command line that cannot be read; the exit status is 0, as Jasmin's."""


@dataclass(frozen=True, slots=True)
class JasminOption:
    """A row of a daemon's options."""

    long: str
    text: str
    short: str | None = None
    is_flag: bool = True
    default: str | None = None
    pattern: str | None = None
    """Of the values it may have, whole; None for any."""

    @property
    def dest(self) -> str:
        return self.long.replace("-", "_")

    def read(self, text: str) -> str:
        """Its value. Raises: ArgumentTypeError."""
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise argparse.ArgumentTypeError(f"{text!r} is no name of letters, digits and . _ -")
        return text


def _value(long: str, short: str | None, text: str) -> JasminOption:
    return JasminOption(long, text, short, is_flag=False)


def _config(file: str) -> JasminOption:
    return _value("config", "c", f"Settings file; without it CONFIG_PATH/{file}")


_ID = JasminOption(
    "id",
    "Name of this process among those of its kind",
    "i",
    is_flag=False,
    default="master",
    pattern=r"[A-Za-z0-9._-]+",  # it is part of file names
)
_OURS = (
    _value("settings", None, "YAML file of further settings (not Jasmin's)"),
    _value("site", None, "YAML file of users, connectors and routes (not Jasmin's)"),
)

OPTIONS: dict[str, tuple[JasminOption, ...]] = {
    "jasmind": (
        _config("jasmin.cfg"),
        _value("username", "u", "Console user whose profile is loaded at start"),
        _value("password", "p", "Password of that user"),
        JasminOption("disable-smpp-server", "Do not start the SMPP server"),
        JasminOption("enable-dlr-thrower", "Make callbacks of receipts here instead of in dlrd"),
        JasminOption("enable-dlr-lookup", "Look receipts up here instead of in dlrlookupd"),
        JasminOption("enable-deliver-thrower", "Pass MO messages on here instead of in deliversmd"),
        JasminOption("disable-deliver-thrower", "As is the default; for unit files of Jasmin 0.11"),
        JasminOption("disable-http-api", "Do not start the HTTP API"),
        JasminOption("disable-jcli", "Do not start the console"),
        JasminOption("enable-interceptor-client", "Run the scripts of interceptors"),
        *_OURS,
    ),
    "dlrlookupd": (_config("dlrlookupd.cfg"), _ID, _OURS[0]),
    "dlrd": (_config("dlr.cfg"), _ID, _OURS[0]),
    "interceptord": (_config("interceptor.cfg"),),
}


def add_options(parser: argparse.ArgumentParser, daemon: str) -> None:
    """The same options for `jasmin-compat DAEMON`."""
    for option in OPTIONS[daemon]:
        names = [f"--{option.long}", *([f"-{option.short}"] if option.short else [])]
        if option.is_flag:
            parser.add_argument(*names, action="store_true", help=option.text)
        else:
            parser.add_argument(*names, type=option.read, default=option.default, help=option.text)


def parse(daemon: str, arguments: Sequence[str]) -> argparse.Namespace:
    """What `daemon` was called with; `help` and `version` are true when they were asked for.

    Raises:
        UsageMistake: with Jasmin's text.
    """
    options = OPTIONS[daemon]
    short = "".join(f"{o.short}:" for o in options if o.short)
    long = [o.long if o.is_flag else f"{o.long}=" for o in options]
    try:
        found, rest = getopt.getopt(list(arguments), short, [*long, "help", "version"])
    except getopt.GetoptError as reason:
        raise UsageMistake(str(reason)) from reason
    if rest:
        raise UsageMistake("Wrong number of arguments.")
    values: dict[str, str | bool | None] = {
        **{o.dest: (False if o.is_flag else o.default) for o in options},
        "help": False,
        "version": False,
    }
    by_name = {f"--{o.long}": o for o in options} | {f"-{o.short}": o for o in options if o.short}
    for name, text in found:
        if name in by_name:
            option = by_name[name]
            values[option.dest] = True if option.is_flag else _read(option, text)
        else:
            values[name.removeprefix("--")] = True
    return argparse.Namespace(**values)


def _read(option: JasminOption, text: str) -> str:
    """Raises: UsageMistake."""
    try:
        return option.read(text)
    except argparse.ArgumentTypeError as wrong:
        raise UsageMistake(f"option --{option.long}: {wrong}") from wrong


def help_text(program: str, daemon: str) -> str:
    """What --help prints."""
    lines = [f"Usage: {program} [options]", "Options:"]
    for option in OPTIONS[daemon]:
        short = f"-{option.short}, " if option.short else "    "
        name = f"--{option.long}" + ("" if option.is_flag else "=")
        default = f" [default: {option.default}]" if option.default else ""
        lines.append(f"  {short}{name:<28}{option.text}{default}")
    lines.append(f"      {'--version':<28}Show the version and exit")
    lines.append(f"      {'--help':<28}Show this and exit")
    return "\n".join(lines)


VERSION = f"jasmin-compat {jasmin_compat.__version__}"

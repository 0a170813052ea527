"""Options of a command: read by optparse, whose texts clients see (`cli/options.py`)."""

import optparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from typing_extensions import override

WIDTH_CHARS: Final = 78
"""optparse would take it from the environment of the daemon."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One option."""

    names: tuple[str, ...]
    help: str
    metavar: str = ""
    """Of its argument; empty: it takes none."""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for."""

    index: int
    """Of the flag, in the command's order: the first that was given counts, as in Jasmin."""
    value: str
    """Its argument; of a flag that takes none, the words that belong to no option."""


class Misused(Exception):
    """The line is none of the command's; the text is optparse's."""


class _Parser(optparse.OptionParser):
    @override
    def error(self, msg: str) -> NoReturn:
        raise Misused(msg)


class Options:
    """The options of one command, and its help."""

    def __init__(self, command: str, flags: Sequence[Flag]) -> None:
        self._flags = flags
        self._parser = _Parser(
            usage=f"{command} [options] ",
            add_help_option=False,
            formatter=optparse.IndentedHelpFormatter(width=WIDTH_CHARS),
        )
        for index, flag in enumerate(flags):
            self._parser.add_option(
                *flag.names,
                dest=f"flag{index}",
                action="store" if flag.metavar else "store_true",
                metavar=flag.metavar or None,
                default=flag.default,
                help=flag.help,
            )
        self.help: Final = self._parser.format_help()

    def read(self, text: str) -> Given | None:
        """None when no flag was given, or only ones with an empty argument.

        Raises:
            Misused
        """
        values, words = self._parser.parse_args(text.split())
        for index, flag in enumerate(self._flags):
            given = getattr(values, f"flag{index}")
            if given:
                return Given(index, given if flag.metavar else " ".join(words))
        return None

"""Reads QUIRKS.md: the only places where the two targets may differ."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("QUIRKS.md")
LINE = re.compile(r"^- \*\*(Q\d+)\*\* (.+?) · (.+) · (kept|mended): (.+) · `([^`]+)`$")


@dataclass(frozen=True, slots=True)
class Quirk:
    """One line of the file."""

    number: str
    where: str
    """Of Jasmin's source, or of the contract."""
    what: str
    verdict: str
    """`kept` or `mended`."""
    why: str
    test: str


class BadLine(Exception):
    """A line of QUIRKS.md is not of the form its head explains, or its number is taken."""


@functools.cache
def read() -> dict[str, Quirk]:
    """All of them by number.

    Raises:
        BadLine: the first bad one.
    """
    quirks: dict[str, Quirk] = {}
    for line in FILE.read_text().splitlines():
        if line.startswith("- **Q"):
            match = LINE.match(line)
            if match is None or match[1] in quirks:
                raise BadLine(line)
            quirks[match[1]] = Quirk(*match.groups())
    return quirks


def is_mended(number: str, target: str) -> bool:
    """The gateway under test goes another way than Jasmin here."""
    return target != "jasmin" and read()[number].verdict == "mended"

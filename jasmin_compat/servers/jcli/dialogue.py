"""What is between the wire of the console and its commands: a line in, text out, words for TAB."""

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

NAME_CHARS = string.ascii_letters + string.digits + "_"
"""What a command or a key is made of (`cli/protocol.py: identchars`)."""

Say = Callable[[str], None]
"""Writes text to the terminal at once, ahead of the answer in the making."""


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to one line, exactly as it is written: prompts in it and at its end included.

    Lines end with a line feed. Text after the last prompt is text like any other, as in Jasmin's
    `no such option: -x`, prompt, option help, prompt.
    """

    text: str
    closes: bool = False
    """The session is over, once `text` is written."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One session, as a dialogue sees it."""

    number: int
    """Jasmin's session reference, from 1 up."""
    peer: str
    """`host:port`."""
    say: Say
    """For a command that tells how it gets on, or what happens after its answer."""


class Dialogue(Protocol):
    """One session's commands. Lines come one at a time: never two `take` at once."""

    @property
    def prompt(self) -> str:
        """As drawn again after a TAB, or when the window changes its size."""
        ...

    @property
    def words(self) -> Sequence[str]:
        """What TAB completes the first word to. Empty: nothing."""
        ...

    async def take(self, line: str) -> Said:
        """`line` is printable ASCII, stripped, perhaps empty."""
        ...


OpenDialogue = Callable[[Visit], Dialogue]


def split_line(line: str) -> tuple[str, str]:
    """The command, which may be empty, and the rest, stripped (`cli/protocol.py: parseline`)."""
    rest = line.lstrip(NAME_CHARS)
    return line[: len(line) - len(rest)], rest.strip()

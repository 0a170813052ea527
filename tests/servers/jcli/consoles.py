"""A console without commands, and one session of it played without a socket."""

import hashlib
import itertools
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jasmin_compat.servers.jcli.dialogue import OpenDialogue, Said, Visit
from jasmin_compat.servers.jcli.editor import LineLimits
from jasmin_compat.servers.jcli.login import Admin, Door, Login, Tries, TriesPolicy
from jasmin_compat.servers.jcli.terminal import RESET, Terminal
from tests.fakes import FakeClock

ADMIN = Admin(username="jcliadmin", password_md5=hashlib.md5(b"jclipwd").digest())
LOGIN = b"jcliadmin\r\njclipwd\r\n"
WORDS = (
    *("persist", "load", "user", "group", "filter", "mointerceptor", "mtinterceptor", "morouter"),
    *("mtrouter", "smppccm", "httpccm", "stats", "quit", "help"),
)
RECORDED: dict[str, Any] = json.loads(
    Path(__file__).with_name("recorded_wire.json").read_text("ascii")
)
LINE_END = "\r\r\r\n"


@dataclass
class Unknowing:
    """Knows no command but quit, and those it is told."""

    answers: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    prompt: str = "jcli : "
    words: Sequence[str] = WORDS

    async def take(self, line: str) -> Said:
        self.lines.append(line)
        if line == "quit":
            return Said("", closes=True)
        unknown = f"Incorrect command: {line}, type help for a list of commands\n" if line else ""
        return Said(self.answers.get(line, unknown) + self.prompt)


def door(
    open_dialogue: OpenDialogue = lambda _visit: Unknowing(),
    *,
    admin: Admin | None = ADMIN,
    tries: Tries | None = None,
) -> Door:
    return Door(
        admin=admin,
        release="0.11.1",
        open_dialogue=open_dialogue,
        tries=tries or Tries(TriesPolicy(free=1_000_000), FakeClock()),
        log=logging.getLogger("jcli-test"),
    )


class Played:
    """A session: what is typed, and what the terminal is sent for it."""

    def __init__(self, door: Door, limits: LineLimits | None = None, number: int = 2) -> None:
        self.terminal = Terminal(limits or LineLimits())
        visit = Visit(number=number, peer="192.0.2.1:4242", say=self.terminal.write)
        self.login = Login(visit, door)
        self.closed = False
        self.terminal.write(self.login.greet())
        self._adjust()

    def shown(self) -> bytes:
        return self.terminal.take_output()

    async def types(self, octets: bytes) -> bytes:
        if self.closed:
            return b""
        self.terminal.receive(octets)
        while (line := self.terminal.next_line()) is not None:
            said = await self.login.take(line)
            self.terminal.write(said.text + RESET * said.closes)
            self._adjust()
            if said.closes:
                self.closed = True
                break
        return self.shown()

    def _adjust(self) -> None:
        editor = self.terminal.editor
        editor.prompt, editor.words = self.login.prompt, self.login.words
        editor.hides = self.login.hides


async def logged_in(
    open_dialogue: OpenDialogue = lambda _visit: Unknowing(), limits: LineLimits | None = None
) -> Played:
    played = Played(door(open_dialogue), limits)
    await played.types(LOGIN)
    return played


def pieces(octets: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The octets, cut at these places."""
    at = [0, *sorted({cut % (len(octets) + 1) for cut in cuts}), len(octets)]
    return [octets[a:b] for a, b in itertools.pairwise(at)]


def as_text(octets: bytes) -> str:
    return octets.decode("latin-1")

"""The main dialogue of the console: commands, help, quit (`cli/protocol.py`, `cli/jcli.py`)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.servers.jcli import sessions
from jasmin_compat.servers.jcli.dialogue import Said, Visit, split_line
from jasmin_compat.servers.jcli.options import Flag, Misused, Options
from jasmin_compat.servers.jcli.sessions import Filling, Form, refusal

PROMPT: Final = "jcli : "

Run = Callable[[Visit, str], Awaitable[str | Form]]
"""Carries out a flag, given its argument: the answer without a prompt, or a session to open.

Raises Unusable.
"""


class Command:
    """A word of the console: what it is for, and what each of its flags does."""

    def __init__(self, name: str, about: str, flags: Sequence[tuple[Flag, Run]]) -> None:
        self.name: Final = name
        self.about: Final = about
        self.options: Final = Options(name, [flag for flag, _ in flags])
        self._runs = [run for _, run in flags]

    async def run(self, visit: Visit, text: str) -> str | Form:
        """What the options in `text` ask for.

        Raises:
            Misused: by optparse.
            Unusable: by what it stands for.
        """
        given = self.options.read(text)
        if given is None:
            return "Missing required option\n"
        return await self._runs[given.index](visit, given.value)


CONTROLS: Final[Mapping[str, str]] = {
    "quit": "Disconnect from console",
    "help": 'List available commands with "help" or detailed help with "help cmd".',
}


class MainDialogue:
    """One session's Dialogue."""

    def __init__(self, commands: Sequence[Command], visit: Visit) -> None:
        self._commands = {command.name: command for command in commands}
        self._visit = visit
        self._session: Filling | None = None

    @property
    def prompt(self) -> str:
        return PROMPT if self._session is None else sessions.PROMPT

    @property
    def words(self) -> Sequence[str]:
        if self._session is not None:
            return self._session.words
        return (*self._commands, *CONTROLS)

    async def take(self, line: str) -> Said:
        if self._session is not None:
            text = await self._session.take(line)
            if self._session.is_over:
                self._session = None
            return self._said(text)
        if not line:
            return self._said("")
        name, argument = split_line(line)
        if name == "quit":
            return Said("", closes=True)
        if name == "help":
            return self._said(self._help(argument))
        if name not in self._commands:
            return self._said(f"Incorrect command: {line}, type help for a list of commands\n")
        return await self._run(self._commands[name], argument)

    async def _run(self, command: Command, argument: str) -> Said:
        try:
            done = await command.run(self._visit, argument)
        except Misused as reason:  # the prompt comes between, as clients have always seen it
            return self._said(f"{reason}\n{PROMPT}{command.options.help}\n")
        except Unusable as reason:
            return self._said(refusal(reason))
        if isinstance(done, str):
            return self._said(done)
        self._session = Filling(done)
        return self._said(f"{done.opening}\n")

    def _said(self, text: str) -> Said:
        return Said(text + self.prompt)

    def _help(self, name: str) -> str:
        if name in CONTROLS:
            return f"{CONTROLS[name]}\n"
        if name in self._commands:
            return f"{self._commands[name].about}\n{self._commands[name].options.help}\n"
        if name:
            return f"*** No help on {name}\n"
        abouts = {name: command.about for name, command in self._commands.items()}
        return f"{_listed('Available commands:', abouts)}\n{_listed('Control commands:', CONTROLS)}"


def _listed(heading: str, abouts: Mapping[str, str]) -> str:
    lines = [heading, "=" * len(heading)]
    lines += [f"{name.ljust(20)}{about}" for name, about in abouts.items()]
    return "\n".join(lines) + "\n"

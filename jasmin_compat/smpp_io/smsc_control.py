"""A port to tell the simulated SMSC what to do while it runs: a line in, a line of JSON out."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from jasmin_compat.smpp.statuses import status_code
from jasmin_compat.smpp_io.server import Listener
from jasmin_compat.smpp_io.simulator import NO_ANSWER, Simulator
from jasmin_compat.smpp_io.smsc_plan import Refusal

MAX_LINE_OCTETS = 4096


class BadCommand(Exception):
    """A line that is no command; the text says why."""


def refusal_from(words: list[str]) -> Refusal:
    """`STATUS [every N] [share P] [to PREFIX]`; the status by name, number, or `none`.

    Raises:
        BadCommand
    """
    status, *options = words
    names = options[::2]
    if len(options) % 2 or not set(names) <= {"every", "share", "to"}:
        raise BadCommand("STATUS [every N] [share P] [to PREFIX]")
    given = dict(zip(names, options[1::2], strict=True))
    try:
        return Refusal(
            status=None if status == NO_ANSWER else status_from(status),
            every=int(given.get("every", "1")),
            share=float(given.get("share", "1")),
            to=given.get("to", ""),
        )
    except ValueError as error:
        raise BadCommand(str(error)) from error


def status_from(word: str) -> int:
    """Raises: BadCommand."""
    code = status_code(word)
    if code is not None:
        return code
    try:
        return int(word, 0)
    except ValueError as error:
        raise BadCommand(f"unknown status {word}") from error


@dataclass(frozen=True, slots=True)
class _Command:
    usage: str
    do: Callable[["Control", list[str]], object]


class Control:
    """Serves the port; every connection may send any number of lines."""

    def __init__(self, simulator: Simulator, listener: Listener) -> None:
        self.simulator = simulator
        self.listener = listener

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """For asyncio.start_server."""
        try:
            while line := await reader.readline():
                answer = self.obey(line.decode("utf-8", "replace"))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # gone, or a line beyond the reader's limit
        finally:
            writer.close()

    def obey(self, line: str) -> object:
        """Carry one line out; the answer, or a mistake as `{"error": …}`."""
        name, *words = line.split() or ["help"]
        command = _COMMANDS.get(name)
        if command is None:
            return {"error": f"unknown command {name}, try help"}
        try:
            return command.do(self, words)
        except (BadCommand, ValueError, IndexError) as error:
            return {"error": f"{error}; usage: {name} {command.usage}".strip()}

    # ------------------------------------------------------------ commands

    def help(self, _words: list[str]) -> object:
        return {name: command.usage for name, command in _COMMANDS.items()}

    def stats(self, _words: list[str]) -> object:
        outbox = self.simulator.outbox
        counts = self.simulator.counts
        return {
            **{field.name: getattr(counts, field.name) for field in fields(counts)},
            "waiting": outbox.waiting,
            "sends": outbox.sends,
            "connections": len(self.listener.links),
        }

    def mo(self, words: list[str]) -> object:
        sender, recipient, *text = words
        self.simulator.send_message(sender, recipient, " ".join(text).encode())
        return self._done()

    def status(self, words: list[str]) -> object:
        refusals = () if words == ["clear"] else (refusal_from(words),)
        kept = self.simulator.plan.refusals if refusals else ()
        return self._plan(refusals=(*refusals, *kept))

    def delay(self, words: list[str]) -> object:
        return self._plan(delay_s=float(words[0]))

    def bind(self, words: list[str]) -> object:
        return self._plan(bind_status=status_from(words[0]))

    def unbind(self, _words: list[str]) -> object:
        self.listener.unbind()
        return self._done()

    def drop(self, _words: list[str]) -> object:
        self.listener.drop()
        return self._done()

    def _plan(self, **changes: object) -> object:
        self.simulator.plan = replace(self.simulator.plan, **changes)  # type: ignore[arg-type]
        return self._done()

    def _done(self) -> object:
        return {"done": True}


_COMMANDS = {
    "help": _Command("", Control.help),
    "stats": _Command("", Control.stats),
    "mo": _Command("FROM TO TEXT", Control.mo),
    "status": _Command("STATUS [every N] [share P] [to PREFIX] | clear", Control.status),
    "delay": _Command("SECONDS", Control.delay),
    "bind": _Command("STATUS", Control.bind),
    "unbind": _Command("", Control.unbind),
    "drop": _Command("", Control.drop),
}

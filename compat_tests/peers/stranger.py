"""Runs a program of third_party/ beside the gateway and keeps the lines it prints."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compat_tests.waiting import Bell

FOLDER = Path(__file__).parent.parent / "third_party"
STARTUP_S = 30


@dataclass(frozen=True, slots=True)
class Environment:
    """What it is run with."""

    command: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def has_jasmin(self) -> bool:
        return bool(self.options)


WITHOUT_JASMIN = Environment((sys.executable, str(FOLDER / "with_aiormq.py")))


def of_jasmin(home: Path, spec: str) -> Environment:
    """`home` is the virtual environment with Jasmin."""
    program = (str(home / "bin" / "python"), "-W", "ignore", str(FOLDER / "with_txamqp.py"))
    return Environment(program, ("--spec", str(next(home.glob(spec)))))


class Stranger:
    """One such program, from `open` to `close`."""

    def __init__(self, name: str, environment: Environment) -> None:
        self.name = name
        self.lines: list[dict[str, Any]] = []
        self.bell = Bell()
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self, port: int, vhost: str, *, durable: bool) -> None:
        command, options = self._environment.command, self._environment.options
        self._process = await asyncio.create_subprocess_exec(
            *(*command, self.name, f"--port={port}", f"--vhost={vhost}", *options),
            *(["--durable"] if durable else []),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.get_running_loop().create_task(self._read())
        await self.bell.until(lambda: self.lines, f"start of {self.name}", STARTUP_S)
        first = self.lines.pop(0)
        assert "ready" in first, first

    async def close(self) -> None:
        if self._process is not None and self._reading is not None:
            if self._process.returncode is None:
                self._process.terminate()
            await self._process.wait()
            await self._reading

    @property
    def is_connected(self) -> bool:
        assert self._process is not None
        return self._process.returncode is None and not any("disconnected" in x for x in self.lines)

    def of(self, msgid: str, key: str = "") -> list[dict[str, Any]]:
        """Lines of one message, of routing keys that start so."""
        return [
            line for line in self.lines if line.get("id") == msgid and line["key"].startswith(key)
        ]

    def of_key(self, key: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("key") == key]

    async def got(self, msgid: str, key: str, count: int = 1) -> list[dict[str, Any]]:
        await self.bell.until(
            lambda: len(self.of(msgid, key)) >= count, f"{count} lines of {key} of {msgid}"
        )
        return self.of(msgid, key)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(json.loads(line))
            self.bell.ring()

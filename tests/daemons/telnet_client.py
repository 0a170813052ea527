"""A person at the real `telnet` program, under pexpect."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pytest

from compat_tests.targets.site import CONSOLE_PASSWORD, CONSOLE_USER
from tests.conftest import REQUIRED

ANSWER_S = 30
RETURN = "\r"
PROMPT, SESSION_PROMPT = "\njcli : ", "\n> "


@pytest.fixture
def telnet() -> str:
    """Path of the program; without it the test is skipped, or fails under `make test`."""
    found = shutil.which("telnet")
    if found is None and not REQUIRED:
        pytest.skip("telnet is not installed")
    assert found is not None, "telnet is not installed"
    return found


class TelnetUser:
    """One session, logged in; every answer is awaited."""

    def __init__(self, child: "pexpect.spawn[str]") -> None:
        self.child = child
        child.expect_exact("Authentication required.")
        child.send(CONSOLE_USER + RETURN)
        child.expect_exact("Password: ")
        child.send(CONSOLE_PASSWORD + RETURN)
        child.expect(r"Session ref: (\d+)")
        self.number = int(child.match.group(1))
        child.expect_exact(PROMPT)

    def types(self, line: str, *, until: str = PROMPT) -> str:
        """What is shown after the line's echo, up to the prompt."""
        self.child.send(line + RETURN)
        self.child.expect_exact(line)
        self.child.expect_exact(until)
        return str(self.child.before).replace("\r", "")

    def saves(self, start: str, *lines: str) -> None:
        """An add or update session; it must succeed."""
        self.types(start, until=SESSION_PROMPT)
        for line in lines:
            said = self.types(line, until=SESSION_PROMPT)
            assert line.startswith("type ") or not said.strip(), f"{line}: {said}"
        assert "Successfully" in self.types("ok")

    def quits(self) -> None:
        """The console closes, and telnet ends."""
        self.child.send("quit" + RETURN)
        self.child.expect_exact("Connection closed by foreign host.")
        self.child.expect(pexpect.EOF)


@contextmanager
def at_telnet(program: str, port: int) -> Iterator[TelnetUser]:
    child = pexpect.spawn(
        program,
        ["127.0.0.1", str(port)],
        timeout=ANSWER_S,
        dimensions=(24, 80),
        encoding="latin-1",
        codec_errors="strict",
    )
    child.delaybeforesend = None
    try:
        yield TelnetUser(child)
    finally:
        child.close(force=True)

"""A client of Jasmin's console (jcli), enough to configure a site."""

import socket
import time
from collections.abc import Iterable

from compat_tests.targets.site import CONSOLE_PASSWORD, CONSOLE_USER, GROUP, Site
from tests.services import wait_for_port

ANSWER_S = 15


class Refused(Exception):
    """The console did not answer as it does when all is well."""


class Console:
    """One session, logged in."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Waits until it listens: it is the last part of a gateway to start."""
        wait_for_port(port, host=host)
        self._socket = socket.create_connection((host, port), ANSWER_S)
        self._until(b"Authentication required.", b"Username:")
        self._line(CONSOLE_USER, b"Password:")
        self._line(CONSOLE_PASSWORD, b"jcli :")

    def command(self, line: str) -> str:
        """One command that ends at the prompt."""
        return self._line(line, b"jcli :")

    def line(self, line: str) -> str:
        """One line that ends at any prompt: of the console, or of an add session."""
        return self._line(line, b"jcli :", b">")

    def session(self, start: str, lines: Iterable[str]) -> str:
        """An add session: its lines, then `ok`.

        Raises:
            Refused: it was not saved.
        """
        self._line(start, b">")
        for line in lines:
            self._line(line, b">")
        answer = self._line("ok", b"jcli :", b">")
        if "Successfully" not in answer:
            raise Refused(f"{start}: {answer}")
        return answer

    def close(self) -> None:
        self._socket.close()

    def _line(self, line: str, *prompts: bytes) -> str:
        self._socket.sendall(line.encode() + b"\r\n")
        return self._until(*prompts)

    def _until(self, *prompts: bytes) -> str:
        seen, end = b"", time.monotonic() + ANSWER_S
        while not any(seen.rstrip().endswith(prompt) for prompt in prompts):
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                octets = self._socket.recv(65536)
            except TimeoutError:
                octets = b""
            if not octets:
                raise Refused(f"expected {prompts}, got {seen!r}")
            seen += octets
        return seen.decode(errors="replace")


def configure(site: Site, port: int, host: str = "127.0.0.1") -> None:
    """Bring an empty gateway to what the site says, and persist it."""
    console = Console(port, host)
    console.session("group -a", [f"gid {GROUP}"])
    for user in site.users:
        console.session(
            "user -a",
            [
                f"uid {user.username}",
                f"gid {GROUP}",
                f"username {user.username}",
                f"password {user.password}",
            ],
        )
    for connector in site.connectors:
        keys = [f"{key} {value}" for key, value in connector.keys.items()]
        console.session("smppccm -a", [f"cid {connector.cid}", *keys])
        answer = console.command(f"smppccm -1 {connector.cid}")
        if "Successfully" not in answer:
            raise Refused(f"{connector.cid} did not start: {answer}")
    if site.default_route is not None:
        console.session(
            "mtrouter -a",
            ["type DefaultRoute", f"connector smppc({site.default_route})", "rate 0.0"],
        )
    console.command("persist")
    console.close()

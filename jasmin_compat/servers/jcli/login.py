"""Who may use the console: the dialogue before the commands (contract/jcli.md §1)."""

import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from jasmin_compat.ports import Clock
from jasmin_compat.servers.failures import Failures
from jasmin_compat.servers.jcli.dialogue import Dialogue, OpenDialogue, Said, Visit

_REQUIRED = "Authentication required.\n\n"
_REFUSED = "Incorrect Username/Password.\n\n"
_WELCOME = """\
Welcome to Jasmin {release} console
Type help or ? to list commands.

Session ref: {number}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The one account of the console."""

    username: str
    password_md5: bytes = field(repr=False)

    def is_me(self, username: str, password: str) -> bool:
        """In a time that tells nothing of how much was right (W-SEC-08)."""
        digest = hashlib.md5(password.encode(), usedforsecurity=False).digest()
        right_name = hmac.compare_digest(username.encode(), self.username.encode())
        right_password = hmac.compare_digest(digest, self.password_md5)
        return right_name and right_password


@dataclass(frozen=True, slots=True, kw_only=True)
class TriesPolicy:
    """How wrong passwords slow down the next answers to their sender; nobody is ever shut out."""

    free: int = 3
    """Answered at once."""
    delay_s: float = 1.0
    """Of the one after; it doubles with each."""
    longest_delay_s: float = 5.0
    forgotten_after_s: float = 900.0
    addresses: int = 1000
    """Remembered at a time; the oldest goes."""


class Tries:
    """Tries of each address since its last success."""

    def __init__(self, policy: TriesPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._tries = Failures(most=policy.addresses, forgotten_after_s=policy.forgotten_after_s)

    async def wait(self, address: str) -> None:
        """Count a try before it is judged, so that many at once do not get around the delay."""
        policy = self._policy
        beyond = self._tries.one_more(address, now=self._clock.monotonic()) - policy.free
        if beyond > 0:
            await self._clock.sleep(
                min(policy.delay_s * 2 ** min(beyond - 1, 32), policy.longest_delay_s)
            )

    def succeeded(self, address: str) -> None:
        self._tries.forget(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What every session's login is done with."""

    admin: Admin | None
    """None: `authentication = no`, anyone is let in."""
    release: str
    open_dialogue: OpenDialogue
    tries: Tries
    log: logging.Logger


class Login:
    """A dialogue that asks for name and password, and is that of the commands from then on."""

    def __init__(self, visit: Visit, door: Door) -> None:
        self._visit = visit
        self._door = door
        self._username = ""
        self._commands: Dialogue | None = None

    @property
    def prompt(self) -> str:
        if self._commands is not None:
            return self._commands.prompt
        return "Password: " if self._username else "Username: "

    @property
    def words(self) -> Sequence[str]:
        return self._commands.words if self._commands is not None else ()

    @property
    def is_over(self) -> bool:
        """Lines go to the commands."""
        return self._commands is not None

    @property
    def hides(self) -> bool:
        """The next line is a password."""
        return self._commands is None and self._username != ""

    def greet(self) -> str:
        """What a new session is told. There is no prompt before the first line, as in Jasmin."""
        return _REQUIRED if self._door.admin is not None else self._let_in()

    async def take(self, line: str) -> Said:
        if self._commands is not None:
            return await self._commands.take(line)
        if self._door.admin is not None and self._username:
            return await self._take_password(self._door.admin, line)
        self._username = line
        return Said(self.prompt)

    async def _take_password(self, admin: Admin, password: str) -> Said:
        address = self._visit.peer.rpartition(":")[0]
        await self._door.tries.wait(address)
        username, self._username = self._username, ""
        if not admin.is_me(username, password):
            self._door.log.warning(
                "[sref:%s] Login refused for %s", self._visit.number, self._visit.peer
            )
            return Said(_REFUSED + self.prompt)
        self._door.tries.succeeded(address)
        self._door.log.info("[sref:%s] Logged in from %s", self._visit.number, self._visit.peer)
        return Said(self._let_in() + self.prompt)

    def _let_in(self) -> str:
        self._commands = self._door.open_dialogue(self._visit)
        return _WELCOME.format(release=self._door.release, number=self._visit.number)

"""What of the lines typed may stand in a log: all but passwords."""

import re
from collections import deque

_SECRETS = (
    re.compile(r"(?<=://)(?P<name>[^/\s:]*:)(?P<secret>[^/\s]+)(?=@)"),
    re.compile(r"(?P<name>pass\w*\W+)(?P<secret>.*\S)", re.IGNORECASE),
)
"""In a URL; after a word like password, to the end of the line."""
_HIDDEN = "***"
_REMEMBERED = 16
"""Passwords of one session, to be taken out of errors that come later."""


class TypedLog:
    """One session's passwords, kept out of its log lines."""

    def __init__(self) -> None:
        self._passwords: deque[str] = deque(maxlen=_REMEMBERED)

    def shown(self, line: str) -> str:
        """The line as it may be logged: `password` and its like, and that of a URL, masked."""
        for secrets in _SECRETS:
            self._passwords.extend(found["secret"] for found in secrets.finditer(line))
            line = secrets.sub(rf"\g<name>{_HIDDEN}", line)
        return line

    def masked(self, text: str) -> str:
        """Any text, without the passwords typed before."""
        for password in self._passwords:
            text = text.replace(password, _HIDDEN)
        return text

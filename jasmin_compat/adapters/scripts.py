"""Python sources an operator names by path or URL: read off the event loop, within bounds.

contract/jcli.md §8; Jasmin: protocols/cli/mtinterceptorm.py, which blocks the daemon meanwhile.
"""

import asyncio
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from urllib.error import HTTPError, URLError
from urllib.parse import urlparse
from urllib.request import url2pathname, urlopen

from jasmin_compat.ports import ScriptUnread

URL_SCHEMES = frozenset(("https", "http", "ftp", "file"))
CHUNK_OCTETS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptPolicy:
    """What a source may take."""

    max_octets: int = 1_048_576
    within_s: float = 10.0
    """For all of its text, and for each wait for a server before and after."""


class ScriptSources:
    """Reads them anew each time."""

    def __init__(self, policy: ScriptPolicy, *, monotonic: Callable[[], float]) -> None:
        self._policy = policy
        self._monotonic = monotonic

    async def read_file(self, path: str) -> str:
        """Raises: ScriptUnread."""
        return await asyncio.to_thread(self._text_of, self._of_file, path)

    async def read_script(self, source: str) -> str:
        """The same, at a path or URL."""
        return await asyncio.to_thread(self._text_of, self._of_either, source)

    def _text_of(self, read: Callable[[str], bytes], source: str) -> str:
        try:
            return read(source).decode()
        except URLError as reason:
            if isinstance(reason, HTTPError):
                reason.close()
            raise ScriptUnread(f"[URL]: {reason}") from reason
        except (OSError, HTTPException) as reason:
            raise ScriptUnread(f"[IO]: {reason}") from reason
        except ValueError as reason:  # no UTF-8; no path; no URL
            raise ScriptUnread(f"[Unknown]: {reason}") from reason

    def _of_either(self, source: str) -> bytes:
        url = urlparse(source)
        scheme, path = url.scheme, url2pathname(url.path)
        if scheme == "file" and os.access(path, os.R_OK):
            os.close(_open_file(path, os.O_RDONLY))  # `urlopen` would wait for a pipe
        if scheme and scheme not in URL_SCHEMES:
            raise ScriptUnread("Not implemented yet !")
        return self._of_url(source) if scheme else self._of_file(source)

    def _of_file(self, path: str) -> bytes:
        with open(path, "rb", opener=_open_file) as file:
            return self._all_of(file.read1)

    def _of_url(self, url: str) -> bytes:
        with urlopen(url, timeout=self._policy.within_s) as answer:
            octets = self._all_of(answer.read1)
            if isinstance(answer, HTTPResponse) and answer.length:  # `read1` does not tell
                raise IncompleteRead(octets, answer.length)
            return octets

    def _all_of(self, read_some: Callable[[int], bytes]) -> bytes:
        """What is there is read at once: waited for all of a chunk, slow octets have no end.

        Raises:
            OSError: longer or slower than the policy.
        """
        until = self._monotonic() + self._policy.within_s
        octets = b""
        while chunk := read_some(CHUNK_OCTETS):
            octets += chunk
            if len(octets) > self._policy.max_octets:
                raise OSError(f"longer than {self._policy.max_octets} octets")
            if self._monotonic() > until:
                raise OSError(f"not read within {self._policy.within_s:g} s")
        return octets


def _open_file(path: str, flags: int) -> int:
    """A pipe or a device would be waited for without end."""
    opened = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(opened).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # for a directory, `open` has the words
        return opened
    os.close(opened)
    raise OSError(f"not a file: {path!r}")

"""A secret that lies in a file, as Kubernetes and Docker mount it: read anew at each use."""

from pathlib import Path

_MOST_OCTETS = 65_536
"""More than any secret; a wrong path may lead to anything."""


class SecretUnreadable(Exception):
    """Names the file and says why; nothing of what is in it."""


def read_secret(path: str) -> str:
    """What the file holds, without the newlines at its end.

    It is small and read at once, so that a secret which was replaced counts from the next
    connection on. Raises: SecretUnreadable.
    """
    try:
        with Path(path).open("rb") as file:
            octets = file.read(_MOST_OCTETS + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SecretUnreadable(f"{path}: {reason}") from error
    if len(octets) > _MOST_OCTETS:
        raise SecretUnreadable(f"{path}: longer than {_MOST_OCTETS} octets")
    try:
        secret = octets.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretUnreadable(f"{path}: not UTF-8") from None
    if not secret:
        raise SecretUnreadable(f"{path}: empty")
    return secret

"""Who asks: the Authorization header (contract/http-api.md §19.2)."""

import base64
import binascii
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials nobody has looked at yet."""

    username: str
    password: str = field(repr=False)


class NoLogin(Exception):
    """The header is missing or cannot be read; the text is the title of the answer."""


def read_login(authorization: str | None) -> Login:
    """The word before the token is not looked at.

    The first colon ends the name (RFC 7617 §2): a password may hold some, for which Jasmin answers
    500 (Q106).

    Raises:
        NoLogin
    """
    if authorization is None:
        raise NoLogin("Authentication required")
    words = authorization.split(" ")
    if len(words) != 2:
        raise NoLogin(f"Invalid token: {authorization}")
    try:
        text = base64.b64decode(words[1]).decode()
    except (binascii.Error, ValueError) as error:
        raise NoLogin(f"Invalid token: {error}") from error
    username, colon, password = text.partition(":")
    if not colon:
        raise NoLogin("Invalid token: no colon between name and password")
    return Login(username, password)

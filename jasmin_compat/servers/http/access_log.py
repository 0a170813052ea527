"""Lines of the access log: Twisted's combined format, no secrets (contract/http-api.md §17)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote_plus

from jasmin_compat.smpp.twins import quick_init

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HIDDEN = "***"
_SEPARATOR = re.compile("([&;])")


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One request and its answer."""

    peer: str
    method: str
    uri: str
    version: tuple[int, int]
    headers: Mapping[str, str]
    status: int
    body_octets: int


def combined(access: Access, *, unix: float, hides: frozenset[str]) -> str:
    """One line; the values of arguments that `hides` names are not in it, `"` and what is no
    printable character are escaped."""
    return (
        f'"{_safe(access.peer)}" - - {_time(int(unix))} '
        f'"{_safe(access.method)} {_safe(without_values(access.uri, hides))} '
        f'HTTP/{access.version[0]}.{access.version[1]}" '
        f"{access.status} {access.body_octets or '-'} "
        f'"{_safe(access.headers.get("Referer", "-"))}" '
        f'"{_safe(access.headers.get("User-Agent", "-"))}"'
    )


def without_values(uri: str, hides: frozenset[str]) -> str:
    """Jasmin logs passwords in clear (W-HTTP-01)."""
    path, mark, query = uri.partition("?")
    if not mark:
        return uri
    if ";" not in query:
        return path + mark + "&".join([_hidden(piece, hides) for piece in query.split("&")])
    pieces = _SEPARATOR.split(query)  # with the separators between them
    return path + mark + "".join([_hidden(piece, hides) for piece in pieces])


def _hidden(piece: str, hides: frozenset[str]) -> str:
    name, equals, _ = piece.partition("=")
    if equals and (name in hides or (("%" in name or "+" in name) and unquote_plus(name) in hides)):
        return f"{name}={_HIDDEN}"
    return piece


def _safe(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    shown = repr(text.encode(errors="surrogateescape"))[1:]  # octets, as Twisted has them
    quote, inside = shown[0], shown[1:-1]
    return inside if quote == '"' else inside.replace('"', '\\"').replace("\\'", "'")


@lru_cache(maxsize=1)
def _time(second: int) -> str:
    at = datetime.fromtimestamp(second, UTC)
    return f"[{at.day:02}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000]"

"""Whether a client takes JSON (RFC 9110 §12.5.1, as Falcon's mimeparse reads it)."""

from typing import NamedTuple

_EXACT = 100
_SUBTYPE = 10


class _Range(NamedTuple):
    kind: str
    subtype: str
    quality: float


def accepts_json(accept: str | None) -> bool:
    """Of the ranges that fit `application/json`, the most exact one decides, the first of equals.

    Names mind case, a quality that is none counts as 1, and one range that is no media type spoils
    them all, as in Falcon.
    """
    if not accept or accept == "*/*":
        return True
    ranges = [_range(piece) for piece in accept.split(",")]
    best, quality = -1, 0.0
    for one in ranges:
        if one is None:
            return False
        fit = _fit(one)
        if fit > best:
            best, quality = fit, one.quality
    return quality != 0


def _fit(one: _Range) -> int:
    """-1: not at all."""
    if one.kind not in ("application", "*") or one.subtype not in ("json", "*"):
        return -1
    return _EXACT * (one.kind == "application") + _SUBTYPE * (one.subtype == "json")


def _range(piece: str) -> _Range | None:
    name, *parameters = (part.strip() for part in piece.split(";"))
    kind, slash, subtype = ("*", "/", "*") if name == "*" else name.partition("/")
    if not slash or "/" in subtype:
        return None
    return _Range(kind.strip(), subtype.strip(), _quality(parameters))


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if equals and name.strip().lower() == "q":
            try:
                quality = float(value.strip().strip('"'))
            except ValueError:
                return 1.0
            return quality if 0 <= quality <= 1 else 1.0
    return 1.0

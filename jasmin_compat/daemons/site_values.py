"""Values of a site file's items, and what is wrong with them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.settings.site_file import SiteItem, SiteValue

T = TypeVar("T")


class Mistaken(Exception):
    """A value of an item cannot be used."""

    def __init__(self, key: str, text: str, item: SiteItem | None = None) -> None:
        super().__init__(text)
        self.key = key
        self.item = item
        """The table within the item, if the value is in one."""


def usable(key: str, read: Callable[[], T], item: SiteItem | None = None) -> T:
    """What `read` gives; what it refuses is a mistake of that key."""
    try:
        return read()
    except Unusable as wrong:
        raise Mistaken(key, str(wrong), item) from wrong


def known_keys(item: SiteItem, *keys: str) -> None:
    for key in _others(item, keys):
        raise Mistaken(key, f"unknown key {key}; there are {', '.join(keys)}")


def _others(item: SiteItem, keys: tuple[str, ...]) -> Iterator[str]:
    return (key for key in item.values if key not in keys)


def text(item: SiteItem, key: str) -> str:
    value = item.values.get(key)
    if value is None:
        raise Mistaken(key, f"{key} is missing", item)
    if isinstance(value, bool):
        raise Mistaken(key, f"{key}: must be a text; write it in quotes", item)
    if not isinstance(value, str):
        raise Mistaken(key, f"{key}: must be one value", item)
    return value


def name(item: SiteItem, key: str, most: int) -> str:
    """Jasmin's rule for ids and names (routing/jasminApi.py)."""
    given = text(item, key)
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{most}}}", given):
        raise Mistaken(key, f"{key}: must be 1 to {most} letters, digits, _ or -, not {given!r}")
    return given


def truth(item: SiteItem, key: str, *, default: bool) -> bool:
    value = item.values.get(key, default)
    if not isinstance(value, bool):
        raise Mistaken(key, f"{key}: must be yes or no")
    return value


def table(item: SiteItem, key: str) -> SiteItem:
    """An empty one, if it is not there."""
    value = item.values.get(key)
    if value is None:
        return SiteItem({}, item.where, {})
    if not isinstance(value, SiteItem):
        raise Mistaken(key, f"{key}: must be a table", item)
    return value


def rows(item: SiteItem, key: str) -> tuple[SiteValue, ...]:
    """An empty list, if it is not there."""
    value = item.values.get(key)
    if value is None:
        return ()
    if not isinstance(value, tuple):
        raise Mistaken(key, f"{key}: must be a list", item)
    return value


def content(item: SiteItem, key: str, file_key: str, folder: Path) -> str:
    """Of exactly one of the two keys, the second naming a file."""
    given = [k for k in (key, file_key) if item.values.get(k) is not None]
    if len(given) != 1:
        raise Mistaken(key, f"wants one of {key}, {file_key}", item)
    return text(item, key) if given == [key] else file_text(item, file_key, folder)


def file_text(item: SiteItem, key: str, folder: Path) -> str:
    """What is in the file that `key` names, relative to the site file."""
    try:
        return (folder / text(item, key)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as reason:
        raise Mistaken(key, f"{key}: {reason}", item) from reason

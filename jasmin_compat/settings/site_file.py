"""Read a site file: everything a site has as tables of texts, each with its line.

What their values mean is decided where they are made (daemons/site.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jasmin_compat.settings.entries import Mistake, SettingsMistakes
from jasmin_compat.settings.yaml_file import Items, Node, Scalar, Table, read_yaml

LISTS = (
    "groups",
    "users",
    "filters",
    "smpp_connectors",
    "http_connectors",
    "mt_routes",
    "mo_routes",
    "mt_interceptors",
    "mo_interceptors",
)


@dataclass(frozen=True, slots=True)
class SiteItem:
    """A table: a group, user, connector, route, or a table within one."""

    values: "Mapping[str, SiteValue]"
    where: str
    places: Mapping[str, str]
    """Of each value."""


SiteValue = str | bool | None | SiteItem | tuple["SiteValue", ...]
"""Unquoted yes and no are truths; everything else is text as written, a table, or a list."""
SiteLists = Mapping[str, Sequence[SiteItem]]
"""By LISTS; one that is not in the file is empty."""


def read_site_file(path: Path) -> SiteLists:
    """Raises: SettingsMistakes, with every one of form."""
    document = read_yaml(path)
    mistakes = [
        Mistake(document.places[key], f"unknown list {key}; there are {', '.join(LISTS)}")
        for key in document.values
        if key not in LISTS
    ]
    lists = {key: _items(key, document, mistakes) for key in LISTS}
    if mistakes:
        raise SettingsMistakes(mistakes)
    return lists


def _items(key: str, document: Table, mistakes: list[Mistake]) -> list[SiteItem]:
    node = document.values.get(key)
    if node is None or (isinstance(node, Scalar) and node.text is None):
        return []
    if not isinstance(node, Items):
        mistakes.append(Mistake(node.where, f"{key}: must be a list"))
        return []
    return [_item(key, item, mistakes) for item in node.items]


def _item(key: str, node: Node, mistakes: list[Mistake]) -> SiteItem:
    if isinstance(node, Table):
        return _table(node)
    mistakes.append(Mistake(node.where, f"{key}: each item must be a table"))
    return SiteItem({}, node.where, {})


def _table(node: Table) -> SiteItem:
    values = {name: _value(value) for name, value in node.values.items()}
    return SiteItem(values, node.where, node.places)


def _value(node: Node) -> SiteValue:
    match node:
        case Table():
            return _table(node)
        case Items():
            return tuple(_value(item) for item in node.items)
        case Scalar(text) if node.is_boolean and text is not None:
            return text.lower() in {"yes", "true", "on"}
        case Scalar(text):
            return text
